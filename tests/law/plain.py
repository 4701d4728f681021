"""Random cases as most are: one place, steps and an end, nothing paused or corrected; times, orders and persons on the edges."""

from __future__ import annotations

from supervision.event import BatchKind, CaseEvent, EventType, PostPlace
from supervision.payload import PAYLOADS, Acceptance, Completion, StepCompleted, StepStarted, Submission, SupplementNotice
from supervision.payloads.outcome import DecisionResult
from supervision.worktime import Unit
from tests.law.cases import ENDS, OFFICERS, REGIONS, RESULTS, STIRS, decided
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


def _acts(draw: Draw) -> list[tuple[EventType, object]]:
    acts: list[tuple[EventType, object]] = []
    if draw.chance(0.5):
        acts.append((EventType.APPLICATION_SUBMITTED, Submission(material_codes=draw.one(((), ("A",), ("A", "C"))))))
    for number in draw.one((((),) * 6) + (("N1",), ("N1", "N1"), ("N1", "N2"))):
        reason = draw.one((None, "resubmitted_defective"))
        acts.append(
            (EventType.SUPPLEMENT_NOTIFIED, SupplementNotice(notice_no=number, material_codes=("A", "B"), reason_code=reason))
        )
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
        acts.append((EventType.DECISION_MADE, decided(draw, draw.one((DecisionResult.GRANTED, None)))))
    if draw.chance(0.7):
        kind = draw.one(ENDS)
        acts.append((kind, Completion() if kind is EventType.CASE_COMPLETED else PAYLOADS[kind]()))
    if draw.chance(0.3):
        kind = draw.one(STIRS)
        acts.insert(draw.randint(0, len(acts)), (kind, PAYLOADS[kind]()))
    if draw.chance(0.15):
        place = draw.randint(0, len(acts) - 1)
        acts.insert(draw.randint(0, len(acts)), acts[place])
    if draw.chance(0.1):
        draw.shuffle(acts)
    return acts
