"""Working time for the reference judgement: one day after the other, on sets of dates, with the standard library only.

It shares no code with `supervision.worktime` on purpose. Days are proleptic ordinals of the local date, instants ms UTC.
"""

from __future__ import annotations

import calendar as gregorian
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from supervision.reference import CalendarData, DueDayEnds, Reference, Region
from supervision.worktime import Limit, Mode, Unit

MINUTE = 60_000
HOUR = 60 * MINUTE


class Missing(Exception):  # noqa: N818 - what is missing, not a mistake
    """The calendar says nothing of the year in which this day lies; `year_begins`: its first instant."""

    def __init__(self, year_begins: int) -> None:
        super().__init__(year_begins)
        self.year_begins = year_begins


@dataclass(frozen=True)
class Paused:
    """What does not count: whole dates for limits in days, spans [from, to) of instants for limits in office time. `unknown`: the
    first day and instant from which nobody knows whether a pause goes on, and the beginning of the missing year."""

    days: frozenset[int] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()
    unknown: tuple[int, int, int] | None = None

    def on(self, day: int) -> bool:
        if self.unknown is not None and day >= self.unknown[0]:
            raise Missing(self.unknown[2])
        return day in self.days

    def at(self, instant: int) -> bool:
        if self.unknown is not None and instant >= self.unknown[1]:
            raise Missing(self.unknown[2])
        return any(begin <= instant < end for begin, end in self.spans)


NOT_PAUSED = Paused()


