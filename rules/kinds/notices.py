"""Check `notices` of kind `require`. P04: what is missing is asked for once; a second notice has to have a reason."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rules.case import Case
from rules.fact import CODE_OF, FIELD_CODE, Fact
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.part import ACCEPTANCES, Part, order_of
from rules.reading import ACTOR, merged, reads, responsible
from rules.requirements import Notices
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place
from supervision.alert import Level
from supervision.event import EventType

_NOTIFIED = CODE_OF[EventType.SUPPLEMENT_NOTIFIED]
_RECEIPTS = (EventType.APPLICATION_SUBMITTED, EventType.MATERIAL_RECEIVED)
_RECEIPT_CODES = tuple(CODE_OF[kind] for kind in _RECEIPTS)
_NUMBER, _CODES, _REASON = (FIELD_CODE[f"payload.{name}"] for name in ("notice_no", "material_codes", "reason_code"))


class Notice(Struct, frozen=True):
    """All facts of one number, and what they ask for together. `first`: when it was issued."""

    number: str
    first: Fact
    facts: tuple[Fact, ...]
    codes: frozenset[str]


class Found(Struct, frozen=True):
    """How grave it is, the notice that made it so, and what it asked for that had been missing from the first."""

    level: Level
    notice: Notice
    fault: str
    missed: tuple[str, ...] = ()


class AskedOnce:
    """P04: the notices of a part by their numbers; those without one cannot be told apart and are not counted."""

    reads = merged(
        reads(
            (EventType.SUPPLEMENT_NOTIFIED,),
            ACTOR,
            frozenset({"payload.notice_no", "payload.material_codes", "payload.reason_code"}),
        ),
        reads(_RECEIPTS, frozenset({"payload.material_codes"})),
        reads((*ACCEPTANCES, EventType.CASE_REOPENED)),
    )
    awaits = (frozenset({EventType.SUPPLEMENT_NOTIFIED}),)
    needs_fields = ("payload.notice_no",)

    def __init__(self, check: Notices) -> None:
        self.check = check

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            notices = _notices(part.of(_NOTIFIED))
            if len(notices) > 1:
                found.append(self._verdict(case, part, notices, self._weigh(case, part, notices)))
        return found

    def outlook(self, _place: Place, outline: Outline, act: Fact) -> Outlook:
        """One notice says nothing."""
        number = sum(fact.type == _NOTIFIED for fact in outline.facts)
        if act.type == _NOTIFIED:
            return None if number else UNTOUCHED
        return None if number > 1 else UNTOUCHED

    def _weigh(self, case: Case, part: Part, notices: Sequence[Notice]) -> Found:
        """By the notices behind the first: what they ask for, why, and how many they are."""
        check = self.check
        if all(self._is_excused(notices, place) for place in range(1, len(notices))):
            return Found(check.excused, notices[1], "resubmitted_defective")
        received = _codes_of(_receipts(case, part, notices[0].first))
        for place, notice in enumerate(notices[1:], 1):
            missed = self._missed(part.place, received, notices[: place + 1])
            if missed:
                return Found(check.raised, notice, "missing_from_the_first", missed)
            if place + 1 >= check.raised_at:
                return Found(check.raised, notice, "repeated")
        return Found(check.level, notices[1], "repeated")

    def _is_excused(self, notices: Sequence[Notice], place: int) -> bool:
        """Whether it asks for nothing but what had been asked for, and was handed in again with a defect."""
        notice = notices[place]
        asked = frozenset().union(*(earlier.codes for earlier in notices[:place]))
        return (
            bool(notice.codes)
            and notice.codes <= asked
            and all(fact.get(_REASON) == self.check.excused_reason for fact in notice.facts)
        )

    @staticmethod
    def _missed(place: Place, received: frozenset[str], notices: Sequence[Notice]) -> tuple[str, ...]:
        """What the last of these asks for, the guide demands, and neither the receipt nor an earlier list names."""
        if place.item is None or not received:
            return ()
        known = received.union(*(earlier.codes for earlier in notices[:-1]))
        mandatory = {material.code for material in place.item.materials if material.mandatory and material.branch is None}
        return tuple(sorted(notices[-1].codes & mandatory - known))

    def _verdict(self, case: Case, part: Part, notices: Sequence[Notice], found: Found) -> Verdict:
        completing = found.notice.first

        def tell() -> Telling:
            facts: dict[str, object] = {
                "fault": found.fault,
                "notices": [notice.number for notice in notices],
                "first_notice_at": notices[0].first.at,
                "notice_at": completing.at,
                "asked": sorted(found.notice.codes),
            }
            if found.missed:
                facts["missed"] = list(found.missed)
            issued = [notice.first for notice in notices]
            return Telling(
                subject=case.subject,
                segment=part.segment,
                facts=facts,
                evidence=(*_receipts(case, part, notices[0].first), *issued),
                officers=responsible(*issued[1:]),
            )

        return Verdict(part, found.level, completing.at, AT_ONCE, completing, tell)


def _notices(facts: Sequence[Fact]) -> list[Notice]:
    """By number, in the order of the first fact of each."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        number = fact.get(_NUMBER)
        if number:
            groups.setdefault(number, []).append(fact)
    return [Notice(number, own[0], tuple(own), _codes_of(own)) for number, own in groups.items()]


def _codes_of(facts: Sequence[Fact]) -> frozenset[str]:
    return frozenset(code for fact in facts for code in fact.get(_CODES) or ())


def _receipts(case: Case, part: Part, first: Fact) -> list[Fact]:
    """What was received before the first notice; by dates, where one of the two is no more than a date: also on its day."""
    day_of = part.place.calendar.day_of

    def is_before(fact: Fact) -> bool:
        if "day" in {case.precision(fact), case.precision(first)}:
            return day_of(fact.at) <= day_of(first.at)
        return order_of(fact) < order_of(first)

    return [fact for fact in part.facts if fact.type in _RECEIPT_CODES and is_before(fact)]
