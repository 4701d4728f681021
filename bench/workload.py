"""The work that the measurements share: interleaved cases of ten events, each of about 850 bytes, some late or corrected.

Items and limits are those of `examples/demo`. A case opens every second of office time and lives for days, so that neighbours in
the stream belong to different cases and most cases are open at once. Windows work in office hours: one act in a hundred falls
outside them. Most cases are done in time: about one in ten comes near its promised limit, a few in a thousand pass it.
"""

from __future__ import annotations

import os
import platform
import random
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from supervision.calendars import calendars_of
from supervision.decoder import encode
from supervision.durations import HOUR_MS
from supervision.event import (
    ApplicantType,
    CaseEvent,
    CaseType,
    Channel,
    EventType,
    NetworkZone,
    PostPlace,
    SecrecyClass,
    SourceOp,
)
from supervision.loading import load_catalogue
from supervision.payload import PAYLOADS
from supervision.reference import Entry, Reference, Source
from supervision.worktime import Unit, WorkCalendar

SOURCE = "bench"
CLOCK = "log:bench"
CATALOGUE = Path(__file__).parents[1] / "examples" / "demo" / "catalogue.yaml"
FIRST_MS = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai, a Monday
GAP_MS = 1_000  # of office time between the openings of two cases
LATE = 0.01
CORRECTED = 0.01
PORTION = 5_000  # events that an engine is given at once
LATENESS = 20_000  # events that a late one comes behind, at most
AFTER_HOURS = 0.01
SLOW, OVERDUE = 0.10, 0.003  # of the cases; shares by domain knowledge of promised cases
OFFICERS = 400
_IDS = UUID(int=0)

# What happens in a case, and how many office hours after the step before at most. A slow case waits long for its site check.
STEPS: tuple[tuple[EventType, dict[str, object], int], ...] = (
    (EventType.APPLICATION_SUBMITTED, {}, 0),
    (EventType.CASE_ACCEPTED, {"accept_doc_no": "受字〔2026〕第000001号"}, 3),
    (EventType.STEP_STARTED, {"step_code": "review", "step_name": "审查", "step_instance_id": "1"}, 3),
    (EventType.STEP_COMPLETED, {"step_code": "review", "step_name": "审查", "step_instance_id": "1", "opinion_len": 86}, 6),
    (EventType.STEP_COMPLETED, {"step_code": "site_check", "step_name": "现场核查", "step_instance_id": "2"}, 9),
    (EventType.STEP_COMPLETED, {"step_code": "approve", "step_name": "审批", "step_instance_id": "3", "opinion_len": 12}, 5),
    (EventType.DECISION_MADE, {"decision": "granted", "doc_no": "许准字〔2026〕第000001号"}, 2),
    (EventType.CASE_COMPLETED, {"completion_result": "cert_issued"}, 3),
    (EventType.RESULT_DELIVERED, {"delivery_mode": "courier"}, 10),
    (EventType.RESULT_PUBLISHED, {"site": "credit.example.test"}, 10),
)
EVENTS = len(STEPS)  # of a case
WAITS = 4  # the step that a slow case waits for

# A long case: each type of event that a card reads, in order, with the office hours behind the one before.
LONG: tuple[tuple[EventType, dict[str, object], int], ...] = (
    (EventType.APPLICATION_SUBMITTED, {"material_codes": ["M1", "M2"]}, 0),
    (EventType.MATERIAL_RECEIVED, {"material_codes": ["M1", "M2"]}, 1),
    (EventType.SUPPLEMENT_NOTIFIED, {"notice_no": "补〔2026〕1", "material_codes": ["M3"]}, 1),
    (EventType.SUPPLEMENT_SUBMITTED, {"notice_no": "补〔2026〕1"}, 4),
    (EventType.CASE_ACCEPTED, {"accept_doc_no": "受字〔2026〕第000001号"}, 1),
    (EventType.FEE_CHARGED, {"fee_item_code": "F1", "amount_fen": 2000, "fee_kind": "official", "receipt_no": "R1"}, 1),
    (EventType.FEE_PAID, {"fee_item_code": "F1", "amount_fen": 2000, "fee_kind": "official", "receipt_no": "R1"}, 1),
    (EventType.STEP_STARTED, {"step_code": "review", "step_name": "审查", "step_instance_id": "1"}, 2),
    (EventType.SPECIAL_PROCEDURE_STARTED, {"seq": 1, "kind": "testing", "declared_limit": 5}, 1),
    (EventType.SPECIAL_PROCEDURE_ENDED, {"seq": 1, "kind": "testing"}, 6),
    (EventType.STEP_COMPLETED, {"step_code": "review", "step_name": "审查", "step_instance_id": "1", "opinion_len": 86}, 3),
    (EventType.STEP_COMPLETED, {"step_code": "site_check", "step_name": "现场核查", "step_instance_id": "2"}, 6),
    (EventType.EXTENSION_APPROVED, {"days": 5, "approver_post": "organ_head", "reason_text": "需要延期"}, 1),
    (EventType.STEP_COMPLETED, {"step_code": "approve", "step_name": "审批", "step_instance_id": "3", "opinion_len": 12}, 4),
    (EventType.DECISION_MADE, {"decision": "granted", "doc_no": "许准字〔2026〕第000001号"}, 2),
    (EventType.CERTIFICATE_MADE, {"cert_kind": "electronic"}, 2),
    (EventType.CASE_COMPLETED, {"completion_result": "cert_issued"}, 2),
    (EventType.RESULT_PUBLISHED, {"publication_id": "P1"}, 4),
    (EventType.RESULT_DELIVERED, {"delivery_mode": "pickup"}, 4),
)


