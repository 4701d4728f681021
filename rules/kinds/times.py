"""Check `times` of kind `require`. P16: times that cannot be: ends before starts, completion before acceptance, events from the
future."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from rules.case import Case
from rules.fact import CODE_OF, FLAGS, INSTANCE, RECEIVED, Fact
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.part import ACCEPTANCE_CODES, ACCEPTANCES, PAUSING, Part, named_once
from rules.reading import ACTOR, STEP, merged, reads, responsible
from rules.requirements import Times
from rules.stepbook import STEP_CODE, STEP_STARTED, key_of
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place
from supervision.event import TOPIC_OF, EventType, Flag, Stream
from supervision.subject import key

_COMPLETED = CODE_OF[EventType.CASE_COMPLETED]
ENDS_FIRST, COMPLETED_FIRST, AHEAD = "end_before_start", "completed_before_acceptance", "in_the_future"
_OF_CASES = tuple(kind for kind in EventType if TOPIC_OF[kind] is Stream.CASE)
_COMPARED = (EventType.STEP_STARTED, EventType.STEP_COMPLETED, *PAUSING, *ACCEPTANCES, EventType.CASE_COMPLETED)
_COMPARED_CODES = frozenset(CODE_OF[kind] for kind in (*_COMPARED, EventType.CASE_REOPENED))


class PossibleTimes:
    """P16: the event that came too early, told by the later one that shows it: it is judged as it is all the same. And the event
    that is from the future, told by its receipt: nothing else reads it."""

    reads = merged(
        reads(_OF_CASES),
        reads((EventType.STEP_STARTED, EventType.STEP_COMPLETED), ACTOR, STEP),
        reads(PAUSING, ACTOR, frozenset({"payload.seq", "payload.kind"})),
        reads((*ACCEPTANCES, EventType.CASE_COMPLETED, EventType.CASE_REOPENED), ACTOR),
    )

    def __init__(self, check: Times) -> None:
        self.check = check

    def judge(self, case: Case) -> list[Verdict]:
        found = [
            self._verdict(case, part, clause, early, late)
            for part in case.parts()
            for clause, early, late in _impossible(part)
            if _is_before(case, part, early, late)
        ]
        return found + [self._ahead(case, fact) for fact in case.ahead() if Flag.TEST not in (fact.get(FLAGS) or ())]

    def matters(self, _place: Place, fact: Fact) -> bool:
        """What is not held against another fact is judged only if it is from the future, and then by all rules."""
        return fact.type in _COMPARED_CODES

    def outlook(self, _place: Place, outline: Outline, act: Fact) -> Outlook:
        """What comes later than all can only be too late for what it should have gone before."""
        if act.type == STEP_STARTED:
            known = outline.steps.instances.get(key_of(act))
            return None if known is not None and known.completed is not None and known.started is None else UNTOUCHED
        is_opening = act.type in ACCEPTANCE_CODES
        return None if is_opening and outline.first((_COMPLETED,)) is not None else UNTOUCHED

    def _verdict(self, case: Case, part: Part, clause: str, early: Fact, late: Fact) -> Verdict:
        def tell() -> Telling:
            facts: dict[str, Any] = {"fault": clause, "ended_at": early.at, "begun_at": late.at}
            step = early.get(STEP_CODE)
            if step is not None:
                facts["step_code"] = step
            return Telling(
                subject=subject_of(case, early),
                segment=f"{part.segment}/{clause}",
                facts=facts,
                evidence=named_once((part.opening, early, late)),
                step=step,
                officers=responsible(early),
            )

        return Verdict(part, self.check.level, late.at, AT_ONCE, late, tell)

    def _ahead(self, case: Case, fact: Fact) -> Verdict:
        """It lies in no part, since nobody knows when it was: where it is, is asked as of its receipt."""
        received_at = fact.get(RECEIVED)
        part = Part(case, "0", [replace(fact, at=received_at)], None)

        def tell() -> Telling:
            return Telling(
                subject=subject_of(case, fact),
                segment=f"{part.segment}/{AHEAD}",
                facts={"fault": AHEAD, "occurred_at": fact.at, "received_at": received_at},
                evidence=(fact,),
                step=fact.get(STEP_CODE),
                officers=responsible(fact),
            )

        return Verdict(part, self.check.level, received_at, AT_ONCE, fact, tell)


def subject_of(case: Case, fact: Fact) -> str:
    """An event goes by the id of its first version."""
    return key("event", case.source.name, case.first_uuid(fact))


def _impossible(part: Part) -> Iterator[tuple[str, Fact, Fact]]:
    """What may have come too early, with what should have gone before. A step that names no instance may be another run of it."""
    for run in part.steps.instances.values():
        if run.started is not None and run.completed is not None and run.started.kept.get(INSTANCE):
            yield ENDS_FIRST, run.completed, run.started
    for start, end in part.pause_facts:
        if end is not None:
            yield ENDS_FIRST, end, start
    ending = part.first(_COMPLETED)
    if ending is not None and part.acceptance is not None:
        yield COMPLETED_FIRST, ending, part.acceptance


def _is_before(case: Case, part: Part, early: Fact, late: Fact) -> bool:
    """By dates where one of them is no more than a date."""
    at = late.at
    if late is part.acceptance and part.accepted_at is not None:
        at = part.accepted_at
    if "day" in {case.precision(early), case.precision(late)}:
        day_of = part.place.calendar.day_of
        return day_of(early.at) < day_of(at)
    return early.at < at
