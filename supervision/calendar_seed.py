"""Writes the years of the shipped Chinese calendar that come from the package chinesecalendar.

python -m supervision.calendar_seed 2004 2024 > supervision/data/calendars/CN-2004-2024.yaml
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib.metadata import version

import chinese_calendar


def seed(first: int, last: int) -> Iterator[str]:
    """The lines of a calendar file for these years, both included. NotImplementedError for a year the package lacks."""
    days = [date(first, 1, 1) + timedelta(days=n) for n in range((date(last + 1, 1, 1) - date(first, 1, 1)).days)]
    off = {day: chinese_calendar.is_holiday(day) for day in days}
    named = chinese_calendar.constants.holidays
    yield f"# Generated, not edited: python -m supervision.calendar_seed {first} {last}"
    yield f"# Source: package chinesecalendar {version('chinesecalendar')} (MIT), after the State Council's yearly notices."
    yield "format_version: 1"
    yield "calendars:"
    yield "  - name: CN"
    yield f'    version: "{first}-{last}.1"'
    yield "    time_zone: Asia/Shanghai"
    yield '    hours: ["09:00-12:00, 13:30-17:30"]'
    yield f"    years: [{', '.join(str(year) for year in range(first, last + 1))}]"
    yield "    holidays:"
    yield from _listed(day for day in days if off[day] and (day in named or day.isoweekday() <= 5))
    yield "    makeup_workdays:"
    yield from _listed(day for day in days if not off[day] and day.isoweekday() > 5)


def _listed(days: Iterable[date]) -> Iterator[str]:
    """Neighbouring dates of one year as `first..last`."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1) and day.year == spans[-1][1].year:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    for begin, end in spans:
        yield f'      - "{begin}"' if begin == end else f'      - "{begin}..{end}"'


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in seed(int(sys.argv[1]), int(sys.argv[2])))
