"""Reference judgement of T17: an open case in which nothing happens.

Every case-topic event counts but publication (published, taken off, scanned). Nothing runs behind the first stop of the promised
limit, and a failed pre-review or an expired supplement rests until the next event. A reopening is an event of the part it ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from supervision.alert import Level
from supervision.event import EventType, Stream
from supervision.subject import stream_of
from supervision.worktime import Limit, Mode
from tests.law.days import HOUR, Missing, Paused, limit_end
from tests.law.deadlines import judge_deadlines
from tests.law.facts import Fact, Known
from tests.law.pauses import paused_time, pauses
from tests.law.profile import is_on
from tests.law.watch import CLOSED, Verdict

UNHEARD = (EventType.RESULT_PUBLISHED, EventType.RESULT_UNPUBLISHED, EventType.SCAN_REVIEWED)
RESTING = (EventType.PRE_REVIEW_FAILED, EventType.SUPPLEMENT_EXPIRED)
DAYS_PAUSED = 90


def judge_idle(known: Known) -> Iterator[Verdict]:
    paused = paused_time(known)
    for last, following in _gaps(known):
        if following is not None and following.at - last.at < 14 * 24 * HOUR:
            continue  # no fifteen days, working or not
        for level, edge in _levels(known, last, paused):
            if following is not None and following.at <= edge:
                continue
            at = edge + 1
            if not _spoken_for(known, at):
                segment = f"{known.part.segment}/{last.first_id}"
                from_ = at if following is None else None
                yield Verdict("T17", level, f"case:{known.case.key}", segment, at, edge, last, from_)


def _gaps(known: Known) -> Iterator[tuple[Fact, Fact | None]]:
    """Each event that leaves the case open, with the next one of the case."""
    parts = known.case.parts
    later = parts[known.part.number + 1 :]
    heard = [fact for fact in known.part.facts if _counts(fact)]
    behind = [*heard[1:], later[0].reopening if later else None]
    for fact, following in zip(heard, behind, strict=False):
        if fact.event.event_type in CLOSED:
            return
        if fact.event.event_type not in RESTING:
            yield fact, following


def _counts(fact: Fact) -> bool:
    return stream_of(fact.event) is Stream.CASE and fact.event.event_type not in UNHEARD


def _levels(known: Known, last: Fact, paused: Paused) -> list[tuple[Level, int]]:
    """Levels with the last instant at which the next event would have been in time, but those that wait for a calendar year."""
    days = known.days
    first = days.day_of(last.at)
    found = []
    try:
        if all(paused.on(day) for day in range(first + 1, first + DAYS_PAUSED + 2)):
            return [(Level.YELLOW, days.midnight(first + DAYS_PAUSED + 1) - 1)]
        for level, wd in ((Level.NOTICE, 15), (Level.YELLOW, 30)):
            found.append((level, limit_end(days, last.at, Limit(wd), Mode.DAY_END, paused)))
    except Missing:
        pass
    return found


def _spoken_for(known: Known, at: int) -> bool:
    """T08 is implied by then for a procedure that still runs at that instant."""
    if not is_on("T08", known.reference.source(known.case.source)):
        return False
    running = [start for start, end in pauses(known) if start.at <= at and (end is None or end > at)]
    return bool(running) and any(
        each.rule == "T08" and each.detected_at <= at and any(each.trigger is start for start in running)
        for each in judge_deadlines(known)
    )
