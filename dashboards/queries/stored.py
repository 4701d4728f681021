"""Rows of the alert views as alerts again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from supervision.alert import Alert

_TIMES = frozenset({"detected_at", "due_at", "issued_at"})
FIELDS = Alert.__struct_fields__


def columns(names: Iterable[str] = FIELDS) -> str:
    """For SELECT: times as ms, everything under its own name's order."""
    return ", ".join(f"toUnixTimestamp64Milli({name})" if name in _TIMES else name for name in names)


def alert_of(row: Sequence[Any]) -> Alert:
    """From a row of `columns()`."""
    values = {name: value for name, value in zip(FIELDS, row, strict=True) if value not in ("", None)}
    values["facts"] = msgspec.json.decode(values.get("facts") or "{}")
    return msgspec.convert(values, Alert, strict=False)
