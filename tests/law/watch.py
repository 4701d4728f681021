"""What the reference judgement says of a case, and a limit that runs in it. Reference only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from supervision.alert import Level
from supervision.event import EventType
from tests.law.days import Missing, Paused
from tests.law.facts import Fact, Known

CLOSED = (
    EventType.CASE_COMPLETED,
    EventType.CASE_RETURNED,
    EventType.CASE_WITHDRAWN,
    EventType.CASE_TERMINATED,
    EventType.CASE_VOIDED,
    EventType.ACCEPTANCE_REFUSED,
)
DECIDED = (*CLOSED, EventType.DECISION_MADE)


@dataclass(frozen=True)
class Verdict:
    """What holds by the facts. `stands_from` None: at once, by the facts alone; else from that clock time + grace."""

    rule: str
    level: Level
    subject: str
    segment: str
    detected_at: int
    due_at: int | None
    trigger: Fact
    stands_from: int | None = None


def told(judge: Callable[[], Verdict | None]) -> Iterator[Verdict]:
    """What this says; nothing where it waits for a year that the calendar lacks."""
    try:
        verdict = judge()
    except Missing:
        return
    if verdict is not None:
        yield verdict


@dataclass(frozen=True)
class Watch:
    """A limit that runs in a part: from its opening fact to its stop. `opens_at`: when it is known to run, if not by that fact."""

    rule: str
    subject: str
    segment: str
    opening: Fact
    stop: int | None
    due_at: int
    paused: Paused
    in_office_time: bool = False
    opens_at: int | None = None

    def not_paused(self, known: Known, at: int) -> int:
        """`at`, or 00:00 of the first day after it that is not paused."""
        day = first = known.days.day_of(at)
        if self.in_office_time:
            while self.paused.at(at):
                day += 1
                at = known.days.midnight(day)
            return at
        while self.paused.on(day):
            day += 1
        return at if day == first else known.days.midnight(day)

    def passed(self, known: Known, level: Level, edge: int) -> Verdict | None:
        """The limit's `edge` was passed: a stop later than it, or none and the clock beyond it."""
        if self.stop is not None and self.stop <= edge:
            return None
        first = self.opening.at if self.opens_at is None else self.opens_at
        try:
            at = self.not_paused(known, max(edge + 1, first))
        except Missing as missing:
            if self.stop is None or self.stop >= missing.year_begins:
                raise
            at = self.stop
        if self.stop is not None:
            at = max(min(at, self.stop), first)
        from_ = None if self.stop is not None else at
        return Verdict(self.rule, level, self.subject, self.segment, at, self.due_at, self.opening, from_)

    def near(self, known: Known, level: Level, at: int) -> Verdict | None:
        """Open and not paused at `at`, before the end."""
        at = self.not_paused(known, max(at, self.opening.at))
        if at > self.due_at or (self.stop is not None and self.stop <= at):
            return None
        return Verdict(self.rule, level, self.subject, self.segment, at, self.due_at, self.opening, at)
