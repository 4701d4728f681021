"""The subject engine: nothing is judged before the watermark, late signals judge again, and withdrawn ones revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rules.book import Rulebook
from rules.output import Item, Output
from rules.subjects import SubjectEngine
from supervision.alert import Disposition, Level, State, Visibility
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.payload import PAYLOADS
from supervision.reference import Reference, Source
from supervision.signal import ClockStep, Signal

ZONE = ZoneInfo("Asia/Shanghai")
BOOK = Rulebook.load()
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
    assert said(judge.process([withdrawn])) == [(Level.YELLOW, State.REVOKED, "2026-03-09")]
    assert said(judge.process([late])) == [], "an older revision changes nothing"


def test_a_grant_at_night_is_a_clue_at_once() -> None:
    judge = engine()
    night = hit(1, "2026-03-02T22:00", "1", night_grant=True)
    output = judge.process([night, own("2026-03-03T00:00"), step("2026-03-03T00:00")])
    assert said(output) == [(Level.YELLOW, State.ISSUED, "2026-03-02")]
    assert output.alerts[0].facts["reason"] == "night_grant"


def test_approved_overtime_excuses_once_it_is_known_and_reached() -> None:
    judge = engine()
    judge.process([*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")])
    leave = CaseEvent(
        event_id=UUID(int=99),
        event_type=EventType.LEAVE_APPROVED,
        occurred_at=at("2026-03-09T18:00"),
        source_system="hall",
        subject="officer:O-1",
        payload=PAYLOADS[EventType.LEAVE_APPROVED](
            officer_id="O-1", kind="overtime", from_=at("2026-03-09T18:00"), to=at("2026-03-09T21:00")
        ),
    )
    assert said(judge.process([leave])) == [(Level.YELLOW, State.REVOKED, "2026-03-09")]


def test_state_travels_by_value_at_any_point() -> None:
    items: list[Item] = [*three_days(), own("2026-03-10T00:00"), step("2026-03-10T00:00")]
    for cut in range(len(items) + 1):
        first = engine()
        before = first.process(items[:cut])
        second = engine()
        second.restore([(key, blob) for key, blob in first.changes() if blob is not None])
        assert said(before) + said(second.process(items[cut:])) == [(Level.YELLOW, State.ISSUED, "2026-03-09")], cut


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
