"""The reference judgement on cases worked out by hand, so that engine and reference cannot agree on a common mistake unseen."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest
from msgspec.structs import replace

from supervision.alert import Level, State
from supervision.event import CaseEvent, EventType, Flag, SecrecyClass
from supervision.payload import (
    Acceptance,
    Completion,
    Decision,
    Extension,
    Payload,
    SpecialProcedureStarted,
    StepCompleted,
    Submission,
    SupplementNotice,
)
from supervision.payloads.handling import ApproverPost, ProcedureKind
from supervision.payloads.outcome import CompletionResult, DecisionResult
from tests.law.judge import Standing
from tests.law.places import worlds
from tests.law.test_days import at

Told = list[tuple[str, str]]


class Story:
    """Events of case c9 of a log source, told one by one; `item` is a code of the test catalogue."""

    def __init__(self, item: str, source: str = "log-a") -> None:
        self.item, self.source, self.events, self.ids = item, source, list[CaseEvent](), count(1)

    def then(
        self,
        kind: EventType,
        when: str,
        payload: Payload | None = None,
        *,
        by: str | None = None,
        corrects: int = 0,
        flags: tuple[Flag, ...] = (),
    ) -> Story:
        number = next(self.ids)
        self.events.append(
            CaseEvent(
                event_id=UUID(int=number),
                event_type=kind,
                occurred_at=at(when),
                source_system=self.source,
                case_id="c9",
                payload=payload,
                item_implement_code=self.item,
                actor_officer_id=by,
                supersedes_event_id=UUID(int=corrects) if corrects else None,
                data_version=2 if corrects else 1,
                flags=flags,
            )
        )
        return self

    def accepted(self, when: str, promised_due_at: int | str | None = None) -> Story:
        return self.then(EventType.CASE_ACCEPTED, when, Acceptance(promised_due_at=promised_due_at))

    def step(self, code: str, when: str, by: str | None = None) -> Story:
        return self.then(EventType.STEP_COMPLETED, when, StepCompleted(step_code=code), by=by)

    def judged(self, clock: str) -> list[Standing]:
        now = at(clock)
        return sorted(worlds()[0].law.judge(self.events, {"old-log": now, "wall": now}))

    def told(self, clock: str) -> Told:
        return [(each.rule, each.level.value) for each in self.judged(clock)]


def test_a_promise_runs_from_notice_to_red() -> None:
    story = Story("lawless").accepted("2026-03-02T10:00")
    assert story.told("2026-03-03T23:59:59.999") == []
    assert story.told("2026-03-04T00:00") == [("T02", "notice")]
    assert story.told("2026-03-05T23:59:59.999") == [("T02", "notice")]
    assert story.told("2026-03-06T00:00") == [("T02", "notice"), ("T03", "yellow")]
    red = story.judged("2026-03-10T00:00")[-1]
    assert (red.rule, red.level, red.detected_at, red.due_at) == (
        "T03",
        Level.RED,
        at("2026-03-10T00:00"),
        at("2026-03-05T23:59:59.999"),
    )


def test_a_completion_on_the_due_instant_is_in_time_and_one_millisecond_on_is_late() -> None:
    in_time = Story("service").accepted("2026-03-02T10:00", promised_due_at=at("2026-03-05T15:00"))
    in_time.then(EventType.CASE_COMPLETED, "2026-03-05T15:00")
    late = Story("service").accepted("2026-03-02T10:00", promised_due_at=at("2026-03-05T15:00"))
    late.then(EventType.CASE_COMPLETED, "2026-03-05T15:00:00.001")
    assert in_time.told("2026-04-01T00:00") == [("T02", "notice")]
    assert late.told("2026-03-04T12:00") == [("T02", "notice"), ("T03", "yellow")]


def test_the_legal_end_silences_an_equal_promise() -> None:
    assert Story("equal").accepted("2026-03-02T10:00").told("2026-03-12T00:00") == [("T02", "notice"), ("T04", "red")]


def test_a_pause_begun_on_the_due_day_moves_the_instant_behind_it() -> None:
    story = Story("lawless").accepted("2026-03-02T10:00")
    pause = SpecialProcedureStarted(seq=1, kind=ProcedureKind.TESTING, declared_limit=2)
    story.then(EventType.SPECIAL_PROCEDURE_STARTED, "2026-03-05T16:00", pause)
    [yellow] = [each for each in story.judged("2026-03-10T12:00") if each.rule == "T03"]
    assert (yellow.detected_at, yellow.due_at) == (at("2026-03-10T00:00"), at("2026-03-05T23:59:59.999"))
    story.then(EventType.CASE_COMPLETED, "2026-03-06T09:00")
    [yellow] = [each for each in story.judged("2026-03-10T12:00") if each.rule == "T03"]
    assert yellow.detected_at == at("2026-03-06T09:00")


def test_an_acceptance_moved_later_is_red_and_the_clocks_keep_the_least() -> None:
    story = Story("lawless").accepted("2026-03-02T10:00")
    story.then(EventType.CASE_ACCEPTED, "2026-03-04T10:00", Acceptance(), corrects=1)
    told = story.judged("2026-03-06T00:00")
    assert [(each.rule, each.detected_at) for each in told] == [
        ("T02", at("2026-03-04T10:00")),
        ("P06", at("2026-03-04T10:00")),
        ("T03", at("2026-03-06T00:00")),
    ] or {each.rule for each in told} == {"T02", "P06", "T03"}


def test_one_person_with_two_accounts_is_one_person() -> None:
    story = Story("plain").step("review", "2026-03-03T10:00", by="O2").step("approve", "2026-03-04T10:00", by="O2-second-account")
    [found] = [each for each in story.judged("2026-03-05T00:00") if each.rule == "P02"]
    assert (found.level, found.segment, found.detected_at) == (Level.YELLOW, "0/review+approve", at("2026-03-04T10:00"))
    haste = Story("plain").step("review", "2026-03-04T09:50:00.001", by="O2").step("approve", "2026-03-04T10:00", by="O2")
    assert ("P02", "red") in haste.told("2026-03-05T00:00")


def test_a_review_that_never_happened_waits_for_the_grace_and_one_that_came_late_does_not() -> None:
    story = Story("plain", "hall").step("handle", "2026-03-02T09:00", by="O1").step("approve", "2026-03-04T10:00", by="O3")
    assert story.told("2026-03-04T10:29:59.999") == []
    assert story.told("2026-03-04T10:30") == [("P01", "yellow")]
    story.step("review", "2026-03-04T10:01:00.001", by="O1")
    assert story.told("2026-03-04T10:00") == [("P01", "yellow")]
    assert story.judged("2026-03-04T10:00")[0].detected_at == at("2026-03-04T10:00")


def test_a_test_case_is_silent() -> None:
    story = Story("lawless").accepted("2026-03-02T10:00").then(EventType.RESULT_PICKED_UP, "2026-03-03T10:00", flags=(Flag.TEST,))
    assert story.told("2026-12-01T00:00") == []


def test_a_deleted_acceptance_leaves_nothing_to_judge() -> None:
    story = Story("lawless").accepted("2026-03-02T10:00")
    [accepted] = story.events
    story.events.append(_delete(accepted))
    assert story.told("2026-12-01T00:00") == []


def _delete(event: CaseEvent) -> CaseEvent:
    from msgspec.structs import replace

    from supervision.event import SourceOp

    words = {"event_id": UUID(int=99), "data_version": 2, "supersedes_event_id": event.event_id, "source_op": SourceOp.DELETE}
    return replace(event, **words)


@pytest.mark.parametrize(
    ("hour", "counts"), [("08:44:59.999", True), ("08:45", False), ("12:00", True), ("13:30", False), ("18:00:00.001", True)]
)
def test_three_dates_of_three_acts_outside_hours_make_a_clue(hour: str, counts: bool) -> None:
    story = Story("service")
    for day in ("2026-03-03", "2026-03-05", "2026-03-09"):
        for number in range(3):
            story.step(f"s{number}", f"{day}T{hour}", by="O1")
    found = [(each.level, each.subject, each.segment) for each in story.judged("2026-04-01T00:00") if each.rule == "M02"]
    assert found == ([(Level.NOTICE, "officer:O1@old-log", "2026-03-09")] if counts else [])


def test_an_outage_withholds_what_is_detected_in_it() -> None:
    story = Story("lawless", "hall").accepted("2026-03-06T10:00")
    now = {"wall": at("2026-05-01T00:00")}
    states = {each.level: each.state for each in worlds()[1].law.judge(story.events, now) if each.rule == "T03"}
    assert states == {Level.YELLOW: State.WITHHELD, Level.RED: State.WITHHELD}


def test_a_receipt_that_nobody_answers_is_told_twice() -> None:
    story = Story("service").then(EventType.MATERIAL_RECEIVED, "2026-03-02T10:00", Submission())
    assert story.told("2026-03-03T23:59:59.999") == []
    assert story.told("2026-03-04T00:00") == [("T01", "notice")]
    assert story.told("2026-03-10T00:00") == [("T01", "notice"), ("T01", "red")]
    story.then(EventType.SUPPLEMENT_NOTIFIED, "2026-03-04T00:00", SupplementNotice())
    assert story.told("2026-03-10T00:00") == [("T01", "notice")]


@pytest.mark.parametrize(
    ("accepted", "detected_at", "due_at"),
    [
        (None, "2026-03-10T00:00", "2026-03-06T23:59:59.999"),
        ("2026-03-10T00:00", "2026-03-10T00:00", "2026-03-06T23:59:59.999"),
        ("2026-03-09T23:59:59.999", "2026-03-14T00:00", "2026-03-13T23:59:59.999"),
    ],
    ids=["never answered", "accepted a millisecond too late", "accepted in the last millisecond"],
)
def test_four_days_by_law_run_from_the_receipt_if_it_was_not_answered(accepted: str | None, detected_at: str, due_at: str) -> None:
    story = Story("unpromised").then(EventType.MATERIAL_RECEIVED, "2026-03-02T10:00", Submission())
    if accepted is not None:
        story.accepted(accepted)
    [legal] = [each for each in story.judged("2026-03-20T00:00") if each.rule == "T04"]
    assert (legal.detected_at, legal.due_at) == (at(detected_at), at(due_at))


def test_a_result_is_due_from_the_grant_and_its_certificate_from_the_completion() -> None:
    story = Story("service").then(EventType.DECISION_MADE, "2026-03-02T10:00", Decision(decision=DecisionResult.GRANTED))
    done = Completion(completion_result=CompletionResult.CERT_ISSUED)
    story.then(EventType.CASE_COMPLETED, "2026-03-04T10:00", done)
    found = [(each.level, each.segment, each.detected_at) for each in story.judged("2026-03-17T00:00") if each.rule == "T13"]
    assert found == [
        (Level.NOTICE, "0/ecert", at("2026-03-06T00:00")),
        (Level.YELLOW, "0", at("2026-03-07T00:00")),  # promised within four calendar days
        (Level.RED, "0", at("2026-03-17T00:00")),
    ]


@pytest.mark.parametrize(
    ("decided", "secrecy", "levels"),
    [
        (None, SecrecyClass.PUBLIC, ["notice", "yellow", "red"]),
        (DecisionResult.DENIED, SecrecyClass.PUBLIC, []),
        (None, SecrecyClass.PERSONAL, []),
        (None, None, []),
    ],
    ids=["a penalty", "no penalty", "a person's", "of no class"],
)
def test_penalties_of_a_public_class_are_published(
    decided: DecisionResult | None, secrecy: SecrecyClass | None, levels: list[str]
) -> None:
    story = Story("unpromised").then(EventType.DECISION_MADE, "2026-03-02T10:00", Decision(decision=decided))
    story.events = [replace(each, secrecy_class=secrecy) for each in story.events]
    assert [level for rule, level in story.told("2026-03-24T00:00") if rule == "D14"] == levels


def test_an_extension_is_red_behind_the_end_it_had_before_and_else_yellow() -> None:
    head = Extension(days=10, approver_post=ApproverPost.ORGAN_HEAD, reason_text="hard", notified_at=at("2026-03-06T10:00"))
    story = Story("unpromised").accepted("2026-03-02T10:00")
    story.then(EventType.EXTENSION_APPROVED, "2026-03-06T10:00", head)
    assert [level for rule, level in story.told("2026-03-20T00:00") if rule == "T09"] == []
    story.then(EventType.EXTENSION_APPROVED, "2026-03-20T23:59:59.999", head)
    assert [level for rule, level in story.told("2026-03-31T00:00") if rule == "T09"] == ["yellow"]
    story.then(EventType.EXTENSION_APPROVED, "2026-03-21T00:00", head)
    assert [level for rule, level in story.told("2026-03-31T00:00") if rule == "T09"] == ["yellow", "red"]


def test_that_nobody_told_the_applicant_of_an_extension_shows_when_the_day_for_it_is_over() -> None:
    silent = Extension(days=10, approver_post=ApproverPost.ORGAN_HEAD, reason_text="hard")
    story = Story("unpromised").accepted("2026-03-02T10:00").then(EventType.EXTENSION_APPROVED, "2026-03-06T10:00", silent)
    assert [each for each in story.told("2026-03-09T23:59:59.999") if each[0] == "T09"] == []
    [told] = [each for each in story.judged("2026-03-10T00:00") if each.rule == "T09"]
    assert (told.level, told.detected_at, told.due_at) == (Level.YELLOW, at("2026-03-10T00:00"), None)


def test_an_event_from_the_future_is_read_by_nothing_until_a_correction_has_a_possible_time() -> None:
    story = Story("lawless", "hall").accepted("2026-03-02T10:00").then(EventType.CASE_COMPLETED, "2026-03-05T10:05:00.001")
    story.events[-1] = replace(story.events[-1], received_at=at("2026-03-05T10:00"))
    [notice] = [each for each in story.judged("2026-03-06T00:30") if each.rule == "P16"]
    assert (notice.subject, notice.segment) == (f"event:hall/{UUID(int=2)}", "0/in_the_future")
    assert (notice.level, notice.detected_at, notice.due_at) == (Level.NOTICE, at("2026-03-05T10:00"), None)
    assert ("T03", "yellow") in story.told("2026-03-06T00:30"), "as if it had not come"
    story.then(EventType.CASE_COMPLETED, "2026-03-05T09:00", corrects=2)
    assert {"T03", "P16"}.isdisjoint(rule for rule, _ in story.told("2026-03-06T00:30"))


@pytest.mark.parametrize(
    ("source", "received"),
    [("hall", "2026-03-05T10:00:00.001"), ("hall", None), ("log-a", "2026-03-05T10:00")],
    ids=["five minutes", "no receipt", "the clock of a log"],
)
def test_what_may_have_happened_when_it_was_received_is_no_event_from_the_future(source: str, received: str | None) -> None:
    story = Story("lawless", source).accepted("2026-03-02T10:00").then(EventType.CASE_COMPLETED, "2026-03-05T10:05:00.001")
    story.events[-1] = replace(story.events[-1], received_at=None if received is None else at(received))
    assert {"T03", "P16"}.isdisjoint(rule for rule, _ in story.told("2026-03-06T00:30"))
