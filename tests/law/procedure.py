"""Reference judgement of P01 to P04, P06(a), P09 and P16: order, separation, authority, notices, versions, fees, times."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from supervision.alert import Level
from supervision.event import EventType, Precision
from supervision.reference import Officer, Pair, RiskClass
from tests.law.authority import judge_authority
from tests.law.days import HOUR, MINUTE
from tests.law.facts import Fact, Known, precision
from tests.law.fees import judge_fees
from tests.law.notices import judge_notices
from tests.law.times import judge_times
from tests.law.watch import Verdict

STARTED, COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED


def judge_procedure(known: Known) -> Iterator[Verdict]:
    yield from _p06(known)
    yield from judge_authority(known)
    yield from judge_notices(known)
    yield from judge_fees(known)
    yield from judge_times(known)
    if known.item is None:
        return
    for pair in known.item.workflow.precedence:
        yield from _p01_pair(known, pair)
    for step in known.item.workflow.steps:
        if step.mandatory:
            yield from _p01_mandatory(known, step.code)
    for pair in known.item.workflow.separated:
        yield from _p02(known, pair)


def _verdict(known: Known, rule: str, level: Level, own: str, at: int, trigger: Fact, absent: bool = False) -> Verdict:
    segment = f"{known.part.segment}/{own}" if own else known.part.segment
    return Verdict(rule, level, f"case:{known.case.key}", segment, at, None, trigger, at if absent else None)


def _p06(known: Known) -> Iterator[Verdict]:
    fact = known.accepted
    if fact is not None and known.start is not None and fact.at - known.start > HOUR:
        yield _verdict(known, "P06", Level.RED, "", fact.at, fact)


def _of_step(known: Known, code: str, *types: EventType, earlier_parts: bool = False) -> list[Fact]:
    """Events of a step in order, in this part, or in this and all parts before it."""
    parts = known.case.parts[: known.part.number + 1] if earlier_parts else [known.part]
    facts = [fact for part in parts for fact in part.facts]
    return [fact for fact in facts if fact.event.event_type in types and fact.event.payload.step_code == code]


def _p01_pair(known: Known, pair: Pair) -> Iterator[Verdict]:
    done = _of_step(known, pair.second, COMPLETED)
    begun = _of_step(known, pair.second, STARTED) or done
    own = f"{pair.first}>{pair.second}"
    before = _of_step(known, pair.first, COMPLETED, earlier_parts=True)
    if done and not before:
        yield _verdict(known, "P01", Level.YELLOW, own, done[0].at, done[0], absent=True)
    elif begun and before and _is_late(known, before[0], begun[0]):
        shown = done[0] if done and before[0].at > done[0].at else before[0]
        yield _verdict(known, "P01", Level.YELLOW, own, shown.at, shown)


def _is_late(known: Known, first: Fact, second: Fact) -> bool:
    if Precision.DAY in (precision(known.reference, first.event), precision(known.reference, second.event)):
        return known.days.day_of(first.at) > known.days.day_of(second.at)
    return first.at > second.at + MINUTE


def _p01_mandatory(known: Known, code: str) -> Iterator[Verdict]:
    end = known.part.first(EventType.DECISION_MADE, EventType.CASE_COMPLETED)
    if end is None:
        return
    if not any(fact.at <= end.at for fact in _of_step(known, code, COMPLETED, earlier_parts=True)):
        yield _verdict(known, "P01", Level.YELLOW, code, end.at, end, absent=True)


def _p02(known: Known, pair: Pair) -> Iterator[Verdict]:
    one, other = (_of_step(known, code, STARTED, COMPLETED) for code in (pair.first, pair.second))
    same = [
        max(a, b, key=lambda fact: fact.order)
        for a, b in product(one, other)
        if person(known, a) is not None and person(known, a) == person(known, b)
    ]
    if same:
        shown = min(same, key=lambda fact: fact.order)
        high = known.item is not None and known.item.risk_class is RiskClass.HIGH
        level = Level.RED if high or _in_haste(known, pair) else Level.YELLOW
        yield _verdict(known, "P02", level, f"{pair.first}+{pair.second}", shown.at, shown)


def _in_haste(known: Known, pair: Pair) -> bool:
    """The last completions before the decision lie less than ten minutes apart; dates alone cannot tell."""
    decision = known.part.first(EventType.DECISION_MADE)
    last = []
    for code in (pair.first, pair.second):
        done = [fact for fact in _of_step(known, code, COMPLETED) if decision is None or fact.at <= decision.at]
        if not done or precision(known.reference, done[-1].event) is Precision.DAY:
            return False
        last.append(done[-1].at)
    return abs(last[0] - last[1]) < 10 * MINUTE


def person(known: Known, fact: Fact) -> str | None:
    """Who acted: the natural person where known, else the account."""
    event = fact.event
    if event.actor_person_hash is not None:
        return event.actor_person_hash
    officer = known.reference.get("officer", event.actor_officer_id or "", fact.at)
    return (officer.person_hash if isinstance(officer, Officer) else None) or event.actor_officer_id
