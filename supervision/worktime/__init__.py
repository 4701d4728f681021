"""Working time: limits, due instants, pauses and days late, on calendars that are data.

Used by every rule with a clock. Times are int64 milliseconds UTC; days are proleptic Gregorian ordinals of the local date.
`supervision.calendars` says which calendar a region or a centre has.
"""

from supervision.worktime.calendar import CalendarMissing, WorkCalendar
from supervision.worktime.limit import Limit, Mode, Unit
from supervision.worktime.pauses import Pause, Pauses
from supervision.worktime.term import Term, absolute_term, term

__all__ = [
    "CalendarMissing",
    "Limit",
    "Mode",
    "Pause",
    "Pauses",
    "Term",
    "Unit",
    "WorkCalendar",
    "absolute_term",
    "term",
]
