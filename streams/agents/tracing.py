"""Which event caused an alert, and the trace (W3C Trace Context) that leads from the event's record to the alert's.

Headers are looked up for batches that alert, and only for the cases alerted about. An alert that no event of the batch caused (a
deadline that passed, a signal) begins a trace of its own, made of its id and revision: so the log line and the record agree, and a
transaction that is done again says the same.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from streams.agents.transport import Batch, Headers
from streams.trace import OCCURRED_AT, RECEIVED_AT, TRACEPARENT, trace_of, traceparent
from supervision.alert import Alert
from supervision.decoder import decode
from supervision.event import CaseEvent
from supervision.signal import is_packed

WALL = "wall"


class Cause(Struct, frozen=True):
    """What is known of an alert's cause. `trace_id` 32 hexadecimal digits; instants ms UTC, None where there is no such event,
    `occurred_at` also where its clock is not the wall's."""

    trace_id: str
    span_id: str
    occurred_at: int | None = None
    received_at: int | None = None

    @property
    def headers(self) -> Headers:
        """The headers of the alert's record: its place in the trace, and the instants the sink counts from."""
        told = ((OCCURRED_AT, self.occurred_at), (RECEIVED_AT, self.received_at))
        parent = traceparent(self.trace_id, self.span_id)
        return ((TRACEPARENT, parent), *((name, str(at).encode()) for name, at in told if at is not None))


def causes(alerts: Sequence[Alert], batch: Batch | None = None, start: int = 0) -> list[Cause]:
    """The cause of each alert; `batch`, from offset `start` on, if they came of one, not of a clock."""
    if not alerts:
        return []
    found = _Found() if batch is None else _look(alerts, batch, start)
    return [_cause(alert, _event_of(alert, found), batch) for alert in alerts]


class _Found(Struct):
    """Events of a batch, each with the index of its record: by id, and the newest of each case."""

    by_id: dict[UUID, tuple[CaseEvent, int]] = {}
    by_case: dict[tuple[str | None, str | None], tuple[CaseEvent, int]] = {}


def _look(alerts: Sequence[Alert], batch: Batch, start: int) -> _Found:
    """The events of the cases alerted about: those with their keys, or all where something goes by another key, as a case does that
    is part of another."""
    cases = {(alert.source_system, alert.case_id) for alert in alerts if alert.case_id is not None}
    wanted = {f"{source}/{case_id}".encode() for source, case_id in cases}
    since = bisect_left(batch.offsets, start)
    are_all = not wanted.issubset(batch.keys) or any(alert.case_id is None for alert in alerts)
    found = _Found()
    for place in range(since, len(batch.values)):
        value = batch.values[place]
        if value is None or is_packed(value) or not (are_all or batch.keys[place] in wanted):
            continue
        event = decode(value)
        if not isinstance(event, CaseEvent):
            continue
        found.by_id[event.event_id] = event, place
        if (event.source_system, event.case_id) in cases:
            found.by_case[event.source_system, event.case_id] = event, place  # the last of them is the newest
    return found


def _ids(alert: Alert) -> Iterable[UUID]:
    revoker = alert.revoked_by_event_id
    return (revoker,) if revoker is not None else alert.evidence_event_ids


def _event_of(alert: Alert, found: _Found) -> tuple[CaseEvent, int] | None:
    """The newest record among its evidence, or what revoked it; else the newest of its case: a case is judged for its events."""
    named = [found.by_id[id_] for id_ in _ids(alert) if id_ in found.by_id]
    if named:
        return max(named, key=lambda pair: pair[1])
    return None if alert.case_id is None else found.by_case.get((alert.source_system, alert.case_id))


def _cause(alert: Alert, event: tuple[CaseEvent, int] | None, batch: Batch | None) -> Cause:
    digest = hashlib.sha256(f"{alert.alert_id}/{alert.revision}".encode()).hexdigest()
    trace_id, span_id = digest[:32], digest[32:48]
    if event is None or batch is None:
        return Cause(trace_id, span_id)
    its, place = event
    received = its.received_at if its.received_at is not None else batch.timestamps[place]
    return Cause(trace_of(batch.headers[place]) or trace_id, span_id, its.occurred_at if alert.clock == WALL else None, received)
