"""A picture says what the verdicts rest on: over every example of every card, its instants are those in the alerts' facts."""

from __future__ import annotations

import pytest

from rules.book import Rulebook
from rules.card import Card, Example
from rules.examples import Outcome, run
from rules.labels import LABELS, kind_of, label, unit_of
from rules.picture import picture
from rules.sandbox import sandbox
from rules.sentence import FACTS
from supervision.alert import State
from supervision.event import CaseEvent, EventType
from supervision.payloads.handling import ProcedureKind
from supervision.reference import Reference
from tests.product import CARDS
from tests.rules.test_engine import ITEM, SOURCE, accepted, at, completed, event

BOOK = Rulebook(CARDS)

EXAMPLES = [(card, example) for card in CARDS for example in card.examples]


def history(told: Outcome) -> tuple[Reference, list[CaseEvent]]:
    """The reference data and the events of an example."""
    return sandbox(told.example.catalogue, told.card_id), [step for step in told.steps if isinstance(step, CaseEvent)]


@pytest.mark.parametrize(("card", "example"), EXAMPLES, ids=[f"{card.id}: {example.name.en}" for card, example in EXAMPLES])
def test_a_picture_has_the_limits_of_the_alerts(card: Card, example: Example) -> None:
    told = run(BOOK, card, example)
    reference, events = history(told)
    for alert in told.alerts:
        if alert.case_id is None or alert.source_system is None or alert.state is State.REVOKED:
            continue
        drawn = picture(BOOK, reference, events, alert.source_system, alert.case_id, alert.segment)
        assert drawn is not None
        due = {"promised": drawn.promised_due_at, "legal": drawn.legal_due_at}.get(str(alert.facts.get("limit_source")))
        if alert.rule_id in {"T02", "T03", "T04"} and "limit_wd" in alert.facts:
            assert due == alert.due_at
            assert drawn.opened_at == alert.facts["started_at"]
        if alert.rule_id == "T02":
            assert drawn.notice_at == alert.detected_at
        assert all(pause.start <= pause.counted_until for pause in drawn.pauses)


def test_a_picture_shows_when_it_was_decided_what_stood_still_and_what_was_added() -> None:
    told = [
        accepted(1, "2026-03-02T09:00"),
        event(2, EventType.SPECIAL_PROCEDURE_STARTED, "2026-03-03T09:00", payload={"seq": 1, "kind": ProcedureKind.TESTING}),
        event(3, EventType.SPECIAL_PROCEDURE_ENDED, "2026-03-05T09:00", payload={"seq": 1, "kind": ProcedureKind.TESTING}),
        event(4, EventType.SPECIAL_PROCEDURE_STARTED, "2026-03-06T09:00", payload={"seq": 2}),
        event(5, EventType.EXTENSION_APPROVED, "2026-03-09T09:00", payload={"days": 5}),
        event(6, EventType.DECISION_MADE, "2026-03-10T09:00"),
        completed(7, "2026-03-11T09:00"),
    ]
    drawn = picture(BOOK, Reference([SOURCE, ITEM]), told, "hall", "1")
    assert drawn is not None
    assert [(pause.kind, pause.start, pause.end) for pause in drawn.pauses] == [
        ("testing", at("2026-03-03T09:00"), at("2026-03-05T09:00")),
        ("", at("2026-03-06T09:00"), None),
    ]
    assert drawn.extensions == ((at("2026-03-09T09:00"), 5),)
    assert (drawn.opened_at, drawn.decided_at) == (at("2026-03-02T09:00"), at("2026-03-10T09:00"))
    assert (drawn.begins_at, drawn.item_code, drawn.region) == (at("2026-03-02T09:00"), "X", "430111")


def test_a_case_that_is_not_there_has_no_picture() -> None:
    card, example = EXAMPLES[0]
    reference, events = history(run(BOOK, card, example))
    assert picture(BOOK, reference, events, "nobody", "X") is None


def test_every_fact_has_a_label_in_both_languages() -> None:
    named = {name for names in FACTS.values() for name in names}
    assert named <= LABELS.keys()
    assert all(zh and en for zh, en in LABELS.values())
    assert label("unknown_fact") == ("unknown_fact", "unknown fact")


def test_kinds_and_units_of_facts() -> None:
    assert [
        kind_of(name, value) for name, value in (("due_at", 1), ("due_day", "x"), ("gap_s", 2), ("late_wd", 1), ("dates", []))
    ] == [
        "time",
        "date",
        "duration_ms",
        "number",
        "list",
    ]
    assert kind_of("fault", "x") == "text"
    assert unit_of("limit", "hour") == ("个工作小时", "working hours")
    assert unit_of("late_wd", None) == ("个工作日", "working days")
    assert unit_of("share", None) is None
