"""Reference judgement of P04: how often, and for what, an applicant was asked to supplement."""

from __future__ import annotations

from collections.abc import Iterator

from supervision.alert import Level
from supervision.event import EventType, Precision
from tests.law.facts import Fact, Known, precision
from tests.law.watch import Verdict

RECEIPTS = (EventType.APPLICATION_SUBMITTED, EventType.MATERIAL_RECEIVED)


def judge_notices(known: Known) -> Iterator[Verdict]:
    numbered = [fact for fact in known.part.of(EventType.SUPPLEMENT_NOTIFIED) if fact.event.payload.notice_no]
    order = list(dict.fromkeys(fact.event.payload.notice_no for fact in numbered))
    if len(order) < 2:
        return
    facts = [[fact for fact in numbered if fact.event.payload.notice_no == number] for number in order]
    lists = [{code for fact in own for code in fact.event.payload.material_codes} for own in facts]
    before = [fact for fact in known.part.of(*RECEIPTS) if _is_before(known, fact, facts[0][0])]
    received = {code for fact in before for code in fact.event.payload.material_codes}
    demanded = (
        {each.code for each in known.item.materials if each.mandatory and not each.branch} if known.item is not None else set()
    )

    reds = [facts[2][0]] if len(order) > 2 else []
    for place in range(1, len(order)):
        asked = {code for earlier in lists[:place] for code in earlier}
        if received and any(code in demanded and code not in received and code not in asked for code in lists[place]):
            reds.append(facts[place][0])
    if all(_only_defective(lists, facts, place) for place in range(1, len(order))):
        yield _verdict(known, Level.NOTICE, facts[1][0])
    elif reds:
        yield _verdict(known, Level.RED, min(reds, key=lambda fact: fact.order))
    else:
        yield _verdict(known, Level.YELLOW, facts[1][0])


def _is_before(known: Known, receipt: Fact, notice: Fact) -> bool:
    if Precision.DAY in (precision(known.reference, receipt.event), precision(known.reference, notice.event)):
        return known.days.day_of(receipt.at) <= known.days.day_of(notice.at)
    return receipt.order < notice.order


def _only_defective(lists: list[set[str]], facts: list[list[Fact]], place: int) -> bool:
    asked = {code for earlier in lists[:place] for code in earlier}
    reasons = {fact.event.payload.reason_code for fact in facts[place]}
    return len(lists[place]) > 0 and lists[place] <= asked and reasons == {"resubmitted_defective"}


def _verdict(known: Known, level: Level, fact: Fact) -> Verdict:
    return Verdict("P04", level, f"case:{known.case.key}", known.part.segment, fact.at, None, fact)
