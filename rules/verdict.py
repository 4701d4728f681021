"""What a detector says by the facts alone: an alert and the instant from which it stands. The engine compares it with the clock.

Most verdicts lie ahead of the clock and never come to stand, so what one would say is told only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rules.fact import Fact
from supervision.alert import Level
from supervision.worktime import CalendarMissing

if TYPE_CHECKING:
    from rules.part import Part

AT_ONCE = -(2**62)
FAR = 2**62  # an instant that never comes
UNDATED = FAR - 1  # one that nobody can tell for want of a calendar year: it never rings, and the case stays until that year comes


class Telling(Struct, frozen=True):
    """What an alert says: about whom, under which segment, every intermediate value, and the facts it rests on."""

    subject: str
    segment: str
    facts: dict[str, Any]
    evidence: tuple[Fact, ...]
    due_at: int | None = None
    step: str | None = None
    officers: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, gc=False):
    """`stands_from`: the clock must have reached it (AT_ONCE: a fact already completes the condition); ms UTC.

    `trigger` is the fact the suppressors look at: what completed an event rule, what opened the clock of a timer rule.
    `unless`: whether a rule that goes before has spoken by then; asked only of a verdict that would stand.
    `lacks`: the year for want of which it cannot be dated (`undated`).
    """

    part: Part
    level: Level
    detected_at: int
    stands_from: int
    trigger: Fact
    tell: Callable[[], Telling]
    unless: Callable[[], bool] | None = None
    lacks: CalendarMissing | None = None


def undated(part: Part, level: Level, trigger: Fact, lacks: CalendarMissing) -> Verdict:
    """A level that waits for a calendar year while others of its rule are judged; `detected_at`: the first instant of that year."""
    return Verdict(part, level, part.place.calendar.year_start(lacks.year), UNDATED, trigger, _untold, None, lacks)


def _untold() -> Telling:
    raise AssertionError("asked of a verdict that cannot be dated")
