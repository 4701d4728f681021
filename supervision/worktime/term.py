"""A limit that runs: from a start, a limit or an absolute date, and pauses to the instant it ends, and all that is asked of it."""

from __future__ import annotations

from datetime import date
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from supervision.worktime.calendar import WorkCalendar
from supervision.worktime.limit import Limit, Mode, Unit
from supervision.worktime.pauses import Pauses, last_day, work_ms

MAX_EXCLUDED = 60


class Kind(Enum):
    """How a term's end was found, which decides when its end counts as near."""

    DAYS = "days"
    HOURS = "hours"
    ABSOLUTE = "absolute"


class Term(Struct, frozen=True):
    """`due_at`: last millisecond in time; late if and only if stop > `due_at`. `limit_wd`: the limit in working days.

    For units other than working days, `limit_wd` is the working, not paused days after the start day up to the due day.
    `work_ms`: the limit as office time if it is counted so: hours, minutes, and working days in rolling hours; else None.
    """

    calendar: WorkCalendar
    pauses: Pauses
    kind: Kind
    start: int
    start_day: int
    due_at: int
    due_day: int
    limit_wd: int
    work_ms: int | None = None

    def alert_at(self) -> int:
        """`due_at` + 1 ms; if the clock is paused then, 00:00 of the first day on which it is not."""
        return self.settled(self.due_at + 1)

    def late_wd(self, until: int) -> int:
        """Working, not paused days after the due day up to the day of `until`, at least 1."""
        return max(1, self.pauses.count_free(self.calendar, self.due_day, self.calendar.day_of(until)))

    def late_wd_at(self, n: int) -> int:
        """The instant at which `late_wd` reaches n."""
        if n <= 1:
            return self.alert_at()
        return self.calendar.day_start(self.pauses.add_free(self.calendar, self.due_day, n))

    def used_wd(self, at: int) -> int:
        """Working, not paused days after the start day up to and including the day of `at`."""
        return self.pauses.count_free(self.calendar, self.start_day, self.calendar.day_of(at))

    def remaining_wd(self, at: int) -> int:
        return self.limit_wd - self.used_wd(at)

    def used_ratio(self, at: int) -> float:
        """Used share of the limit at an instant: of office time for hours, else of working days. 0 limit: 1.0."""
        if self.kind is Kind.HOURS:
            used = self.pauses.work_between(self.calendar, self.start, at)
            return used / self.work_ms if self.work_ms else 1.0
        return self.used_wd(at) / self.limit_wd if self.limit_wd > 0 else 1.0

    def near_at(
        self, remaining_wd: int = 1, used_share: float | None = 0.8, share_from_wd: int = 3, skip_up_to_wd: int = 1
    ) -> int | None:
        """When the end counts as near, or None: never. Nothing says that it lies before `due_at` or after `start`.

        Days: 00:00 of the first working, not paused day on which `remaining_wd` or fewer remain or, for limits of
        `share_from_wd` or more, `used_share` is used. Hours: when `used_share` is used. Absolute: 00:00 of the last working
        day before the due day. Limits of at most `skip_up_to_wd` working days: never; hours are not asked for that.
        """
        if self.kind is Kind.HOURS:
            if used_share is None or self.work_ms is None:
                return None
            return self.settled(self.pauses.add_work(self.calendar, self.start, _share(self.work_ms, used_share)))
        if self.limit_wd <= skip_up_to_wd:
            return None
        if self.kind is Kind.ABSOLUTE:
            return self.settled(self.calendar.day_start(self.calendar.back(self.due_day)))
        used = max(self.limit_wd - remaining_wd, 0)
        if used_share is not None and self.limit_wd >= share_from_wd:
            used = min(used, _share(self.limit_wd, used_share))
        day = self.start_day if used else self.start_day - 1
        return self.settled(self.calendar.day_start(self.pauses.add_free(self.calendar, day, max(used, 1))))

    def paused_wd(self) -> int:
        """Paused working days after the start day up to the due day."""
        return self.pauses.working_days(self.calendar, self.start_day, self.due_day)

    def excluded(self) -> tuple[str, ...]:
        """Those days as ISO dates, the first 60 of them."""
        found: list[str] = []
        for first, last in self.pauses.days:
            for day in range(max(first, self.start_day + 1), min(last, self.due_day) + 1):
                if len(found) == MAX_EXCLUDED:
                    return tuple(found)
                if self.calendar.is_working(day):
                    found.append(date.fromordinal(day).isoformat())
        return tuple(found)

    def settled(self, instant: int) -> int:
        """The instant, or 00:00 of the first day that is not paused if the clock is paused then."""
        if not self.pauses:
            return instant
        day = self.calendar.day_of(instant)
        if self.work_ms is not None:
            while self.pauses.at(instant):
                day += 1
                instant = self.calendar.day_start(day)
            return instant
        free = self.pauses.after(day)
        return instant if free == day else self.calendar.day_start(free)


