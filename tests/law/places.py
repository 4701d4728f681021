"""The world of the generated cases: calendars of 2025 and 2026, regions, sources, officers, centres, awkward items.

`worlds()` gives a few sets of reference data that differ in outages and waivers, each with its reference judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from supervision.event import CaseType, EventType, Precision
from supervision.reference import (
    Authorisation,
    CalendarData,
    Centre,
    DueDayEnds,
    Entry,
    FeeStandard,
    Hours,
    Item,
    Material,
    Officer,
    Outage,
    Pair,
    Peer,
    Reference,
    Region,
    RiskClass,
    Source,
    Step,
    Waiver,
    Workflow,
)
from supervision.worktime import Limit, Mode, Unit
from tests.law.answers import ANSWERS
from tests.law.judge import Law
from tests.law.profile import FIELDS

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = Hours(spans=((540, 720), (810, 1050)))
FOREVER_DAYS = 36_500
ENDED = "law-ended"  # the version of the world in which most calendars end with 2025


def _at(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=ZONE).timestamp()) * 1000


HOLIDAYS = """
    2025-01-01 2025-01-28 2025-01-29 2025-01-30 2025-01-31
    2025-02-01 2025-02-02 2025-02-03 2025-02-04 2025-04-04 2025-04-05 2025-04-06
    2025-05-01 2025-05-02 2025-05-03 2025-05-04 2025-05-05 2025-05-31 2025-06-01 2025-06-02
    2025-10-01 2025-10-02 2025-10-03 2025-10-04 2025-10-05 2025-10-06 2025-10-07 2025-10-08
    2026-01-01 2026-01-02 2026-01-03
    2026-02-15 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-21 2026-02-22 2026-02-23
    2026-04-04 2026-04-05 2026-04-06 2026-05-01 2026-05-02 2026-05-03 2026-05-04 2026-05-05 2026-06-19 2026-06-20 2026-06-21
    2026-09-25 2026-09-26 2026-09-27 2026-10-01 2026-10-02 2026-10-03 2026-10-04 2026-10-05 2026-10-06 2026-10-07
