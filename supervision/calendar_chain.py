"""The links a calendar is made of as they are in force at one time: own entries newest first, then what they inherit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from supervision.reference import CalendarData, DueDayEnds, Hours
from supervision.worktime.calendar import HOLIDAY, OFF, WORKS

ALWAYS = -(2**62)
DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_HOURS = (Hours(spans=((540, 720), (810, 1050))),)
DEFAULT_WORKWEEK = (1, 2, 3, 4, 5)


class Link:
    """One entry, its dates as ordinals. It decides the dates it names, and all dates of the years it lists."""

    def __init__(self, entry: CalendarData) -> None:
        self.entry = entry
        self.off = frozenset(date.fromisoformat(text).toordinal() for text in entry.holidays)
        self.on = frozenset(date.fromisoformat(text).toordinal() for text in entry.makeup_workdays)
        self.years = frozenset(entry.years)

    def is_in_force(self, at: int) -> bool:
        entry = self.entry
        return (entry.valid_from is None or entry.valid_from <= at) and (entry.valid_to is None or at < entry.valid_to)

    def is_to_come(self, at: int) -> bool:
        return self.entry.valid_from is not None and at < self.entry.valid_from


class Chain:
    """Links in the order in which they are asked, the first `in_force` of them in force; the others only fill unknown years.

    `version` names the entries in force that the days of `year` come from: all down to the first that lists it.
    """

    def __init__(self, name: str, year: int, links: Sequence[Link], in_force: int) -> None:
        self.links = tuple(links)
        self.version = _version(name, year, links[:in_force])
        entries = [link.entry for link in links[:in_force] or links]
        self.time_zone = next((entry.time_zone for entry in entries if entry.time_zone), DEFAULT_ZONE)
        self.hours = next((entry.hours for entry in entries if entry.hours), DEFAULT_HOURS)
        self.workweek = next((entry.workweek for entry in entries if entry.workweek is not None), DEFAULT_WORKWEEK)
        ends = next((entry.due_day_ends for entry in entries if entry.due_day_ends is not None), DueDayEnds.MIDNIGHT)
        self.ends_at_close = ends is DueDayEnds.CLOSE_OF_BUSINESS

    def flag(self, day: int, year: int) -> int | None:
        """Off, working or holiday; None if no link knows."""
        for link in self.links:
            if day in link.on:
                return WORKS
            if day in link.off:
                return HOLIDAY
            if year in link.years:
                return WORKS if (day - 1) % 7 + 1 in self.workweek else OFF
        return None


def _version(name: str, year: int, links: Iterable[Link]) -> str:
    """Versions joined by `+`; those of an inherited calendar with its name before them."""
    found: list[str] = []
    for link in links:
        entry = link.entry
        found.append(entry.version if entry.name == name else f"{entry.name}:{entry.version}")
        if year in link.years:
            break
    return "+".join(found)


def newest_first(entries: Iterable[CalendarData]) -> list[CalendarData]:
    return sorted(entries, key=lambda entry: ALWAYS if entry.valid_from is None else entry.valid_from, reverse=True)


def chain_of(name: str, year: int, links: Mapping[str, Sequence[Link]], at: int) -> Chain:
    """The chain of a name at an instant in `year`: entries in force, what they inherit, then own entries still to come."""
    in_force: list[Link] = []
    to_come: list[Link] = []
    seen: set[str] = set()
    link_name: str | None = name
    while link_name is not None and link_name not in seen:
        seen.add(link_name)
        own = links.get(link_name, ())
        now = [link for link in own if link.is_in_force(at)]
        later = [link for link in reversed(own) if link.is_to_come(at)]
        in_force += now
        to_come += later
        link_name = next((link.entry.inherits for link in (*now, *later) if link.entry.inherits), None)
    return Chain(name, year, (*in_force, *to_come), len(in_force))
