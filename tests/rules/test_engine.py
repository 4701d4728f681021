"""The case engine: what it says and when, what it forgets, what new reference data changes, and how its state travels."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Output, Size
from rules.packing import SnapshotError
from supervision.alert import Alert, Level, RevokeReason, State
from supervision.event import CaseEvent, ClockAdvanced, EventType, Flag, SourceOp
from supervision.payload import PAYLOADS
from supervision.reference import CalendarData, Entry, Item, Outage, Pair, Reference, Region, Source, Step, Waiver, Workflow
from supervision.refusal import Reason
from supervision.worktime import Limit
from tests.product import CARDS

BOOK = Rulebook(CARDS)

ZONE = ZoneInfo("Asia/Shanghai")
SOURCE = Source(name="hall", clock="log:hall", region_code="430111")
LIVE = Source(name="live", region_code="430111")
ITEM = Item(code="X", promised_limit=Limit(7), has_legal_limit=False)


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def event(number: int, kind: EventType, when: str, case_id: str = "1", *, source: str = "hall", **fields: Any) -> CaseEvent:
    payload = fields.pop("payload", {})
    return CaseEvent(
        event_id=UUID(int=number),
        event_type=kind,
        occurred_at=at(when),
        source_system=source,
        case_id=case_id,
        item_catalog_code="X",
        payload=PAYLOADS[kind](**payload),
        **fields,
    )


def accepted(number: int = 1, when: str = "2026-03-02T09:00", **fields: Any) -> CaseEvent:
    return event(number, EventType.CASE_ACCEPTED, when, **fields)


def completed(number: int, when: str, **fields: Any) -> CaseEvent:
    return event(number, EventType.CASE_COMPLETED, when, **fields)


def clock(when: str, name: str = "log:hall") -> ClockAdvanced:
    return ClockAdvanced(clock=name, to=at(when))


def engine(*entries: Entry) -> CaseEngine:
    return CaseEngine(BOOK, Reference([SOURCE, LIVE, ITEM, *entries]))


def said(output: Output) -> list[tuple[str, Level, State, int]]:
    return [(alert.rule_id, alert.level, alert.state, alert.revision) for alert in output.alerts]


def only(output: Output) -> Alert:
    assert len(output.alerts) == 1, said(output)
    return output.alerts[0]


def test_a_warning_then_a_card_come_when_the_clock_reaches_them() -> None:
    judge = engine()
    assert said(judge.process([accepted()])) == []
    assert said(judge.process([clock("2026-03-09T23:59")])) == []
    assert said(judge.process([clock("2026-03-10T00:00")])) == [("T02", Level.NOTICE, State.ISSUED, 1)]
    assert said(judge.process([clock("2026-03-11T23:59")])) == []
    card = only(judge.process([clock("2026-03-12T00:00")]))
    assert (card.rule_id, card.level, card.detected_at) == ("T03", Level.YELLOW, at("2026-03-12T00:00"))
    assert card.facts["due_day"] == "2026-03-11"
    assert card.evidence_event_ids == (UUID(int=1),)
    assert (card.revoke_reason, card.revoked_by_event_id) == (None, None)
    assert "2026-03-11" in card.description["zh"]


def test_an_alert_says_where_its_case_is_by_its_facts_else_by_the_catalogue() -> None:
    item = Item(code="X", name="Permit", item_type="05", promised_limit=Limit(7), has_legal_limit=False, department_id="D-9")
    judge = CaseEngine(BOOK, Reference([SOURCE, item]))
    judge.process([accepted(), accepted(2, case_id="2", region_code="430112", centre_id="C-1", department_id="D-1")])
    alerts = {alert.case_id: alert for alert in judge.process([clock("2026-03-12T00:00")]).alerts if alert.rule_id == "T03"}
    assert {(alert.item_code, alert.item_type, alert.facts["item_name"]) for alert in alerts.values()} == {("X", "05", "Permit")}
    assert {number: (alert.region_code, alert.owner_centre_id, alert.owner_department_id) for number, alert in alerts.items()} == {
        "1": ("430111", None, "D-9"),
        "2": ("430112", "C-1", "D-1"),
    }


def test_a_completion_reported_late_that_was_in_time_revokes_and_is_named() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-13T00:00")])
    revoked = {alert.rule_id: alert for alert in judge.process([completed(2, "2026-03-09T10:00")]).alerts}
    assert set(revoked) == {"T02", "T03"}
    assert revoked["T03"].state is State.REVOKED
    assert revoked["T03"].revision == 2
    assert revoked["T03"].revoke_reason is RevokeReason.FACT
    assert revoked["T03"].revoked_by_event_id == UUID(int=2)


def test_a_deleted_completion_brings_the_card_back_with_the_next_revision() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-13T00:00"), completed(2, "2026-03-09T10:00")])
    deletion = completed(3, "2026-03-09T10:00", data_version=2, source_op=SourceOp.DELETE, supersedes_event_id=UUID(int=2))
    assert ("T03", Level.YELLOW, State.ISSUED, 1) in said(judge.process([deletion]))


def test_a_correction_that_counts_no_version_and_is_of_another_type_is_judged_by_the_rules_of_both() -> None:
    judge = engine()
    judge.process([accepted(), completed(2, "2026-03-09T10:00"), clock("2026-03-13T00:00")])
    step = event(3, EventType.STEP_COMPLETED, "2026-03-09T10:00", payload={"step_code": "review"}, supersedes_event_id=UUID(int=2))
    assert ("T03", Level.YELLOW, State.ISSUED, 1) in said(judge.process([step]))


def test_a_first_fact_that_comes_last_has_its_case_judged_by_the_catalogue_of_its_day() -> None:
    """Not accepted, a case is judged by the reference data of its first fact: by the steps of then, though no receipt is read for
    them."""
    changed = at("2026-03-05T00:00")
    early, late = (Workflow(steps=(Step(code=code, mandatory=True),)) for code in ("handle", "approve"))
    reference = Reference(
        [SOURCE, Item(code="X", valid_to=changed, workflow=early), Item(code="X", valid_from=changed, workflow=late)]
    )
    facts = [event(1, EventType.MATERIAL_RECEIVED, "2026-03-04T10:00"), completed(2, "2026-03-09T10:00")]
    for order in (facts, facts[::-1]):
        judge = CaseEngine(Rulebook.load(only=("P01",)), reference)
        items = (order[0], clock("2026-03-10T00:00"), order[1])
        standing = {alert.segment: alert.state for item in items for alert in judge.process([item]).alerts}
        assert [segment for segment, state in standing.items() if state is State.ISSUED] == ["0/handle"]


def test_a_case_corrected_into_haste_is_raised_and_the_lower_card_revoked_for_it() -> None:
    item = Item(code="X", workflow=Workflow(separated=(Pair("review", "approve"),)), has_legal_limit=False)
    judge = CaseEngine(BOOK, Reference([SOURCE, item]))

    def step(number: int, code: str, when: str, **fields: Any) -> CaseEvent:
        fields |= {"payload": {"step_code": code}, "actor_officer_id": "O-1"}
        return event(number, EventType.STEP_COMPLETED, when, **fields)

    assert said(judge.process([step(1, "review", "2026-03-02T10:00"), step(2, "approve", "2026-03-02T11:00")])) == [
        ("P02", Level.YELLOW, State.ISSUED, 1)
    ]
    hasty = step(3, "approve", "2026-03-02T10:05", data_version=2, supersedes_event_id=UUID(int=2))
    output = judge.process([hasty])
    assert said(output) == [("P02", Level.YELLOW, State.REVOKED, 2), ("P02", Level.RED, State.ISSUED, 1)]
    assert output.alerts[0].revoke_reason is RevokeReason.RAISED


def test_a_duplicate_changes_nothing_and_is_not_kept_again() -> None:
    judge = engine()
    judge.process([accepted()])
    judge.changes()
    assert said(judge.process([accepted(), accepted()])) == []
    assert judge.changes() == []


def test_the_absence_of_a_stop_waits_for_the_grace_of_a_live_source_but_a_known_stop_does_not() -> None:
    judge = engine()
    judge.process([accepted(source="live")])
    assert said(judge.advance("wall", at("2026-03-10T00:29"))) == []
    assert said(judge.advance("wall", at("2026-03-10T00:30"))) == [("T02", Level.NOTICE, State.ISSUED, 1)]
    card = [alert for alert in judge.process([completed(2, "2026-03-12T09:00", source="live")]).alerts if alert.rule_id == "T03"]
    assert [alert.detected_at for alert in card] == [at("2026-03-12T00:00")]


def test_a_herd_of_deadlines_fires_in_portions_and_the_step_is_told_behind_the_last() -> None:
    judge = engine()
    judge.process([accepted(number, case_id=str(number)) for number in range(1, 26)])
    outputs = [judge.advance("log:hall", at("2026-03-12T00:00"), limit=10)]
    while outputs[-1].more:
        outputs.append(judge.advance("log:hall", at("2026-03-12T00:00"), limit=10))
    assert [len(output.alerts) for output in outputs] == [20, 20, 10]
    assert [len(output.steps) for output in outputs] == [0, 0, 1]
    assert [output.fired for output in outputs] == [10, 10, 5]
    assert {output.due_since for output in outputs} == {None}, "nobody waits for a log clock"


def test_what_the_wall_clock_woke_is_counted_with_the_instant_it_was_due() -> None:
    judge = engine()
    judge.process([accepted(number, case_id=str(number), source="live") for number in (1, 2, 3)])
    assert judge.size().subjects == 3
    assert judge.size().timers >= 3
    late = judge.advance("wall", at("2026-03-10T12:00"))
    assert (late.fired, late.due_since) == (3, at("2026-03-10T00:30")), "behind the grace of a live source"
    assert judge.size().bytes == sum(len(blob or b"") for key, blob in judge.changes() if key.startswith("live/"))


def test_an_engine_without_cases_keeps_and_wakes_nothing() -> None:
    judge = engine()
    assert judge.advance("wall", at("2026-03-10T12:00")).fired == 0
    assert judge.size() == Size(0, 0, 0)


def test_a_case_of_a_live_source_leaves_memory_and_a_late_fact_of_it_is_refused_by_name() -> None:
    judge = engine()
    judge.process([accepted(source="live"), completed(2, "2026-03-04T10:00", source="live")])
    judge.advance("wall", at("2026-03-09T23:59"))
    assert dict(judge.changes())["live/1"] is not None
    judge.advance("wall", at("2026-03-10T00:00"))
    changes = dict(judge.changes())
    assert changes["live/1"] is None
    late = completed(3, "2026-03-04T11:00", source="live")
    assert judge.process([late]).refused == [(late, Reason.CASE_FORGOTTEN)]
    again = engine()
    again.restore([(key, blob) for key, blob in changes.items() if blob is not None])
    assert again.process([late]).refused == [(late, Reason.CASE_FORGOTTEN)]


def test_a_case_on_a_log_clock_is_never_forgotten() -> None:
    judge = engine()
    judge.process([accepted(), completed(2, "2026-03-04T10:00"), clock("2026-12-01T00:00")])
    output = judge.process([completed(3, "2026-03-05T10:00", data_version=2, supersedes_event_id=UUID(int=2))])
    assert output.refused == []


def test_a_declared_outage_withholds_and_a_waiver_silences() -> None:
    outage = Outage(outage_id="1", source_system="hall", valid_from=at("2026-03-11T20:00"), valid_to=at("2026-03-12T08:00"))
    waiver = Waiver(waiver_id="1", rule_id="T02", subject_key="case:hall/1")
    judge = engine(outage, waiver)
    assert said(judge.process([accepted(), clock("2026-03-12T00:00")])) == [("T03", Level.YELLOW, State.WITHHELD, 1)]


def test_new_reference_data_is_judged_again_and_says_why_it_revokes() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-12T00:00")])
    longer = Item(code="X", promised_limit=Limit(30), has_legal_limit=False)
    judge.use(Reference([SOURCE, LIVE, longer]))
    output = judge.advance("log:hall", 0)
    assert {(alert.rule_id, alert.state, alert.revoke_reason) for alert in output.alerts} == {
        ("T02", State.REVOKED, RevokeReason.REFERENCE),
        ("T03", State.REVOKED, RevokeReason.REFERENCE),
    }


def test_a_year_without_calendar_is_an_alarm_and_judged_when_it_comes() -> None:
    local = CalendarData(name="local", years=(2026,), time_zone="Asia/Shanghai", holidays=("2026-12-31",))
    region = Region(code="430111", calendar="local")
    judge = engine(local, region)
    output = judge.process([accepted(when="2026-12-28T09:00"), clock("2027-01-20T00:00")])
    assert [(alarm.kind, alarm.subject, alarm.detail) for alarm in output.alarms] == [("calendar_missing", "local", "2027")]
    assert output.alerts == []
    longer = CalendarData(name="local", years=(2026, 2027), time_zone="Asia/Shanghai", holidays=("2026-12-31", "2027-01-01"))
    judge.use(Reference([SOURCE, LIVE, ITEM, longer, region]))
    found = {alert.rule_id for alert in judge.advance("log:hall", 0).alerts}
    assert found == {"T02", "T03"}


def test_state_travels_by_value_and_an_unknown_format_is_refused_by_name() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-10T00:00")])
    entries = [(key, blob) for key, blob in judge.changes() if blob is not None]
    again = engine()
    again.restore(entries)
    assert again.clocks() == {"log:hall": at("2026-03-10T00:00")}
    assert said(again.process([clock("2026-03-12T00:00")])) == [("T03", Level.YELLOW, State.ISSUED, 1)]
    with pytest.raises(SnapshotError, match="format"):
        engine().restore([("hall/1", b"\x91\x07")])


def test_the_state_of_a_source_is_told_from_the_list_of_words_whatever_its_name() -> None:
    reference = Reference([Source(name="=w0", clock="log:hall", region_code="430111"), ITEM])
    judge, again = CaseEngine(BOOK, reference), CaseEngine(BOOK, reference)
    judge.process([accepted(source="=w0")])
    again.restore([(key, blob) for key, blob in judge.changes() if blob is not None])
    assert ("T03", Level.YELLOW, State.ISSUED, 1) in said(again.process([clock("2026-03-12T00:00")]))


def test_flagged_test_cases_are_silent_even_if_the_flag_comes_last() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-12T00:00")])
    output = judge.process([event(5, EventType.MATERIAL_RECEIVED, "2026-03-02T08:00", flags=(Flag.TEST,))])
    assert {alert.state for alert in output.alerts} == {State.REVOKED}
    assert len(output.alerts) == 2


def test_the_mark_of_a_forgotten_case_goes_after_its_days() -> None:
    judge = engine()
    judge.process([accepted(source="live"), completed(2, "2026-03-04T10:00", source="live")])
    judge.advance("wall", at("2026-03-10T00:00"))
    mark = next(key for key, blob in judge.changes() if blob is not None and key.startswith("~"))
    judge.advance("wall", at("2026-06-07T23:00"))
    judge.changes()
    judge.advance("wall", at("2026-06-08T01:00"))
    assert dict(judge.changes())[mark] is None


def test_a_timer_of_a_year_without_calendar_does_not_hold_up_the_others() -> None:
    local = CalendarData(name="local", years=(2026,), time_zone="Asia/Shanghai")
    judge = engine(local, Region(code="430111", calendar="local"), Region(code="430200", calendar="CN"))
    other = Source(name="hall", clock="log:hall")
    judge.use(Reference([other, LIVE, ITEM, local, Region(code="430111", calendar="local")]))
    judge.process([accepted(when="2026-12-18T09:00", region_code="430111"), clock("2027-02-01T00:00")])
    assert judge.process([accepted(3, case_id="2", region_code="110000"), clock("2027-02-02T00:00")]).more is False