"""
MAKEUP = "2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11 2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10"
LOCAL_HOLIDAYS = "2026-03-03 2026-03-04 2026-04-16"

CALENDARS: list[Entry] = [
    CalendarData(
        name="CN",
        version="t1",
        time_zone="Asia/Shanghai",
        years=(2025, 2026),
        holidays=tuple(HOLIDAYS.split()),
        makeup_workdays=tuple(MAKEUP.split()),
        workweek=(1, 2, 3, 4, 5),
        hours=(HOURS,),
    ),
    CalendarData(
        name="LOCAL",
        inherits="CN",
        years=(2026,),
        holidays=tuple(day for day in (HOLIDAYS + LOCAL_HOLIDAYS).split() if day.startswith("2026")),
        makeup_workdays=tuple(day for day in MAKEUP.split() if day.startswith("2026")),
    ),
    CalendarData(
        name="EARLY", inherits="CN", due_day_ends=DueDayEnds.CLOSE_OF_BUSINESS, hours=(Hours(spans=((510, 690), (780, 1020))),)
    ),
    CalendarData(
        name="NL",
        time_zone="Europe/Amsterdam",
        years=(2025, 2026),
        holidays=("2025-04-21", "2025-12-25", "2025-12-26", "2026-01-01", "2026-04-06", "2026-04-27", "2026-05-25"),
        workweek=(1, 2, 3, 4, 5),
        hours=(Hours(spans=((540, 1020),)),),
    ),
]
REGION_CODES = ("430111", "430200", "440300", "990000")
PLACES: list[Entry] = [
    Region(code="43", calendar="CN"),
    Region(code="430200", calendar="LOCAL"),
    Region(code="440300", calendar="EARLY"),
    Region(code="99", calendar="NL"),
    Centre(centre_id="C1", region_code="430111"),
    Centre(
        centre_id="C2",
        region_code="430111",
        hours=(Hours(spans=((480, 690), (780, 1020))),),
        extended_hours=(Hours(spans=((1080, 1200),)), Hours(spans=((540, 720),), weekdays=(6,))),
    ),
    Centre(centre_id="C3", region_code="430200", calendar="LOCAL"),
]
SOURCES: list[Entry] = [
    Source(name="hall", clock="wall", late_grace_s=1800, keep_days=FOREVER_DAYS, region_code="430111"),
    Source(name="batch", clock="wall", late_grace_s=86_400, keep_days=FOREVER_DAYS, region_code="430200"),
    Source(name="direct", clock="wall", late_grace_s=0, keep_days=FOREVER_DAYS, region_code="440300"),
    Source(name="log-a", clock="old-log", late_grace_s=1800, region_code="430111"),
    Source(name="log-b", clock="old-log", precision=Precision.DAY, region_code="430200"),
    Source(name="log-c", clock="dutch", region_code="990000"),
]
UNSENT: dict[str, tuple[EventType, ...]] = {
    "direct": (EventType.APPLICATION_SUBMITTED, EventType.MATERIAL_RECEIVED, EventType.RESULT_PUBLISHED),
    "log-c": (*ANSWERS, EventType.RESULT_DELIVERED, EventType.RESULT_PICKED_UP, EventType.PICKUP_NOTIFIED),
    "hall": (EventType.STEP_COMPLETED,),
    "batch": (EventType.SPECIAL_PROCEDURE_ENDED,),
    "log-a": (EventType.CASE_COMPLETED,),
    "log-b": (EventType.CASE_COMPLETED, EventType.DECISION_MADE),
}
FILLED = {"direct": ("centre_id", "payload.fee_kind"), "log-c": ("actor_person_hash", "payload.fee_kind", "payload.receipt_no")}
OFFICERS: list[Entry] = [
    Officer(officer_id="O1", person_hash="anna", centre_id="C1"),
    Officer(officer_id="O2", person_hash="bo", centre_id="C2"),
    *(
        Officer(
            officer_id="O2-second-account",
            person_hash="bo",
            centre_id="C2",
            posts=("reviewer",) if number % 2 else ("reviewer", "substitute"),
            active=number != 9,
            valid_from=_at(2025 + number // 12, 1 + number % 12, 1 + number, 10) if number else None,
            valid_to=_at(2025 + (number + 1) // 12, 1 + (number + 1) % 12, 2 + number, 10) if number < 15 else None,
        )
        for number in range(16)
    ),
    Officer(officer_id="O3", centre_id="C3", posts=("organ_head",), valid_to=_at(2025, 10, 1)),
    Officer(officer_id="O3", person_hash="chen", centre_id="C1", posts=("section_head",), valid_from=_at(2025, 10, 1)),
    Officer(officer_id="O4", person_hash="dong", posts=("government_head",)),
]
# The price table: it changes in September.
FEES: list[Entry] = [
    FeeStandard(fee_item_code="F1", standard_fen=1000, payee_accounts=("T1", "T2")),
    FeeStandard(fee_item_code="F2", standard_fen=115, unit="copy", valid_to=_at(2025, 9, 1)),
    FeeStandard(fee_item_code="F2", free=True, payee_accounts=("T1",), valid_from=_at(2025, 9, 1)),
    FeeStandard(fee_item_code="F3"),
]
# Who may decide. Nobody in region 99, so nothing is said there; in 4403 only until the summer.
AUTHORISATIONS: list[Entry] = [
    Authorisation(authorisation_id="1", officer_id="O1", region_code="430000", powers=("decide", "special_dispose")),
    Authorisation(
        authorisation_id="2", officer_id="O2", item_codes=("plain", "equal", "hours"), region_code="4301", powers=("decide",)
    ),
    Authorisation(authorisation_id="3", officer_id="O2-second-account", region_code="4302", powers=("decide",), amount_max_fen=500),
    Authorisation(authorisation_id="4", officer_id="O2-second-account", region_code="430111", powers=("pre_review_dispose",)),
    Authorisation(
        authorisation_id="5",
        officer_id="O3",
        region_code="43",
        powers=("decide",),
        valid_from=_at(2025, 4, 1),
        valid_to=_at(2025, 9, 1),
    ),
    Authorisation(
        authorisation_id="6", officer_id="O3", region_code="43", powers=("decide",), valid_from=_at(2025, 9, 15), amount_max_fen=400
    ),
    Authorisation(
        authorisation_id="7",
        officer_id="O4",
        region_code="440300",
        powers=("decide",),
        valid_to=_at(2025, 7, 1),
        amount_max_fen=10**6,
    ),
]


STEPS = (
    Step(code="accept"),
    Step(code="handle", mandatory=True, limit=Limit(2)),
    Step(code="review", mandatory=True, limit=Limit(3)),
    Step(code="site_check", limit=Limit(6, Unit.HOUR)),
    Step(code="archive", key_step=False, limit=Limit(1)),
    Step(code="approve", limit=Limit(1)),
)
FLOW = Workflow(
    steps=STEPS,
    precedence=(Pair("handle", "review"), Pair("review", "approve")),
    separated=(Pair("review", "approve"), Pair("handle", "approve")),
)
GUIDE = (Material(code="A"), Material(code="B"), Material(code="C", mandatory=False), Material(code="D", branch="firms"))
SHORT_FLOW = Workflow(steps=(Step(code="approve", mandatory=True),), precedence=(Pair("site_check", "approve"),))


def _items() -> list[Entry]:
    month = Unit.MONTH
    day = Unit.CALENDAR_DAY
    changed = _at(2025, 9, 1)
    return [
        Item(
            code="plain",
            promised_limit=Limit(7),
            legal_limit=Limit(20),
            item_type="01",
            workflow=FLOW,
            electronic_certificate=True,
            materials=GUIDE,
        ),
        Item(
            code="risky",
            promised_limit=Limit(10),
            delivery_limit=Limit(5),
            risk_class=RiskClass.HIGH,
            item_type="01",
            workflow=FLOW,
        ),
        Item(code="equal", promised_limit=Limit(5), legal_limit=Limit(5), item_type="01", workflow=SHORT_FLOW),
        Item(code="joint", promised_limit=Limit(15), case_type=CaseType.JOINT, item_type="01", workflow=FLOW, materials=GUIDE[1:]),
        Item(code="lawless", promised_limit=Limit(3), has_legal_limit=False, item_type="01", workflow=SHORT_FLOW),
        Item(
            code="unpromised",
            legal_limit=Limit(4),
            delivery_limit=Limit(9, Unit.HOUR),
            item_type="02",
            excluded_kinds=("public_notice", "site_survey"),
        ),
        Item(code="calendar", promised_limit=Limit(10, day), legal_limit=Limit(30, day), item_type="20", workflow=SHORT_FLOW),
        Item(code="months", promised_limit=Limit(1, month), legal_limit=Limit(2, month), item_type="20", extension_max_wd=5),
        Item(code="hours", promised_limit=Limit(12, Unit.HOUR), legal_limit=Limit(5), item_type="20", workflow=FLOW),
        Item(code="rolling", promised_limit=Limit(4), deadline_mode=Mode.ROLLING_HOURS, item_type="20", workflow=FLOW),
        Item(
            code="one-day", promised_limit=Limit(1), legal_limit=Limit(3), item_type="01", excluded_kinds=("other",), workflow=FLOW
        ),
        Item(code="changed", promised_limit=Limit(5), valid_to=changed, item_type="01", workflow=FLOW),
        Item(code="changed", promised_limit=Limit(9), valid_from=changed, item_type="01", workflow=SHORT_FLOW),
        Item(code="service", item_type="20", electronic_certificate=True, delivery_limit=Limit(4, day), materials=GUIDE),
        Item(code="catalogued", promised_limit=Limit(2), item_type="01", workflow=FLOW),
    ]


ITEM_CODES = tuple(dict.fromkeys(entry.key for entry in _items()))


def _peer(item: str, since: int | None = None, until: int | None = None, **figures: Any) -> Peer:
    span: dict[str, Any] = {"valid_from": since, "valid_to": until}
    return Peer(item_code=item, snapshot="law", since="2025-01-01", until="2025-01-31", **span, **figures)


CROWD_ITEMS: list[Entry] = [Item(code=code, item_type="20", has_legal_limit=False) for code in ("licence", "permit", "form")]
CROWD_ITEMS.append(Item(code="machine", item_type="20", has_legal_limit=False, auto_approval=True))
CROWD_CODES = tuple(dict.fromkeys(entry.key for entry in CROWD_ITEMS))
PEERS: list[Entry] = [
    _peer("licence", region_level=4, median_minutes=95.0, p99_grants_10min=3.5, median_grants_day=5.5),
    _peer("licence", region_level=3, median_minutes=12.0, p99_grants_10min=6.0, median_grants_day=6.0),
    _peer("permit", until=_at(2025, 9, 1), median_minutes=30.0, p99_grants_10min=4.9, median_grants_day=1.0),
    _peer("permit", _at(2025, 9, 1), median_minutes=29.9, median_grants_day=7.5),
    _peer("machine", median_minutes=60.0, p99_grants_10min=1.0, median_grants_day=1.0),
]


OUTAGES: list[Entry] = [
    Outage(outage_id="1", source_system="hall", valid_from=_at(2026, 3, 9, 12), valid_to=_at(2026, 3, 20)),
    Outage(outage_id="2", source_system="log-a", valid_from=_at(2025, 4, 1), valid_to=_at(2025, 8, 10)),
    Outage(outage_id="4", source_system="log-a", valid_from=_at(2025, 9, 1), valid_to=_at(2026, 6, 1), rules=("T17",), found=True),
    Outage(outage_id="3", source_system="batch", valid_from=_at(2025, 11, 3), valid_to=_at(2025, 11, 17)),
]
WAIVERS: list[Entry] = [
    Waiver(waiver_id="1", rule_id="T03", subject_key="case:hall/c1", valid_to=_at(2026, 3, 10)),
    Waiver(waiver_id="2", rule_id="T04", subject_key="case:log-a/c2", valid_from=_at(2025, 3, 1)),
    Waiver(waiver_id="3", rule_id="P01", subject_key="case:log-a/c1"),
    Waiver(waiver_id="4", rule_id="T05", subject_key="step:hall/c2/handle"),
    Waiver(waiver_id="5", rule_id="M02", subject_key="officer:O1@old-log", valid_from=_at(2025, 6, 1), valid_to=_at(2026, 3, 1)),
    Waiver(
        waiver_id="7", rule_id="M10", subject_key="officer_item:O1/licence", valid_from=_at(2025, 6, 1), valid_to=_at(2026, 1, 1)
    ),
    Waiver(waiver_id="8", rule_id="M01", subject_key="officer:O2@old-log", valid_from=_at(2025, 6, 1), valid_to=_at(2026, 1, 1)),
    Waiver(waiver_id="6", rule_id="T04", subject_key="case:batch/c1"),
]


@dataclass(frozen=True)
class World:
    reference: Reference
    law: Law


@lru_cache(maxsize=1)
def worlds() -> tuple[World, ...]:
    people = [*PLACES, *SOURCES, *OFFICERS, *AUTHORISATIONS, *FEES, *CROWD_ITEMS, *PEERS]
    usual = [*CALENDARS, *people, *_items()]
    sets: tuple[list[Entry], ...] = ([], OUTAGES, WAIVERS, [*OUTAGES, *WAIVERS])
    references = [Reference([*usual, *more], version=f"law-{number}") for number, more in enumerate(sets)]
    references.append(Reference([*map(_amended, [*CALENDARS, *_items()]), *people, *OUTAGES], version="law-amended"))
    references.append(Reference([*map(_incomplete, usual), *WAIVERS], version="law-incomplete"))
    references.append(Reference([*map(_ended, usual), *OUTAGES], version=ENDED))
    return tuple(World(reference, Law(reference, REGION_CODES)) for reference in references)


@lru_cache(maxsize=1)
def forgetful() -> World:
    """The first world, but its live sources forget closed cases as exact.md 1 says."""
    entries = [replace(entry, keep_days=None) if isinstance(entry, Source) else entry for entry in worlds()[0].reference.entries]
    reference = Reference(entries, version="law-forgetful")
    return World(reference, Law(reference, REGION_CODES))


def _incomplete(entry: Entry) -> Entry:
    """A source whose profile says that it never sends this, and fills no more than that."""
    if not isinstance(entry, Source):
        return entry
    unsent = UNSENT.get(entry.name)
    sends = None if unsent is None else tuple(kind for kind in EventType if kind not in unsent)
    return replace(entry, sends=sends, fills=FILLED.get(entry.name))


def _ended(entry: Entry) -> Entry:
    """The calendars before those of 2026 came, but where a city made its own. No source says who acted: what counts working days
    backwards from an act, or from an officer's new post, is not what is tried here."""
    if isinstance(entry, CalendarData) and entry.inherits is not None:
        return replace(entry, inherits="HERE")
    if isinstance(entry, CalendarData):
        kept = {name: tuple(day for day in getattr(entry, name) if day < "2026") for name in ("holidays", "makeup_workdays")}
        name = "HERE" if entry.name == "CN" else entry.name  # the product has data of its own under that name
        return replace(entry, name=name, version="t0", years=(2025,), **kept)
    if isinstance(entry, Region) and entry.calendar == "CN":
        return replace(entry, calendar="HERE")
    if isinstance(entry, Source):
        named = {name for groups in FIELDS.values() for names in groups for name in names}
        return replace(entry, fills=tuple(sorted(named - {"actor_officer_id", "payload.approver_officer_id"})))
    return entry


def _amended(entry: Entry) -> Entry:
    """The calendar after a late notice of holidays, and shorter promises."""
    if isinstance(entry, CalendarData) and "2025-10-01" in entry.holidays:
        return replace(entry, version="t2", holidays=(*entry.holidays, "2025-06-16", "2025-11-05", "2025-11-06"))
    if isinstance(entry, Item) and entry.promised_limit is not None and entry.promised_limit.value > 5:
        return replace(entry, promised_limit=Limit(entry.promised_limit.value - 2, entry.promised_limit.unit))
    return entry
