"""Run the real engines on a scenario: any order, batches, clock steps and restarts; then say which alerts stand.

Everything is seeded: the same `Ride` makes the same run. The two engines are joined as the streams join them: what the case
engine signals, the subject engine reads.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Engine, Output
from rules.subjects import SubjectEngine
from supervision.alert import Alert, Level, State, alert_id
from supervision.event import CaseEvent, ClockAdvanced, Stream
from supervision.reference import Reference
from supervision.signal import ClockStep, Signal
from supervision.subject import stream_of
from tests.law.judge import Standing


@lru_cache(maxsize=1)
def book() -> Rulebook:
    return Rulebook.load()


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
    limit: int = 10_000  # subjects judged by one call of `advance`


@dataclass
class Pair:
    """One case engine and one subject engine with what both have said so far."""

    reference: Reference
    cases: Engine = field(init=False)
    subjects: Engine = field(init=False)
    standing: dict[str, Alert] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    saved: tuple[dict[str, bytes], dict[str, bytes]] = field(default_factory=lambda: ({}, {}))

    def __post_init__(self) -> None:
        self.cases = CaseEngine(book(), self.reference, 0)
        self.subjects = SubjectEngine(book(), self.reference, 0, 1)

    def take(self, events: Sequence[CaseEvent | ClockAdvanced]) -> None:
        own = [event for event in events if isinstance(event, ClockAdvanced) or stream_of(event) is Stream.CASE]
        other = [event for event in events if isinstance(event, ClockAdvanced) or stream_of(event) is Stream.ACTIVITY]
        if own:
            self._hear(self.cases.process(own))
        if other:
            self._hear(self.subjects.process(other))

    def advance(self, clock: str, to: int, limit: int) -> None:
        for engine in (self.cases, self.subjects):
            more = True
            while more:
                output = engine.advance(clock, to, limit)
                self._hear(output)
                more = output.more

    def restart(self) -> None:
        """Fresh engines take up the state of these, as after a crash behind the last batch."""
        for engine, saved in zip((self.cases, self.subjects), self.saved, strict=True):
            for key, blob in engine.changes():
                if blob is None:
                    saved.pop(key, None)
                else:
                    saved[key] = blob
        self.__post_init__()
        for engine, saved in zip((self.cases, self.subjects), self.saved, strict=True):
            engine.restore(reversed(saved.items()))

    def _hear(self, output: Output) -> None:
        assert not output.alarms, output.alarms
        assert not output.refused, [(event.event_id, reason) for event, reason in output.refused]
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
    pair = Pair(reference)
    waiting = [*events, *(event for event in events if draw.random() < ride.duplicate)]
    if ride.shuffle:
        draw.shuffle(waiting)
    while waiting:
        size = draw.randint(1, ride.batch) if ride.batch < len(waiting) else len(waiting)
        pair.take(waiting[:size])
        waiting = waiting[size:]
        if draw.random() < ride.early_clocks:
            clock = draw.choice(sorted(clocks))
            move(pair, clock, draw.randint(min(clocks[clock], _earliest(events)), clocks[clock]), ride.limit, draw.random() < 0.5)
        if draw.random() < ride.restart:
            pair.restart()
    for clock, to in sorted(clocks.items()):
        first = min(to, _earliest(events))
        for at in sorted(draw.randint(first, to) for _ in range(ride.clock_steps - 1)):
            move(pair, clock, at, ride.limit, draw.random() < 0.5)
            if draw.random() < ride.restart:
                pair.restart()
        move(pair, clock, to, ride.limit, draw.random() < 0.5)
    return pair.stands()


def move(pair: Pair, clock: str, to: int, limit: int, by_record: bool) -> None:
    """Move a clock by its control record on both topics, or by a call; the wall knows only the call."""
    if by_record and clock != "wall":
        pair.take([ClockAdvanced(clock=clock, to=to)])
    else:
        pair.advance(clock, to, limit)


def _earliest(events: Sequence[CaseEvent]) -> int:
    return min((event.occurred_at for event in events), default=0)
