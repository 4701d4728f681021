"""Working time written down the slow way, a day or a minute at a time, from the text of the law alone. For tests only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
HOURS = ((time(9), time(12)), (time(13, 30), time(17, 30)))
HOLIDAYS = (
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
MAKE_UP = {
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
}


class Wait(NamedTuple):
    """A pause in local time; `declared` is a number and `wd`, `days` or `hours`."""

    start: datetime
    end: datetime | None
    declared: tuple[int, str] | None


@cache
def works(day: date) -> bool:
    text = day.isoformat()
    return text in MAKE_UP or (day.weekday() < 5 and not any(first <= text <= last for first, last in HOLIDAYS))


def is_open(minute: datetime) -> bool:
    return works(minute.date()) and any(start <= minute.time() < end for start, end in HOURS)


def paused_days(waits: Sequence[Wait]) -> set[date]:
    found: set[date] = set()
    for wait in waits:
        last = _cap(wait).date() if wait.end is None else min(wait.end.date(), _cap(wait).date())
        day = wait.start.date() + DAY
        while day <= last:
            found.add(day)
            day += DAY
    return found


def is_waiting(minute: datetime, waits: Sequence[Wait]) -> bool:
    return any(wait.start <= minute < (_cap(wait) if wait.end is None else min(wait.end, _cap(wait))) for wait in waits)


@cache
def _cap(wait: Wait) -> datetime:
    """When the declared limit of a pause ends."""
    value, unit = wait.declared or (10, "wd")
    if unit == "hours":
        return due_minute(wait.start, value * 60, [])
    last = due_day(wait.start.date(), value, set()) if unit == "wd" else due_date(wait.start.date(), value, set())
    return datetime.combine(last, time.max)


def due_day(start: date, wd: int, paused: set[date]) -> date:
    """The wd-th working day not paused strictly after the start."""
    day = start
    while wd > 0:
        day += DAY
        wd -= works(day) and day not in paused
    return day


def due_date(start: date, days: int, paused: set[date]) -> date:
    """The days-th day not paused strictly after the start, moved on to one that works."""
    day = start
    while days > 0:
        day += DAY
        days -= day not in paused
    while not works(day) or day in paused:
        day += DAY
    return day


def due_minute(start: datetime, minutes: int, waits: Sequence[Wait]) -> datetime:
    """When so many open minutes outside the waits have passed."""
    while minutes > 0:
        minutes -= is_open(start) and not is_waiting(start, waits)
        start += MINUTE
    return start


def working_days(after: date, upto: date, paused: set[date]) -> int:
    day, counted = after, 0
    while day < upto:
        day += DAY
        counted += works(day) and day not in paused
    return counted
