"""Alerts and records as tests make them."""

from __future__ import annotations

from typing import Any

from streams.feed import Record
from supervision.alert import Alert, Disposition, Level, State, Visibility, alert_id


def alert(number: int = 1, **given: Any) -> Alert:
    """A yellow card about case `number`."""
    subject = f"case:s/{number}"
    known: dict[str, Any] = {
        "alert_id": alert_id("T03", Level.YELLOW, subject, "0"),
        "rule_id": "T03",
        "rule_version": 1,
        "level": Level.YELLOW,
        "disposition": Disposition.CARD,
        "state": State.ISSUED,
        "revision": 1,
        "clock": "wall",
        "subject_key": subject,
        "segment": "0",
        "detected_at": 1_772_416_800_000 + number,
        "source_system": "s",
        "case_id": str(number),
        "region_code": "430111",
        "owner_department_id": "D1",
        "visibility": Visibility.DEPARTMENT,
        "description": {"zh": "超期", "en": "late"},
    }
    return Alert(**(known | given))


def record(place: int, offset: int, found: Alert | None = None) -> Record:
    return Record(place, offset, 1_772_416_800_000, alert(place * 1000 + offset) if found is None else found)
