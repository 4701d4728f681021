"""The register of authorisations as a judgement asks it: who may decide which items where, up to which amount, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.fact import CATALOG_CODE, IMPLEMENT_CODE
from supervision.reference import Authorisation, Officer, Reference
from supervision.regions import covers
from supervision.worktime import Limit, WorkCalendar, term

if TYPE_CHECKING:
    from rules.world import Place

MOST_SPANS = 100_000  # officers and places together
_ALWAYS, _NEVER = -(2**62), 2**62


class Span(Struct, frozen=True, gc=False):
    """[since, until), ms UTC, and up to which amount (fen, None: any)."""

    since: int
    until: int
    most_fen: int | None = None

    def holds(self, at: int, amount_fen: int | None) -> bool:
        """An amount that is not told is not held against anybody."""
        return self.since <= at < self.until and (self.most_fen is None or amount_fen is None or amount_fen <= self.most_fen)


class Register:
    """The authorisations with one power. Where none is in force for a place, there is no register, and nothing can be said."""

    def __init__(self, reference: Reference, power: str) -> None:
        self._reference = reference
        granted = [entry for entry in reference.of_kind("authorisation") if isinstance(entry, Authorisation)]
        self._granted = [entry for entry in granted if power in entry.powers]
        self._of: dict[str, list[Authorisation]] = {}
        for entry in self._granted:
            self._of.setdefault(entry.officer_id, []).append(entry)
        self._officers: dict[str, list[Officer]] = {}
        for officer in reference.of_kind("officer"):
            if isinstance(officer, Officer) and officer.officer_id in self._of:
                self._officers.setdefault(officer.officer_id, []).append(officer)
        self._spans: dict[tuple[Place, str], tuple[Span, ...]] = {}
        self._kept: dict[str | None, tuple[Span, ...]] = {}

    def is_kept(self, region: str | None, at: int) -> bool:
        """Whether anybody is authorised in the region then, for whatever item."""
        return any(span.holds(at, None) for span in self.kept(region))

    def kept(self, region: str | None) -> tuple[Span, ...]:
        """When anybody is authorised in the region."""
        found = self._kept.get(region)
        if found is None:
            spans = (_span(entry) for entry in self._granted if _holds_in(entry, region))
            found = self._kept[region] = tuple(_merged(spans))
        return found

    def spans(self, officer_id: str, place: Place) -> tuple[Span, ...]:
        """When the officer is authorised for the item and region of a place, and active."""
        key = (place, officer_id)
        found = self._spans.get(key)
        if found is None:
            if len(self._spans) >= MOST_SPANS:
                self._spans.clear()
            codes = codes_of(place)
            own = [entry for entry in self._of.get(officer_id, ()) if _holds_for(entry, codes) and _holds_in(entry, place.region)]
            idle = [_span(officer) for officer in self._officers.get(officer_id, ()) if not officer.active]
            found = self._spans[key] = tuple(rest for entry in own for rest in _without(_span(entry), idle))
        return found

    def allows(self, officer_id: str, place: Place, at: int, amount_fen: int | None) -> bool:
        """Whether nothing is wrong with a decision, for all that is registered."""
        for span in self.spans(officer_id, place):
            if span.holds(at, amount_fen):
                return True
        return not self.is_kept(place.region, at)

    def fault(self, officer_id: str, place: Place, at: int, amount_fen: int | None) -> str:
        """What is wrong with a decision that is not allowed: the nearest that is missing."""
        officer = self._reference.officer(officer_id, at)
        if officer is not None and not officer.active:
            return "not_active"
        own = self._of.get(officer_id, [])
        if not own:
            return "never_authorised"
        now = [entry for entry in own if _span(entry).holds(at, None)]
        if not now:
            return "not_in_force"
        for_item = [entry for entry in now if _holds_for(entry, codes_of(place))]
        if not for_item:
            return "other_item"
        return "above_maximum" if any(_holds_in(entry, place.region) for entry in for_item) else "other_region"


def codes_of(place: Place) -> frozenset[str]:
    """The codes by which an authorisation may name the item of a place."""
    named = [place.where[IMPLEMENT_CODE], place.where[CATALOG_CODE]]
    if place.item is not None:
        named += [place.item.code, place.item.catalog_code]
    return frozenset(code for code in named if code is not None)


def changed_posts_at(reference: Reference, officer_id: str, at: int) -> int | None:
    """The last instant up to `at` from which the officer has other posts than before; None: there is none."""
    versions = [entry for entry in reference.versions("officer", officer_id) if isinstance(entry, Officer)]
    found: int | None = None
    for before, after in pairwise(versions):
        if after.valid_from is not None and after.valid_from <= at and set(before.posts) != set(after.posts):
            found = after.valid_from
    return found


def days_end(calendar: WorkCalendar, since: int, wd: int) -> int:
    """The last instant of so many working days after the day of `since`."""
    return term(calendar, since, Limit(wd)).due_at


def _span(entry: Authorisation | Officer) -> Span:
    most = entry.amount_max_fen if isinstance(entry, Authorisation) else None
    return Span(
        _ALWAYS if entry.valid_from is None else entry.valid_from, _NEVER if entry.valid_to is None else entry.valid_to, most
    )


def _holds_for(entry: Authorisation, codes: frozenset[str]) -> bool:
    return not entry.item_codes or not codes.isdisjoint(entry.item_codes)


def _holds_in(entry: Authorisation, region: str | None) -> bool:
    return entry.region_code is None or (region is not None and covers(entry.region_code, region))


def _without(span: Span, others: Iterable[Span]) -> Iterator[Span]:
    """What of a span lies in none of the others."""
    since = span.since
    for other in sorted(others, key=lambda other: other.since):
        if other.since > since:
            yield Span(since, min(other.since, span.until), span.most_fen)
        since = max(since, other.until)
        if since >= span.until:
            return
    yield Span(since, span.until, span.most_fen)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same instants in as few spans as there can be."""
    open_since, open_until = _NEVER, _ALWAYS
    for span in sorted(spans, key=lambda span: span.since):
        if open_since < open_until and span.since <= open_until:
            open_until = max(open_until, span.until)
            continue
        if open_since < open_until:
            yield Span(open_since, open_until)
        open_since, open_until = span.since, span.until
    if open_since < open_until:
        yield Span(open_since, open_until)
