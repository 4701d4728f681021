"""Figures of peers (同级) as reference data: what is usual for an item, counted over a span of stored events."""

from __future__ import annotations

from typing import ClassVar

from supervision.entry import Entry, Natural, Share
from supervision.event import Id
from supervision.payloads.base import IsoDate, Measure, RegionLevel


class Peer(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What is usual for an item among offices of one region level, from the stored cases of a span; `snapshot` names the count.

    `region_level` None: at every level that has no entry of its own. `since`, `until`: the dates counted, both included. Over
    `cases` accepted and completed by people: `median_minutes` from acceptance to completion. Over `grants` by people, of one
    officer each: `p99_grants_10min` in ten minutes that saw any, `median_grants_day` on a date that saw any. `granted_share`: of
    decisions. A figure that is None is not known.
    """

    KIND: ClassVar[str] = "peer"
    item_code: Id
    region_level: RegionLevel | None = None
    snapshot: Id
    since: IsoDate
    until: IsoDate
    cases: Natural = 0
    median_minutes: Measure | None = None
    grants: Natural = 0
    p99_grants_10min: Measure | None = None
    median_grants_day: Measure | None = None
    granted_share: Share | None = None

    @property
    def key(self) -> str:
        return peer_key(self.item_code, self.region_level)


def peer_key(item_code: str, region_level: int | None) -> str:
    """The key of an item's peers at a region level; None: at any."""
    return f"{'any' if region_level is None else region_level}/{item_code}"
