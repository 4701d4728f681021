"""The same count in memory, over events that need no store: for a simulated city before its first day, and to hold the SQL to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from streams.peers.usual import Key, Span, Usual
from supervision.durations import MINUTE_MS
from supervision.event import BatchKind, CaseEvent, EventType, Flag, PostPlace, Precision, SourceOp
from supervision.regions import level_of

E = EventType
READ = (E.APPLICATION_SUBMITTED, E.CASE_ACCEPTED, E.SUPPLEMENT_ACCEPTED, E.DECISION_MADE, E.CASE_COMPLETED)
WINDOW_MS = 600_000


def quantile(values: list[float], share: float) -> float | None:
    """Linear between neighbours, the least and the greatest included; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def count(events: Iterable[CaseEvent], span: Span) -> list[Usual]:
    """By item and level, of these events in any order."""
    told = {event.event_id: event for event in events if event.event_type in READ and event.case_id is not None}
    replaced = {event.supersedes_event_id for event in told.values()}
    cases: dict[tuple[str, str], list[CaseEvent]] = defaultdict(list)
    for event in told.values():
        if event.event_id not in replaced and event.source_op is not SourceOp.DELETE and event.source_system not in span.coarse:
            cases[event.source_system, str(event.case_id)].append(event)
    minutes: dict[Key, list[float]] = defaultdict(list)
    decided: Counter[Key] = Counter()
    granted: Counter[Key] = Counter()
    windows: Counter[tuple[Any, ...]] = Counter()
    days: Counter[tuple[Any, ...]] = Counter()
    for own in cases.values():
        key = _key(own, span)
        flags = {flag for event in own for flag in event.flags}
        if key is None or flags & {Flag.TEST, Flag.AUTO_APPROVED} or any(getattr(e.payload, "bulk_no", None) for e in own):
            continue
        took = None if Flag.COMMITMENT_BASED in flags else _took(own, span)
        if took is not None:
            minutes[key].append(took / MINUTE_MS)
        for event in own:
            if _decides(event) and span.since <= event.occurred_at < span.until:
                decided[key] += 1
                if event.payload.decision == "granted":
                    granted[key] += 1
                    officer = (*key, event.source_system, event.actor_officer_id)
                    windows[*officer, event.occurred_at // WINDOW_MS] += 1
                    days[*officer, datetime.fromtimestamp(event.occurred_at / 1000, span.zone_info).date()] += 1
    return [
        Usual(
            item=key[0],
            level=key[1],
            cases=len(minutes[key]) if key in minutes else 0,
            median_minutes=quantile(minutes.get(key, []), 0.5),
            grants=granted[key],
            decisions=decided[key],
            p99_grants_10min=quantile([number for each, number in windows.items() if each[:2] == key], 0.99),
            median_grants_day=quantile([number for each, number in days.items() if each[:2] == key], 0.5),
        )
        for key in {**minutes, **decided}
    ]


def _key(own: list[CaseEvent], span: Span) -> Key | None:
    """The item and region that the earliest of its events names."""
    ordered = sorted(own, key=lambda event: (event.occurred_at, str(event.event_id)))
    item = next((code for event in ordered if (code := event.item_catalog_code or event.item_implement_code)), None)
    if item is None or item in span.automatic:
        return None
    region = next((event.region_code for event in ordered if event.region_code), None)
    return item, level_of(region or span.item_regions.get(item) or span.regions.get(own[0].source_system))


def _took(own: list[CaseEvent], span: Span) -> int | None:
    """From the first acceptance to the first completion, if that lies in the span; ms."""
    exact = [event for event in own if _is_exact(event)]
    starts = [event.occurred_at for event in exact if event.event_type is E.CASE_ACCEPTED]
    starts = starts or [event.occurred_at for event in exact if event.event_type is E.SUPPLEMENT_ACCEPTED]
    ends = [event.occurred_at for event in exact if event.event_type is E.CASE_COMPLETED]
    if not starts or not ends or not span.since <= min(ends) < span.until or min(ends) < min(starts):
        return None
    return min(ends) - min(starts)


def _decides(event: CaseEvent) -> bool:
    return (
        event.event_type is E.DECISION_MADE
        and event.payload.decision in ("granted", "denied")
        and event.actor_officer_id is not None
        and event.actor_post_place is not PostPlace.SYSTEM
        and _is_exact(event)
    )


def _is_exact(event: CaseEvent) -> bool:
    return event.time_precision is Precision.SECOND and event.batch_kind is not BatchKind.MIGRATION
