"""What a span of events says of each item and region level, as entries for rules; by SQL in `stored`, in memory in `counting`.

Both count the same: cases by people (no batch number, no machine, not migrated, told to the second) that were accepted and
completed, and decisions by people, each with the region and item of its case. Facts that were corrected or deleted do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from msgspec import Struct

from supervision.calendars import calendars_of
from supervision.event import Precision
from supervision.reference import Item, Peer, Reference, Source
from supervision.worktime.zone import zone

LEAST = 200  # cases of an item and level, below which nothing is usual
Key = tuple[str, int | None]  # item code, region level


class Usual(Struct, frozen=True):
    """Of one item at one region level; the figures as `supervision.entries.Peer` has them, None where nothing was counted."""

    item: str
    level: int | None
    cases: int = 0
    median_minutes: float | None = None
    grants: int = 0
    decisions: int = 0
    p99_grants_10min: float | None = None
    median_grants_day: float | None = None


class Span(Struct, frozen=True):
    """The dates counted, both included, in the time zone `zone`. `regions` and `item_regions`: where a case lies whose events do
    not say; `coarse`: sources that do not tell seconds; `automatic`: items that the machine decides."""

    first: date
    last: date
    zone: str
    regions: dict[str, str]
    item_regions: dict[str, str]
    coarse: frozenset[str]
    automatic: frozenset[str]

    @classmethod
    def of(cls, reference: Reference, first: date, last: date) -> Span:
        """By the registers. Time zone: that of the country."""
        sources = [entry for entry in reference.of_kind("source") if isinstance(entry, Source)]
        items = [entry for entry in reference.of_kind("item") if isinstance(entry, Item)]
        named = {code: item for item in items for code in (item.code, item.catalog_code) if code is not None}
        return cls(
            first,
            last,
            calendars_of(reference).of_region(None, 0).time_zone,
            {source.name: source.region_code for source in sources if source.region_code is not None},
            {code: item.region_code for code, item in named.items() if item.region_code is not None},
            frozenset(source.name for source in sources if source.precision is not Precision.SECOND),
            frozenset(code for code, item in named.items() if item.auto_approval),
        )

    @property
    def since(self) -> int:
        """ms UTC, included."""
        return zone(self.zone).day_start(self.first.toordinal())

    @property
    def until(self) -> int:
        """ms UTC, not included."""
        return zone(self.zone).day_start(self.last.toordinal() + 1)

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def entries(found: Iterable[Usual], span: Span, name: str, least: int = LEAST) -> list[Peer]:
    """In force from the day after the span on. What fewer than `least` cases or grants say is left out."""
    made = []
    for usual in sorted(found, key=lambda each: (each.item, each.level or 0)):
        if max(usual.cases, usual.grants) < least:
            continue
        is_known = usual.grants >= least
        made.append(
            Peer(
                item_code=usual.item,
                region_level=usual.level,
                snapshot=name,
                since=span.first.isoformat(),
                until=span.last.isoformat(),
                cases=usual.cases,
                median_minutes=usual.median_minutes if usual.cases >= least else None,
                grants=usual.grants,
                p99_grants_10min=usual.p99_grants_10min if is_known else None,
                median_grants_day=usual.median_grants_day if is_known else None,
                granted_share=round(usual.grants / usual.decisions, 6) if is_known else None,
                valid_from=span.until,
            )
        )
    return made
