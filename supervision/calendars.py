"""Which calendar a region or a centre has at an instant, and what its days are: effective-dated, inherited, shipped or own.

A day is looked up link by link: the entries of the calendar's name in force on that day, newest first (the shipped ones last),
then those of the name it inherits. The first link that names the date, or lists its year as complete, decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from supervision.calendar_chain import ALWAYS, Chain, Link, chain_of, newest_first
from supervision.reference import CalendarData, Centre, Entry, Reference, Region
from supervision.worktime.calendar import Days, Spans, WorkCalendar
from supervision.worktime.zone import zone
from supervision.written import dates, spans

DEFAULT = "CN"


@cache
def builtin() -> tuple[CalendarData, ...]:
    """The calendars shipped with the product, `supervision/data/calendars/*.yaml`: files as an office would write them."""
    import yaml  # heavy; only whoever asks for a calendar pays

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = files("supervision").joinpath("data", "calendars")
    texts = [file.read_text("utf-8") for file in sorted(folder.iterdir(), key=str) if file.name.endswith(".yaml")]
    contents = [yaml.load(text, Loader=loader) for text in texts]  # noqa: S506  # both loaders are the safe one
    return tuple(_shipped(entry) for content in contents for entry in content["calendars"])


def _shipped(written: dict[str, Any]) -> CalendarData:
    entry = dict(written)
    for field in ("holidays", "makeup_workdays"):
        entry[field] = [day for text in written[field] for day in dates(text) or (text,)]
    entry["hours"] = [{"spans": spans(text)} for text in written.get("hours", ())]
    if "valid_from" in written:
        entry["valid_from"] = int(datetime.fromisoformat(written["valid_from"]).timestamp() * 1000)
    return msgspec.convert(entry, CalendarData)


class Calendars:
    """The calendars of one publication of reference data. A name without data is a calendar without years."""

    def __init__(self, reference: Reference) -> None:
        own = [entry for entry in reference.of_kind(CalendarData.KIND) if isinstance(entry, CalendarData)]
        self._reference = reference
        self._links: dict[str, list[Link]] = {}
        for entry in (*newest_first(own), *newest_first(builtin())):
            self._links.setdefault(entry.name, []).append(Link(entry))
        places = (*reference.of_kind(Region.KIND), *reference.of_kind(Centre.KIND))
        self.cuts = sorted({edge for each in (*own, *builtin(), *places) for edge in _edges(each)})
        self._chains: dict[tuple[str, int], Chain] = {}
        self._days: dict[tuple[str, str], Days] = {}
        self._made: dict[tuple[str, str, str, bool], WorkCalendar] = {}
        self._named: dict[tuple[str, int, str | None], WorkCalendar] = {}
        self._of_region: dict[tuple[str | None, int], WorkCalendar] = {}
        self._of_centre: dict[tuple[str, int], WorkCalendar | None] = {}

    # -- lookups ------------------------------------------------------------------------------------------------

    def named(self, name: str, at: int) -> WorkCalendar:
        """The calendar of this name; its `version` names the data in force at `at`."""
        return self._calendar(name, self._epoch(at), None)

    def of_region(self, region_code: str | None, at: int) -> WorkCalendar:
        """The calendar that the region or the nearest one above it names, else CN; likewise its time zone, else the calendar's."""
        key = (region_code, self._epoch(at))
        found = self._of_region.get(key)
        if found is None:
            regions = self._reference.regions(region_code or "", at)
            name = next((region.calendar for region in regions if region.calendar), DEFAULT)
            place = next((region.time_zone for region in regions if region.time_zone), None)
            found = self._of_region[key] = self._calendar(name, key[1], place)
        return found

    def of_centre(self, centre_id: str, at: int) -> WorkCalendar | None:
        """The centre's calendar with its own office hours; None if it is not registered or names neither calendar nor region."""
        key = (centre_id, self._epoch(at))
        if key not in self._of_centre:
            self._of_centre[key] = self._build_centre(self._reference.centre(centre_id, at), at)
        return self._of_centre[key]

    def centre_office(self, centre_id: str, day: int, at: int) -> Spans:
        """The centre's office spans of a day, [open, close) in ms; none on a day off, or for a centre that is not registered."""
        centre = self._reference.centre(centre_id, at)
        if centre is None:
            return ()
        calendar = self.of_centre(centre_id, at) or self.of_region(None, at)
        return calendar.office_of_hours(day, centre.hours) if centre.hours else calendar.office(day)

    def centre_extended(self, centre_id: str, day: int, at: int) -> Spans:
        """Its approved hours beside them, all that hold on the day."""
        centre = self._reference.centre(centre_id, at)
        if centre is None or not centre.extended_hours:
            return ()
        calendar = self.of_centre(centre_id, at) or self.of_region(None, at)
        found = (calendar.office_of_hours(day, (hours,), stands_in=False) for hours in centre.extended_hours)
        return tuple(sorted(span for spans in found for span in spans))

    # -- making them --------------------------------------------------------------------------------------------

    def _build_centre(self, centre: Centre | None, at: int) -> WorkCalendar | None:
        if centre is None or (centre.calendar is None and centre.region_code is None):
            return None
        found = self.of_region(centre.region_code, at)
        if centre.calendar is not None:
            found = self._calendar(centre.calendar, self._epoch(at), None)
        return found.with_hours(centre.hours) if centre.hours else found

    def _epoch(self, at: int) -> int:
        """Which span between two changes of effective-dated data an instant lies in."""
        return bisect_right(self.cuts, at)

    def _calendar(self, name: str, epoch: int, zone_name: str | None) -> WorkCalendar:
        key = (name, epoch, zone_name)
        found = self._named.get(key)
        if found is None:
            found = self._named[key] = self._make(name, self._chain(name, epoch), zone_name)
        return found

    def _make(self, name: str, chain: Chain, zone_name: str | None) -> WorkCalendar:
        """Calendars that differ in nothing are one object: their tables are built once."""
        place = zone_name or chain.time_zone
        key = (name, chain.version, place, chain.ends_at_close)
        made = self._made.get(key)
        if made is None:
            starts = zone(place).day_start
            days = self._days.get((name, place))
            if days is None:
                days = self._days[name, place] = Days(name, lambda year: self._flags(name, starts, year))
            made = self._made[key] = WorkCalendar(
                name,
                chain.version,
                zone(place),
                days,
                lambda day: self._chain(name, self._epoch(starts(day))).hours,
                ends_at_close=chain.ends_at_close,
            )
        return made

    def _flags(self, name: str, starts: Callable[[int], int], year: int) -> bytes | None:
        """One flag for each day of the year; None if any day of it is unknown."""
        flags = bytearray()
        for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            flag = self._chain(name, self._epoch(starts(day))).flag(day, year)
            if flag is None:
                return None
            flags.append(flag)
        return bytes(flags)

    def _chain(self, name: str, epoch: int) -> Chain:
        """The links of a name as they are in force in one epoch."""
        found = self._chains.get((name, epoch))
        if found is None:
            at = self.cuts[epoch - 1] if epoch else ALWAYS
            year = datetime.fromtimestamp(at / 1000, UTC).year if epoch else 0
            found = self._chains[name, epoch] = chain_of(name, year, self._links, at)
        return found


def _edges(entry: Entry) -> Iterator[int]:
    """Instants at which something about this entry changes, the first days of listed years among them."""
    for edge in (entry.valid_from, entry.valid_to):
        if edge is not None:
            yield edge
    for year in entry.years if isinstance(entry, CalendarData) else ():
        if 1900 <= year < 2200:
            yield from (int(datetime(begin, 1, 1, tzinfo=UTC).timestamp() * 1000) for begin in (year, year + 1))


@lru_cache(maxsize=8)
def calendars_of(reference: Reference) -> Calendars:
    """The calendars of this publication, shared by all who judge by it."""
    return Calendars(reference)
