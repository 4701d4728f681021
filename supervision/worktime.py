"""Working time: limits, due instants, pauses and days late, on calendars that are data.

Used by every rule with a clock. Times are int64 milliseconds UTC; days are proleptic Gregorian ordinals of the local date.
"""

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
