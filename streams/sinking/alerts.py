"""Records of the alert topics as rows of `alerts_raw` or `clues_raw`, one per emission."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from streams.sinking.letters import COLUMNS as LETTER_COLUMNS
from streams.sinking.letters import unreadable
from streams.sinking.record import Record, Rows, turned
from supervision.alert import Alert

FIELDS = Alert.__struct_fields__
COLUMNS = (*FIELDS, "topic", "partition", "offset", "broker_at")

_alert = msgspec.json.Decoder(Alert).decode
_write = msgspec.json.Encoder().encode
_INSTANTS = frozenset({"detected_at", "due_at", "issued_at", "revoked_by_event_id"})


def alert_rows(records: Sequence[Record], table: str) -> list[Rows]:
    """Rows of `table` for records of one topic; what is no alert goes to the dead letters instead."""
    rows: list[tuple[Any, ...]] = []
    strange: list[tuple[Any, ...]] = []
    for record in records:
        try:
            alert = _alert(record.value or b"")
        except (ValueError, RecursionError) as error:
            strange.append(unreadable(record, str(error)))
            continue
        values = [_value(name, getattr(alert, name)) for name in FIELDS]
        rows.append((*values, record.topic, record.partition, record.offset, record.timestamp))
    return [turned(table, COLUMNS, rows), turned("dead_letters_raw", LETTER_COLUMNS, strange)]


def _value(name: str, value: Any) -> Any:
    if name == "facts":
        return _write(value)
    if isinstance(value, tuple):
        return list(value)
    if value is None and name not in _INSTANTS:
        return ""
    return getattr(value, "value", value)
