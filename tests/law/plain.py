"""Random cases as most are: one place, steps and an end, nothing paused or corrected; times, orders and persons on the edges.
And the same with corrections and late facts among them."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from supervision.event import BatchKind, CaseEvent, EventType, PostPlace, SecrecyClass, SourceOp
from supervision.payload import (
    PAYLOADS,
    Acceptance,
    Completion,
    Delivery,
    StepCompleted,
    StepStarted,
    Submission,
    SupplementNotice,
)
from supervision.payloads.outcome import CompletionResult, DecisionResult
from supervision.worktime import Unit
from tests.law.cases import ENDS, HANDED_OUT, OFFICERS, REGIONS, RESULTS, STIRS, decided, fee
from tests.law.draw import DAY, Draw, event
from tests.law.places import ITEM_CODES

CODES = ("handle", "review", "approve", "site_check", "archive", "unlisted")
SOURCES = ("log-a", "log-a", "log-c", "hall")
INSTANCES = (None, None, "i0", "i1", "review")


def plain_case(draw: Draw, number: int, first: int) -> list[CaseEvent]:
    """In order, but for one in ten. `first`: the local midnight it begins after."""
    source, at = draw.one(SOURCES), first + draw.randrange(3) * DAY + draw.time_of_day()
    envelope: dict[str, object] = {
        "region_code": REGIONS[source],
        "item_implement_code": draw.one(ITEM_CODES),
        "applicant_hash": f"applicant {number}",
        "actor_post_place": PostPlace.WINDOW,
    }
    if draw.chance(0.7):
        envelope["secrecy_class"] = SecrecyClass.PUBLIC
    if draw.chance(0.4):
        envelope |= {"promised_limit": draw.randint(1, 9), "promised_limit_unit": draw.one((Unit.WORKING_DAY, Unit.CALENDAR_DAY))}
    events: list[CaseEvent] = []
    for kind, payload in _acts(draw):
        own = {"actor_officer_id": draw.one(OFFICERS)} if draw.chance(0.9) else {}
        if draw.chance(0.02):
            own |= draw.one(({"batch_kind": BatchKind.MIGRATION}, {"region_code": "430200"}, {"actor_person_hash": "anna"}))
        events.append(event(draw, source, f"p{number}", kind, at, payload, **(envelope | own)))
        at = at + draw.one((0, 1, 60_000, 3_600_000)) if draw.chance(0.5) else at + int(draw.random() * 4 * DAY)
        if draw.chance(0.03):
            at += draw.randint(12, 50) * DAY
    if draw.chance(0.1):
        draw.shuffle(events)
    return events


def _receipts(draw: Draw) -> list[tuple[EventType, object]]:
    acts: list[tuple[EventType, object]] = []
    if draw.chance(0.5):
        acts.append((EventType.APPLICATION_SUBMITTED, Submission(material_codes=draw.one(((), ("A",), ("A", "C"))))))
    if draw.chance(0.3):
        acts.append((EventType.MATERIAL_RECEIVED, Submission(material_codes=draw.one(((), ("A", "B"))))))
    for number in draw.one((((),) * 6) + (("N1",), ("N1", "N1"), ("N1", "N2"))):
        reason = draw.one((None, "resubmitted_defective"))
        acts.append(
            (EventType.SUPPLEMENT_NOTIFIED, SupplementNotice(notice_no=number, material_codes=("A", "B"), reason_code=reason))
        )
    if draw.chance(0.05):
        acts.append((EventType.PRE_REVIEW_FAILED, PAYLOADS[EventType.PRE_REVIEW_FAILED]()))
    return acts


def _acts(draw: Draw) -> list[tuple[EventType, object]]:
    acts = _receipts(draw)
    due = draw.day() if draw.chance(0.03) else None
    acts.append((EventType.CASE_ACCEPTED, Acceptance(promised_due_at=due)))
    for code in ("handle", "review", "approve") if draw.chance(0.6) else [draw.one(CODES) for _ in range(draw.randint(1, 5))]:
        instance = draw.one(INSTANCES) if draw.chance(0.4) else None
        limit = draw.randint(1, 3) if draw.chance(0.2) else None
        unit = draw.one((Unit.WORKING_DAY, Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.HOUR))
        start = StepStarted(step_code=code, step_instance_id=instance, step_limit=limit, step_limit_unit=unit)
        done = StepCompleted(step_code=code, step_instance_id=instance, result=draw.one(RESULTS))
        both: list[tuple[EventType, object]] = [(EventType.STEP_STARTED, start), (EventType.STEP_COMPLETED, done)]
        acts += both if draw.chance(0.6) else both[1:] if draw.chance(0.7) else both[::-1]
    if draw.chance(0.7):
        result = draw.one((DecisionResult.GRANTED, DecisionResult.DENIED, None))
        acts.append((EventType.DECISION_MADE, decided(draw, result)))
    if draw.chance(0.7):
        kind = draw.one(ENDS)
        outcome = draw.one((CompletionResult.CERT_ISSUED, CompletionResult.CERT_ISSUED, None))
        acts.append((kind, Completion(completion_result=outcome) if kind is EventType.CASE_COMPLETED else PAYLOADS[kind]()))
    for kind in (EventType.CERTIFICATE_MADE, draw.one(HANDED_OUT), EventType.RESULT_PUBLISHED):
        if draw.chance(0.6):
            acts.append((kind, Delivery(cert_kind="electronic") if kind is EventType.CERTIFICATE_MADE else PAYLOADS[kind]()))
    if draw.chance(0.3):
        kind = draw.one(STIRS)
        acts.insert(draw.randint(0, len(acts)), (kind, PAYLOADS[kind]()))
    for _ in range(draw.one((0, 0, 0, 1, 2))):
        kind = draw.one((EventType.FEE_CHARGED, EventType.FEE_CHARGED, EventType.FEE_PAID, EventType.FEE_REFUNDED))
        acts.insert(draw.randint(min(2, len(acts)), len(acts)), (kind, fee(draw)))
    if draw.chance(0.15):
        place = draw.randint(0, len(acts) - 1)
        acts.insert(draw.randint(0, len(acts)), acts[place])
    if draw.chance(0.1):
        draw.shuffle(acts)
    return acts


def disturbed(draw: Draw, events: list[CaseEvent]) -> list[CaseEvent]:
    """The same, some of them later than others behind them, some corrected soon after, or once more."""
    placed: list[tuple[float, CaseEvent]] = []
    for place, act in enumerate(events):
        placed.append((place + draw.randint(1, 5) if draw.chance(0.1) else place, act))
        known = act
        while draw.chance(0.25):
            shift = draw.one((0, 1, -1, 1_000, 60_000, -60_000, 3_600_000, -3_600_000, DAY, -DAY))
            own: dict[str, object] = {"actor_officer_id": draw.one(OFFICERS)} if draw.chance(0.3) else {}
            if act.event_type is EventType.STEP_COMPLETED and draw.chance(0.2):
                own["payload"] = replace(act.payload, result=draw.one(RESULTS))
            known = replace(
                known,
                event_id=UUID(int=draw.randrange(2**122)),
                data_version=known.data_version + 1,
                source_op=SourceOp.UPDATE,
                supersedes_event_id=known.event_id if draw.chance(0.95) else act.event_id,
                occurred_at=known.occurred_at + shift,
                **own,
            )
            placed.append((place + draw.random() * 6, known))
    return [event for _, event in sorted(placed, key=lambda each: each[0])]
