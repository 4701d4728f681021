"""Pauses of a clock: capped at what was declared, merged, as local days for limits in days and as instants for working hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from msgspec import Struct

from supervision.durations import MINUTE_MS
from supervision.worktime.calendar import CalendarMissing, Spans, WorkCalendar
from supervision.worktime.limit import Limit, Unit

UNDECLARED = Limit(10)
NO_END = 2**62


class Pause(Struct, frozen=True):
    """A suspension from `start` to `end` (ms; None: not yet ended). `declared` None: 10 working days."""

    start: int
    end: int | None = None
    declared: Limit | None = None


class Pauses(Struct, frozen=True):
    """`days`: paused dates as closed spans of ordinals, the first day of a pause not among them; `instants`: [start, end) in ms.

    Both sorted and without overlap, so equal sets of pauses are equal whatever their order. `lacks`: one of them ends in that year,
    for which there is no data. Spans go on to its first
    day (the day of the start, if that lies in it), and all that is asked from `known_to` on raises CalendarMissing.
    """

    days: Spans = ()
    instants: Spans = ()
    lacks: tuple[str, int] | None = None
    known_to: tuple[int, int] = (NO_END, NO_END)  # a date and an instant

    NONE: ClassVar[Pauses]

    @classmethod
    def of(cls, calendar: WorkCalendar, pauses: Iterable[Pause]) -> Pauses:
        """Each runs to its end or its declared limit, whichever is first; after that the clock runs again by itself."""
        days: list[tuple[int, int]] = []
        instants: list[tuple[int, int]] = []
        lacks: tuple[str, int] | None = None
        known_to = (NO_END, NO_END)
        for pause in pauses:
            first = calendar.day_of(pause.start)
            try:
                last, end = _end(calendar, pause, first)
            except CalendarMissing as missing:
                begins = calendar.year_start(missing.year)
                last, end = max(calendar.day_of(begins) - 1, first), max(begins, pause.start)
                if end < known_to[1]:
                    lacks, known_to = (missing.region, missing.year), (last + 1, end)
            if last > first:
                days.append((first + 1, last))
            if end > pause.start:
                instants.append((pause.start, end))
        return cls(_merged(days, 1), _merged(instants, 0), lacks, known_to)

    def __bool__(self) -> bool:
        return bool(self.days or self.instants or self.lacks)

    def on(self, day: int) -> bool:
        """Whether this date is paused."""
        if self.lacks is not None and day >= self.known_to[0]:
            raise CalendarMissing(*self.lacks)
        return any(first <= day <= last for first, last in self.days)

    def at(self, instant: int) -> bool:
        """Whether a clock that counts hours is paused at this instant."""
        if self.lacks is not None and instant >= self.known_to[1]:
            raise CalendarMissing(*self.lacks)
        return any(start <= instant < end for start, end in self.instants)

    def after(self, day: int) -> int:
        """The first date not paused, at or after `day`."""
        for first, last in self.days:
            if first <= day <= last:
                day = last + 1
                break
        if self.lacks is not None and day >= self.known_to[0]:
            raise CalendarMissing(*self.lacks)
        return day

    def working_days(self, calendar: WorkCalendar, after: int, upto: int) -> int:
        """Paused working days d with after < d <= upto."""
        return sum(calendar.count(max(after, first - 1), min(upto, last)) for first, last in self.days)

    # -- counting round them ------------------------------------------------------------------------------------

    def count_free(self, calendar: WorkCalendar, after: int, upto: int) -> int:
        """Working days not paused, after < d <= upto."""
        counted = calendar.count(after, upto)
        return counted - self.working_days(calendar, after, upto) if self.days else counted

    def add_free(self, calendar: WorkCalendar, day: int, n: int) -> int:
        """The n-th working day not paused strictly after `day`; `day` itself for n <= 0."""
        if n <= 0:
            return day
        found = calendar.add(day, n)
        for first, last in self.days:
            if first > found:
                break
            if last > day:
                n -= calendar.count(day, first - 1)
                day = last
                found = calendar.add(day, n)
        return found

    def add_days(self, day: int, n: int) -> int:
        """The n-th date not paused strictly after `day`, days off included; `day` itself for n <= 0."""
        if n <= 0:
            return day
        for first, last in self.days:
            if first > day + n:
                break
            if last > day:
                n -= max(first - 1 - day, 0)
                day = last
        if self.lacks is not None and day + n >= self.known_to[0]:
            raise CalendarMissing(*self.lacks)
        return day + n

    def add_work(self, calendar: WorkCalendar, at: int, ms: int) -> int:
        """The instant at which `ms` of office time outside the pauses have passed since `at`."""
        if ms <= 0:
            return at
        found = calendar.add_work(at, ms)
        for start, end in self.instants:
            if start >= found:
                break
            if end > at:
                ms -= calendar.work_between(at, start)
                at = end
                found = calendar.add_work(at, ms)
        return found

    def work_between(self, calendar: WorkCalendar, start: int, end: int) -> int:
        """Office time outside the pauses from `start` to `end`, ms."""
        paused = sum(calendar.work_between(max(start, first), min(end, last)) for first, last in self.instants)
        return calendar.work_between(start, end) - paused


Pauses.NONE = Pauses()


def _merged(spans: list[tuple[int, int]], gap: int) -> Spans:
    """Sorted, those that overlap or touch (`gap` 1: neighbouring dates) as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def _end(calendar: WorkCalendar, pause: Pause, first: int) -> tuple[int, int]:
    """The last paused date and the instant at which the clock runs again."""
    declared = UNDECLARED if pause.declared is None else pause.declared
    end_day = None if pause.end is None else calendar.day_of(pause.end)
    try:
        cap_day, cap = _cap(calendar, pause.start, first, declared)
    except CalendarMissing:
        if pause.end is None or end_day is None:
            raise
        calendar.count(first, end_day)  # known to its end, so the cap lies behind it
        return end_day, pause.end
    if pause.end is None or end_day is None:
        return cap_day, cap
    return min(end_day, cap_day), min(pause.end, cap)


