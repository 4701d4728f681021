"""Reference judgement of P16: ends before starts and completions before acceptances within a case; events from the future."""

from __future__ import annotations

from collections.abc import Iterator

from supervision.alert import Level
from supervision.event import EventType, Flag, Precision
from tests.law.facts import Case, Fact, Known, precision
from tests.law.watch import Verdict

STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)


def judge_times(known: Known) -> Iterator[Verdict]:
    for start, end in (*_steps(known), *_pauses(known)):
        if _precedes(known, end, end.at, start, start.at):
            yield _verdict(known, "end_before_start", end, start)
    done = known.part.first(EventType.CASE_COMPLETED)
    if done is None or known.accepted is None or known.start is None:
        return
    if _precedes(known, done, done.at, known.accepted, known.start):
        yield _verdict(known, "completed_before_acceptance", done, known.accepted)


def judge_quarantine(case: Case) -> Iterator[Verdict]:
    """What says that it happened five minutes after it was received, told at its receipt; it lies in no part of the case."""
    for fact in case.quarantined:
        if Flag.TEST not in fact.event.flags:
            subject = f"event:{case.source}/{fact.first_id}"
            assert fact.event.received_at is not None
            yield Verdict("P16", Level.NOTICE, subject, "0/in_the_future", fact.event.received_at, None, fact)


def _steps(known: Known) -> Iterator[tuple[Fact, Fact]]:
    """First start and first end of each instance that its start names."""
    runs: dict[str, list[Fact]] = {}
    for fact in known.part.of(*STEPS):
        runs.setdefault(fact.event.payload.step_instance_id or fact.event.payload.step_code, []).append(fact)
    for own in runs.values():
        starts = [fact for fact in own if fact.event.event_type is EventType.STEP_STARTED]
        ends = [fact for fact in own if fact.event.event_type is EventType.STEP_COMPLETED]
        if starts and ends and starts[0].event.payload.step_instance_id:
            yield starts[0], ends[0]


def _pauses(known: Known) -> Iterator[tuple[Fact, Fact]]:
    """The first start of each number, with its first end at or behind it, else the first there is."""
    seen = set()
    for start in known.part.of(EventType.SPECIAL_PROCEDURE_STARTED):
        number = start.event.payload.seq
        if start.event.payload.kind == "extension" or number in seen:
            continue
        seen.add(number)
        ends = [fact for fact in known.part.of(EventType.SPECIAL_PROCEDURE_ENDED) if fact.event.payload.seq == number]
        later = [fact for fact in ends if fact.at >= start.at]
        if ends:
            yield start, (later or ends)[0]


def _precedes(known: Known, one: Fact, one_at: int, other: Fact, other_at: int) -> bool:
    if Precision.DAY in (precision(known.reference, one.event), precision(known.reference, other.event)):
        return known.days.day_of(one_at) < known.days.day_of(other_at)
    return one_at < other_at


def _verdict(known: Known, clause: str, early: Fact, late: Fact) -> Verdict:
    subject = f"event:{known.case.source}/{early.first_id}"
    return Verdict("P16", Level.NOTICE, subject, f"{known.part.segment}/{clause}", late.at, None, late)
