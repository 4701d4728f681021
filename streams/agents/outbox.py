"""From an engine's output to the messages of one transaction: alerts and clues, signals and clock steps, dead letters, state."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rules.output import Output
from streams.agents.tracing import Cause
from streams.agents.transaction import Message
from supervision.alert import Alert, Disposition
from supervision.signal import ClockStep, Signal, packets
from supervision.subject import without_clock
from supervision.topics import partition_of_subject

WALL = "wall"
_encode = msgspec.json.Encoder().encode


class Names(Struct, frozen=True):
    """Where messages go: the topics' names on the broker, and the number of partitions of activity-events."""

    alerts: str
    clues: str
    signals: str
    dead_letters: str
    signal_partitions: int


def says_something(output: Output) -> bool:
    """Whether anything of it must be written."""
    return bool(output.alerts or output.signals or output.steps or output.refused)


def alerts(found: Iterable[Alert], names: Names, issued_at: int, caused: Iterable[Cause]) -> list[Message]:
    """Cards to the alerts topic, clues to the restricted one, stamped with the time of publication (ms UTC); the trace of what
    caused each in its headers."""
    topic = {Disposition.CARD: names.alerts, Disposition.CLUE: names.clues}
    return [
        Message(
            topic[alert.disposition],
            alert.alert_id.encode(),
            _encode(replace(alert, issued_at=issued_at)),
            headers=cause.headers,
        )
        for alert, cause in zip(found, caused, strict=True)
    ]


def signals(found: Iterable[Signal], steps: list[ClockStep], names: Names) -> list[Message]:
    """Each signal to its subject's partition, each step to all of them behind the signals; packed, in order.

    The partition is that of the subject's events, such as an officer's leave, whose key names no clock.
    """
    by_partition: dict[int, list[Signal | ClockStep]] = {}
    for signal in found:
        place = partition_of_subject(without_clock(signal.subject, signal.clock), names.signal_partitions)
        by_partition.setdefault(place, []).append(signal)
    if steps:
        for partition in range(names.signal_partitions):
            by_partition.setdefault(partition, []).extend(steps)
    return [
        Message(names.signals, None, packed, partition) for partition, items in by_partition.items() for packed in packets(items)
    ]


class Steps:
    """Which clock steps to forward: all of log clocks; of the wall clock one every `every` ms if somebody listens."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._told: int | None = None

    def choose(self, steps: Iterable[ClockStep], has_activity: bool) -> list[ClockStep]:
        """Those to forward; of the wall clock at most the newest, and none while there is no activity at all."""
        chosen = [step for step in steps if step.clock != WALL]
        wall = [step for step in steps if step.clock == WALL]
        if wall and has_activity and (self._told is None or wall[-1].to - self._told >= self._every):
            self._told = wall[-1].to
            chosen.append(wall[-1])
        return chosen
