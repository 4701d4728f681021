"""The kinds of reference data: sources, items, officers, departments, regions, calendars, centres, windows, outages and more.

Every entry has a `key` unique within its kind and an optional span of validity in ms UTC, `valid_from` <= t < `valid_to`. A new
kind is a class here (or beside, as `Peer`) and a line in `ENTRY_TYPES`; loading, records, schema and lookup follow from its
fields. Import all of them from `supervision.reference`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from supervision.entry import Entry, Instant, Natural
from supervision.event import CaseType, EventType, Id, Precision
from supervision.payloads.base import Days, Point, RegionLevel
from supervision.peer import Peer
from supervision.worktime import Limit, Mode

Weekday = Annotated[int, Meta(ge=1, le=7)]


class DueDayEnds(StrEnum):
    MIDNIGHT = "midnight"
    CLOSE_OF_BUSINESS = "close_of_business"


class RiskClass(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class Source(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A source system and its feed profile: what its silence means.

    `clock` is `wall` or a log clock's name; `sends` None means every type, `fills` None every field. `own_recorded_at`: its
    `recorded_at` is its own and not the gateway's. `connected_levels`: the region levels whose systems report too. `simulated`: its
    cases are made up, and whoever looks at them is told so.
    """

    KIND: ClassVar[str] = "source"
    name: Id
    clock: str = "wall"
    late_grace_s: Natural = 1800
    keep_days: Natural | None = None
    precision: Precision = Precision.SECOND
    sends: tuple[EventType, ...] | None = None
    fills: tuple[str, ...] | None = None
    own_recorded_at: bool = True
    catalogue_complete: bool = False
    connected_levels: tuple[RegionLevel, ...] = ()
    answers: bool = True
    region_code: str | None = None
    simulated: bool = False

    @property
    def key(self) -> str:
        return self.name


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a workflow. `limit` None: the step has none. `key_step`: T05 watches it."""

    code: Id
    name: str = ""
    mandatory: bool = False
    key_step: bool = True
    limit: Limit | None = None


class Pair(Struct, frozen=True, array_like=True):
    """Two step codes: in `precedence` the first comes before the second; in `separated` no person does both."""

    first: Id
    second: Id


class Workflow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    steps: tuple[Step, ...] = ()
    precedence: tuple[Pair, ...] = ()
    separated: tuple[Pair, ...] = ()

    def step(self, code: str) -> Step | None:
        return next((step for step in self.steps if step.code == code), None)


class Material(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A material of an item's guide. `branch` names the case it is for; `shared`: the office must fetch it itself."""

    code: Id
    mandatory: bool = True
    branch: str | None = None
    shared: bool = False


class JointMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A department that takes part in a joint item, in one of its phases."""

    department_id: Id
    mandatory: bool = True
    phase: Natural = 1


class Threshold(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From `value` of `measure` on (`amount_fen`, `area_m2`, `quantity`), another authority or procedure is due."""

    measure: Id
    value: float


class ItemStatus(StrEnum):
    IN_FORCE = "in_force"
    CANCELLED = "cancelled"


