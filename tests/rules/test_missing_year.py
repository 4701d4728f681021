"""Where the calendar ends: levels that can be dated are judged in their time, and only those that cannot wait for the next year."""

from __future__ import annotations

from typing import Any

from rules.engine import CaseEngine
from rules.output import Output
from supervision.alert import Level, State
from supervision.event import EventType
from supervision.reference import CalendarData, Entry, Item, Reference, Region
from supervision.worktime import Limit
from tests.rules.test_engine import BOOK, LIVE, SOURCE, accepted, at, clock, completed, event

REGION = Region(code="430111", calendar="local")


def calendar(*years: int) -> CalendarData:
    return CalendarData(name="local", version="1", years=years, time_zone="Asia/Shanghai")


def reference(*years: int, **item: Any) -> Reference:
    usual: dict[str, Any] = {"promised_limit": Limit(60), "has_legal_limit": False}
    entries: list[Entry] = [SOURCE, LIVE, REGION, calendar(*years), Item(code="X", **(usual | item))]
    return Reference(entries, version=f"{years} {item}")


def engine(*years: int, **item: Any) -> CaseEngine:
    return CaseEngine(BOOK, reference(*years, **item))


def said(output: Output) -> list[tuple[str, Level, State]]:
    return sorted((alert.rule_id, alert.level, alert.state) for alert in output.alerts)


def alarms(output: Output) -> list[tuple[str, str, str]]:
    return [(alarm.kind, alarm.subject, alarm.detail) for alarm in output.alarms]


ISSUED = State.ISSUED
LONELY = [("T17", Level.NOTICE, ISSUED)]
MISSING = ("calendar_missing", "local", "2027")


def test_the_notice_comes_in_its_time_and_the_yellow_when_the_calendar_does() -> None:
    judge = engine(2026)
    output = judge.process([accepted(when="2026-11-23T09:00"), accepted(2, when="2026-11-23T09:00", case_id="2")])
    assert alarms(output) == [MISSING], "once for both cases"
    assert said(judge.process([clock("2026-12-14T23:59:59.999")])) == []
    output = judge.process([clock("2026-12-15T00:00")])
    assert (said(output), alarms(output)) == (LONELY * 2, [])
    assert {alert.detected_at for alert in output.alerts} == {at("2026-12-15T00:00")}
    assert said(judge.process([clock("2027-02-01T00:00")])) == []
    judge.use(reference(2026, 2027))
    output = judge.advance("log:hall", 0)
    found = [alert for alert in output.alerts if alert.rule_id == "T17"]
    assert {(alert.level, alert.detected_at) for alert in found} == {(Level.YELLOW, at("2027-01-05T00:00"))}
    assert (len(found), alarms(output)) == (2, [])


def test_a_late_fact_finds_the_notice_though_the_year_is_over() -> None:
    judge = engine(2026)
    assert said(judge.process([clock("2027-01-10T00:00"), accepted(when="2026-11-23T09:00")])) == LONELY


def test_a_fact_before_that_year_leaves_nothing_to_wait_for() -> None:
    told = [accepted(when="2026-11-23T09:00", source="live"), completed(2, "2026-12-10T09:00", source="live")]
    long, short = engine(2026), engine(2026, promised_limit=Limit(15))
    assert (alarms(long.process(told)), alarms(short.process(told))) == ([MISSING], [])
    for judge in (long, short):
        for day in ("2026-12-11", "2026-12-20", "2026-12-30"):
            judge.advance("wall", at(f"{day}T00:00"))
    assert short.size().subjects == 0
    assert long.size().subjects == 1, "nobody knows yet whether T02 should have spoken"


def test_yellow_does_not_wait_for_red_nor_for_the_legal_limit() -> None:
    judge = engine(2026, promised_limit=Limit(7), has_legal_limit=True, legal_limit=Limit(30))
    judge.process([accepted(when="2026-12-21T09:00")])
    assert said(judge.process([clock("2026-12-31T00:00")])) == [("T02", Level.NOTICE, ISSUED), ("T03", Level.YELLOW, ISSUED)]
    assert said(judge.process([clock("2027-03-01T00:00")])) == []
    judge.use(reference(2026, 2027, promised_limit=Limit(7), has_legal_limit=True, legal_limit=Limit(30)))
    found = said(judge.advance("log:hall", 0))
    assert ("T03", Level.RED, ISSUED) in found
    assert ("T04", Level.RED, ISSUED) in found


