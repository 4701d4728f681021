"""The subject engine: nothing is judged before the watermark, late signals judge again, and withdrawn ones revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules import subjects
from rules.book import Rulebook
from rules.output import Item as Incoming
from rules.output import Output
from rules.subjects import SubjectEngine
from supervision.alert import Disposition, Level, RevokeReason, State, Visibility
from supervision.durations import DAY_MS
from supervision.event import CaseEvent, ClockAdvanced, EventType, SourceOp
from supervision.payload import PAYLOADS
from supervision.reference import Item, Reference, Source
from supervision.signal import ClockStep, Signal
from tests.product import CARDS

BOOK = Rulebook(CARDS)

ZONE = ZoneInfo("Asia/Shanghai")
SOURCE = Source(name="hall", clock="log:hall", region_code="430111")
LIVE = Source(name="live", late_grace_s=1800)
OFFICER = "officer:O-1@log:hall"


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def hit(number: int, when: str, case_id: str, party: str = "AG-1", **fields: Any) -> Signal:
    instant = at(when)
    data = {
        "day": datetime.fromisoformat(when).date().toordinal(),
        "officer": "O-1",
        "agent_org_id": party,
        "hit": True,
        "night_grant": fields.pop("night_grant", False),
        "region": "430111",
    }
    known: dict[str, Any] = {"subject": OFFICER, "clock": "log:hall", "source_system": "hall", "revision": 1} | fields
    return Signal(kind="M02", fact_id=UUID(int=number), at=instant, case_id=case_id, data=data, **known)


def three_days(party: str = "AG-1") -> list[Signal]:
    """Three hits on each of Mon 03-02, Wed 03-04 and Mon 03-09, each of a case of its own."""
    days = ("2026-03-02", "2026-03-04", "2026-03-09")
    return [
        hit(day * 10 + number, f"{date}T19:{number}0", f"{day}{number}", party if number < 2 else f"{party}-{day}")
        for day, date in enumerate(days)
        for number in range(3)
    ]


def step(when: str, partition: int = 0) -> ClockStep:
    return ClockStep(partition=partition, clock="log:hall", to=at(when))


def own(when: str) -> ClockAdvanced:
    return ClockAdvanced(clock="log:hall", to=at(when))


def engine(case_partitions: int = 1) -> SubjectEngine:
    return SubjectEngine(BOOK, Reference([SOURCE, LIVE]), 0, case_partitions)


def said(output: Output) -> list[tuple[Level, State, str]]:
    return [(alert.level, alert.state, alert.segment) for alert in output.alerts]


def test_three_dates_with_three_hits_of_one_party_are_a_clue_for_the_discipline_organ_only() -> None:
    judge = engine()
    output = judge.process([*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    assert said(output) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]
    clue = output.alerts[0]
    assert (clue.disposition, clue.visibility) == (Disposition.CLUE, Visibility.DISCIPLINE_ONLY)
    assert clue.subject_key == OFFICER
    assert clue.detected_at == at("2026-03-09T19:20")
    assert clue.facts["dates"] == 3
    assert len(clue.evidence_event_ids) == 9


def test_many_parties_are_a_notice() -> None:
    days = [day for day in (2, 4, 9) for _ in range(3)]
    hits = [hit(n, f"2026-03-0{day}T19:{n % 3}0", str(n), f"AG-{n}") for n, day in enumerate(days)]
    judge = engine()
    output = judge.process([*hits, own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    assert said(output) == [(Level.NOTICE, State.ISSUED, "2026-03-09")]


def test_nothing_is_judged_before_every_partition_has_told_its_step() -> None:
    judge = engine(case_partitions=2)
    assert said(judge.process([*three_days(), step("2026-03-10T00:00", 0)])) == []
    assert said(judge.process([own("2026-03-10T00:00")])) == []
    assert said(judge.process([step("2026-03-09T19:19", 1)])) == []
    assert said(judge.process([step("2026-03-09T19:20", 1)])) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]


def test_a_late_signal_is_judged_again_and_a_withdrawn_one_revokes() -> None:
    *early, late = three_days()
    judge = engine()
    assert said(judge.process([*early, own("2026-03-10T00:00"), step("2026-03-10T00:00")])) == []
    assert said(judge.process([late])) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]
    withdrawn = hit(22, "2026-03-09T19:20", "22", revision=2, withdrawn=True)
    output = judge.process([withdrawn])
    assert said(output) == [(Level.YELLOW, State.REVOKED, "2026-03-09")]
    assert (output.alerts[0].revoke_reason, output.alerts[0].revoked_by_event_id) == (RevokeReason.FACT, withdrawn.fact_id)
    assert said(judge.process([late])) == [], "an older revision changes nothing"


def test_a_grant_at_night_is_a_clue_at_once() -> None:
    judge = engine()
    night = hit(1, "2026-03-02T22:00", "1", night_grant=True)
    output = judge.process([night, own("2026-03-03T00:00"), step("2026-03-03T00:00")])
    assert said(output) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]
    assert output.alerts[0].facts["reason"] == "night_grant"


def overtime(number: int, since: str, until: str) -> CaseEvent:
    """Approved as it begins."""
    return CaseEvent(
        event_id=UUID(int=number),
        event_type=EventType.LEAVE_APPROVED,
        occurred_at=at(since),
        source_system="hall",
        subject="officer:O-1",
        payload=PAYLOADS[EventType.LEAVE_APPROVED](officer_id="O-1", kind="overtime", from_=at(since), to=at(until)),
    )


def test_approved_overtime_excuses_once_it_is_known_and_reached() -> None:
    judge = engine()
    judge.process([*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    assert said(judge.process([overtime(99, "2026-03-09T18:00", "2026-03-09T21:00")])) == [
        (Level.YELLOW, State.REVOKED, "2026-03-09")
    ]


def test_a_correction_of_another_officers_leave_leaves_that_as_it_is() -> None:
    """As one of another case's fact would: it is kept under the officer it names, where the other is not known."""
    judge = engine()
    known = overtime(99, "2026-03-09T18:00", "2026-03-09T21:00")
    assert said(judge.process([known, *three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])) == []
    corrected = replace(known, event_id=UUID(int=100), data_version=2, supersedes_event_id=known.event_id)
    of_another = replace(corrected, subject="officer:O-2", payload=replace(known.payload, officer_id="O-2"))
    assert said(judge.process([of_another])) == []
    deleted = replace(corrected, event_id=UUID(int=101), source_op=SourceOp.DELETE)
    assert said(judge.process([deleted])) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]


