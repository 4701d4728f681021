"""Judging an alert a second time from its events, and saying whether it comes out the same. Used by `supervision rules explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Output
from rules.subjects import SubjectEngine
from supervision.alert import Alert, State
from supervision.event import CaseEvent, ClockAdvanced, Stream
from supervision.reference import Reference
from supervision.subject import stream_of

_COMPARED = ("state", "level", "subject_key", "segment", "detected_at", "due_at", "rule_version", "facts", "evidence_event_ids")
DAY_MS = 86_400_000


class Difference(Struct, frozen=True):
    """One field in which the stored alert and the one judged now differ."""

    field: str
    stored: Any
    now: Any


def judged_again(book: Rulebook, reference: Reference, events: Sequence[CaseEvent], alert: Alert) -> Alert | None:
    """What the engines say of this alert's id from these events alone, once the clock has passed it; None: nothing.

    Pure, in memory, one partition. A clue also needs what happened around it: see `streams.store.evidence`.
    """
    cases, subjects = CaseEngine(book, reference, 0), SubjectEngine(book, reference, 0, 1)
    found: dict[str, Alert] = {}

    def hear(output: Output) -> None:
        found.update((said.alert_id, said) for said in output.alerts)

    step = ClockAdvanced(clock=alert.clock, to=_far_enough(reference, events, alert))
    said = cases.process([*(event for event in events if stream_of(event) is Stream.CASE), step])
    hear(said)
    own = [event for event in events if stream_of(event) is Stream.ACTIVITY]
    hear(subjects.process([*own, *said.signals, *said.steps, step]))
    return found.get(alert.alert_id)


def differences(stored: Alert, now: Alert | None) -> list[Difference]:
    """Empty: the same. An alert that was revoked and one that is not said at all are the same verdict."""
    if now is None or now.state is State.REVOKED:
        return [] if stored.state is State.REVOKED else [Difference("state", stored.state.value, State.REVOKED.value)]
    pairs = ((name, _plain(getattr(stored, name)), _plain(getattr(now, name))) for name in _COMPARED)
    return [Difference(name, before, after) for name, before, after in pairs if before != after]


def _far_enough(reference: Reference, events: Sequence[CaseEvent], alert: Alert) -> int:
    """Past the grace of every source concerned, and a day more for what is judged at a day's end."""
    sources = {event.source_system for event in events}
    grace_s = max((reference.source(name).late_grace_s for name in sources), default=0)
    return max(alert.detected_at, *(event.occurred_at for event in events), 0) + grace_s * 1000 + DAY_MS


def _plain(value: Any) -> Any:
    """As it is after a journey through JSON: tuples are lists, ids and enums are texts."""
    if isinstance(value, (list, tuple)):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {name: _plain(element) for name, element in value.items()}
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
