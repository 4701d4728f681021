"""A working calendar, compiled: which days work, which hours are office hours, counted by prefix sums of a year at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING

from supervision.durations import MINUTE_MS
from supervision.language import say
from supervision.worktime.zone import Zone

if TYPE_CHECKING:
    from supervision.reference import Hours

    HoursOn = Callable[[int], tuple[Hours, ...]]

Spans = tuple[tuple[int, int], ...]

OFF, WORKS, HOLIDAY = 0, 1, 2  # a year's flags: an ordinary day off, a working day, a day off named in the data


class CalendarMissing(LookupError):  # noqa: N818  # what is missing, not a mistake: it becomes an alarm of this name
    """No link of this calendar's chain has data for the year: an alarm, never a guess."""

    def __init__(self, region: str, year: int) -> None:
        super().__init__(region, year)
        self.region = region
        self.year = year

    def __str__(self) -> str:
        return say(f"日历 {self.region} 没有 {self.year} 年的数据", f"calendar {self.region} has no data for {self.year}")


class _Year:
    """One year: `before[i]` working days lie in it before its i-th day; `working` are their ordinals."""

    __slots__ = ("before", "end", "first", "flags", "total", "working")

    def __init__(self, first: int, flags: bytes) -> None:
        self.first = first
        self.end = first + len(flags)
        self.flags = flags
        self.before = list(accumulate((flag == WORKS for flag in flags), initial=0))
        self.working = [first + index for index, flag in enumerate(flags) if flag == WORKS]
        self.total = len(self.working)


class Days:
    """The working days of one calendar. `flags_of(year)` gives one flag a day, or None for a year without data."""

    def __init__(self, name: str, flags_of: Callable[[int], bytes | None]) -> None:
        self.name = name
        self._flags_of = flags_of
        self._years: dict[int, _Year] = {}

    def year(self, day: int) -> _Year:
        """The year of a day; CalendarMissing if there is no data for it."""
        found = self._years.get(day)
        return self._load(day) if found is None else found

    def _load(self, day: int) -> _Year:
        number = date.fromordinal(min(max(day, 1), date.max.toordinal())).year
        flags = self._flags_of(number) if 1 < number < date.max.year else None
        if flags is None:
            raise CalendarMissing(self.name, number)
        year = _Year(date(number, 1, 1).toordinal(), flags)
        for each in range(year.first, year.end):
            self._years[each] = year
        return year