def test_a_pause_into_that_year_hides_no_alert_before_it() -> None:
    judge = engine(2026, promised_limit=Limit(7))
    started = event(
        2, EventType.SPECIAL_PROCEDURE_STARTED, "2026-12-28T09:00", payload={"seq": 1, "kind": "testing", "declared_limit": 9}
    )
    judge.process([accepted(when="2026-12-01T09:00"), clock("2026-12-11T00:00")])
    assert {state for _, _, state in said(judge.process([started]))} == {ISSUED}, "again, with the pause; none is revoked"
    late = engine(2026, promised_limit=Limit(7))
    late.process([accepted(when="2026-12-01T09:00"), started])
    assert ("T03", Level.YELLOW, ISSUED) in said(late.process([clock("2026-12-28T00:00")]))


def test_a_step_without_an_end_waits_alone() -> None:
    judge = engine(2026, promised_limit=Limit(10))
    step = {"step_code": "a", "step_limit": 2}
    judge.process(
        [
            accepted(when="2026-12-21T09:00"),
            event(2, EventType.STEP_STARTED, "2026-12-21T10:00", payload=step),
            event(3, EventType.STEP_STARTED, "2026-12-30T10:00", payload={"step_code": "b", "step_limit": 2}),
        ]
    )
    found = [alert for alert in judge.process([clock("2026-12-30T00:00")]).alerts if alert.rule_id == "T05"]
    assert [(alert.level, alert.responsible_step) for alert in found] == [(Level.NOTICE, "a"), (Level.YELLOW, "a")]


def test_data_that_is_taken_away_revokes_nothing_said_by_it() -> None:
    judge = engine(2025, 2026, promised_limit=Limit(7))
    before = judge.process([accepted(when="2026-03-02T09:00"), clock("2026-05-20T00:00")])
    assert {alert.rule_id for alert in before.alerts} == {"T02", "T03", "T17"}
    judge.use(reference(2025, promised_limit=Limit(7)))
    output = judge.advance("log:hall", 0)
    assert (said(output), alarms(output)) == ([], [("calendar_missing", "local", "2026")])
    assert said(judge.process([event(2, EventType.FEE_PAID, "2026-05-20T00:00")])) == []
    judge.use(reference(2025, 2026, promised_limit=Limit(7)))
    assert said(judge.advance("log:hall", 0)) == [], "it comes back as it was"


def test_an_extension_shows_its_faults_though_nobody_knows_by_when_to_tell() -> None:
    judge = engine(2026, has_legal_limit=True, legal_limit=Limit(20))
    payload = {"days": 30, "approver_post": "organ_head", "reason_text": "hard"}
    told = [accepted(when="2026-12-21T09:00"), event(2, EventType.EXTENSION_APPROVED, "2026-12-31T10:00", payload=payload)]
    (found,) = (alert for alert in judge.process(told).alerts if alert.rule_id == "T09")
    assert (found.level, found.facts["faults"]) == (Level.YELLOW, ["too_many_days"])
    judge.process([clock("2027-01-20T00:00")])
    judge.use(reference(2026, 2027, has_legal_limit=True, legal_limit=Limit(20)))
    (later,) = (alert for alert in judge.advance("log:hall", 0).alerts if alert.rule_id == "T09")
    assert (later.alert_id, later.revision, later.facts["faults"]) == (found.alert_id, 2, ["too_many_days", "not_told"])


def test_an_end_before_a_pause_into_that_year_is_passed_by_a_completion_before_it() -> None:
    """Its instant lies behind the pause, nobody knows where; that the case was completed late is known all the same."""
    judge = engine(2026, promised_limit=Limit(7))
    started = event(
        2, EventType.SPECIAL_PROCEDURE_STARTED, "2026-12-28T17:00", payload={"seq": 1, "kind": "testing", "declared_limit": 9}
    )
    judge.process([accepted(when="2026-12-17T09:00"), started])
    assert ("T03", Level.YELLOW, ISSUED) not in said(judge.process([clock("2026-12-30T00:00")]))
    output = judge.process([completed(3, "2026-12-30T10:00")])
    (late,) = (alert for alert in output.alerts if alert.rule_id == "T03")
    assert (late.level, late.detected_at, late.due_at) == (Level.YELLOW, at("2026-12-30T10:00"), at("2026-12-29T00:00") - 1)


def test_what_an_act_in_that_year_signals_comes_with_the_calendar() -> None:
    """Whether a decision was made in office hours, nobody knows before; that it was made is told at once."""
    judge = engine(2026)
    assert alarms(judge.process([accepted(when="2026-12-28T09:00")])) == [MISSING]
    decided = event(2, EventType.DECISION_MADE, "2027-01-04T22:30", actor_officer_id="O-1", payload={"decision": "granted"})
    assert [signal.kind for signal in judge.process([decided]).signals] == ["M10"]
    judge.use(reference(2026, 2027))
    assert [(signal.kind, signal.fact_id) for signal in judge.advance("log:hall", 0).signals] == [("M02", decided.event_id)]
