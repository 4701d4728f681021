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
_FIRST_MS, _END_MS = -2_208_988_800_000, 7_258_118_400_000  # as `supervision.event.Millis`
_OR_NULL = frozenset({"detected_at", "due_at", "issued_at", "revoked_by_event_id"})


def alert_rows(records: Sequence[Record], table: str) -> list[Rows]:
    """Rows of `table` for records of one topic; what is no alert goes to the dead letters instead."""
    rows: list[tuple[Any, ...]] = []
    strange: list[tuple[Any, ...]] = []
    for record in records:
        try:
            alert = _alert(record.value or b"")
            _require_storable(alert)
        except (ValueError, RecursionError) as error:
            strange.append(unreadable(record, str(error)))
            continue
        values = [_value(name, getattr(alert, name)) for name in FIELDS]
        rows.append((*values, record.topic, record.partition, record.offset, record.timestamp))
    return [turned(table, COLUMNS, rows), turned("dead_letters_raw", LETTER_COLUMNS, strange)]


def _require_storable(alert: Alert) -> None:
    """Raises ValueError for numbers that no column can hold: the topic is ours, but one foreign record must not stop the sink."""
    instants = (alert.detected_at, alert.due_at or 0, alert.issued_at or 0)
    if not all(_FIRST_MS <= instant < _END_MS for instant in instants):
        raise ValueError(f"an instant outside of the years 1900 to 2199: {instants}")
    if not all(0 <= number < 2**32 for number in (alert.rule_version, alert.revision)):
        raise ValueError(f"rule_version {alert.rule_version} or revision {alert.revision} is out of range")


def _value(name: str, value: Any) -> Any:
    if name == "facts":
        return _write(value)
    if isinstance(value, tuple):
        return list(value)
    if value is None and name not in _OR_NULL:
        return ""
    return getattr(value, "value", value)
