"""Local days where the clocks change: 23 and 25 hours long, a midnight that does not exist, a date that was skipped."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.calendars import Calendars
from supervision.durations import DAY_MS, HOUR_MS
from supervision.reference import CalendarData, Hours, Reference
from supervision.worktime import Limit, Unit, absolute_term, term
from supervision.worktime.zone import zone
from tests.supervision.worktime_office import AMSTERDAM, at, clock, day, iso

YEARS = tuple(range(2009, 2014))


def office(*spans: tuple[int, int], time_zone: str = "Europe/Amsterdam", workweek: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Calendars:
    hours = (Hours(spans=spans),)
    return Calendars(Reference([CalendarData(name="X", time_zone=time_zone, years=YEARS, workweek=workweek, hours=hours)]))


NL = office((540, 1020)).named("X", 0)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2011-03-26", 24), ("2011-03-27", 23), ("2011-03-28", 24), ("2011-10-30", 25)],
    ids=lambda value: str(value),
)
def test_a_day_is_as_long_as_the_clocks_make_it(text: str, hours: int) -> None:
    begin, end = NL.day_start(day(text)), NL.day_end(day(text))
    assert clock(begin, AMSTERDAM) == f"{text} 00:00:00"
    assert clock(end, AMSTERDAM) == f"{text} 23:59:59.999"
    assert end + 1 - begin == hours * HOUR_MS
    assert [NL.day_of(begin - 1), NL.day_of(begin), NL.day_of(end), NL.day_of(end + 1)] == [
        day(text) - 1,
        day(text),
        day(text),
        day(text) + 1,
    ]


def test_limits_over_the_change_end_at_local_midnight() -> None:
    spring = term(NL, at("2011-03-25 10:00", AMSTERDAM), Limit(2))
    assert clock(spring.due_at, AMSTERDAM) == "2011-03-29 23:59:59.999"
    autumn = term(NL, at("2011-10-28 10:00", AMSTERDAM), Limit(1))
    assert clock(autumn.due_at, AMSTERDAM) == "2011-10-31 23:59:59.999"


def test_office_hours_keep_to_the_wall_clock() -> None:
    assert clock(term(NL, at("2011-03-25 16:00", AMSTERDAM), Limit(2, Unit.HOUR)).due_at, AMSTERDAM) == "2011-03-28 10:00:00"
    sunday = office((60, 300), workweek=(7,)).named("X", 0)
    short = sunday.office(day("2011-03-27"))
    assert [clock(edge, AMSTERDAM) for edge in short[0]] == ["2011-03-27 01:00:00", "2011-03-27 05:00:00"]
    assert short[0][1] - short[0][0] == 3 * HOUR_MS
    long = sunday.office(day("2011-10-30"))
    assert long[0][1] - long[0][0] == 5 * HOUR_MS


def test_an_absolute_instant_keeps_its_time_of_day_over_the_change() -> None:
    moved = absolute_term(NL, at("2011-03-21 09:00", AMSTERDAM), at("2011-03-25 15:00", AMSTERDAM), extra_wd=1)
    assert clock(moved.due_at, AMSTERDAM) == "2011-03-28 15:00:00"
    sundays = office((540, 1020), workweek=(7,)).named("X", 0)
    onto = absolute_term(sundays, at("2011-03-13 09:00", AMSTERDAM), at("2011-03-20 15:00", AMSTERDAM), extra_wd=1)
    assert clock(onto.due_at, AMSTERDAM) == "2011-03-27 15:00:00"
    off = absolute_term(sundays, at("2011-03-20 09:00", AMSTERDAM), at("2011-03-27 15:00", AMSTERDAM), extra_wd=1)
    assert clock(off.due_at, AMSTERDAM) == "2011-04-03 15:00:00"


def test_a_midnight_that_does_not_exist_is_the_first_instant_of_its_day() -> None:
    beirut = zone("Asia/Beirut")
    assert clock(beirut.day_start(day("2011-03-27")), ZoneInfo("Asia/Beirut")) == "2011-03-27 01:00:00"
    assert beirut.day_of(beirut.day_start(day("2011-03-27")) - 1) == day("2011-03-26")


def test_a_skipped_date_has_no_instant() -> None:
    apia = zone("Pacific/Apia")
    assert apia.day_start(day("2011-12-30")) == apia.day_start(day("2011-12-31"))
    assert iso(apia.day_of(apia.day_start(day("2011-12-31")))) == "2011-12-31"
    assert iso(apia.day_of(apia.day_start(day("2011-12-31")) - 1)) == "2011-12-29"


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["Asia/Shanghai", "Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"]),
    st.integers(-2_208_988_800_000, 7_258_118_399_999),
)
def test_days_agree_with_the_time_zone_data_in_any_year(name: str, instant: int) -> None:
    local = datetime.fromtimestamp(instant // 1000, ZoneInfo(name))
    found = zone(name).day_of(instant)
    assert found == local.date().toordinal()
    assert zone(name).day_start(found) <= instant < zone(name).day_start(found + 1)


@given(st.integers(-2_682_374_400_000, 63_593_070_000))
def test_a_midnight_within_a_quarter_of_an_hour_parts_it(instant: int) -> None:
    """Liberia was 44 minutes and 30 seconds behind until 1972, and 43 minutes and 8 seconds before 1919."""
    there, info = zone("Africa/Monrovia"), ZoneInfo("Africa/Monrovia")
    midnight = there.day_start(there.day_of(instant))
    for near in (midnight - 1, midnight, midnight + 1, instant):
        assert there.day_of(near) == datetime.fromtimestamp(near // 1000, info).date().toordinal()


def test_days_need_no_calendar_data() -> None:
    assert iso(NL.day_of(at("2199-06-01 00:00", AMSTERDAM))) == "2199-06-01"
    assert NL.day_end(day("1900-01-01")) + 1 == NL.day_start(day("1900-01-02"))
    assert NL.day_start(day("2150-02-02")) - NL.day_start(day("2150-02-01")) == DAY_MS
    assert date.fromordinal(NL.day_of(0)) - date(1970, 1, 1) == timedelta(0)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Beirut"]), st.integers(0, 2_208_988_800_000))
def test_what_the_wall_clock_shows_is_the_local_time_in_whole_milliseconds(name: str, instant: int) -> None:
    there, info = zone(name), ZoneInfo(name)
    found = there.day_of(instant)
    shown = there.wall(found, instant)
    assert isinstance(shown, int)
    local = datetime.fromtimestamp(instant // 1000, info).replace(tzinfo=None)
    assert shown == (local - datetime.fromordinal(found)) // timedelta(milliseconds=1) + instant % 1000
    back = there.at(found, shown)
    assert back == instant or datetime.fromtimestamp(instant // 1000, info).fold == 1


def test_the_last_year_has_days_too() -> None:
    utc = zone("UTC")
    assert [utc.day_start(day(text)) % DAY_MS for text in ("9998-12-31", "9999-06-01")] == [0, 0]
    assert utc.day_start(day("9999-06-02")) - utc.day_start(day("9999-06-01")) == DAY_MS


@pytest.mark.parametrize("name", ["Australia/Sydney", "Europe/Amsterdam", "Asia/Beirut"])
def test_every_half_hour_of_a_year_lies_in_its_day_where_january_is_summer_and_where_it_is_winter(name: str) -> None:
    there, info = zone(name), ZoneInfo(name)
    for instant in range(1_293_836_400_000, 1_325_372_400_000, 1_800_000):
        assert there.day_of(instant) == datetime.fromtimestamp(instant // 1000, info).date().toordinal()
