"""Local dates of a time zone as instants: when each day begins, precomputed a year at a time, summer time included."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from supervision.durations import DAY_MS, QUARTER_MS

EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MS = timedelta(milliseconds=1)
_LAST_YEAR = 9998
_MOST_QUARTERS = 100_000  # nearly three years of them, some 10 MB


class Zone:
    """A time zone's days. A local day begins at its first instant, also where summer time leaves out or repeats midnight."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._info = ZoneInfo(name)
        self._starts: dict[int, int] = {}
        self._quarters: dict[int, int] = {}  # the days of those asked for
        self._shift = self._start(EPOCH_DAY + 15_000) % DAY_MS
        self._shift = -self._shift if self._shift <= DAY_MS // 2 else DAY_MS - self._shift

    def day_start(self, day: int) -> int:
        """ms of 00:00 local of a date ordinal, years 1 to 9998."""
        start = self._starts.get(day)
        return self._fill(day) if start is None else start

    def day_of(self, at: int) -> int:
        """The local date ordinal of an instant in ms."""
        day = self._quarters.get(at // QUARTER_MS)
        return self._find_day(at) if day is None else day

    def _find_day(self, at: int) -> int:
        """The same; kept for all of its quarter of an hour, if that lies in one day, as nearly all do."""
        day = (at + self._shift) // DAY_MS + EPOCH_DAY
        while at < self.day_start(day):
            day -= 1
        while at >= self.day_start(day + 1):
            day += 1
        quarter = at // QUARTER_MS
        if self.day_start(day) <= quarter * QUARTER_MS and (quarter + 1) * QUARTER_MS <= self.day_start(day + 1):
            if len(self._quarters) >= _MOST_QUARTERS:
                self._quarters.clear()
            self._quarters[quarter] = day
        return day

    def at(self, day: int, ms: int) -> int:
        """The instant at which the wall clock shows `ms` after midnight on that day; of two such instants the first."""
        start = self.day_start(day)
        if self.day_start(day + 1) - start == DAY_MS:
            return start + ms
        wall = datetime.fromordinal(day) + timedelta(milliseconds=ms)
        return _instant(wall.replace(tzinfo=self._info))

    def wall(self, day: int, at: int) -> int:
        """What the wall clock shows at an instant of that day, ms after midnight."""
        start = self.day_start(day)
        if self.day_start(day + 1) - start == DAY_MS:
            return at - start
        shown = (_EPOCH + timedelta(milliseconds=at)).astimezone(self._info).replace(tzinfo=None)
        return (shown - datetime.fromordinal(day)) // _MS

    def _fill(self, day: int) -> int:
        """Compute the year of `day` (and its neighbours' edge) once."""
        year = date.fromordinal(day).year
        if not 1 < year <= _LAST_YEAR:
            return self._start(day)
        for other in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            self._starts[other] = self._start(other)
        return self._starts[day]

    def _start(self, day: int) -> int:
        return _instant(datetime.fromordinal(day).replace(tzinfo=self._info))


def _instant(wall: datetime) -> int:
    return (wall - _EPOCH) // _MS


@cache
def zone(name: str) -> Zone:
    """The shared zone of this IANA name; ZoneInfoNotFoundError (a KeyError) or ValueError for a name that is none."""
    return Zone(name)
