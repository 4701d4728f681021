"""What a case's page says of its life: what was corrected and what is from the future is shown, and counts for nothing."""

from __future__ import annotations

from uuid import UUID

import pytest

from dashboards.page.timeline import state_of, steps, workflow
from supervision.event import CaseEvent, EventType
from supervision.payload import StepCompleted
from supervision.reference import Item, Step, Workflow

NINE = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai
MINUTE = 60_000
ITEM = Item(code="X", workflow=Workflow(steps=(Step(code="review"),)))


def event(number: int, kind: EventType, at: int, *, received: int, corrects: int = 0) -> CaseEvent:
    return CaseEvent(
        event_id=UUID(int=number),
        event_type=kind,
        occurred_at=at,
        received_at=received,
        source_system="hall",
        case_id="1",
        payload=StepCompleted(step_code="review") if kind is EventType.STEP_COMPLETED else None,
        supersedes_event_id=UUID(int=corrects) if corrects else None,
        data_version=2 if corrects else 1,
    )


@pytest.mark.parametrize(("on_wall", "state", "done"), [(True, "accepted", None), (False, "completed", NINE + 10 * MINUTE)])
def test_what_is_from_the_future_is_marked_and_neither_ends_a_case_nor_completes_a_step(
    on_wall: bool, state: str, done: int | None
) -> None:
    ahead = NINE + 10 * MINUTE
    told = [
        event(1, EventType.CASE_ACCEPTED, NINE, received=NINE),
        event(2, EventType.STEP_COMPLETED, ahead, received=NINE),
        event(3, EventType.CASE_COMPLETED, ahead, received=NINE + 5 * MINUTE - 1),
    ]
    shown = steps(told, (), {}, ITEM, on_wall=on_wall)
    found = workflow(ITEM, shown)
    assert found is not None
    assert [step.is_quarantined for step in shown] == [False, on_wall, on_wall]
    assert (state_of(shown), found.steps[0].first_at) == (state, done)


def test_its_correction_counts() -> None:
    told = [
        event(1, EventType.CASE_COMPLETED, NINE + 10 * MINUTE, received=NINE),
        event(2, EventType.CASE_COMPLETED, NINE, received=NINE + MINUTE, corrects=1),
    ]
    assert state_of(steps(told, (), {}, None, on_wall=True)) == "completed"