class Days:
    """One calendar, its inheritance resolved."""

    def __init__(self, chain: list[CalendarData], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        own = next((link for link in chain if link.workweek is not None), None)
        self.workweek = frozenset(range(1, 6)) if own is None or own.workweek is None else frozenset(own.workweek)
        self.spans = next((link.hours[0].spans for link in chain if link.hours), ())
        ends = next((link.due_day_ends for link in chain if link.due_day_ends is not None), DueDayEnds.MIDNIGHT)
        self.closes = ends is DueDayEnds.CLOSE_OF_BUSINESS
        self.holidays: set[int] = set()
        self.makeup: set[int] = set()
        self.years: set[int] = set()
        for link in chain:
            fresh = set(link.years) - self.years
            self.holidays |= {day for day in map(ordinal, link.holidays) if date.fromordinal(day).year in fresh}
            self.makeup |= {day for day in map(ordinal, link.makeup_workdays) if date.fromordinal(day).year in fresh}
            self.years |= fresh
        self.works: dict[int, bool] = {}
        self.starts: dict[int, int] = {}

    def working(self, day: int) -> bool:
        known = self.works.get(day)
        if known is None:
            year = date.fromordinal(day).year
            if year not in self.years:
                raise Missing(self.midnight(date(year, 1, 1).toordinal()))
            weekday = date.fromordinal(day).isoweekday()
            known = self.works[day] = day in self.makeup or (weekday in self.workweek and day not in self.holidays)
        return known

    def day_of(self, at: int) -> int:
        return datetime.fromtimestamp(at // 1000, self.zone).toordinal()

    def midnight(self, day: int) -> int:
        known = self.starts.get(day)
        if known is None:
            there = datetime.combine(date.fromordinal(day), datetime.min.time(), self.zone)
            known = self.starts[day] = int(there.timestamp()) * 1000
        return known

    def time_of_day(self, at: int) -> int:
        """Milliseconds on the clock on the wall since 00:00."""
        there = datetime.fromtimestamp(at // 1000, self.zone)
        return ((there.hour * 60 + there.minute) * 60 + there.second) * 1000 + at % 1000

    def instant(self, day: int, time_of_day: int) -> int:
        naive = datetime.fromordinal(day) + timedelta(seconds=time_of_day // 1000)
        return int(naive.replace(tzinfo=self.zone).timestamp()) * 1000 + time_of_day % 1000

    def end(self, day: int) -> int:
        """The last millisecond of a due day; the close of office where the calendar says so and the office is open."""
        if self.closes and self.spans and self.working(day):
            return self.instant(day, self.spans[-1][1] * MINUTE)
        return self.midnight(day + 1) - 1

    def count(self, after: int, upto: int, paused: Paused = NOT_PAUSED) -> int:
        """Working, not paused days after the day `after` up to and including `upto`."""
        return sum(1 for day in range(after + 1, upto + 1) if not paused.on(day) and self.working(day))

    def forward(self, day: int, number: int, paused: Paused = NOT_PAUSED) -> int:
        """The `number`-th working, not paused day after `day`; `day` itself for 0."""
        while number > 0:
            day += 1
            if not paused.on(day) and self.working(day):
                number -= 1
        return day

    def roll(self, start: int, amount: int, paused: Paused = NOT_PAUSED) -> int:
        """The instant at which `amount` ms of office time outside the pauses have passed since `start`."""
        if amount == 0:
            return start
        day = self.day_of(start)
        while True:
            if self.working(day):
                for begin, close in self._counting(day, start, paused):
                    if close - begin >= amount:
                        return begin + amount
                    amount -= close - begin
            day += 1

    def _counting(self, day: int, start: int, paused: Paused) -> list[tuple[int, int]]:
        """Office time of a day behind `start`, without what is paused."""
        pieces = [
            (max(start, self.instant(day, opens * MINUTE)), self.instant(day, closes * MINUTE)) for opens, closes in self.spans
        ]
        for begin, end in paused.spans:
            pieces = [cut for one in pieces for cut in ((one[0], min(one[1], begin)), (max(one[0], end), one[1]))]
        return [(begin, end) for begin, end in pieces if begin < end]

    def office_day(self) -> int:
        """Office time of one working day, ms."""
        return sum(closes - opens for opens, closes in self.spans) * MINUTE


def rolls(limit: Limit, mode: Mode) -> bool:
    """Whether the limit is counted in office time rather than in days."""
    return limit.unit in (Unit.HOUR, Unit.MINUTE) or (mode is Mode.ROLLING_HOURS and limit.unit is Unit.WORKING_DAY)


def office_time(days: Days, limit: Limit) -> int:
    return limit.value * {Unit.HOUR: HOUR, Unit.MINUTE: MINUTE}.get(limit.unit, days.office_day())


def limit_end(days: Days, start: int, limit: Limit, mode: Mode, paused: Paused, more: int = 0) -> int:
    """The instant a limit in units ends; `more`: working days of a valid extension."""
    first = days.day_of(start)
    if rolls(limit, mode) and limit.unit is Unit.WORKING_DAY:
        return days.roll(start, office_time(days, limit) + more * days.office_day(), paused)
    if rolls(limit, mode):
        return _later(days, days.roll(start, office_time(days, limit), paused), more, paused)
    if limit.unit is Unit.WORKING_DAY:
        return days.end(days.forward(first, limit.value + more, paused))
    last = first + limit.value if limit.unit is Unit.CALENDAR_DAY else _add_months(first, limit.value)
    lost, day = sum(1 for each in range(first + 1, last + 1) if paused.on(each)), last
    while lost > 0:
        day += 1
        lost -= not paused.on(day)
    while not days.working(day) or paused.on(day):
        day += 1
    return days.end(days.forward(day, more, paused))


def moved_end(days: Days, start: int, moment: int | str, paused: Paused, more: int = 0) -> int:
    """An absolute due moment after pauses and `more` working days of extension: so many working days later, same time of day. Since
    it is told as a limit in working days too, it waits for the years up to it."""
    if isinstance(moment, str):
        due_day, clock = ordinal(moment), None
    else:
        due_day, clock = days.day_of(moment), days.time_of_day(moment)
    days.working(due_day)
    first = days.day_of(start)
    lost = sum(1 for day in range(first + 1, due_day + 1) if days.working(day) and paused.on(day))
    if clock is None:
        return days.end(days.forward(due_day, lost + more, paused))
    return int(moment) if lost + more == 0 else days.instant(days.forward(due_day, lost + more, paused), clock)


def _later(days: Days, at: int, number: int, paused: Paused) -> int:
    if number == 0:
        return at
    return days.instant(days.forward(days.day_of(at), number, paused), days.time_of_day(at))


def _add_months(day: int, months: int) -> int:
    there = date.fromordinal(day)
    year, month = divmod(there.year * 12 + there.month - 1 + months, 12)
    return date(year, month + 1, min(there.day, gregorian.monthrange(year, month + 1)[1])).toordinal()


@lru_cache(maxsize=4096)
def ordinal(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def days_of_calendar(reference: Reference, name: str, zone: str | None = None) -> Days:
    """The calendar of that name with all it inherits."""
    chain: list[CalendarData] = []
    wanted: str | None = name
    while wanted is not None:
        link = next(entry for entry in reference.of_kind("calendar") if entry.key == wanted)
        assert isinstance(link, CalendarData)
        chain.append(link)
        wanted = link.inherits
    return Days(chain, zone or next(link.time_zone for link in chain if link.time_zone is not None))


def days_of_region(reference: Reference, code: str) -> Days:
    """The calendar of a region: its own, else that of the longest registered prefix that has one."""
    name = zone = None
    regions = [entry for entry in reference.of_kind("region") if isinstance(entry, Region)]
    for region in sorted(regions, key=lambda entry: -len(entry.code.rstrip("0"))):
        if code.startswith(region.code.rstrip("0")):
            name, zone = name or region.calendar, zone or region.time_zone
    assert name is not None, f"no calendar for region {code}"
    return days_of_calendar(reference, name, zone)
