"""A stored alert and the stored events it was judged from, as values again, so that anybody can judge it a second time.

Used by `supervision rules explain`.
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

_TIMES = frozenset({"occurred_at", "recorded_at", "received_at", "detected_at", "due_at", "issued_at"})
_EVENT = tuple(name for name in CaseEvent.__struct_fields__ if name != "payload")
_ALERT = Alert.__struct_fields__
DAYS_OF_A_SUBJECT = 62  # longer than any stream rule of this product looks back at one subject


def _select(names: Iterable[str]) -> str:
    return ", ".join(f"toUnixTimestamp64Milli({name}) AS {name}_ms" if name in _TIMES else name for name in names)


def stored_alert(store: Store, alert_id: str) -> Alert | None:
    """The alert or clue as it stands, or None where none has this id."""
    for table in ("alerts", "clues"):
        rows = store.execute(f"SELECT {_select(_ALERT)} FROM {table} WHERE alert_id = %(id)s", {"id": alert_id})  # noqa: S608 - our names
        if rows:
            values = {name: value for name, value in zip(_ALERT, rows[0], strict=True) if value not in ("", None)}
            values["facts"] = msgspec.json.decode(values.get("facts") or "{}")
            return msgspec.convert(values, Alert, strict=False)
    return None


def stored_events(store: Store, alert: Alert) -> list[CaseEvent]:
    """Every stored event of the alert's case; of an officer's clue, those of all cases he touched lately and his own."""
    if alert.case_id is not None:
        where = "source_system = %(source)s AND (case_id = %(case)s OR root_case_id = %(case)s OR parent_case_id = %(case)s)"
        return _events(store, where, {"source": alert.source_system, "case": alert.case_id})
    subject = alert.subject_key.partition("@")[0]
    asked = {"subject": subject, "officer": subject.partition(":")[2], "at": alert.detected_at, "days": DAYS_OF_A_SUBJECT}
    lately = (
        "occurred_at > fromUnixTimestamp64Milli(%(at)s) - toIntervalDay(%(days)s) "
        "AND occurred_at < fromUnixTimestamp64Milli(%(at)s) + toIntervalDay(2)"
    )
    touched = f"SELECT source_system, case_id FROM events WHERE actor_officer_id = %(officer)s AND case_id != '' AND {lately}"  # noqa: S608 - our own text
    return _events(store, f"(source_system, case_id) IN ({touched}) OR subject = %(subject)s", asked)


def _events(store: Store, where: str, asked: dict[str, Any]) -> list[CaseEvent]:
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
    return _events(store, "source_system = %(source)s AND case_id = %(case)s", {"source": source, "case": case_id})


def arrivals(store: Store, source: str, case_id: str) -> dict[UUID, int]:
    """When the broker took each event of a case, ms UTC."""
    query = "SELECT event_id, toUnixTimestamp64Milli(broker_at) FROM events WHERE source_system = %(source)s AND case_id = %(case)s"
    return {row[0]: row[1] for row in store.execute(query, {"source": source, "case": case_id})}
