"""What the case sides of kind `window` share: which acts are of people, where their officers work, what a signal tells of them."""

from __future__ import annotations

from typing import Any

from rules.case import Case
from rules.fact import (
    ACTOR,
    BATCH_KIND,
    CATALOG_CODE,
    DEPARTMENT,
    DEVICE,
    FIELD_CODE,
    FLAGS,
    IMPLEMENT_CODE,
    PARTY,
    POST_PLACE,
    Actor,
    Device,
    Fact,
    Party,
    Where,
)
from rules.parameters import Key
from rules.part import ACCEPTANCES
from rules.world import World
from supervision.event import EventType
from supervision.subject import key, on_clock

BULK_NO = FIELD_CODE["payload.bulk_no"]
BULKY = (EventType.APPLICATION_SUBMITTED, EventType.CASE_ACCEPTED, EventType.DECISION_MADE, EventType.CASE_COMPLETED)
UNSETTLING = frozenset((*ACCEPTANCES, EventType.CASE_REOPENED))  # they may move earlier acts to another place, or part
_STEP_CODE, _DECIDED = FIELD_CODE["payload.step_code"], FIELD_CODE["payload.decision"]


def is_human(case: Case, act: Fact) -> bool:
    """An act of a person, of which the second is known."""
    return (
        act.actor[POST_PLACE] != "system"
        and "auto_approved" not in (act.get(FLAGS) or ())
        and act.get(BATCH_KIND) != "migration"
        and case.precision(act) == "second"
    )


def is_bulky(told: Any) -> bool:
    """Whether the payload of an event says that its case belongs to a business batch."""
    return getattr(told, "bulk_no", None) is not None


def is_in_bulk(case: Case) -> bool:
    """Whether any fact of the case says that it belongs to a business batch."""
    return any(BULK_NO in fact.kept for fact in case.heads())


def hall_of(world: World, officer_id: str, named: str | None, at: int) -> str | None:
    """The centre of an officer: by the register, else the one that the act names."""
    officer = world.reference.officer(officer_id, at)
    return (officer.centre_id if officer is not None else None) or named


def subject_of(whom: Key, data: dict[str, Any], clock: str) -> str:
    """Whom a signal with this data is about."""
    parts = (data["officer"], data.get("item", "")) if whom is Key.OFFICER_ITEM else (data["officer"],)
    return on_clock(key(whom.value, *parts), clock)


def told(act: Fact, where: Where, actor: Actor, device: Device, party: Party) -> dict[str, Any]:
    """What a signal tells of an act beside who, when and where, under the names that rules read; of the act itself only what is
    kept of it is asked for."""
    found: dict[str, Any] = {
        "item": where[CATALOG_CODE] or where[IMPLEMENT_CODE],
        "department_id": where[DEPARTMENT],
        **dict(zip(PARTY, party, strict=True)),
        **dict(zip(DEVICE, device, strict=True)),
        ACTOR[POST_PLACE]: actor[POST_PLACE],
        "step_code": act.get(_STEP_CODE),
        "decision": act.get(_DECIDED),
    }
    return {name: value for name, value in found.items() if value is not None}
