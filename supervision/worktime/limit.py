"""Words for time limits: what catalogue entries and events say, before a calendar makes an instant of it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Unit(StrEnum):
    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    HOUR = "hour"
    MINUTE = "minute"
    MONTH = "month"


class Mode(StrEnum):
    DAY_END = "day_end"
    ROLLING_HOURS = "rolling_hours"


class Limit(Struct, frozen=True, array_like=True):
    """A time limit: so many units. Hours and minutes are working time (mode rolling_hours always)."""

    value: int
    unit: Unit = Unit.WORKING_DAY
