"""Reference judgement of M01 and M10: what an officer does in seconds, or by the dozen in minutes; per subject and clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from supervision.alert import Level
from supervision.event import BatchKind, CaseEvent, EventType, Flag, PostPlace, Precision
from supervision.payload import Decision
from supervision.payloads.outcome import DecisionResult
from supervision.reference import Peer, Reference
from tests.law.days import HOUR, MINUTE, Days
from tests.law.facts import Case, Fact, Known, Part, precision
from tests.law.hours import Places
from tests.law.watch import Verdict

E = EventType
SECOND = 1000
OF_A_CASE = (
    E.APPLICATION_SUBMITTED,
    E.CASE_ACCEPTED,
    E.SUPPLEMENT_ACCEPTED,
    E.STEP_COMPLETED,
    E.DECISION_MADE,
    E.CASE_COMPLETED,
)


@dataclass(frozen=True)
class Mark:
    """One act of an officer on a case of an item; `hit`: too fast (M01), granted (M10)."""

    fact: Fact
    case: str
    officer: str
    item: str
    day: int
    days: Days
    hit: bool
    peer: Peer | None


def peer_of(reference: Reference, item: str, region: str | None, at: int) -> Peer | None:
    """By the level of the region: 2, 4, 6, 9, 12 digits that say something are province, city, county, township, village."""
    code = region or ""
    told = next((n for n in (12, 9, 6, 4, 2) if len(code) >= n and code[{2: 0, 4: 2, 6: 4, 9: 6, 12: 9}[n] : n].strip("0")), 0)
    level = {0: 1, 2: 2, 4: 3, 6: 4, 9: 5, 12: 6}[told]
    for key in (f"{level}/{item}", f"any/{item}"):
        found = reference.get("peer", key, at)
        if isinstance(found, Peer):
            return found
    return None


def hasty(reference: Reference, case: Case, regions: dict[str, Days], places: Places) -> Iterator[Mark]:
    """Each case of the later step, with whether it was too fast; only of items whose peers take half an hour."""
    flags = {flag for fact in case.facts if fact.event.event_type in OF_A_CASE for flag in fact.event.flags}
    if case.is_test or _in_bulk(case) or flags & {Flag.AUTO_APPROVED, Flag.COMMITMENT_BASED}:
        return
    for part in case.parts:
        known = Known(reference, case, part, regions)
        item = _item(known)
        if item is None or (known.item is not None and known.item.auto_approval):
            continue
        for later, earlier, since, least, limit in _pairs(known, part):
            officer, gap = later.event.actor_officer_id, later.at - since
            peer = peer_of(reference, item, _region(reference, known), later.at)
            if officer is None or peer is None or peer.median_minutes is None or peer.median_minutes < 30:
                continue
            if _by_person(reference, later.event) and _exact(reference, earlier.event):
                place = places.of(officer, later)
                day = place.days.day_of(later.at)
                yield Mark(later, case.key, officer, item, day, place.days, least <= gap < limit, peer)


def _pairs(known: Known, part: Part) -> Iterator[tuple[Fact, Fact, int, int, int]]:
    """(later fact, earlier fact, its instant, the least gap of a hit, the gap that is none any more)"""
    steps = {
        code: [fact for fact in part.of(E.STEP_COMPLETED) if fact.event.payload.step_code == code] for code in ("review", "approve")
    }
    if steps["review"] and steps["approve"]:
        review, approve = steps["review"][-1], steps["approve"][-1]
        yield approve, review, review.at, 1, 10 * SECOND
    completed = part.of(E.CASE_COMPLETED)
    if completed and known.accepted is not None and known.start is not None:
        yield completed[-1], known.accepted, known.start, 0, 60 * SECOND


def decided(reference: Reference, case: Case, regions: dict[str, Days], places: Places) -> Iterator[Mark]:
    """Each decision of a person that grants or denies."""
    if case.is_test or _in_bulk(case):
        return
    for part in case.parts:
        known = Known(reference, case, part, regions)
        item = _item(known)
        if item is None or (known.item is not None and known.item.auto_approval):
            continue
        for fact in part.of(E.DECISION_MADE):
            event = fact.event
            result = event.payload.decision if isinstance(event.payload, Decision) else None
            officer = event.actor_officer_id
            if officer is not None and result in (DecisionResult.GRANTED, DecisionResult.DENIED) and _by_person(reference, event):
                place = places.of(officer, fact)
                peer = peer_of(reference, item, _region(reference, known), fact.at)
                granted = result is DecisionResult.GRANTED
                yield Mark(fact, case.key, officer, item, place.days.day_of(fact.at), place.days, granted, peer)


def judge_haste(subject: str, marks: list[Mark], _now: int) -> Iterator[Verdict]:
    """M01: `marks` are the officer's, as far as the watermark has come."""
    marks = sorted(marks, key=lambda mark: mark.fact.order)
    for day in sorted({mark.day for mark in marks}):
        for number, mark in enumerate(marks):
            if mark.day == day and _is_haste(marks[: number + 1]):
                yield Verdict("M01", Level.YELLOW, subject, _iso(day), mark.fact.at, None, mark.fact)
                break