def test_overtime_counts_however_much_was_approved_before_and_once_however_often_it_is_told() -> None:
    judge = engine()
    judge.process([*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    other = overtime(98, "2026-03-05T18:00", "2026-03-05T21:00")
    assert said(judge.process([other])) == [], "of a date without acts"
    size = judge.size().bytes
    assert said(judge.process([other])) == []
    assert judge.size().bytes == size
    assert said(judge.process([overtime(99, "2026-03-09T18:00", "2026-03-09T21:00")])) == [
        (Level.YELLOW, State.REVOKED, "2026-03-09")
    ]


def test_state_travels_by_value_at_any_point() -> None:
    items: list[Incoming] = [*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")]
    for cut in range(len(items) + 1):
        first = engine()
        before = first.process(items[:cut])
        second = engine()
        second.restore([(key, blob) for key, blob in first.changes() if blob is not None])
        assert said(before) + said(second.process(items[cut:])) == [(Level.YELLOW, State.ISSUED, "2026-03-09")], cut


def test_how_far_the_clocks_are_lies_under_the_empty_key() -> None:
    judge = engine()
    judge.process([step("2026-03-10T00:00")])
    assert [key for key, _ in judge.changes()] == [""]
    assert judge.changes() == []


def test_on_the_wall_clock_old_hits_are_dropped_and_what_was_said_of_them_stands() -> None:
    judge = engine()
    live = [
        hit(n, f"2026-03-0{day}T19:{n % 3}0", str(n), subject="officer:O-1", clock="wall", source_system="live")
        for n, day in enumerate(day for day in (2, 4, 9) for _ in range(3))
    ]
    told = ClockStep(partition=0, clock="wall", to=at("2026-03-10T00:00"))
    judge.process([*live, told])
    assert said(judge.advance("wall", at("2026-03-10T00:00"))) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]
    judge.process([ClockStep(partition=0, clock="wall", to=at("2026-08-03T00:00"))])
    judge.advance("wall", at("2026-08-03T00:00"))
    fresh = hit(50, "2026-08-01T10:00", "50", subject="officer:O-1", clock="wall", source_system="live")
    assert said(judge.process([fresh])) == []
    size = max(len(blob or b"") for _, blob in judge.changes())
    again = hit(51, "2026-08-01T11:00", "51", subject="officer:O-1", clock="wall", source_system="live")
    assert said(judge.process([again])) == []
    assert size < 3000


def test_what_the_wall_clock_woke_is_counted_with_the_instant_it_waited_for() -> None:
    judge = engine()
    live = [hit(n, f"2026-03-02T19:{n}0", str(n), subject=f"officer:O-{n}", clock="wall", source_system="live") for n in (1, 2)]
    assert judge.process([*live, ClockStep(partition=0, clock="wall", to=at("2026-03-02T20:00"))]).fired == 0
    reached = judge.advance("wall", at("2026-03-02T20:00"))
    assert (reached.fired, reached.due_since) == (2, at("2026-03-02T19:10"))
    assert judge.advance("wall", at("2026-03-02T20:01")).fired == 0


ITEM = "officer_item:O-1/X@log:hall"


def decided(number: int, when: int, *, granted: bool = True, **fields: Any) -> Signal:
    """A decision of O-1 on item X; `when`: seconds after nine on 2026-03-02."""
    data = {"day": at("2026-03-02T09:00") // DAY_MS + 719_163, "hit": granted, "officer": "O-1", "item": "X", "region": "430111"}
    known: dict[str, Any] = {"subject": ITEM, "clock": "log:hall", "source_system": "hall", "revision": 1} | fields
    told: dict[str, Any] = {"kind": "M10", "fact_id": UUID(int=number), "case_id": str(number), "data": data}
    return Signal(at=at("2026-03-02T09:00") + 1000 * when, **(told | known))


def burst(count: int = 20) -> list[Incoming]:
    return [decided(number, 20 * number) for number in range(1, count + 1)]


def ended() -> list[Incoming]:
    return [own("2026-03-03T00:00"), step("2026-03-03T00:00")]


def test_twenty_grants_are_a_burst_in_any_order_and_however_often_they_come() -> None:
    for signals in (burst(), burst()[::-1], [*burst(), *burst()]):
        assert said(engine().process([*signals, *ended()])) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]
    assert said(engine().process([*burst(19), decided(1, 20), *ended()])) == []


@pytest.mark.parametrize(("items", "name"), [((), "X"), ((Item(code="X", name="licence"),), "licence")], ids=["unknown", "known"])
def test_a_clue_names_the_item_as_the_catalogue_does_else_by_its_code(items: tuple[Item, ...], name: str) -> None:
    judge = SubjectEngine(BOOK, Reference([SOURCE, LIVE, *items]))
    (clue,) = judge.process([*burst(), *ended()]).alerts
    assert (clue.item_code, clue.facts["item_code"], clue.facts["item_name"]) == ("X", "X", name)


def test_a_clue_tells_whom_and_where_it_is_about() -> None:
    where: Any = decided(1, 0).data | {"centre": "C-1", "department_id": "D-1"}
    (clue,) = engine().process([*(decided(number, 20 * number, data=where) for number in range(1, 21)), *ended()]).alerts
    assert (clue.responsible_officer_ids, clue.owner_department_id, clue.owner_centre_id) == (("O-1",), "D-1", "C-1")
    assert (clue.region_code, clue.source_system, clue.case_id, clue.due_at) == ("430111", None, None, None)
    assert (clue.item_type, clue.responsible_step) == (None, None)
    told = [clue.facts[name] for name in ("officer", "centre_id", "date", "time_zone")]
    assert told == ["O-1", "C-1", "2026-03-02", "Asia/Shanghai"]


def test_a_withdrawn_grant_revokes_and_one_that_comes_back_is_said_again() -> None:
    judge = engine()
    judge.process([*burst(), *ended()])
    withdrawn = decided(7, 140, revision=2, withdrawn=True, data={})
    assert said(judge.process([withdrawn])) == [(Level.YELLOW, State.REVOKED, "2026-03-02")]
    assert said(judge.process([decided(7, 140)])) == [], "an older revision changes nothing"
    assert said(judge.process([decided(7, 140, revision=3)])) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]


def test_a_denial_corrected_into_a_grant_is_counted() -> None:
    judge = engine()
    assert said(judge.process([*burst(19), decided(20, 400, granted=False), *ended()])) == []
    assert said(judge.process([decided(20, 400, revision=2)])) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]


