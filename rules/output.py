"""What an engine says: alerts, signals, clock steps, alarms; and the shape both engines share with the streams that run them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct, field

from supervision.alert import Alert
from supervision.event import CaseEvent, ClockAdvanced
from supervision.glance import Glance
from supervision.reference import Reference
from supervision.refusal import Reason
from supervision.signal import ClockStep, Signal

Item = CaseEvent | Glance | ClockAdvanced | Signal | ClockStep


class Alarm(Struct, frozen=True):
    """Something a person must mend before judgement can go on, e.g. a calendar year without data. Never a guess."""

    kind: str
    subject: str
    detail: str


class Size(Struct, frozen=True):
    """How much an engine keeps: subjects, bytes of their packed state, and timer entries, those out of date among them."""

    subjects: int
    bytes: int
    timers: int


class Output(Struct):
    """The difference a call made, in the order it was made. `more`: timers are still due, call `advance` again.

    `fired`: how many subjects a clock woke; `due_since`: the earliest instant (ms UTC) of those that the wall clock woke.
    `dropped`: signals given up because a subject had too many.
    """

    alerts: list[Alert] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    steps: list[ClockStep] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    refused: list[tuple[CaseEvent, Reason]] = field(default_factory=list)
    more: bool = False
    fired: int = 0
    due_since: int | None = None
    dropped: int = 0

    def note_fired(self, count: int, since: int | None) -> None:
        """So many subjects were woken; `since` where it was by the wall clock."""
        self.fired += count
        if since is not None and (self.due_since is None or since < self.due_since):
            self.due_since = since

    def add(self, later: Output) -> None:
        """What a later call made, behind this."""
        self.alerts += later.alerts
        self.signals += later.signals
        self.steps += later.steps
        self.alarms += later.alarms
        self.refused += later.refused
        self.more = later.more
        self.note_fired(later.fired, later.due_since)
        self.dropped += later.dropped


class Engine(Protocol):
    """One engine serves one partition of one topic. Pure: state in, state out; the caller persists what `changes` gives."""

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        """Take facts and control records in any order and batch size; judge what they touch, and what a ClockAdvanced among
        them makes due: all of it, or a portion if the engine was made so (`more`, then `advance` goes on). Items of one subject
        that follow one another are judged together: so `items` sorted by key cost least, and say nothing that they take back.

        Not `is_last`: it is a portion of what is judged together; timers of clocks that move fire with the last."""

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        """Move `clock` to `to` (ms UTC; a lower one is ignored) and judge at most `limit` subjects whose instant came."""

    def changes(self) -> list[tuple[str, bytes | None]]:
        """(key, packed state) of every subject touched since the last call, once each; None: it left memory.
        The engine's own clocks are the entry with key ''. Subjects keep their state by value."""

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Take up state that `changes` gave, in any order, into an empty engine."""

    def use(self, reference: Reference) -> None:
        """From now on judge by this reference data; what it changes is judged again, lazily, by `advance`."""

    def clocks(self) -> dict[str, int]:
        """How far each clock has come here."""

    def size(self) -> Size:
        """How much is kept; walks all of it, so it is asked seldom."""
