"""Stored alerts and the stored events they were judged from, as values again, so that anybody can judge them a second time.

Used by `supervision rules explain`, `supervision verify` and the board.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from streams.store.client import Store
from supervision.alert import Alert
from supervision.decoder import decode
from supervision.event import CaseEvent
from supervision.refusal import Reason

_TIMES = frozenset({"occurred_at", "recorded_at", "received_at", "detected_at", "due_at", "issued_at"})
_EVENT = tuple(name for name in CaseEvent.__struct_fields__ if name != "payload")
_ALERT = Alert.__struct_fields__
ALERT_TABLES = ("alerts", "clues")
DAYS_OF_A_SUBJECT = 62  # longer than any stream rule of this product looks back at one subject


def _select(names: Iterable[str]) -> str:
    return ", ".join(f"toUnixTimestamp64Milli({name}) AS {name}_ms" if name in _TIMES else name for name in names)


def alerts_where(store: Store, where: str, asked: dict[str, Any]) -> list[Alert]:
    """Alerts and clues as they stand, revoked ones too, that fulfil a condition of SQL with its values."""
    rows = [
        row
        for table in ALERT_TABLES
        for row in store.execute(f"SELECT {_select(_ALERT)} FROM {table} WHERE {where}", asked)  # noqa: S608 - our own text
    ]
    return [_alert(row) for row in rows]


def _alert(row: tuple[Any, ...]) -> Alert:
    values = {name: value for name, value in zip(_ALERT, row, strict=True) if value not in ("", None)}
    values["facts"] = msgspec.json.decode(values.get("facts") or "{}")
    return msgspec.convert(values, Alert, strict=False)


def stored_alert(store: Store, alert_id: str) -> Alert | None:
    """The alert or clue as it stands, or None where none has this id."""
    found = alerts_where(store, "alert_id = %(id)s", {"id": alert_id})
    return found[0] if found else None


def stored_events(store: Store, alert: Alert) -> list[CaseEvent]:
    """Every stored event of the alert's case; of a clue about officers, those of all cases they touched lately and their own."""
    if alert.case_id is not None:
        where = "source_system = %(source)s AND (case_id = %(case)s OR root_case_id = %(case)s OR parent_case_id = %(case)s)"
        return events_where(store, where, {"source": alert.source_system, "case": alert.case_id})
    subject = alert.subject_key.removesuffix(f"@{alert.clock}")
    named = alert.responsible_officer_ids or (subject.partition(":")[2].partition("/")[0],)
    asked = {
        "subjects": (subject, *(f"officer:{officer}" for officer in named)),
        "officers": named,
        "at": alert.detected_at,
        "days": DAYS_OF_A_SUBJECT,
    }
    lately = (
        "occurred_at > fromUnixTimestamp64Milli(%(at)s) - toIntervalDay(%(days)s) "
        "AND occurred_at < fromUnixTimestamp64Milli(%(at)s) + toIntervalDay(2)"
    )
    touched = f"SELECT source_system, case_id FROM events WHERE actor_officer_id IN %(officers)s AND case_id != '' AND {lately}"  # noqa: S608 - our own text
    return events_where(store, f"(source_system, case_id) IN ({touched}) OR subject IN %(subjects)s", asked)


def events_where(store: Store, where: str, asked: dict[str, Any]) -> list[CaseEvent]:
    """Events that fulfil a condition of SQL with its values, each once, by time."""
    query = f"SELECT {_select(_EVENT)}, payload FROM events WHERE {where} ORDER BY occurred_at, event_id"  # noqa: S608 - our own text
    events = (_event(row) for row in store.execute(query, asked))
    return [event for event in events if event is not None]


def _event(row: tuple[Any, ...]) -> CaseEvent | None:
    """Through the decoder that the message once passed; None for what today's decoder refuses."""
    *values, payload = row
    message = {name: value for name, value in zip(_EVENT, values, strict=True) if value not in ("", None)}
    message["payload"] = msgspec.Raw((payload or "{}").encode())
    event = decode(msgspec.json.encode(message))
    return event if isinstance(event, CaseEvent) else None


def events_of_case(store: Store, source: str, case_id: str) -> list[CaseEvent]:
    """Every stored event of one case, by time."""
    return events_where(store, "source_system = %(source)s AND case_id = %(case)s", {"source": source, "case": case_id})


def arrivals(store: Store, source: str, case_id: str) -> dict[UUID, int]:
    """When the broker took each event of a case, ms UTC."""
    query = "SELECT event_id, toUnixTimestamp64Milli(broker_at) FROM events WHERE source_system = %(source)s AND case_id = %(case)s"
    return {row[0]: row[1] for row in store.execute(query, {"source": source, "case": case_id})}


def unjudged(store: Store, source: str, case_id: str) -> set[UUID]:
    """Events of a case that came when it had left memory, so that no engine judged them."""
    query = (
        "SELECT event_id FROM events WHERE source_system = %(source)s AND case_id = %(case)s AND (topic, partition, offset) IN "
        "(SELECT origin_topic, origin_partition, origin_offset FROM dead_letters WHERE reason = %(reason)s)"
    )
    rows = store.execute(query, {"source": source, "case": case_id, "reason": Reason.CASE_FORGOTTEN.value})
    return {row[0] for row in rows}