def _is_haste(marks: list[Mark]) -> bool:
    """Whether it holds at the last of these."""
    last = marks[-1]
    lately = {mark.case for mark in marks if mark.hit and mark.fact.at > last.fact.at - HOUR}
    if last.hit and len(lately) >= 5:
        return True
    if not any(mark.hit and mark.day == last.day for mark in marks):
        return False
    first, left = last.day, 5 - last.days.working(last.day)
    while left > 0:
        first -= 1
        left -= last.days.working(first)
    cases = {mark.case for mark in marks if mark.day >= first}
    hits = {mark.case for mark in marks if mark.day >= first and mark.hit}
    return len(cases) >= 30 and len(hits) * 5 >= len(cases)


def judge_bursts(subject: str, marks: list[Mark], now: int) -> Iterator[Verdict]:
    """M10: `marks` are those of one officer and item that the watermark, at `now`, has reached."""
    grants = sorted((mark for mark in marks if mark.hit), key=lambda mark: mark.fact.order)
    everything = sorted(marks, key=lambda mark: mark.fact.order)
    for day in sorted({mark.day for mark in grants}):
        burst = next((mark for mark in grants if mark.day == day and _is_burst(grants, mark)), None)
        if burst is not None:
            yield Verdict("M10", Level.YELLOW, subject, _iso(day), burst.fact.at, None, burst.fact)
            continue
        own, all_of_day = [mark for mark in grants if mark.day == day], [mark for mark in everything if mark.day == day]
        last = all_of_day[-1]
        usual = None if last.peer is None else last.peer.median_grants_day
        over = last.days.midnight(day + 1)
        if usual is not None and len(own) >= max(20, 4 * usual) and len(own) * 50 >= len(all_of_day) * 49 and now >= over:
            yield Verdict("M10", Level.YELLOW, subject, _iso(day), over, None, own[-1].fact)


def _is_burst(grants: list[Mark], last: Mark) -> bool:
    inside = [mark for mark in grants if last.fact.at - 10 * MINUTE < mark.fact.at and mark.fact.order <= last.fact.order]
    usual = None if last.peer is None else last.peer.p99_grants_10min
    return len(inside) >= (20 if usual is None else max(20, 5 * usual))


def _in_bulk(case: Case) -> bool:
    return any(getattr(fact.event.payload, "bulk_no", None) is not None for fact in case.facts)


def _exact(reference: Reference, event: CaseEvent) -> bool:
    return precision(reference, event) is Precision.SECOND and event.batch_kind is not BatchKind.MIGRATION


def _by_person(reference: Reference, event: CaseEvent) -> bool:
    return _exact(reference, event) and event.actor_post_place is not PostPlace.SYSTEM and Flag.AUTO_APPROVED not in event.flags


def _item(known: Known) -> str | None:
    code = known.named("item_catalog_code") or known.named("item_implement_code")
    return None if code is None else str(code)


def _region(reference: Reference, known: Known) -> str | None:
    named = known.named("region_code") or (None if known.item is None else known.item.region_code)
    return named or reference.source(known.case.source).region_code


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()
