"""Random choices for generated cases: times that lie on edges, and events with ids whose order is independent of their time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from supervision.event import CaseEvent, EventType, Precision
from tests.law.days import HOUR, MINUTE
from tests.law.places import ZONE

T = TypeVar("T")
DAY = 24 * HOUR
FIRST, LAST = datetime(2025, 2, 10, tzinfo=ZONE), datetime(2026, 4, 30, tzinfo=ZONE)
OFFICE = (9 * HOUR, 17 * HOUR + 30 * MINUTE)
EDGES = (
    0,
    1,
    8 * HOUR + 45 * MINUTE,
    9 * HOUR,
    12 * HOUR,
    12 * HOUR + 1,
    13 * HOUR + 30 * MINUTE,
    17 * HOUR + 30 * MINUTE,
    DAY - 1,
)


class Draw(random.Random):
    """A seeded source of choices; `serial` hands out event ids of one scenario."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.seed_number = seed
        self.used: set[int] = set()

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def one(self, values: Sequence[T]) -> T:
        return values[int(self.random() * len(values))]

    def event_id(self) -> UUID:
        """Unique in the scenario, at a random place in the order of ids."""
        while (number := int(self.random() * 2**40)) in self.used:
            pass
        self.used.add(number)
        return UUID(int=(self.seed_number << 48 | number) & (2**128 - 1))

    def day(self) -> int:
        """Local midnight of some day in the calendars, ms."""
        days = (LAST - FIRST).days
        return int(FIRST.timestamp()) * 1000 + int(self.random() * days) * DAY

    def time_of_day(self) -> int:
        """Mostly office hours, sometimes lunch, night or an edge to the millisecond."""
        kind = self.random()
        if kind < 0.7:
            return self.randrange(*OFFICE, 1000)
        if kind < 0.85:
            return self.randrange(0, DAY, 1000)
        return self.one(EDGES)


def midnight(at: int) -> int:
    """Local midnight of the generator's zone before `at`."""
    offset = 8 * HOUR
    return (at + offset) // DAY * DAY - offset


def event(draw: Draw, source: str, case_id: str | None, kind: EventType, at: int, payload: Any, **envelope: Any) -> CaseEvent:
    """A case event; dates instead of instants where the envelope says that the source knows no more."""
    if envelope.get("time_precision") is Precision.DAY or source == "log-b":
        at = midnight(at)
    return CaseEvent(
        event_id=draw.event_id(),
        event_type=kind,
        occurred_at=at,
        source_system=source,
        case_id=case_id,
        payload=payload,
        **envelope,
    )
