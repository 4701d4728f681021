"""The office of the working-time tests: the shipped Chinese calendar, and short ways to write days, instants and pauses."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from supervision.calendars import Calendars
from supervision.reference import Reference
from supervision.worktime import Limit, Pause, Pauses, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    """ms UTC of a local time."""
    moment = datetime.fromisoformat(text).replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def iso(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def clock(instant: int, zone: ZoneInfo = SHANGHAI) -> str:
    """Local time as text, milliseconds only where there are some."""
    moment = datetime.fromtimestamp(instant // 1000, zone)
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return text if instant % 1000 == 0 else f"{text}.{instant % 1000:03d}"


def pause(start: str, end: str | None, declared: Limit | None = None) -> Pause:
    return Pause(at(start), None if end is None else at(end), declared)


CN: WorkCalendar = Calendars(Reference()).of_region(None, at("2026-03-02"))


def paused(*pauses: Pause) -> Pauses:
    return Pauses.of(CN, pauses)
