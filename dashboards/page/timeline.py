"""The life of a case as its stored events tell it, beside the workflow it should have gone through. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from dashboards.contract import Both, Step, Workflow, WorkflowStep
from rules.clocks import WALL
from rules.quarantine import is_ahead
from rules.terms import word
from supervision.event import CaseEvent, EventType
from supervision.reference import Item
from supervision.worktime import Limit

LATE_MS = 3_600_000

# The state a case enters by an event (domain: lifecycle); other events leave it as it is.
_STATES = {
    EventType.APPLICATION_SUBMITTED: "submitted",
    EventType.MATERIAL_RECEIVED: "received",
    EventType.CASE_ACCEPTED: "accepted",
    EventType.ACCEPTANCE_REFUSED: "refused",
    EventType.SUPPLEMENT_NOTIFIED: "awaiting_supplement",
    EventType.SUPPLEMENT_ACCEPTED: "accepted",
    EventType.SUPPLEMENT_EXPIRED: "returned",
    EventType.SPECIAL_PROCEDURE_STARTED: "suspended",
    EventType.SPECIAL_PROCEDURE_ENDED: "accepted",
    EventType.DECISION_MADE: "decided",
    EventType.CASE_COMPLETED: "completed",
    EventType.RESULT_DELIVERED: "delivered",
    EventType.RESULT_PICKED_UP: "delivered",
    EventType.CASE_RETURNED: "returned",
    EventType.CASE_WITHDRAWN: "withdrawn",
    EventType.CASE_TERMINATED: "terminated",
    EventType.CASE_VOIDED: "voided",
    EventType.CASE_REOPENED: "accepted",
}


def steps(
    events: Iterable[CaseEvent], evidence: Collection[UUID], received: Mapping[UUID, int], item: Item | None, *, on_wall: bool
) -> list[Step]:
    """Oldest first. `received`: the broker's times; on a log clock late is what was typed in late."""
    events = list(events)
    corrected = {event.supersedes_event_id: event.event_id for event in events if event.supersedes_event_id is not None}
    return [_step(event, evidence, received, item, corrected, on_wall) for event in events]


def _step(
    event: CaseEvent,
    evidence: Collection[UUID],
    received: Mapping[UUID, int],
    item: Item | None,
    corrected: Mapping[UUID, UUID],
    on_wall: bool,
) -> Step:
    code = getattr(event.payload, "step_code", None)
    known = item.workflow.step(code) if item is not None and code is not None else None
    came = event.received_at or received.get(event.event_id)
    told = came if on_wall else event.recorded_at
    payload = msgspec.to_builtins(event.payload) if event.payload is not None else {}
    return Step(
        event_id=str(event.event_id),
        event_type=event.event_type.value,
        label=Both(word(event.event_type.value, "zh"), word(event.event_type.value, "en")),
        at=event.occurred_at,
        step_code=code,
        step_name=(known.name or None) if known is not None else getattr(event.payload, "step_name", None),
        actor=event.actor_officer_id,
        department_id=event.department_id,
        channel=None if event.channel is None else event.channel.name.lower(),
        is_evidence=event.event_id in evidence,
        is_late=told is not None and told - event.occurred_at > LATE_MS,
        is_quarantined=on_wall and is_ahead(event, WALL),
        superseded_by=str(corrected[event.event_id]) if event.event_id in corrected else None,
        payload=payload if isinstance(payload, dict) else {},
        recorded_at=event.recorded_at,
        received_wall=came,
    )


def state_of(shown: Iterable[Step]) -> str:
    """The state the case is in after these, what was corrected or is from the future left out."""
    state = "submitted"
    for step in shown:
        if _is_in_force(step):
            state = _STATES.get(EventType(step.event_type), state)
    return state


def _is_in_force(step: Step) -> bool:
    return step.superseded_by is None and not step.is_quarantined


def workflow(item: Item | None, shown: Iterable[Step]) -> Workflow | None:
    """The item's declared steps, with when and by whom each was done; None if none are declared."""
    if item is None or not item.workflow.steps:
        return None
    done: dict[str, list[Step]] = {}
    for step in shown:
        if step.step_code is not None and _is_in_force(step):
            done.setdefault(step.step_code, []).append(step)
    return Workflow(
        item_code=item.code,
        item_name=item.name or item.code,
        steps=[
            WorkflowStep(
                code=each.code,
                name=each.name or each.code,
                mandatory=each.mandatory,
                limit=_limit(each.limit),
                first_at=min((step.at for step in done.get(each.code, ())), default=None),
                last_at=max((step.at for step in done.get(each.code, ())), default=None),
                actors=sorted({step.actor for step in done.get(each.code, ()) if step.actor}),
            )
            for each in item.workflow.steps
        ],
        before=[(pair.first, pair.second) for pair in item.workflow.precedence],
        separate=[(pair.first, pair.second) for pair in item.workflow.separated],
    )


def _limit(limit: Limit | None) -> str | None:
    return None if limit is None else f"{limit.value} {limit.unit.value}"
