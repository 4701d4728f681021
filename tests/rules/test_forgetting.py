"""What a missing calendar year does to a live case, and reference data that changed while nobody judged."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from rules.engine import CaseEngine
from rules.forgetting import FOR_GOOD, GRAVE_DAYS, Graveyard, is_grave
from supervision.alert import State
from supervision.durations import DAY_MS, HOUR_MS
from supervision.event import EventType
from supervision.reference import CalendarData, Item, Reference, Region
from supervision.worktime import Limit
from tests.rules.test_engine import BOOK, ITEM, LIVE, SOURCE, accepted, at, clock, engine, event

REGION = Region(code="430111", calendar="local")


def local(*years: int) -> CalendarData:
    return CalendarData(name="local", years=years, time_zone="Asia/Shanghai")


def test_a_date_in_a_year_without_calendar_stops_nothing_and_the_case_stays() -> None:
    judge = engine()
    for number, day in ((1, "1990-01-01T08:00"), (2, "2150-01-01T08:00")):
        output = judge.process([event(number, EventType.RESULT_PUBLISHED, day, case_id=str(number), source="live")])
        assert output.alarms == [], "no rule lacks that year"
    assert not judge.advance("wall", at("2026-07-01T00:00")).more


def test_a_case_that_waits_for_a_calendar_year_is_not_forgotten() -> None:
    judge = CaseEngine(BOOK, Reference([SOURCE, LIVE, ITEM, local(2026), REGION]))
    judge.process([accepted(when="2026-12-24T09:00", source="live")])
    judge.process([event(2, EventType.STEP_STARTED, "2026-12-24T10:00", source="live", payload={"step_code": "review"})])
    judge.advance("wall", at("2026-12-31T12:00"))
    judge.use(Reference([SOURCE, LIVE, ITEM, local(2026, 2027), REGION]))
    assert "T03" in {alert.rule_id for alert in judge.advance("wall", at("2027-01-20T00:00")).alerts}


def test_a_catalogue_that_changed_while_nobody_judged_is_judged_by_all_the_same() -> None:
    judge = engine()
    judge.process([accepted(), clock("2026-03-12T00:00")])
    longer = Reference([SOURCE, LIVE, Item(code="X", promised_limit=Limit(30), has_legal_limit=False)])
    restarted = CaseEngine(BOOK, longer)
    restarted.restore([(key, blob) for key, blob in judge.changes() if blob is not None])
    assert {(alert.rule_id, alert.state) for alert in restarted.advance("log:hall", 0).alerts} == {
        ("T02", State.REVOKED),
        ("T03", State.REVOKED),
    }
    again = CaseEngine(BOOK, longer)
    again.restore([(key, blob) for key, blob in restarted.changes() if blob is not None])
    assert not again.advance("log:hall", 0, limit=1).more


def test_an_event_from_the_future_does_not_keep_its_case_until_then_nor_is_it_forgotten_with_the_engine() -> None:
    judge = engine()
    ahead = replace(event(1, EventType.CASE_COMPLETED, "2199-01-01T00:00", source="live"), received_at=at("2026-03-02T10:00"))
    [notice] = judge.process([ahead]).alerts
    assert (notice.rule_id, notice.detected_at, notice.facts["occurred_at"]) == ("P16", at("2026-03-02T10:00"), ahead.occurred_at)
    judge.advance("wall", at("2026-03-03T00:00"))
    restarted = engine()
    restarted.restore([(key, blob) for key, blob in judge.changes() if blob is not None])
    corrected = replace(ahead, event_id=UUID(int=2), supersedes_event_id=ahead.event_id, data_version=2)
    corrected = replace(corrected, occurred_at=at("2026-03-02T09:00"), received_at=at("2026-03-03T09:00"))
    assert [(alert.rule_id, alert.state) for alert in restarted.process([corrected]).alerts] == [("P16", State.REVOKED)]
    assert judge.size().subjects == 1
    judge.advance("wall", at("2026-03-12T00:00"))
    assert judge.size().subjects == 0


def test_what_stays_of_a_forgotten_case_is_eight_bytes_of_its_name_and_eight_of_a_date() -> None:
    yard = Graveyard()
    mark, until = yard.bury("hall/1", 1_000)
    assert is_grave(mark)
    assert len(bytes.fromhex(mark[1:])) == len(until) == 8
    assert int.from_bytes(until, "big") == 1_000 + GRAVE_DAYS * DAY_MS
    restarted = Graveyard()
    restarted.restore(mark, until)
    assert [restarted.holds(key) for key in ("hall/1", "hall/2")] == [True, False]
    assert restarted.expired(GRAVE_DAYS * DAY_MS + 999) == []
    assert restarted.expired(2 * GRAVE_DAYS * DAY_MS) == [mark]
    assert not restarted.holds("hall/1")
    assert int.from_bytes(yard.bury("hall/2", None)[1], "big") == FOR_GOOD


def test_a_mark_goes_at_its_instant_and_not_before() -> None:
    yard = Graveyard()
    mark, _ = yard.bury("hall/1", 0)
    assert yard.expired(GRAVE_DAYS * DAY_MS) == [mark]


def test_marks_are_looked_through_once_an_hour_of_the_clock() -> None:
    yard, end = Graveyard(), GRAVE_DAYS * DAY_MS
    mark, _ = yard.bury("hall/1", 0)
    assert yard.expired(end - 1) == []
    assert yard.expired(end - 1 + HOUR_MS - 1) == []
    assert yard.expired(end - 1 + HOUR_MS) == [mark]
