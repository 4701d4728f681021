"""Offline replay: a log through the same engines as live, in one process, without servers, on the log's own clock.

Pure but for the file it writes: the same log, mapping, catalogue and rules give the same bytes. Called by `supervision replay`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from rules.output import Alarm, Engine, Output
from streams.sources.feed import Told
from supervision.alert import Alert, State
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced, Stream, root_key
from supervision.subject import stream_of

_BATCH = 5_000
_LINE_FIELDS = [(field.name, Any) for field in structs.fields(Alert) if field.name != "issued_at"]
_Line = msgspec.defstruct("_Line", _LINE_FIELDS)  # every field on every line, also those an alert has no value for
_write = msgspec.json.Encoder(order="deterministic").encode


class Tally(Struct):
    """How many alerts stand, by (rule, level, state)."""

    counts: Counter[tuple[str, str, str]]

    @classmethod
    def of(cls, alerts: Iterable[Alert]) -> Tally:
        return cls(Counter((alert.rule_id, alert.level.value, alert.state.value) for alert in alerts))

    def rules(self) -> list[tuple[str, str]]:
        """(rule, level) of every line, rules by id, levels rising."""
        rank = {"notice": 1, "yellow": 2, "red": 3}
        return sorted({(rule, level) for rule, level, _ in self.counts}, key=lambda each: (each[0], rank[each[1]]))

    def count(self, rule: str, level: str, state: State) -> int:
        return self.counts[rule, level, state.value]


class Replay:
    """Two engines and what they said. `take` in the order of the feed, then read `alerts`: each in its final state."""

    def __init__(self, cases: Engine, subjects: Engine, progress: Callable[[int], None] = lambda events: None) -> None:
        self._cases = cases
        self._subjects = subjects
        self._progress = progress
        self._held: list[CaseEvent] = []
        self._alerts: dict[str, Alert] = {}
        self.alarms: dict[Alarm, None] = {}
        self.refused: Counter[str] = Counter()  # events the engine would not judge, by reason
        self.events = 0

    def run(self, items: Iterable[Told | ClockAdvanced]) -> None:
        """Judge all items. Events of one step of the clock are one batch, as an agent would take them."""
        for item in items:
            if isinstance(item, ClockAdvanced):
                self._judge(item)
                continue
            event = decode(item[1])
            assert isinstance(event, CaseEvent), "the feed gives only events that decode"
            self._held.append(event)
            self.events += 1
            if len(self._held) >= _BATCH:
                self._judge(None)
        self._judge(None)

    @property
    def alerts(self) -> list[Alert]:
        """Every alert in its final state, by the time it was detected, then by id."""
        return sorted(self._alerts.values(), key=lambda alert: (alert.detected_at, alert.alert_id))

    def _judge(self, clock: ClockAdvanced | None) -> None:
        of_cases = sorted((event for event in self._held if stream_of(event) is Stream.CASE), key=root_key)  # a case at a time
        of_subjects = [event for event in self._held if stream_of(event) is Stream.ACTIVITY]
        self._held = []
        steps = [] if clock is None else [clock]
        said = self._cases.process([*of_cases, *steps])
        self._note(said)
        self._note(self._subjects.process([*of_subjects, *said.signals, *said.steps, *steps]))
        self._progress(self.events)

    def _note(self, output: Output) -> None:
        for alert in output.alerts:
            self._alerts[alert.alert_id] = alert
        self.alarms.update(dict.fromkeys(output.alarms))
        self.refused.update(reason.value for _, reason in output.refused)


def write_alerts(path: Path, alerts: Iterable[Alert]) -> None:
    """One JSON object a line, all fields but `issued_at`, times in ms UTC; the file appears whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            for alert in alerts:
                values = structs.asdict(alert)
                del values["issued_at"]
                file.write(_write(_Line(**values)) + b"\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
