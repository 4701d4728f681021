"""What a detector says by the facts alone: an alert and the instant from which it stands. The engine compares it with the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from rules.memory import Fact
from supervision.alert import Level

if TYPE_CHECKING:
    from rules.case import Part

AT_ONCE = -(2**62)


class Verdict(Struct, frozen=True):
    """`stands_from`: the clock must have reached it (AT_ONCE: a fact already completes the condition); ms UTC.

    `trigger` is the fact the suppressors look at: what completed an event rule, what opened the clock of a timer rule.
    """

    part: Part
    level: Level
    subject: str
    segment: str
    detected_at: int
    stands_from: int
    trigger: Fact
    facts: dict[str, Any]
    evidence: tuple[Fact, ...]
    due_at: int | None = None
    step: str | None = None
    officers: tuple[str, ...] = field(default=())
