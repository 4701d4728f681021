"""Which calendar applies: shipped and own data, regions, centres, validity, inheritance; a year without data is an alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from supervision.calendar_seed import seed
from supervision.calendars import Calendars, builtin
from supervision.loading import load_catalogue
from supervision.reference import CalendarData, Centre, DueDayEnds, Entry, Hours, Reference, Region
from supervision.worktime import CalendarMissing, Limit, Mode, Unit, WorkCalendar, absolute_term, term
from tests.supervision.worktime_office import CN, at, clock, day, iso, pause, paused

NOW = at("2026-03-02")
SHIPPED = Path(__file__).parents[2] / "supervision" / "data" / "calendars"


def calendars(*entries: Entry) -> Calendars:
    return Calendars(Reference(entries))


def opens(calendar: WorkCalendar, text: str) -> list[str]:
    return [clock(edge)[11:16] for span in calendar.office(day(text)) for edge in span]


# -- shipped data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", range(2004, 2027))
def test_the_shipped_calendar_agrees_with_the_package_in_every_year(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    wrong = [d.isoformat() for d in days if CN.is_working(d.toordinal()) != chinese_calendar.is_workday(d)]
    assert wrong == []


def test_2025_and_2026_have_248_working_days_each() -> None:
    assert CN.count(day("2024-12-31"), day("2025-12-31")) == 248
    assert CN.count(day("2025-12-31"), day("2026-12-31")) == 248


def test_the_generated_file_is_what_its_command_writes() -> None:
    written = (SHIPPED / "CN-2004-2024.yaml").read_text("utf-8").splitlines()
    assert [line for line in written if not line.startswith("# Source")] == [
        line for line in seed(2004, 2024) if not line.startswith("# Source")
    ]


def test_the_shipped_files_are_catalogue_files() -> None:
    loaded = [entry for file in sorted(SHIPPED.glob("*.yaml")) for entry in load_catalogue([file])]
    assert sorted(map(repr, loaded)) == sorted(map(repr, builtin()))


def test_the_shipped_office_hours() -> None:
    assert opens(CN, "2026-02-14") == ["09:00", "12:00", "13:30", "17:30"]
    assert opens(CN, "2026-02-15") == []
    assert CN.time_zone == "Asia/Shanghai"


# -- a year without data ----------------------------------------------------------------------------------------------

UNKNOWN: dict[str, tuple[int, Callable[[], object]]] = {
    "is it working": (2027, lambda: CN.is_working(day("2027-01-01"))),
    "adding over the last year": (2027, lambda: CN.add(day("2026-12-20"), 20)),
    "counting over the last year": (2027, lambda: CN.count(day("2026-12-20"), day("2027-01-01"))),
    "going back before the first year": (2003, lambda: CN.back(day("2004-01-05"), 5)),
    "a limit": (2027, lambda: term(CN, at("2026-12-20 09:00"), Limit(20))),
    "a limit of hours": (2027, lambda: term(CN, at("2026-12-31 17:00"), Limit(2, Unit.HOUR))),
    "a calendar-day limit": (2027, lambda: term(CN, at("2026-12-20 09:00"), Limit(30, Unit.CALENDAR_DAY))),
    "a limit beyond all calendars": (12026, lambda: term(CN, at("2026-03-02 09:00"), Limit(120_000, Unit.MONTH))),
    "an absolute date": (2027, lambda: absolute_term(CN, at("2026-12-20 09:00"), "2027-02-01")),
    "late days": (2027, lambda: term(CN, at("2026-12-20 09:00"), Limit(1)).late_wd_at(60)),
    "the end of a pause": (2027, lambda: paused(pause("2026-12-25 09:00", None)).after(day("2026-12-26"))),
    "an instant behind a pause": (2027, lambda: paused(pause("2026-12-25 09:00", None)).at(at("2027-01-01 00:00"))),
    "calendar days over a pause": (2027, lambda: paused(pause("2026-12-25 09:00", None)).add_days(day("2026-12-24"), 3)),
    "a limit over a pause": (
        2027,
        lambda: term(CN, at("2026-12-24 09:00"), Limit(2), pauses=paused(pause("2026-12-25 09:00", None))),
    ),
    "an absolute date before its start": (2027, lambda: absolute_term(CN, at("2027-02-02 09:00"), "2027-02-01")),
    "office hours": (2027, lambda: CN.office(day("2027-03-01"))),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_year_without_data_names_calendar_and_year(name: str) -> None:
    year, ask = UNKNOWN[name]
    with pytest.raises(CalendarMissing) as missing:
        ask()
    assert (missing.value.region, missing.value.year) == ("CN", year)
    assert "CN" in str(missing.value)
    assert str(year) in str(missing.value)


def test_what_ends_within_known_years_needs_no_later_ones() -> None:
    assert iso(CN.add(day("2026-12-30"), 1)) == "2026-12-31"
    assert CN.count(day("2003-12-31"), day("2004-01-02")) == 1
    assert term(CN, at("2003-12-31 09:00"), Limit(1)).due_day == day("2004-01-02")
    ended = paused(pause("2026-12-25 09:00", "2026-12-29 09:00"))
    assert ended.working_days(CN, day("2026-12-01"), day("2026-12-31")) == 2


def test_years_apart_do_not_need_those_between() -> None:
    some = calendars(CalendarData(name="X", years=(2010, 2012))).named("X", NOW)
    assert iso(some.add(day("2010-12-30"), 1)) == "2010-12-31"
    assert iso(some.add(day("2012-01-01"), 1)) == "2012-01-02"
    with pytest.raises(CalendarMissing, match="2011"):
        some.add(day("2010-12-31"), 1)


def test_a_name_without_data_has_no_years() -> None:
    with pytest.raises(CalendarMissing, match="nowhere"):
        calendars().named("nowhere", NOW).is_working(day("2026-03-02"))


# -- links ------------------------------------------------------------------------------------------------------------


def test_an_office_adds_a_year_under_the_shipped_name() -> None:
    own = CalendarData(name="CN", version="own-2027", years=(2027,), holidays=("2027-01-01",), valid_from=at("2026-11-10"))
    with_2027 = calendars(own)
    assert iso(with_2027.of_region(None, NOW).add(day("2026-12-31"), 1)) == "2027-01-04"
    assert iso(with_2027.of_region(None, NOW).add(day("2026-03-02"), 20)) == "2026-03-30"


def test_an_own_year_goes_before_the_shipped_one() -> None:
    plain = calendars(CalendarData(name="CN", version="own", years=(2026,))).of_region(None, NOW)
    assert plain.is_working(day("2026-02-16"))
    assert not plain.is_working(day("2026-02-14"))
    assert plain.version == "own"


def test_a_region_inherits_days_and_hours_and_adds_its_own_holidays() -> None:
    local = CalendarData(
        name="GX", version="3", inherits="CN", holidays=("2026-04-20", "2026-04-21"), makeup_workdays=("2026-04-25",)
    )
    guangxi = calendars(local, Region(code="450000", calendar="GX")).of_region("450103", NOW)
    assert guangxi.name == "GX"
    assert guangxi.version == "3+CN:2026.1"
    assert iso(guangxi.add(day("2026-04-17"), 1)) == "2026-04-22"
    assert guangxi.is_working(day("2026-04-25"))
    assert not guangxi.is_working(day("2026-02-16"))
    assert opens(guangxi, "2026-04-25") == ["09:00", "12:00", "13:30", "17:30"]


def test_the_longest_registered_prefix_that_names_a_calendar_decides() -> None:
    chosen = calendars(
        *(CalendarData(name=name, inherits="CN") for name in ("province", "city", "county")),
        Region(code="430000", calendar="province"),
        Region(code="430100", calendar="city"),
        Region(code="430111", name="no calendar of its own"),
        Region(code="430112", calendar="county", time_zone="Asia/Urumqi"),
    )
    asked = ("430112", "430112001000", "430111", "430199", "430200", "440000", "", None)
    assert [chosen.of_region(code, NOW).name for code in asked] == [
        "county",
        "county",
        "city",
        "city",
        "province",
        "CN",
        "CN",
        "CN",
    ]
    assert chosen.of_region("430112", NOW).time_zone == "Asia/Urumqi"
    assert chosen.of_region("430111", NOW).time_zone == "Asia/Shanghai"


def test_calendars_that_inherit_in_a_circle_end() -> None:
    pair = calendars(CalendarData(name="A", inherits="B"), CalendarData(name="B", inherits="A", years=(2026,)))
    assert pair.named("A", NOW).is_working(day("2026-03-02"))


# -- validity ---------------------------------------------------------------------------------------------------------

SUMMER = CalendarData(
    name="CN",
    version="summer",
    valid_from=at("2026-06-01"),
    valid_to=at("2026-09-01"),
    hours=(Hours(spans=((480, 720), (900, 1080))),),
)


def test_hours_follow_the_entry_in_force_on_the_day() -> None:
    seasons = calendars(SUMMER)
    for asked_at in (NOW, at("2026-07-01")):
        calendar = seasons.of_region(None, asked_at)
        assert opens(calendar, "2026-05-29") == ["09:00", "12:00", "13:30", "17:30"]
        assert opens(calendar, "2026-06-01") == ["08:00", "12:00", "15:00", "18:00"]
        assert opens(calendar, "2026-09-01") == ["09:00", "12:00", "13:30", "17:30"]
    due = term(seasons.of_region(None, NOW), at("2026-05-29 16:30"), Limit(2, Unit.HOUR)).due_at
    assert clock(due) == "2026-06-01 09:00:00"


def test_the_version_names_what_is_in_force_and_stays_when_later_years_are_added() -> None:
    names = [
        calendars(SUMMER).of_region(None, at(text)).version for text in ("2025-03-02", "2025-12-01", "2026-03-02", "2026-07-01")
    ]
    assert names == ["2025.1", "2026.1+2025.1", "2026.1", "summer+2026.1"]


def test_a_correction_has_a_version_of_its_own() -> None:
    first = CalendarData(name="X", version="1", years=(2026,))
    second = CalendarData(name="X", version="2", years=(2026,), holidays=("2026-03-03",))
    before, after = calendars(first).named("X", NOW), calendars(second).named("X", NOW)
    assert (before.version, after.version) == ("1", "2")
    assert iso(before.add(day("2026-03-02"), 1)) == "2026-03-03"
    assert iso(after.add(day("2026-03-02"), 1)) == "2026-03-04"


def test_a_change_within_a_year_holds_from_its_first_day() -> None:
    six_days = CalendarData(name="X", version="2", years=(2026,), workweek=(1, 2, 3, 4, 5, 6), valid_from=at("2026-03-02"))
    changed = calendars(CalendarData(name="X", version="1", years=(2026,)), six_days).named("X", NOW)
    assert [changed.is_working(day(text)) for text in ("2026-02-28", "2026-03-07")] == [False, True]


def test_a_year_is_known_though_the_entry_that_lists_it_comes_into_force_later() -> None:
    late = calendars(CalendarData(name="X", years=(2026,), valid_from=at("2026-06-01"))).named("X", NOW)
    assert late.is_working(day("2026-03-02"))


def test_regions_change_their_calendar_in_time() -> None:
    moved = calendars(
        CalendarData(name="old", inherits="CN"),
        CalendarData(name="new", inherits="CN"),
        Region(code="4301", calendar="old", valid_to=at("2026-04-01")),
        Region(code="4301", calendar="new", valid_from=at("2026-04-01")),
    )
    assert moved.of_region("430111", at("2026-04-01") - 1).name == "old"
    assert moved.of_region("430111", at("2026-04-01")).name == "new"


# -- centres and hours ------------------------------------------------------------------------------------------------

LATE_HALL = Centre(
    centre_id="C1",
    region_code="430111",
    hours=(Hours(spans=((600, 1200),)), Hours(spans=((600, 900),), weekdays=(6,))),
    extended_hours=(Hours(spans=((1200, 1260),), weekdays=(3,)),),
)


def test_a_centre_has_its_own_hours_on_the_days_of_its_region() -> None:
    halls = calendars(LATE_HALL)
    own = halls.of_centre("C1", NOW)
    assert own is not None
    assert opens(own, "2026-03-02") == ["10:00", "20:00"]
    assert opens(own, "2026-03-07") == []
    assert clock(term(own, at("2026-03-02 19:30"), Limit(1, Unit.HOUR)).due_at) == "2026-03-03 10:30:00"


def test_a_centre_opens_on_the_saturdays_it_names_but_not_on_holidays() -> None:
    halls = calendars(LATE_HALL)

    def spans(text: str) -> list[str]:
        return [clock(edge)[11:16] for span in halls.centre_office("C1", day(text), NOW) for edge in span]

    assert spans("2026-03-07") == ["10:00", "15:00"]
    assert spans("2026-02-21") == []
    assert spans("2026-03-08") == []
    assert [clock(edge) for span in halls.centre_extended("C1", day("2026-03-04"), NOW) for edge in span] == [
        "2026-03-04 20:00:00",
        "2026-03-04 21:00:00",
    ]
    assert halls.centre_extended("C1", day("2026-02-18"), NOW) == ()
    assert halls.centre_extended("C1", day("2026-03-05"), NOW) == ()
    assert halls.centre_extended("C1", day("2026-02-28"), NOW) == ()


def test_all_extended_hours_of_a_day_hold_beside_each_other() -> None:
    both = (Hours(spans=((1050, 1080),)), Hours(spans=((480, 540),), weekdays=(3,)))
    halls = calendars(Centre(centre_id="C4", calendar="CN", extended_hours=both))
    assert [len(halls.centre_extended("C4", day(text), NOW)) for text in ("2026-03-03", "2026-03-04", "2026-03-07")] == [1, 2, 0]


def test_a_hall_closed_on_fridays_stays_closed() -> None:
    halls = calendars(Centre(centre_id="C5", calendar="CN", hours=(Hours(spans=((540, 1020),), weekdays=(1, 2, 3, 4)),)))
    assert [len(halls.centre_office("C5", day(text), NOW)) for text in ("2026-03-05", "2026-03-06", "2026-02-28")] == [1, 0, 1]


def test_a_date_named_both_off_and_working_works() -> None:
    both = CalendarData(name="X", years=(2026,), holidays=("2026-03-03",), makeup_workdays=("2026-03-03",))
    assert calendars(both).named("X", NOW).is_working(day("2026-03-03"))


def test_a_centre_that_is_unknown_or_says_nothing() -> None:
    halls = calendars(Centre(centre_id="C2"), Centre(centre_id="C3", calendar="CN"))
    assert halls.of_centre("C1", NOW) is None
    assert halls.of_centre("C2", NOW) is None
    third = halls.of_centre("C3", NOW)
    assert third is not None
    assert third.name == "CN"
    assert halls.centre_office("C1", day("2026-03-02"), NOW) == ()
    assert halls.centre_extended("C2", day("2026-03-02"), NOW) == ()
    assert len(halls.centre_office("C2", day("2026-03-02"), NOW)) == 2


def test_short_fridays_and_a_make_up_saturday_without_hours_of_its_own() -> None:
    hours = (Hours(spans=((540, 1020),), weekdays=(1, 2, 3, 4)), Hours(spans=((540, 720),), weekdays=(5,)))
    own = calendars(CalendarData(name="CN", version="own", hours=hours)).of_region(None, NOW)
    assert [opens(own, text) for text in ("2026-02-12", "2026-02-13", "2026-02-14")] == [
        ["09:00", "17:00"],
        ["09:00", "12:00"],
        ["09:00", "17:00"],
    ]
    assert clock(term(own, at("2026-03-02 10:00"), Limit(1), mode=Mode.ROLLING_HOURS).due_at) == "2026-03-03 10:00:00"


def test_a_due_day_may_end_with_the_close_of_business() -> None:
    ends = CalendarData(name="CN", version="own", due_day_ends=DueDayEnds.CLOSE_OF_BUSINESS)
    calendar = calendars(ends).of_region(None, NOW)
    running = term(calendar, at("2026-03-02 10:00"), Limit(2))
    assert clock(running.due_at) == "2026-03-04 17:30:00"
    assert clock(running.alert_at()) == "2026-03-04 17:30:00.001"
    assert clock(running.late_wd_at(2)) == "2026-03-06 00:00:00"
    assert clock(absolute_term(calendar, at("2026-03-02 10:00"), "2026-03-04").due_at) == "2026-03-04 17:30:00"
    assert clock(absolute_term(calendar, at("2026-03-02 10:00"), "2026-03-07").due_at) == "2026-03-07 23:59:59.999"


def test_calendars_without_hours_have_the_usual_ones() -> None:
    bare = calendars(CalendarData(name="X", years=(2026,))).named("X", NOW)
    assert opens(bare, "2026-03-02") == ["09:00", "12:00", "13:30", "17:30"]


def test_one_calendar_is_built_once_for_all_who_share_it() -> None:
    shared = calendars(Region(code="4301"), Region(code="4401"))
    assert shared.of_region("430111", NOW) is shared.of_region("440101", at("2026-04-02"))
