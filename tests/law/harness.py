"""Run the real engines on a scenario: any order, batches, clock steps and restarts; then say which alerts stand.

Everything is seeded: the same `Ride` makes the same run. The two engines are joined as the streams join them: what the case
engine signals, the subject engine reads.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Engine, Item, Output
from rules.subjects import SubjectEngine
from supervision.alert import Alert, Level, State, alert_id
from supervision.decoder import encode
from supervision.event import CaseEvent, ClockAdvanced, Stream, root_key
from supervision.glance import glance
from supervision.reference import Reference
from supervision.refusal import Reason
from supervision.signal import ClockStep, Signal
from supervision.subject import stream_of
from tests.law.judge import Standing
from tests.law.places import ENDED
from tests.product import CARDS

MANY = 1_000  # calls of `advance` that no scenario needs


@lru_cache(maxsize=1)
def book() -> Rulebook:
    return Rulebook(CARDS)


@dataclass(frozen=True)
class Ride:
    """How the events are brought to the engines. The defaults: as they lie, in one batch, clocks at the end in one step."""

    seed: int = 0
    shuffle: bool = False
    duplicate: float = 0.0  # the share of events that come again
    batch: int = 10_000  # the largest batch
    early_clocks: float = 0.0  # how often a clock moves between two batches
    clock_steps: int = 1  # steps in which each clock goes to its final instant
    restart: float = 0.0  # how often engines are snapshot and restored between two batches
    limit: int = 10_000  # subjects judged by one call of `advance`, and by a control record
    partitions: int = 1  # of the cases, by root case


@dataclass
class Engines:
    """Case engines, one a partition, and one subject engine, with what all have said so far."""

    reference: Reference
    partitions: int = 1
    portion: int = 10_000
    cases: list[Engine] = field(init=False)
    subjects: Engine = field(init=False)
    standing: dict[str, Alert] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[CaseEvent, Reason]] = field(default_factory=list)
    saved: list[dict[str, bytes]] = field(init=False)
    lacks_years: bool = field(init=False)  # its calendars end

    def __post_init__(self) -> None:
        self.lacks_years = self.reference.version == ENDED
        self.saved = [{} for _ in range(self.partitions + 1)]
        self._build()

    def _build(self) -> None:
        self.cases = [CaseEngine(book(), self.reference, number, self.portion) for number in range(self.partitions)]
        self.subjects = SubjectEngine(book(), self.reference, 0, self.partitions)

    def take(self, events: Sequence[CaseEvent | ClockAdvanced]) -> None:
        for number, engine in enumerate(self.cases):
            own = [event for event in events if isinstance(event, ClockAdvanced) or self._partition(event) == number]
            if own:
                output = engine.process([_seen(event) for event in own])
                self._finish(engine, output, [event for event in own if isinstance(event, ClockAdvanced)])
        other = [event for event in events if isinstance(event, ClockAdvanced) or self._partition(event) is None]
        if other:
            self._hear(self.subjects.process(other))

    def _finish(self, engine: Engine, output: Output, moved: list[ClockAdvanced]) -> None:
        """What a control record made due and one call did not judge."""
        self._hear(output)
        while output.more:
            output = engine.advance(moved[-1].clock, moved[-1].to, self.portion)
            self._hear(output)

    def _partition(self, event: CaseEvent) -> int | None:
        """The partition of case-events that an event belongs to; None: it is activity."""
        return crc32(root_key(event).encode()) % self.partitions if stream_of(event) is Stream.CASE else None

    def advance(self, clock: str, to: int, limit: int) -> None:
        for engine in (*self.cases, self.subjects):
            for _ in range(MANY):
                output = engine.advance(clock, to, limit)
                self._hear(output)
                if not output.more:
                    break
            else:
                raise AssertionError(f"{clock} never gets to {to}: there is always more to judge")

    def use(self, reference: Reference) -> None:
        self.reference = reference
        for engine in (*self.cases, self.subjects):
            engine.use(reference)

    def restart(self) -> None:
        """Fresh engines take up the state of these, as after a crash behind the last batch."""
        for engine, saved in zip((*self.cases, self.subjects), self.saved, strict=True):
            for key, blob in engine.changes():
                if blob is None:
                    saved.pop(key, None)
                else:
                    saved[key] = blob
        self._build()
        for engine, saved in zip((*self.cases, self.subjects), self.saved, strict=True):
            engine.restore(reversed(saved.items()))

    def _hear(self, output: Output) -> None:
        missing = [alarm for alarm in output.alarms if alarm.kind == "calendar_missing" and alarm.detail != "2025"]
        assert output.alarms == (missing if self.lacks_years else []), output.alarms
        self.refused += output.refused
        for alert in output.alerts:
            self._note(alert)
        told: list[Signal | ClockStep] = [*output.signals, *output.steps]
        if told:
            self._hear(self.subjects.process(told))

    def _note(self, alert: Alert) -> None:
        assert alert.alert_id == alert_id(alert.rule_id, alert.level, alert.subject_key, alert.segment)
        before = self.revisions.get(alert.alert_id)
        assert alert.revision == (1 if before is None else before + 1), (
            f"revision {alert.revision} after {before}: {alert.alert_id}"
        )
        self.revisions[alert.alert_id] = alert.revision
        if alert.state is State.REVOKED:
            assert alert.alert_id in self.standing, f"revoked, but not standing: {alert}"
            del self.standing[alert.alert_id]
        else:
            self.standing[alert.alert_id] = alert

    def stands(self) -> set[Standing]:
        return {_standing(alert) for alert in self.standing.values()}


def _standing(alert: Alert) -> Standing:
    return Standing(
        alert.detected_at,
        alert.alert_id,
        alert.rule_id,
        Level(alert.level),
        alert.subject_key,
        alert.segment,
        alert.due_at,
        alert.state,
    )


def run_engine(reference: Reference, events: Sequence[CaseEvent], clocks: dict[str, int], ride: Ride) -> set[Standing]:
    """The alerts that stand after this ride, at these clocks."""
    draw = random.Random(ride.seed)
    engines = Engines(reference, ride.partitions, ride.limit)
    waiting = [*events, *(event for event in events if draw.random() < ride.duplicate)]
    if ride.shuffle:
        draw.shuffle(waiting)
    while waiting:
        size = draw.randint(1, ride.batch) if ride.batch < len(waiting) else len(waiting)
        engines.take(waiting[:size])
        waiting = waiting[size:]
        if draw.random() < ride.early_clocks:
            clock = draw.choice(sorted(clocks))
            move(
                engines, clock, draw.randint(min(clocks[clock], _earliest(events)), clocks[clock]), ride.limit, draw.random() < 0.5
            )
        if draw.random() < ride.restart:
            engines.restart()
    for clock, to in sorted(clocks.items()):
        first = min(to, _earliest(events))
        for at in sorted(draw.randint(first, to) for _ in range(ride.clock_steps - 1)):
            move(engines, clock, at, ride.limit, draw.random() < 0.5)
            if draw.random() < ride.restart:
                engines.restart()
        move(engines, clock, to, ride.limit, draw.random() < 0.5)
    assert not engines.refused, engines.refused
    return engines.stands()


def move(engines: Engines, clock: str, to: int, limit: int, by_record: bool) -> None:
    """Move a clock by its control record on both topics, or by a call; the wall knows only the call."""
    if by_record and clock != "wall":
        engines.take([ClockAdvanced(clock=clock, to=to)])
    else:
        engines.advance(clock, to, limit)


def _earliest(events: Sequence[CaseEvent]) -> int:
    return min((event.occurred_at for event in events), default=0)


def _seen(event: CaseEvent | ClockAdvanced) -> Item:
    """As an agent has it."""
    return event if isinstance(event, ClockAdvanced) else glance(encode(event)) or event