class WorkCalendar:
    """Working days and office hours in one time zone. Immutable to its users; tables are built when first asked for.

    `day_of(at)` is the local date ordinal of an instant, `day_start(day)` the instant of 00:00: both for any year. Everything
    that needs to know a working day raises CalendarMissing for a year without data. `version` names the data.
    """

    def __init__(self, name: str, version: str, zone: Zone, days: Days, hours_on: HoursOn, *, ends_at_close: bool = False) -> None:
        self.name = name
        self.version = version
        self.time_zone = zone.name
        self.ends_at_close = ends_at_close
        self.zone = zone
        self.day_of: Callable[[int], int] = zone.day_of
        self.day_start: Callable[[int], int] = zone.day_start
        self._days = days
        self._year = days.year
        self._hours_on = hours_on
        self._offices: dict[int, Spans] = {}
        self._sums: dict[int, list[int]] = {}
        self._standards: dict[int, int] = {}

    def with_hours(self, hours: tuple[Hours, ...]) -> WorkCalendar:
        """The same days with the office hours of another place."""
        return WorkCalendar(self.name, self.version, self.zone, self._days, lambda day: hours, ends_at_close=self.ends_at_close)

    # -- days ---------------------------------------------------------------------------------------------------

    def day_end(self, day: int) -> int:
        """The last millisecond of the local day."""
        return self.day_start(day + 1) - 1

    def due_end(self, day: int) -> int:
        """When a due day ends: as `day_end`, or at the close of business if the calendar says so and the office opens."""
        if self.ends_at_close:
            spans = self.office(day)
            if spans:
                return spans[-1][1]
        return self.day_start(day + 1) - 1

    def year_start(self, year: int) -> int:
        """The instant at which a year begins, whether there is data for it or not; years beyond all dates begin with the last."""
        return self.day_start(date(min(max(year, 2), date.max.year - 1), 1, 1).toordinal())

    def is_working(self, day: int) -> bool:
        year = self._year(day)
        return year.flags[day - year.first] == WORKS

    def add(self, day: int, n: int) -> int:
        """The n-th working day strictly after `day`; `day` itself for n <= 0."""
        if n <= 0:
            return day
        year = self._year(day + 1)
        index = year.before[day + 1 - year.first] + n
        while index > year.total:
            index -= year.total
            year = self._year(year.end)
        return year.working[index - 1]

    def back(self, day: int, n: int = 1) -> int:
        """The n-th working day strictly before `day`; `day` itself for n <= 0."""
        if n <= 0:
            return day
        year = self._year(day - 1)
        index = year.before[day - year.first] - n
        while index < 0:
            year = self._year(year.first - 1)
            index += year.total
        return year.working[index]

    def count(self, after: int, upto: int) -> int:
        """Working days d with after < d <= upto."""
        if upto <= after:
            return 0
        year = self._year(after + 1)
        counted = -year.before[after + 1 - year.first]
        while upto >= year.end:
            counted += year.total
            year = self._year(year.end)
        return counted + year.before[upto + 1 - year.first]

    # -- office hours -------------------------------------------------------------------------------------------

    def office(self, day: int) -> Spans:
        """Office spans [open, close) of the day in ms, in order; none on a day off."""
        spans = self._offices.get(day)
        if spans is None:
            spans = self._spans(day, self._hours_on(day)) if self.is_working(day) else ()
            self._offices[day] = spans
        return spans

    def office_of_hours(self, day: int, hours: tuple[Hours, ...], *, stands_in: bool = True) -> Spans:
        """The same for another place's hours. Hours that name a weekday open it on ordinary weekends too, never on holidays.

        `stands_in`: on a make-up day at a weekend that no hours name, the first ones hold.
        """
        year = self._year(day)
        flag = year.flags[day - year.first]
        if flag == WORKS:
            return self._spans(day, hours, stands_in=stands_in)
        named = tuple(each for each in hours if each.weekdays)
        return self._spans(day, named, stands_in=False) if flag == OFF else ()

    def _spans(self, day: int, hours: tuple[Hours, ...], *, stands_in: bool = True) -> Spans:
        minutes = _minutes(hours, (day - 1) % 7 + 1, stands_in=stands_in)
        at = self.zone.at
        return tuple((at(day, start * MINUTE_MS), at(day, end * MINUTE_MS)) for start, end in minutes)

    def standard_ms(self, day: int) -> int:
        """Office time of an ordinary working day as in force on `day`: that of the longest weekday, ms."""
        found = self._standards.get(day)
        if found is None:
            hours = self._hours_on(day)
            longest = max(sum(end - start for start, end in _minutes(hours, weekday)) for weekday in range(1, 6))
            found = self._standards[day] = longest * MINUTE_MS
        return found

    # -- working time -------------------------------------------------------------------------------------------

    def work_between(self, start: int, end: int) -> int:
        """Office time from `start` to `end`, ms; 0 if `end` is not later."""
        return 0 if end <= start else self._since(end) - self._since(start) + self._years_between(start, end)

    def add_work(self, at: int, ms: int) -> int:
        """The instant at which `ms` of office time have passed since `at`: before hours counts from opening, lunch does not."""
        if ms <= 0:
            return at
        year = self._year(self.day_of(at))
        wanted = self._since(at) + ms
        sums = self._sums_of(year)
        empty_years = 0
        while wanted > sums[-1]:
            wanted -= sums[-1]
            empty_years = empty_years + 1 if sums[-1] == 0 else 0
            if empty_years > 1:
                raise ValueError(f"calendar {self.name} has no office hours")
            year = self._year(year.end)
            sums = self._sums_of(year)
        index = bisect_left(sums, wanted) - 1
        return _walk(self.office(year.first + index), wanted - sums[index])

    def _since(self, at: int) -> int:
        """Office time from the first day of the year to `at`."""
        day = self.day_of(at)
        year = self._year(day)
        done = sum(min(end, at) - start for start, end in self.office(day) if start < at)
        return self._sums_of(year)[day - year.first] + done

    def _years_between(self, start: int, end: int) -> int:
        """Office time of the years from that of `start` up to that of `end`, the latter left out."""
        year, last = self._year(self.day_of(start)), self._year(self.day_of(end))
        total = 0
        while year.first < last.first:
            total += self._sums_of(year)[-1]
            year = self._year(year.end)
        return total

    def _sums_of(self, year: _Year) -> list[int]:
        sums = self._sums.get(year.first)
        if sums is None:
            days = (sum(end - start for start, end in self.office(day)) for day in range(year.first, year.end))
            sums = self._sums[year.first] = list(accumulate(days, initial=0))
        return sums


def _walk(spans: Spans, ms: int) -> int:
    """The instant at which `ms` of these spans are used up."""
    for start, end in spans:
        if ms <= end - start:
            return start + ms
        ms -= end - start
    raise AssertionError("more time than the day has")


def _minutes(hours: tuple[Hours, ...], weekday: int, *, stands_in: bool = False) -> Spans:
    """Spans of a weekday: of the hours that name it; else of those that name none; else, on a weekend, perhaps of the first."""
    for each in hours:
        if weekday in each.weekdays:
            return each.spans
    for each in hours:
        if not each.weekdays:
            return each.spans
    return hours[0].spans if hours and stands_in and weekday > 5 else ()
