"""Values as people write them in files: `20 working_day`, `09:00-12:00, 13:30-17:30`, `2026-02-15..2026-02-23`, ISO times.

Each function gives the value in the form of the wire, or None if the text is not one. Called by `supervision.reading`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from supervision.payloads.base import DATE_PATTERN
from supervision.worktime import Unit

_UNITS = {
    **{unit.value: unit for unit in Unit},
    **{f"{unit.value}s": unit for unit in Unit},
    "工作日": Unit.WORKING_DAY,
    "自然日": Unit.CALENDAR_DAY,
    "小时": Unit.HOUR,
    "分钟": Unit.MINUTE,
    "个月": Unit.MONTH,
}
LIMIT_PATTERN = r"^[0-9]{1,6} *[^0-9 ]+$"
SPANS_PATTERN = r"^ *[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2}( *, *[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2})* *$"
_LIMIT = re.compile(r"([0-9]{1,6}) *([^0-9 ]+)")
_SPAN = re.compile(r" *([0-9]{1,2}):([0-9]{2}) *- *([0-9]{1,2}):([0-9]{2}) *")
_DATE = re.compile(DATE_PATTERN)
_LONGEST_RANGE = 366


def limit(text: str) -> tuple[int, str] | None:
    """`20 working_day` as (20, "working_day"); the unit also in the plural or in Chinese."""
    found = _LIMIT.fullmatch(text.strip())
    unit = None if found is None else _UNITS.get(found[2])
    return None if found is None or unit is None or int(found[1]) > 100_000 else (int(found[1]), unit.value)


def spans(text: str) -> list[tuple[int, int]] | None:
    """`09:00-12:00, 13:30-17:30` as minutes after midnight, ((540, 720), (810, 1050)); in order and apart, at most to 24:00."""
    found: list[tuple[int, int]] = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        hours, minutes, until_hours, until_minutes = map(int, match.groups())
        start, end = hours * 60 + minutes, until_hours * 60 + until_minutes
        if minutes > 59 or until_minutes > 59 or not (found[-1][1] if found else 0) <= start < end <= 1440:
            return None
        found.append((start, end))
    return found


def dates(text: str) -> list[str] | None:
    """One ISO date, or the dates of `2026-02-15..2026-02-23`, both ends included."""
    first, dots, last = text.partition("..")
    if not _DATE.search(first):
        return None
    if not dots:
        return [first]
    if not _DATE.search(last):
        return None
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    count = (end - start).days
    return [(start + timedelta(days=day)).isoformat() for day in range(count + 1)] if 0 <= count < _LONGEST_RANGE else None


def instant(text: str, zone: ZoneInfo) -> int | None:
    """ms UTC of an ISO 8601 time with offset, or of a date's midnight in `zone`."""
    try:
        moment = datetime.combine(date.fromisoformat(text), time(), zone) if _DATE.search(text) else datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    seconds = moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    return seconds // timedelta(milliseconds=1)


def truth(text: str) -> bool | None:
    """A cell that says yes or no."""
    word = text.lower()
    return True if word in {"true", "yes", "1", "是"} else False if word in {"false", "no", "0", "否"} else None