@lru_cache(maxsize=4096)
def _share(whole: int, share: float) -> int:
    """The least whole number that is at least this share; the share as it is written, 0.8 and not its nearest binary."""
    exact = Fraction(str(share)) * whole
    return -(-exact.numerator // exact.denominator)


def term(
    calendar: WorkCalendar,
    start: int,
    limit: Limit,
    *,
    mode: Mode = Mode.DAY_END,
    pauses: Pauses = Pauses.NONE,
    extra_wd: int = 0,
) -> Term:
    """The term of a limit that starts at an instant. `extra_wd`: a valid extension. A negative limit counts as 0.

    Hours and minutes are office time whatever the mode; working days are so in `rolling_hours`, a standard day each; calendar
    days and months always end with a day. CalendarMissing for a year without data.
    """
    start_day = calendar.day_of(start)
    unit = limit.unit
    if unit is Unit.HOUR or unit is Unit.MINUTE:
        ms = work_ms(limit)
        due_at = pauses.add_work(calendar, start, ms)
        due_day = calendar.day_of(due_at)
        if extra_wd > 0:
            due_day, due_at = _moved(calendar, due_day, due_at, extra_wd, pauses)
        limit_wd = pauses.count_free(calendar, start_day, due_day)
        return Term(calendar, pauses, Kind.HOURS, start, start_day, due_at, due_day, limit_wd, ms)
    if unit is Unit.WORKING_DAY:
        limit_wd = max(limit.value, 0) + extra_wd
        if mode is Mode.ROLLING_HOURS:
            ms = limit_wd * calendar.standard_ms(start_day)
            due_at = pauses.add_work(calendar, start, ms)
            return Term(calendar, pauses, Kind.DAYS, start, start_day, due_at, calendar.day_of(due_at), limit_wd, ms)
        due_day = pauses.add_free(calendar, start_day, limit_wd) if pauses.days else calendar.add(start_day, limit_wd)
    else:
        due_day = pauses.add_free(calendar, last_day(calendar, start_day, limit, pauses), extra_wd)
        limit_wd = pauses.count_free(calendar, start_day, due_day)
    return Term(calendar, pauses, Kind.DAYS, start, start_day, calendar.due_end(due_day), due_day, limit_wd)


def absolute_term(calendar: WorkCalendar, start: int, due: int | str, *, pauses: Pauses = Pauses.NONE, extra_wd: int = 0) -> Term:
    """The term that ends at a given instant (ms) or with a given day (ISO date).

    `pauses` are those that follow the fact which set the date: they and `extra_wd` move it by as many working days, its time
    of day kept. ValueError for text that is no ISO date, CalendarMissing for a year without data, that of the date among them.
    """
    start_day = calendar.day_of(start)
    is_day = isinstance(due, str)
    due_day = date.fromisoformat(due).toordinal() if isinstance(due, str) else calendar.day_of(due)
    due_at = calendar.due_end(due_day) if isinstance(due, str) else due
    calendar.is_working(due_day)
    moved = extra_wd + (pauses.working_days(calendar, start_day, due_day) if pauses.days else 0)
    if moved > 0:
        due_day, due_at = _moved(calendar, due_day, due_at, moved, pauses)
        if is_day:
            due_at = calendar.due_end(due_day)
    limit_wd = pauses.count_free(calendar, start_day, due_day)
    return Term(calendar, pauses, Kind.ABSOLUTE, start, start_day, due_at, due_day, limit_wd)


def _moved(calendar: WorkCalendar, day: int, at: int, wd: int, pauses: Pauses) -> tuple[int, int]:
    """An instant so many working, not paused days later, at the same time of day."""
    later = pauses.add_free(calendar, day, wd)
    return later, calendar.zone.at(later, calendar.zone.wall(day, at))