def test_a_grant_that_moves_to_another_date_is_counted_there_only() -> None:
    judge = engine()
    judge.process([*burst(), *ended()])
    data: Any = decided(7, 0).data | {"day": decided(7, 0).data["day"] + 1}
    assert said(judge.process([decided(7, 90_000, revision=2, data=data)])) == [(Level.YELLOW, State.REVOKED, "2026-03-02")]
    assert said(judge.process([decided(7, 140)])) == [], "the revision before is not taken for a new one"
    judge.process([own("2026-03-05T00:00"), step("2026-03-05T00:00")])
    assert said(judge.process([decided(7, 140, revision=3)])) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]


def test_signals_of_two_rules_about_one_officer_do_not_meet() -> None:
    judge = engine()
    foreign: list[Incoming] = [decided(number, 20 * number, subject=OFFICER, kind="M02") for number in range(1, 21)]
    output = judge.process([*foreign, *three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    assert {alert.rule_id for alert in output.alerts} == {"M02"}


def test_signals_of_rules_that_are_off_are_left_alone() -> None:
    judge = engine()
    assert judge.process([decided(1, 0, kind="X99"), *ended()]).dropped == 0
    assert judge.size().subjects == 0


def test_a_subject_keeps_no_more_than_its_bound_and_says_how_many_it_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MOST", 8)
    judge = engine()
    output = judge.process([*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    assert said(output) == [(Level.YELLOW, State.ISSUED, "2026-03-09")]
    assert output.dropped == 3, "the oldest date has gone"
    late = hit(50, "2026-03-02T19:40", "late")
    assert said(judge.process([late])) == [], "what was said stands, and a date that is gone is not judged again"
    many: list[Incoming] = [hit(100 + number, "2026-03-09T20:00", str(number)) for number in range(9)]
    assert judge.process(many).dropped > 0, "of one date no more come in"
    assert all(alert.state is not State.REVOKED for alert in judge.process([hit(60, "2026-03-09T21:00", "x")]).alerts)


def test_a_signal_more_costs_what_its_page_costs_and_not_the_folder() -> None:
    judge = engine()
    judge.process(
        [*(hit(number, f"2026-03-{1 + number % 28:02}T19:00", str(number)) for number in range(2_800)), step("2026-04-01T00:00")]
    )
    judge.changes()
    judge.process([hit(9_000, "2026-03-05T19:30", "one more")])
    changed = {key: len(blob or b"") for key, blob in judge.changes() if key}
    assert len(changed) == 2, "its page and the folder"
    assert sum(changed.values()) < judge.size().bytes / 5


def test_what_no_window_needs_any_more_leaves_memory_with_its_subject() -> None:
    judge = engine()
    live: list[Incoming] = [
        decided(number, number, subject="officer_item:O-1/X", clock="wall", source_system="live") for number in range(30)
    ]
    judge.process([*live, ClockStep(partition=0, clock="wall", to=at("2026-03-03T00:00"))])
    assert said(judge.advance("wall", at("2026-03-03T00:00"))) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]
    judge.process([ClockStep(partition=0, clock="wall", to=at("2026-04-20T00:00"))])
    judge.advance("wall", at("2026-04-20T00:00"))
    gone = [key for key, blob in judge.changes() if blob is None]
    assert len(gone) == 1, "the page"
    judge.process([ClockStep(partition=0, clock="wall", to=at("2026-12-01T00:00"))])
    judge.advance("wall", at("2026-12-01T00:00"))
    assert judge.size().bytes < 2_000, "only what was said is left"
