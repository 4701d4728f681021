"""The health of each feed: what came lately, by the broker's clock, and whether its silence is that of a closed office. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dashboards.access.rights import Scope
from dashboards.board.clocks import Clocks
from dashboards.contract import Source
from dashboards.names import Names
from dashboards.queries.figures import FeedCount
from supervision.calendars import calendars_of
from supervision.worktime import CalendarMissing

SILENT_MS = 600_000


def sources(feeds: list[FeedCount], refused: Mapping[str, int], clocks: Clocks, names: Names, wall: int) -> list[Source]:
    """Every source heard of, and registered ones that have sent nothing yet."""
    heard = {feed.source_system: feed for feed in feeds}
    found: list[Source] = []
    for name in sorted(heard.keys() | names.sources.keys()):
        feed = heard.get(name)
        clock = names.clock_of(name)
        now = clocks.now(clock, wall)
        last = feed.last_event_wall if feed else None
        found.append(
            Source(
                source_system=name,
                clock=clock,
                clock_now=now,
                last_event_wall=last,
                last_event_at=feed.last_event_at if feed else None,
                events_last_hour=feed.events_last_hour if feed else 0,
                refused_last_hour=refused.get(name, 0),
                state="live" if last is not None and wall - last < SILENT_MS else _silence(name, now, names),
            )
        )
    return found


def seen_by(scope: Scope, found: list[Source], names: Names) -> list[Source]:
    """The sources of the regions that a scope covers."""
    if not scope.region_prefix:
        return found
    regions = {name: source.region_code or "" for name, source in names.sources.items()}
    return [each for each in found if regions.get(each.source_system, "").startswith(scope.region_prefix)]


def _silence(name: str, now: int | None, names: Names) -> Literal["silent", "closed"]:
    if now is None:
        return "silent"
    source = names.sources.get(name)
    calendar = calendars_of(names.reference).of_region(None if source is None else source.region_code, now)
    try:
        is_open = any(start <= now < end for start, end in calendar.office(calendar.day_of(now)))
    except CalendarMissing:
        is_open = True  # not known to be closed
    return "silent" if is_open else "closed"