class Item(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A catalogue entry. `legal_limit` None means "not named" (fallbacks apply); `has_legal_limit` False: none by law.

    `code` is the implementation code, else the basic one. The fields from `catalog_code` on are for rules beside the clocks.
    """

    KIND: ClassVar[str] = "item"
    code: Id
    name: str = ""
    item_type: str = "10"
    case_type: CaseType | None = None
    promised_limit: Limit | None = None
    legal_limit: Limit | None = None
    has_legal_limit: bool = True
    deadline_mode: Mode = Mode.DAY_END
    workflow: Workflow = Workflow()
    excluded_kinds: tuple[str, ...] = ()
    extension_max_wd: Natural | None = None
    risk_class: RiskClass = RiskClass.NORMAL
    auto_approval: bool = False
    region_code: str | None = None
    department_id: str | None = None
    catalog_code: str | None = None
    version: Natural | None = None
    status: ItemStatus = ItemStatus.IN_FORCE
    first_review_limit: Limit | None = None
    delivery_limit: Limit | None = None
    electronic_certificate: bool = False
    required_checks: tuple[str, ...] = ()
    tech_query_allowed: bool = False
    tech_query_limit: Limit | None = None
    joint_members: tuple[JointMember, ...] = ()
    materials: tuple[Material, ...] = ()
    power_levels: tuple[RegionLevel, ...] = ()
    universal: bool = False
    jurisdiction: tuple[str, ...] = ()
    resident_centre_id: str | None = None
    resident_since: Instant | None = None
    site_check: bool = False
    item_group: str | None = None
    thresholds: tuple[Threshold, ...] = ()
    limited_quantity: bool = False
    min_duration_wd: Natural | None = None
    inquiry: bool = False
    standardised_by: str | None = None
    repealed_from: Instant | None = None

    @property
    def key(self) -> str:
        return self.code


class Officer(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An account of the register. `person_hash`: keyed as `applicant_hash`. `attendance` False: no duty hours are expected."""

    KIND: ClassVar[str] = "officer"
    officer_id: Id
    person_hash: str | None = None
    name: str = ""
    centre_id: str | None = None
    home_department_id: str | None = None
    posts: tuple[str, ...] = ()
    active: bool = True
    attendance: bool = True
    remote_allowed: bool = False

    @property
    def key(self) -> str:
        return self.officer_id


class Authorisation(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Who may do what to which items where. Empty `item_codes`: all; `powers`: decide, pre_review_dispose, special_dispose."""

    KIND: ClassVar[str] = "authorisation"
    authorisation_id: Id
    officer_id: Id
    item_codes: tuple[str, ...] = ()
    region_code: str | None = None
    powers: tuple[str, ...] = ()
    amount_max_fen: Natural | None = None

    @property
    def key(self) -> str:
        return self.authorisation_id


class FeeStandard(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the price table. `standard_fen`: for one `unit`, or, where no unit is named, for the whole; `free`: nothing may be
    charged. `payee_accounts`: of the treasury, none means not known. `version`, `basis`: which table, and by what document."""

    KIND: ClassVar[str] = "fee_standard"
    fee_item_code: Id
    name: str = ""
    standard_fen: Natural | None = None
    unit: str | None = None
    free: bool = False
    payee_accounts: tuple[str, ...] = ()
    version: str = "1"
    basis: str = ""

    @property
    def key(self) -> str:
        return self.fee_item_code


class Region(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A region by its GB/T 2260 code; the parent is the longest registered prefix (zeros at the end do not count)."""

    KIND: ClassVar[str] = "region"
    code: Id
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
    weekdays: tuple[Weekday, ...] = ()


class CalendarData(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """One calendar: base weekdays, and per year the holidays and make-up workdays (`2026-05-01`, `2026-02-15..2026-02-23`).

    `inherits` names a calendar whose years and hours fill what this one lacks. A year in no link of the chain is unknown.
    """

    KIND: ClassVar[str] = "calendar"
    name: Id
    version: str = "1"
    time_zone: str | None = None
    inherits: str | None = None
    years: tuple[int, ...] = ()
    holidays: tuple[Days, ...] = ()
    makeup_workdays: tuple[Days, ...] = ()
    workweek: tuple[Weekday, ...] | None = None
    hours: tuple[Hours, ...] = ()
    due_day_ends: DueDayEnds | None = None

    @property
    def key(self) -> str:
        return self.name


class Centre(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A hall. `hours` None: the calendar's; `extended_hours` are approved beside them."""

    KIND: ClassVar[str] = "centre"
    centre_id: Id
    name: str = ""
    region_code: str | None = None
    calendar: str | None = None
    hours: tuple[Hours, ...] = ()
    extended_hours: tuple[Hours, ...] = ()
    geo: Point | None = None
    radius_m: Natural = 300
    punches: Natural = 2

    @property
    def key(self) -> str:
        return self.centre_id


class Department(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An office that handles cases (实施部门). Its name is shown; no rule reads it."""

    KIND: ClassVar[str] = "department"
    department_id: Id
    name: str = ""
    region_code: str | None = None

    @property
    def key(self) -> str:
        return self.department_id


class Window(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A counter of a centre. `department_id` None: a general window, which takes in for many departments."""

    KIND: ClassVar[str] = "window"
    window_id: Id
    name: str = ""
    centre_id: str | None = None
    department_id: str | None = None

    @property
    def key(self) -> str:
        return self.window_id


class Outage(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An outage of a source, `valid_from` <= t < `valid_to`: alerts detected in it are withheld; of `rules` only, if it names some.

    `found`: by the monitor of the feeds; else somebody declared it.
    """

    KIND: ClassVar[str] = "outage"
    outage_id: Id
    source_system: Id
    reason: str = ""
    rules: tuple[Id, ...] = ()
    found: bool = False

    @property
    def key(self) -> str:
        return self.outage_id


class Waiver(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A supervisor's waiver: no alert of `rule_id` on `subject_key` detected in its span."""

    KIND: ClassVar[str] = "waiver"
    waiver_id: Id
    rule_id: Id
    subject_key: Id
    reason: str = ""
    approved_by: str = ""

    @property
    def key(self) -> str:
        return self.waiver_id


ENTRY_TYPES: dict[str, type[Entry]] = {
    kind.KIND: kind
    for kind in (
        Source,
        Item,
        Officer,
        Department,
        Authorisation,
        FeeStandard,
        Region,
        CalendarData,
        Centre,
        Window,
        Outage,
        Waiver,
        Peer,
    )
}
