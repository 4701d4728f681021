"""Reference data: what the engine knows besides events. Effective-dated, versioned, loaded by `supervision.loading`.

Every entry has a `key` unique within its kind and an optional span of validity in ms UTC, `valid_from` <= t < `valid_to`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import Struct

from supervision.event import CaseType, EventType, Precision
from supervision.worktime import Limit, Mode


class DueDayEnds(StrEnum):
    MIDNIGHT = "midnight"
    CLOSE_OF_BUSINESS = "close_of_business"


class RiskClass(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all reference entries share."""

    KIND: ClassVar[str] = ""

    valid_from: int | None = None
    valid_to: int | None = None

    @property
    def key(self) -> str:
        raise NotImplementedError


class Source(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A source system and its feed profile. `clock` is `wall` or a log clock's name; `sends` None means every type."""

    KIND: ClassVar[str] = "source"
    name: str
    clock: str = "wall"
    late_grace_s: int = 1800
    keep_days: int | None = None
    precision: Precision = Precision.SECOND
    sends: tuple[EventType, ...] | None = None
    region_code: str | None = None

    @property
    def key(self) -> str:
        return self.name


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a workflow. `limit` None: the step has none. `key_step`: T05 watches it."""

    code: str
    name: str = ""
    mandatory: bool = False
    key_step: bool = True
    limit: Limit | None = None


class Pair(Struct, frozen=True, array_like=True):
    """Two step codes: in `precedence` the first comes before the second; in `separated` no person does both."""

    first: str
    second: str


class Workflow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    steps: tuple[Step, ...] = ()
    precedence: tuple[Pair, ...] = ()
    separated: tuple[Pair, ...] = ()

    def step(self, code: str) -> Step | None:
        return next((step for step in self.steps if step.code == code), None)


class Item(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A catalogue entry. `legal_limit` None means "not named" (fallbacks apply); `has_legal_limit` False: none by law."""

    KIND: ClassVar[str] = "item"
    code: str
    name: str = ""
    item_type: str = "10"
    case_type: CaseType | None = None
    promised_limit: Limit | None = None
    legal_limit: Limit | None = None
    has_legal_limit: bool = True
    deadline_mode: Mode = Mode.DAY_END
    workflow: Workflow = Workflow()
    excluded_kinds: tuple[str, ...] = ()
    extension_max_wd: int | None = None
    risk_class: RiskClass = RiskClass.NORMAL
    auto_approval: bool = False
    region_code: str | None = None
    department_id: str | None = None

    @property
    def key(self) -> str:
        return self.code


class Officer(Entry, frozen=True, kw_only=True, omit_defaults=True):
    KIND: ClassVar[str] = "officer"
    officer_id: str
    person_hash: str | None = None
    name: str = ""
    centre_id: str | None = None
    home_department_id: str | None = None
    posts: tuple[str, ...] = ()
    active: bool = True

    @property
    def key(self) -> str:
        return self.officer_id


class Authorisation(Entry, frozen=True, kw_only=True, omit_defaults=True):
    KIND: ClassVar[str] = "authorisation"
    authorisation_id: str
    officer_id: str
    item_codes: tuple[str, ...] = ()
    region_code: str | None = None
    powers: tuple[str, ...] = ()
    amount_max_fen: int | None = None

    @property
    def key(self) -> str:
        return self.authorisation_id


class Region(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A region by its GB/T 2260 code; the parent is the longest registered prefix (zeros at the end do not count)."""

    KIND: ClassVar[str] = "region"
    code: str
    name: str = ""
    calendar: str | None = None
    time_zone: str | None = None

    @property
    def key(self) -> str:
        return self.code


class Hours(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Office hours of one weekday set: spans of minutes after local midnight, e.g. ((540, 720), (810, 1050)).

    `weekdays` 1 Monday .. 7 Sunday; empty: every working day.
    """

    spans: tuple[tuple[int, int], ...]
    weekdays: tuple[int, ...] = ()


class CalendarData(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """One calendar: base weekdays, and per year the holidays and make-up workdays (ISO dates).

    `inherits` names a calendar whose years and hours fill what this one lacks. A year in no link of the chain is unknown.
    """

    KIND: ClassVar[str] = "calendar"
    name: str
    version: str = "1"
    time_zone: str | None = None
    inherits: str | None = None
    years: tuple[int, ...] = ()
    holidays: tuple[str, ...] = ()
    makeup_workdays: tuple[str, ...] = ()
    workweek: tuple[int, ...] | None = None
    hours: tuple[Hours, ...] = ()
    due_day_ends: DueDayEnds | None = None

    @property
    def key(self) -> str:
        return self.name


class Centre(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A hall. `hours` None: the calendar's; `extended_hours` are approved beside them."""

    KIND: ClassVar[str] = "centre"
    centre_id: str
    name: str = ""
    region_code: str | None = None
    calendar: str | None = None
    hours: tuple[Hours, ...] = ()
    extended_hours: tuple[Hours, ...] = ()

    @property
    def key(self) -> str:
        return self.centre_id


class Outage(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A declared outage of a source, `valid_from` <= t < `valid_to`: alerts detected in it are withheld."""

    KIND: ClassVar[str] = "outage"
    outage_id: str
    source_system: str
    reason: str = ""

    @property
    def key(self) -> str:
        return self.outage_id


class Waiver(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A supervisor's waiver: no alert of `rule_id` on `subject_key` detected in its span."""

    KIND: ClassVar[str] = "waiver"
    waiver_id: str
    rule_id: str
    subject_key: str
    reason: str = ""
    approved_by: str = ""

    @property
    def key(self) -> str:
        return self.waiver_id


ENTRY_TYPES: dict[str, type[Entry]] = {
    kind.KIND: kind for kind in (Source, Item, Officer, Authorisation, Region, CalendarData, Centre, Outage, Waiver)
}
_ALWAYS = -(2**62)


class Reference:
    """An immutable set of entries with lookups in force at an instant. `version` names the publication it came from."""

    def __init__(self, entries: Iterable[Entry] = (), version: str = "0") -> None:
        self.version = version
        self.entries: tuple[Entry, ...] = tuple(entries)
        self._index: dict[tuple[str, str], tuple[list[int], list[Entry]]] = {}
        by_key: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            by_key.setdefault((entry.KIND, entry.key), []).append(entry)
        for key, versions in by_key.items():
            versions.sort(key=lambda entry: _ALWAYS if entry.valid_from is None else entry.valid_from)
            starts = [_ALWAYS if entry.valid_from is None else entry.valid_from for entry in versions]
            self._index[key] = (starts, versions)
        self._memo: dict[Any, Any] = {}

    def get(self, kind: str, key: str, at: int) -> Entry | None:
        """The entry of this kind and key in force at `at` (ms), or None."""
        found = self._index.get((kind, key))
        if found is None:
            return None
        starts, versions = found
        position = bisect_right(starts, at) - 1
        if position < 0:
            return None
        entry = versions[position]
        return entry if entry.valid_to is None or at < entry.valid_to else None

    def of_kind(self, kind: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if kind == entry.KIND)

    def source(self, name: str) -> Source:
        """The source's profile; an unregistered source lives on the wall clock with default grace."""
        memo = self._memo.get(name)
        if memo is None:
            found = self._index.get(("source", name))
            memo = found[1][-1] if found else Source(name=name)
            self._memo[name] = memo
        assert isinstance(memo, Source)
        return memo

    def item(self, code: str, at: int) -> Item | None:
        entry = self.get("item", code, at)
        assert entry is None or isinstance(entry, Item)
        return entry

    def centre(self, centre_id: str, at: int) -> Centre | None:
        entry = self.get("centre", centre_id, at)
        assert entry is None or isinstance(entry, Centre)
        return entry

    def officer(self, officer_id: str, at: int) -> Officer | None:
        entry = self.get("officer", officer_id, at)
        assert entry is None or isinstance(entry, Officer)
        return entry
