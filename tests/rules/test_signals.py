"""What the case side tells the subject side: of which acts, in which words, and what it says when they are corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from supervision.event import BatchKind, CaseEvent, EventType, Flag, PostPlace, Precision, SourceOp
from supervision.peer import Peer
from supervision.reference import Item, Reference
from supervision.signal import Signal
from tests.product import CARDS
from tests.rules.test_engine import BOOK, SOURCE, accepted, at, completed, engine, event

BY: dict[str, Any] = {"actor_officer_id": "O-1", "actor_post_place": "window", "region_code": "430111", "department_id": "D-1"}
DAY = 739_677  # 2026-03-02
# At work for an hour as a rule.
PEER = Peer(item_code="X", snapshot="2026-02", since="2025-12-01", until="2026-02-28", cases=200, median_minutes=60)


def decided(number: int, when: str, decision: str = "granted", **fields: Any) -> CaseEvent:
    return event(number, EventType.DECISION_MADE, when, payload={"decision": decision}, **(BY | fields))


def of(kind: str, signals: list[Signal]) -> list[Signal]:
    return [signal for signal in signals if signal.kind == kind]


def test_an_act_outside_hours_is_told_with_all_that_is_known_of_it() -> None:
    given: dict[str, Any] = {"window_id": "W-1", "device_id": "d-1", "network_zone": "hall", "centre_id": "C-1"}
    given |= {"applicant_hash": "a-1", "agent_org_id": "AG-1", "agent_person_hash": "p-1"}
    (signal,) = of("M02", engine().process([decided(1, "2026-03-02T22:30", **given)]).signals)
    assert (signal.subject, signal.fact_id, signal.revision, signal.withdrawn) == ("officer:O-1@log:hall", UUID(int=1), 1, False)
    assert (signal.at, signal.clock, signal.source_system, signal.case_id) == (at("2026-03-02T22:30"), "log:hall", "hall", "1")
    assert signal.data == {
        "day": DAY,
        "type": "decision_made",
        "officer": "O-1",
        "centre": "C-1",
        "region": "430111",
        "hit": True,
        "night_grant": True,
        "item": "X",
        "department_id": "D-1",
        "applicant_hash": "a-1",
        "agent_org_id": "AG-1",
        "agent_person_hash": "p-1",
        "window_id": "W-1",
        "device_id": "d-1",
        "network_zone": "hall",
        "actor_post_place": "window",
        "decision": "granted",
    }


def test_a_step_outside_hours_tells_its_code_and_is_no_grant() -> None:
    step = event(1, EventType.STEP_COMPLETED, "2026-03-02T22:30", payload={"step_code": "review"}, **BY)
    (signal,) = of("M02", engine().process([step]).signals)
    assert (signal.data["step_code"], signal.data["night_grant"]) == ("review", False)
    assert "decision" not in signal.data


@pytest.mark.parametrize(
    "fields",
    [
        {"batch_kind": BatchKind.MIGRATION},
        {"flags": (Flag.AUTO_APPROVED,)},
        {"actor_post_place": PostPlace.SYSTEM},
        {"time_precision": Precision.MINUTE},
    ],
    ids=["migrated", "approved by the machine", "done by the system", "known to the minute"],
)
def test_what_no_person_did_at_a_known_second_is_no_act_outside_hours(fields: dict[str, Any]) -> None:
    assert len(of("M02", engine().process([decided(1, "2026-03-02T22:30")]).signals)) == 1
    assert of("M02", engine().process([decided(1, "2026-03-02T22:30", **fields)]).signals) == []


@pytest.mark.parametrize(("decision", "hit"), [("granted", True), ("denied", False)])
def test_a_decision_tells_whether_it_grants(decision: str, hit: bool) -> None:
    judge = engine()
    judge.process([accepted(9, **BY)])
    (signal,) = of("M10", judge.process([decided(1, "2026-03-02T10:00", decision)]).signals)
    assert signal.subject == "officer_item:O-1/X@log:hall"
    assert signal.data == {
        "day": DAY,
        "hit": hit,
        "officer": "O-1",
        "item": "X",
        "region": "430111",
        "department_id": "D-1",
    }


def test_a_case_in_haste_tells_how_long_it_took_and_by_which_snapshot_that_is_short() -> None:
    judge = engine(PEER)
    output = judge.process([accepted(**BY), completed(2, "2026-03-02T09:00:59.999", **BY)])
    (signal,) = of("M01", output.signals)
    assert (signal.subject, signal.fact_id) == ("officer:O-1@log:hall", UUID(int=2))
    assert signal.data == {
        "day": DAY,
        "hit": True,
        "officer": "O-1",
        "item": "X",
        "gap_ms": 59_999,
        "snapshot": "2026-02",
        "median_minutes": 60,
        "department_id": "D-1",
        "region": "430111",
    }


def test_of_two_completions_that_come_together_the_last_is_told_and_nothing_taken_back() -> None:
    twice = [completed(number, f"2026-03-02T09:00:{number}0", **BY) for number in (2, 3)]
    judge = engine(PEER)
    judge.process([accepted(**BY)])
    (signal,) = of("M01", judge.process(twice).signals)
    assert (signal.fact_id, signal.revision, signal.data["gap_ms"]) == (UUID(int=3), 1, 30_000)


def test_a_case_that_took_its_time_is_told_as_one_and_no_more_said_of_it() -> None:
    output = engine(PEER).process([accepted(**BY), completed(2, "2026-03-02T09:01", **BY)])
    assert [signal.data for signal in of("M01", output.signals)] == [
        {"day": DAY, "hit": False, "officer": "O-1", "item": "X", "region": "430111"}
    ]


@pytest.mark.parametrize("fields", [{"batch_kind": BatchKind.MIGRATION}, {"time_precision": Precision.MINUTE}])
def test_no_haste_is_told_since_an_acceptance_whose_instant_is_not_known(fields: dict[str, Any]) -> None:
    output = engine(PEER).process([accepted(**(BY | fields)), completed(2, "2026-03-02T09:00:30", **BY)])
    assert of("M01", output.signals) == []


def test_a_decision_after_the_case_was_reopened_is_told_though_the_machine_approved_before() -> None:
    before = Item(code="X", auto_approval=True, valid_to=at("2026-03-05T00:00"))
    after = Item(code="X", valid_from=at("2026-03-05T00:00"))
    judge = CaseEngine(BOOK, Reference([SOURCE, before, after]))
    first = [accepted(1, **BY), decided(2, "2026-03-03T10:00"), completed(3, "2026-03-03T11:00", **BY)]
    again = [event(4, EventType.CASE_REOPENED, "2026-03-06T09:00", **BY), decided(5, "2026-03-06T10:00")]
    assert [signal.fact_id for signal in of("M10", judge.process([*first, *again]).signals)] == [UUID(int=5)]


def test_a_correction_is_told_with_the_next_revision_under_the_first_id_and_a_deletion_withdraws() -> None:
    judge = engine()
    judge.process([decided(1, "2026-03-02T10:00")])
    moved = decided(2, "2026-03-02T10:05", data_version=2, supersedes_event_id=UUID(int=1))
    (signal,) = judge.process([moved]).signals
    assert (signal.fact_id, signal.revision, signal.at, signal.withdrawn) == (UUID(int=1), 2, at("2026-03-02T10:05"), False)
    gone = decided(3, "2026-03-02T10:05", data_version=3, supersedes_event_id=UUID(int=2), source_op=SourceOp.DELETE)
    (signal,) = judge.process([gone]).signals
    assert (signal.fact_id, signal.revision, signal.withdrawn, signal.data) == (UUID(int=1), 3, True, {})


def test_what_is_the_same_after_a_correction_is_not_told_again() -> None:
    judge = engine()
    judge.process([decided(1, "2026-03-02T10:00")])
    same = decided(2, "2026-03-02T10:00", data_version=2, supersedes_event_id=UUID(int=1))
    assert judge.process([same]).signals == []


def test_no_decision_is_told_of_an_item_that_the_machine_approves() -> None:
    judge = CaseEngine(BOOK, Reference([SOURCE, Item(code="X", auto_approval=True)]))
    assert of("M10", judge.process([decided(1, "2026-03-02T10:00")]).signals) == []


def test_a_rule_by_itself_keeps_what_its_signals_tell() -> None:
    book = Rulebook(card for card in CARDS if card.id == "M02")
    step = event(1, EventType.STEP_COMPLETED, "2026-03-02T22:30", payload={"step_code": "review"}, **BY)
    (signal,) = CaseEngine(book, Reference([SOURCE])).process([step]).signals
    assert signal.data["step_code"] == "review"