class Workload(Struct, frozen=True):
    """`messages`: (key, value, occurred_at) in the order they arrive; so many of them `late`, so many `corrected`."""

    messages: list[tuple[bytes, bytes, int]]
    cases: int
    late: int
    corrected: int

    @property
    def mean_bytes(self) -> float:
        return sum(len(value) for _, value, _ in self.messages) / len(self.messages)

    def described(self) -> str:
        return (
            f"{len(self.messages):,} events of {self.cases:,} interleaved cases, {self.mean_bytes:.0f} bytes each, "
            f"{self.late:,} late, {self.corrected:,} corrections"
        )


def make(cases: int, seed: int = 1) -> Workload:
    """The same numbers make the same bytes."""
    chance = random.Random(seed)
    drawn = [each for number in range(cases) for each in _case(number, chance, office())]
    drawn.sort(key=lambda event: event.occurred_at)
    late = corrected = 0
    placed: list[tuple[float, CaseEvent]] = []
    for place, event in enumerate(drawn):
        if chance.random() < LATE:
            late += 1
            placed.append((place + chance.uniform(1, LATENESS), event))
        else:
            placed.append((place, event))
        if chance.random() < CORRECTED:
            corrected += 1
            placed.append((place + chance.uniform(1, LATENESS), _correction(event, chance)))
    placed.sort(key=lambda each: each[0])
    messages = [(f"{SOURCE}/{event.case_id}".encode(), encode(event), event.occurred_at) for _, event in placed]
    return Workload(messages, cases, late, corrected)


def long_cases(cases: int, seed: int = 1) -> list[CaseEvent]:
    """The events of so many long cases as they arrive, in time."""
    chance = random.Random(seed)
    events: list[CaseEvent] = []
    for number in range(cases):
        at = office().add_work(FIRST_MS, number * GAP_MS)
        for index, (kind, payload, hours) in enumerate(LONG):
            at = office().add_work(at, round((0.5 + chance.random() / 2) * hours * HOUR_MS))
            events.append(event(number, index, kind, payload, at, f"430111-{chance.randrange(OFFICERS):06d}"))
    return sorted(events, key=lambda each: each.occurred_at)


def reference() -> list[Entry]:
    """The catalogue of the example, and the source with its log clock."""
    return [*load_catalogue([CATALOGUE]), Source(name=SOURCE, clock=CLOCK)]


@cache
def office() -> WorkCalendar:
    """The calendar of the cases."""
    return calendars_of(Reference(reference())).of_region("430111", FIRST_MS)


def machine() -> str:
    """What this runs on, in one line."""
    python, load = platform.python_version(), os.getloadavg()[0]
    return f"Python {python}, {os.cpu_count()} cores, {platform.machine()}, {_processor()}, load {load:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")


def _case(number: int, chance: random.Random, office: WorkCalendar) -> list[CaseEvent]:
    at, draw = office.add_work(FIRST_MS, number * GAP_MS), chance.random()
    wait_h = 60 if draw < OVERDUE else chance.uniform(24, 30) if draw < SLOW else 0
    events = []
    for index, (kind, payload, hours) in enumerate(STEPS):
        at = office.add_work(at, round((chance.random() * hours + wait_h * (index == WAITS)) * HOUR_MS))
        if chance.random() < AFTER_HOURS:
            at = office.office(office.day_of(at))[-1][1] + round(chance.uniform(1, 4) * HOUR_MS)
        events.append(event(number, index, kind, payload, at, f"430111-{chance.randrange(OFFICERS):06d}"))
    return events


def case_id(number: int) -> str:
    return f"430111-2026-{number:09d}"


def event(number: int, index: int, kind: EventType, payload: dict[str, object], at: int, officer: str) -> CaseEvent:
    return CaseEvent(
        event_id=uuid5(_IDS, f"{number}/{index}"),
        event_type=kind,
        occurred_at=at,
        source_system=SOURCE,
        case_id=case_id(number),
        payload=PAYLOADS[kind](**(payload | _own(number, payload))),
        recorded_at=at + 4_000,
        received_at=at + 9_000,
        source_seq=f"{number * 64 + index:012d}",
        item_catalog_code="430111-XK-0101",
        item_version=3,
        item_type="01",
        case_type=CaseType.PROMISED,
        legal_limit=20,
        promised_limit=7,
        promised_limit_unit=Unit.WORKING_DAY,
        region_code="430111",
        centre_id="C430111-01",
        window_id=f"W-{number % 60:02d}",
        department_id="430111-市场监管局",
        actor_officer_id=officer,
        actor_person_hash=f"{int(officer[-6:]):032x}",
        actor_role="handler",
        actor_post_place=PostPlace.WINDOW,
        recorded_by=officer,
        device_id=f"10.12.{number % 8}.{number % 250}",
        network_zone=NetworkZone.HALL,
        applicant_hash=f"{number:032x}",
        applicant_type=ApplicantType.ENTERPRISE,
        channel=Channel.WINDOW,
        secrecy_class=SecrecyClass.PUBLIC,
    )


def _own(number: int, payload: dict[str, object]) -> dict[str, object]:
    """What no two cases tell alike: numbers of documents, lengths of opinions."""
    told: dict[str, object] = {
        name: f"{payload[name]}"[:-7] + f"{number:06d}号" for name in ("accept_doc_no", "doc_no") if name in payload
    }
    if "opinion_len" in payload:
        told["opinion_len"] = 10 + number * 7919 % 191
    return told


def _correction(event: CaseEvent, chance: random.Random) -> CaseEvent:
    return replace(
        event,
        event_id=UUID(int=event.event_id.int ^ (1 << 90)),
        data_version=2,
        source_op=SourceOp.UPDATE,
        supersedes_event_id=event.event_id,
        occurred_at=event.occurred_at + chance.randrange(60_000),
    )
