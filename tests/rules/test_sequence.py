"""P01 where its card's examples do not look: who is named, and facts of different precision."""

from __future__ import annotations

from typing import Any

from rules.book import Rulebook
from rules.engine import CaseEngine
from supervision.event import CaseEvent, EventType, Precision
from supervision.reference import Item, Pair, Reference, Workflow
from tests.product import CARDS
from tests.rules.test_engine import SOURCE, clock, event

ALONE = Rulebook([card for card in CARDS if card.id == "P01"])
ITEM = Item(code="X", workflow=Workflow(precedence=(Pair("review", "approve"),)), has_legal_limit=False)


def step(number: int, kind: EventType, code: str, when: str, **fields: Any) -> CaseEvent:
    return event(number, kind, when, payload={"step_code": code}, actor_officer_id=f"O-{number}", **fields)


def judged(*events: CaseEvent) -> list[tuple[str, str]]:
    alerts = CaseEngine(ALONE, Reference([SOURCE, ITEM])).process([*events, clock("2026-03-04T00:00")]).alerts
    return [(alert.rule_id, ",".join(alert.responsible_officer_ids)) for alert in alerts]


def test_the_officer_of_the_step_that_made_it_visible_is_named_though_no_other_rule_reads_who_acted() -> None:
    begun = step(1, EventType.STEP_STARTED, "approve", "2026-03-02T09:00")
    done = step(2, EventType.STEP_COMPLETED, "approve", "2026-03-02T11:00")
    assert judged(begun, done) == [("P01", "O-2")]


def test_one_date_is_enough_to_compare_dates() -> None:
    on_that_day = step(1, EventType.STEP_STARTED, "approve", "2026-03-02T00:00", time_precision=Precision.DAY)
    done = step(2, EventType.STEP_COMPLETED, "approve", "2026-03-02T16:00")
    assert judged(on_that_day, step(3, EventType.STEP_COMPLETED, "review", "2026-03-02T15:00"), done) == []
    assert judged(on_that_day, step(3, EventType.STEP_COMPLETED, "review", "2026-03-03T00:00"), done) == [("P01", "O-2")]