def _cap(calendar: WorkCalendar, start: int, first: int, declared: Limit) -> tuple[int, int]:
    if declared.unit in (Unit.HOUR, Unit.MINUTE):
        cap = calendar.add_work(start, work_ms(declared))
        return calendar.day_of(cap), cap
    day = last_day(calendar, first, declared, Pauses.NONE)
    return day, calendar.day_end(day) + 1


def work_ms(limit: Limit) -> int:
    """A limit in hours or minutes as office time in ms."""
    return max(limit.value, 0) * MINUTE_MS * (60 if limit.unit is Unit.HOUR else 1)


def last_day(calendar: WorkCalendar, start: int, limit: Limit, pauses: Pauses) -> int:
    """The last day of a limit in days or months that starts on date `start`; paused days lengthen it.

    Calendar days and months count days off, and end on the next working day not paused if they would end on a day off.
    """
    if limit.unit is Unit.WORKING_DAY:
        return pauses.add_free(calendar, start, limit.value)
    length = limit.value if limit.unit is Unit.CALENDAR_DAY else _months_later(calendar, start, limit.value) - start
    day = pauses.add_days(start, length)
    if not calendar.is_working(day) or pauses.on(day):
        day = pauses.add_free(calendar, day, 1)
    return day


def _months_later(calendar: WorkCalendar, start: int, months: int) -> int:
    """The same day of a later month, or that month's last."""
    begin = date.fromordinal(start)
    year, month = divmod(begin.year * 12 + begin.month - 1 + max(months, 0), 12)
    if year >= date.max.year:
        raise CalendarMissing(calendar.name, year)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1).toordinal()
    return min(date(year, month + 1, 1).toordinal() + begin.day - 1, after - 1)
