"""Microseconds per due date on this machine: `python bench/worktime.py`.

Starts are spread over 2025 and the first third of 2026, limits go from 1 to 45 working days. The fastest of sixty short rounds
counts, so that other work on the machine disturbs little.
"""

from __future__ import annotations

import os
import platform
import random
from collections.abc import Callable
from datetime import date
from functools import partial
from time import perf_counter

from supervision.calendars import Calendars
from supervision.durations import DAY_MS
from supervision.reference import CalendarData, Reference
from supervision.worktime import Limit, Mode, Pause, Pauses, Unit, WorkCalendar, term

COUNT = 1_000
ROUNDS = 60
FIRST = (date(2025, 1, 2) - date(1970, 1, 1)).days * DAY_MS
SPAN = 480 * DAY_MS


def main() -> None:
    seeded = random.Random(7)
    starts = [FIRST + seeded.randrange(SPAN) for _ in range(COUNT)]
    limits = [Limit(seeded.randint(1, 45)) for _ in range(COUNT)]
    amsterdam = CalendarData(name="summer time", time_zone="Europe/Amsterdam", years=(2025, 2026))
    calendars = Calendars(Reference([amsterdam]))
    shanghai, europe = calendars.of_region(None, FIRST), calendars.named("summer time", FIRST)
    begin = perf_counter()
    built = [calendar.count(date(2024, 12, 31).toordinal(), date(2026, 12, 31).toordinal()) for calendar in (shanghai, europe)]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {_model()}")
    print(f"building two years of two calendars: {(perf_counter() - begin) * 1000:.1f} ms ({built[0]} and {built[1]} working days)")
    print(f"{ROUNDS} rounds of {COUNT:,}, microseconds each in the fastest:")
    hours = [Limit(seeded.randint(1, 24), Unit.HOUR) for _ in range(COUNT)]
    days = [Limit(limit.value, Unit.CALENDAR_DAY) for limit in limits]
    _row("working days, Asia/Shanghai", lambda: _due(shanghai, starts, limits))
    _row("working days, Europe/Amsterdam", lambda: _due(europe, starts, limits))
    _row("calendar days", lambda: _due(shanghai, starts, days))
    _row("office hours", lambda: _due(shanghai, starts, hours))
    _row("working days in rolling hours", lambda: _due(shanghai, starts, limits, Mode.ROLLING_HOURS))
    for number in (1, 3):
        pauses = [_pauses(shanghai, start, number, seeded) for start in starts]
        _row(f"working days, {number} pause(s) ready", partial(_paused, shanghai, starts, limits, pauses))
    spans = [_spans(start, 1, seeded) for start in starts]
    _row("making one pause ready", lambda: [Pauses.of(shanghai, each) for each in spans])
    terms = [term(shanghai, start, limit) for start, limit in zip(starts, limits, strict=True)]
    _row("alert, second late day and warning", lambda: [(t.alert_at(), t.late_wd_at(2), t.near_at()) for t in terms])


def _due(calendar: WorkCalendar, starts: list[int], limits: list[Limit], mode: Mode = Mode.DAY_END) -> None:
    for start, limit in zip(starts, limits, strict=True):
        term(calendar, start, limit, mode=mode)


def _paused(calendar: WorkCalendar, starts: list[int], limits: list[Limit], pauses: list[Pauses]) -> None:
    for start, limit, each in zip(starts, limits, pauses, strict=True):
        term(calendar, start, limit, pauses=each)


def _spans(start: int, number: int, seeded: random.Random) -> list[Pause]:
    begins = [start + seeded.randrange(20 * DAY_MS) for _ in range(number)]
    return [Pause(begin, begin + seeded.randrange(15 * DAY_MS), Limit(10)) for begin in begins]


def _pauses(calendar: WorkCalendar, start: int, number: int, seeded: random.Random) -> Pauses:
    return Pauses.of(calendar, _spans(start, number, seeded))


def _row(name: str, work: Callable[[], object]) -> None:
    rounds = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        work()
        rounds.append(perf_counter() - begin)
    print(f"  {name:<38} {min(rounds) / COUNT * 1e6:6.2f}")


def _model() -> str:
    """The processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor")
    except OSError:
        return platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
