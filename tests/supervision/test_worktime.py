"""Due days, hours, pauses, late days and warnings as the law's own examples have them, on the calendar of 2025 and 2026."""

from __future__ import annotations

import pytest

from supervision.worktime import Limit, Mode, Pauses, Unit, absolute_term, term
from tests.supervision.worktime_office import CN, at, clock, day, iso, pause, paused

TEN_WD = Limit(10)
LONG = Limit(60)
TESTING = pause("2026-03-05 15:40", "2026-03-19 10:00", LONG)

DUE_DAYS = [
    ("plain, first day excluded", "2026-03-02", 20, "2026-03-30"),
    ("14 February works, 15 to 23 are off", "2026-02-12", 5, "2026-02-26"),
    ("due on a make-up Saturday", "2026-02-13", 1, "2026-02-14"),
    ("accepted on a make-up Saturday", "2026-02-14", 1, "2026-02-24"),
    ("from a make-up Saturday", "2026-02-28", 10, "2026-03-13"),
    ("accepted on a day off", "2026-03-07", 5, "2026-03-13"),
    ("Labour Day", "2026-04-30", 3, "2026-05-08"),
    ("a Sunday that works", "2026-09-18", 5, "2026-09-24"),
    ("National Day, 10 October works", "2026-09-29", 7, "2026-10-14"),
    ("over the new year, 4 January works", "2025-12-30", 3, "2026-01-05"),
    ("28 September and 11 October 2025 work", "2025-09-26", 20, "2025-10-30"),
    ("30 working days", "2026-03-02", 30, "2026-04-14"),
    ("45 working days, joint", "2026-03-02", 45, "2026-05-08"),
    ("60 working days, joint and extended", "2026-03-02", 60, "2026-05-28"),
    ("Qingming", "2026-04-03", 5, "2026-04-13"),
    ("review of a lower level", "2026-04-20", 5, "2026-04-27"),
    ("hand-over between levels over Labour Day", "2026-04-29", 2, "2026-05-06"),
    ("return from above", "2026-05-12", 2, "2026-05-14"),
    ("20 days from 20 April", "2026-04-20", 20, "2026-05-20"),
    ("asking for a hearing", "2026-09-16", 5, "2026-09-22"),
    ("holding a hearing over National Day", "2026-09-21", 20, "2026-10-26"),
    ("seventh working day after the notice", "2026-09-22", 7, "2026-10-09"),
    ("joint member, two days", "2026-03-04", 2, "2026-03-06"),
    ("joint member, three days", "2026-03-11", 3, "2026-03-16"),
    ("bad rating followed up", "2026-04-30", 1, "2026-05-06"),
    ("bad rating rectified, 9 May works", "2026-04-30", 5, "2026-05-11"),
    ("bad rating not rectified", "2026-04-30", 15, "2026-05-25"),
    ("acknowledge a card", "2026-09-24", 1, "2026-09-28"),
    ("answer a card over National Day", "2026-09-24", 5, "2026-10-09"),
    ("decide an appeal, 10 October works", "2026-10-09", 10, "2026-10-22"),
    ("rectify", "2026-10-21", 10, "2026-11-04"),
    ("rectify again", "2026-11-06", 5, "2026-11-13"),
    ("reception by a leader", "2026-03-27", 5, "2026-04-03"),
]


@pytest.mark.parametrize(("start", "limit", "due"), [row[1:] for row in DUE_DAYS], ids=[row[0] for row in DUE_DAYS])
def test_a_limit_in_working_days_ends_with_its_last_day(start: str, limit: int, due: str) -> None:
    running = term(CN, at(f"{start} 10:15"), Limit(limit))
    assert iso(running.due_day) == due
    assert clock(running.due_at) == f"{due} 23:59:59.999"
    assert running.alert_at() == running.due_at + 1
    assert running.limit_wd == limit


PAUSED = [
    ("ten working days left out", "2026-03-02", 20, ("2026-03-05", "2026-03-19"), LONG, "2026-04-14"),
    ("a pause within one day leaves out nothing", "2026-03-02", 20, ("2026-03-05", "2026-03-05"), LONG, "2026-03-30"),
    ("a pause over two holidays", "2026-09-21", 10, ("2026-09-24", "2026-10-09"), LONG, "2026-10-19"),
    ("capped at five declared days", "2026-03-02", 7, ("2026-03-05", "2026-03-19"), Limit(5), "2026-03-18"),
    ("undeclared: capped at ten", "2026-03-02", 20, ("2026-03-05", "2026-04-30"), None, "2026-04-14"),
    ("never ended: the cap ends it", "2026-03-02", 20, ("2026-03-05", None), None, "2026-04-14"),
    ("joint promise with a member's testing", "2026-03-02", 30, ("2026-03-05", "2026-03-19"), TEN_WD, "2026-04-28"),
    ("joint legal limit with a member's testing", "2026-03-02", 45, ("2026-03-05", "2026-03-19"), TEN_WD, "2026-05-21"),
    ("and with fifteen days more", "2026-03-02", 60, ("2026-03-05", "2026-03-19"), TEN_WD, "2026-06-11"),
    ("a third party that never answers", "2026-03-02", 20, ("2026-03-09", None), Limit(15), "2026-04-21"),
    ("a third party and an extension", "2026-03-02", 40, ("2026-03-09", "2026-03-27"), Limit(15), "2026-05-20"),
    (
        "declared in calendar days, over a weekend",
        "2026-03-02",
        7,
        ("2026-03-05", "2026-03-31"),
        Limit(7, Unit.CALENDAR_DAY),
        "2026-03-18",
    ),
    ("declared in hours, to the next morning", "2026-03-02", 7, ("2026-03-05", "2026-03-31"), Limit(4, Unit.HOUR), "2026-03-12"),
]


@pytest.mark.parametrize(("start", "limit", "span", "declared", "due"), [row[1:] for row in PAUSED], ids=[row[0] for row in PAUSED])
def test_paused_days_do_not_count(start: str, limit: int, span: tuple[str, str | None], declared: Limit | None, due: str) -> None:
    end = None if span[1] is None else f"{span[1]} 16:00"
    pauses = paused(pause(f"{span[0]} 15:40", end, declared))
    assert iso(term(CN, at(f"{start} 09:00"), Limit(limit), pauses=pauses).due_day) == due


HOURS = [
    ("over lunch", "2026-03-02 11:30", Limit(4, Unit.HOUR), "2026-03-02 17:00:00"),
    ("to a make-up Saturday", "2026-02-13 17:00", Limit(2, Unit.HOUR), "2026-02-14 10:30:00"),
    ("before hours counts from opening", "2026-03-02 06:00", Limit(90, Unit.MINUTE), "2026-03-02 10:30:00"),
    ("after hours counts from the next opening", "2026-03-06 19:00", Limit(30, Unit.MINUTE), "2026-03-09 09:30:00"),
    ("ends at lunch, not after it", "2026-03-02 09:00", Limit(3, Unit.HOUR), "2026-03-02 12:00:00"),
    ("ends at the close", "2026-02-14 09:00", Limit(7, Unit.HOUR), "2026-02-14 17:30:00"),
    ("seconds and milliseconds are kept", "2026-03-02 11:59:59.500", Limit(1, Unit.MINUTE), "2026-03-02 13:30:59.500"),
    ("over the new year", "2025-12-31 17:00", Limit(1, Unit.HOUR), "2026-01-04 09:30:00"),
    ("no time at all", "2026-03-07 10:00", Limit(0, Unit.HOUR), "2026-03-07 10:00:00"),
]


@pytest.mark.parametrize(("start", "limit", "due"), [row[1:] for row in HOURS], ids=[row[0] for row in HOURS])
@pytest.mark.parametrize("mode", Mode)
def test_hours_are_office_time_in_either_mode(start: str, limit: Limit, due: str, mode: Mode) -> None:
    running = term(CN, at(start), limit, mode=mode)
    assert clock(running.due_at) == due
    assert iso(running.due_day) == due[:10]


def test_rolling_working_days_are_standard_days_of_office_time() -> None:
    running = term(CN, at("2026-03-02 11:30"), Limit(5), mode=Mode.ROLLING_HOURS)
    assert clock(running.due_at) == "2026-03-09 11:30:00"
    assert running.limit_wd == 5
    assert clock(running.near_at() or 0) == "2026-03-06 00:00:00"


def test_a_wait_is_cut_out_of_hours_by_the_minute() -> None:
    fee = paused(pause("2026-03-02 16:00", "2026-03-03 09:20", LONG))
    assert clock(term(CN, at("2026-03-02 15:40"), Limit(2, Unit.HOUR), pauses=fee).due_at) == "2026-03-03 11:00:00"


@pytest.mark.parametrize(
    ("declared", "due"),
    [(Limit(4, Unit.HOUR), "2026-03-03 14:00:00"), (Limit(1), "2026-03-04 10:30:00"), (None, "2026-03-17 10:30:00")],
    ids=["four hours", "a working day, to its end", "undeclared: the end of the tenth"],
)
def test_a_wait_in_hours_ends_by_itself_at_its_cap(declared: Limit | None, due: str) -> None:
    waits = paused(pause("2026-03-02 15:30", None, declared))
    assert clock(term(CN, at("2026-03-02 15:00"), Limit(2, Unit.HOUR), pauses=waits).due_at) == due


DAYS_AND_MONTHS = [
    ("the end on a holiday moves to the next working day", "2026-02-10", Limit(10, Unit.CALENDAR_DAY), "2026-02-24"),
    ("a working day stays", "2026-03-02", Limit(30, Unit.CALENDAR_DAY), "2026-04-01"),
    ("Saturday moves to Monday", "2026-04-01", Limit(10, Unit.CALENDAR_DAY), "2026-04-13"),
    ("a make-up Saturday stays", "2026-02-26", Limit(2, Unit.CALENDAR_DAY), "2026-02-28"),
    ("31 January and a month", "2026-01-31", Limit(1, Unit.MONTH), "2026-02-28"),
    ("a month to a day off moves too", "2026-01-20", Limit(1, Unit.MONTH), "2026-02-24"),
    ("months over the new year", "2025-11-30", Limit(3, Unit.MONTH), "2026-02-28"),
    ("twelve months", "2025-03-02", Limit(12, Unit.MONTH), "2026-03-02"),
]


@pytest.mark.parametrize(("start", "limit", "due"), [row[1:] for row in DAYS_AND_MONTHS], ids=[row[0] for row in DAYS_AND_MONTHS])
def test_calendar_days_and_months_end_on_a_working_day(start: str, limit: Limit, due: str) -> None:
    assert iso(term(CN, at(f"{start} 09:00"), limit).due_day) == due


def test_paused_dates_lengthen_calendar_days_one_for_one() -> None:
    running = term(CN, at("2026-03-02 09:00"), Limit(10, Unit.CALENDAR_DAY), pauses=paused(TESTING))
    assert iso(running.due_day) == "2026-03-26"
    assert running.paused_wd() == 10


def test_overlapping_pauses_are_merged_and_never_added() -> None:
    double = paused(TESTING, pause("2026-03-10 09:00", "2026-03-17 09:00", LONG), TESTING)
    assert double.days == paused(TESTING).days
    assert iso(term(CN, at("2026-03-02 09:00"), Limit(20), pauses=double).due_day) == "2026-04-14"


def test_an_extension_lengthens_the_limit() -> None:
    running = term(CN, at("2026-03-02 09:00"), Limit(20), extra_wd=10)
    assert iso(running.due_day) == "2026-04-14"
    assert running.limit_wd == 30


def test_an_extension_of_calendar_days_adds_working_days_and_of_hours_keeps_the_time_of_day() -> None:
    assert iso(term(CN, at("2026-02-10 09:00"), Limit(10, Unit.CALENDAR_DAY), extra_wd=2).due_day) == "2026-02-26"
    assert clock(term(CN, at("2026-03-02 11:30"), Limit(4, Unit.HOUR), extra_wd=1).due_at) == "2026-03-03 17:00:00"


# -- absolute dates ---------------------------------------------------------------------------------------------------


def test_an_absolute_instant_is_the_end_and_a_date_ends_with_its_day() -> None:
    start = at("2026-03-02 09:00")
    by_instant, by_date = absolute_term(CN, start, at("2026-03-14 15:00")), absolute_term(CN, start, "2026-03-14")
    assert clock(by_instant.due_at) == "2026-03-14 15:00:00"
    assert clock(by_date.due_at) == "2026-03-14 23:59:59.999"
    assert by_instant.limit_wd == by_date.limit_wd == 9


def test_pauses_and_extensions_move_an_absolute_instant_by_as_many_working_days() -> None:
    start, due = at("2026-03-02 09:00"), at("2026-03-10 15:00")
    assert clock(absolute_term(CN, start, due, pauses=paused(TESTING)).due_at) == "2026-03-24 15:00:00"
    assert clock(absolute_term(CN, start, due, extra_wd=5).due_at) == "2026-03-17 15:00:00"
    by_units = term(CN, start, Limit(6), pauses=paused(TESTING))
    assert absolute_term(CN, start, "2026-03-10", pauses=paused(TESTING)).due_at == by_units.due_at


def test_a_pause_after_the_absolute_instant_moves_nothing() -> None:
    after = paused(pause("2026-03-12 09:00", "2026-03-20 09:00", LONG))
    assert clock(absolute_term(CN, at("2026-03-02 09:00"), at("2026-03-10 15:00"), pauses=after).due_at) == "2026-03-10 15:00:00"


def test_an_absolute_instant_before_the_start_has_no_working_days() -> None:
    running = absolute_term(CN, at("2026-03-10 09:00"), at("2026-03-02 09:00"))
    assert (running.limit_wd, running.near_at()) == (0, None)


# -- late, used, near -------------------------------------------------------------------------------------------------


def test_late_days_start_at_one_on_a_day_off_and_count_working_days() -> None:
    running = term(CN, at("2026-02-27 10:00"), Limit(5))
    assert iso(running.due_day) == "2026-03-05"
    friday = term(CN, at("2026-02-28 10:00"), Limit(5))
    assert [friday.late_wd(at(f"2026-03-{d:02d} 12:00")) for d in (7, 8, 9, 10, 16)] == [1, 1, 1, 2, 6]


def test_the_first_late_day_is_the_alert_and_the_second_a_midnight() -> None:
    running = term(CN, at("2026-02-14 09:00"), Limit(1))
    assert [clock(running.late_wd_at(n)) for n in (1, 2, 3)] == [
        "2026-02-25 00:00:00",
        "2026-02-26 00:00:00",
        "2026-02-27 00:00:00",
    ]


def test_an_alert_inside_a_pause_waits_for_the_first_day_that_is_not_paused() -> None:
    pauses = paused(pause("2026-03-06 15:00", "2026-03-11 10:00", LONG))
    running = term(CN, at("2026-02-28 09:00"), Limit(5), pauses=pauses)
    assert clock(running.due_at) == "2026-03-06 23:59:59.999"
    assert clock(running.alert_at()) == "2026-03-12 00:00:00"
    assert running.late_wd(at("2026-03-12 08:00")) == 1
    assert clock(running.late_wd_at(2)) == "2026-03-13 00:00:00"


def test_hours_reached_as_a_wait_begins_alert_at_the_next_midnight_outside_it() -> None:
    wait = paused(pause("2026-03-02 17:00", "2026-03-03 10:00", LONG))
    running = term(CN, at("2026-03-02 11:30"), Limit(4, Unit.HOUR), pauses=wait)
    assert clock(running.due_at) == "2026-03-02 17:00:00"
    assert clock(running.alert_at()) == "2026-03-04 00:00:00"


def test_used_and_remaining_days_count_through_the_day_asked() -> None:
    running = term(CN, at("2026-03-02 09:00"), Limit(20))
    assert running.used_wd(at("2026-03-20 15:00")) == 14
    assert running.remaining_wd(at("2026-03-20 15:00")) == 6
    ten = term(CN, at("2026-03-02 09:00"), Limit(10))
    assert [ten.used_ratio(at(f"2026-03-{d} 10:00")) for d in (12, 13)] == [0.8, 0.9]


def test_the_used_share_of_hours_is_of_office_time() -> None:
    assert term(CN, at("2026-03-02 11:30"), Limit(4, Unit.HOUR)).used_ratio(at("2026-03-02 15:00")) == 0.5


def test_working_time_between_two_instants_leaves_out_nights_and_weekends() -> None:
    assert CN.work_between(at("2026-03-06 15:00"), at("2026-03-09 10:30")) == 4 * 3_600_000
    assert CN.work_between(at("2025-12-31 17:00"), at("2026-01-04 10:00")) == 90 * 60_000
    assert CN.work_between(at("2026-03-09 10:30"), at("2026-03-06 15:00")) == 0


NEAR = [
    ("seven days, six used", Limit(7), "2026-03-10 00:00:00"),
    ("ten days, 80 % before the last day", Limit(10), "2026-03-12 00:00:00"),
    ("two days, one remains", Limit(2), "2026-03-03 00:00:00"),
    ("three days: 80 % is the third, one remains on the second", Limit(3), "2026-03-04 00:00:00"),
    ("five days, 80 % is exactly four", Limit(5), "2026-03-06 00:00:00"),
    ("one day: never", Limit(1), None),
    ("four hours, after 192 minutes", Limit(4, Unit.HOUR), "2026-03-02 16:12:00"),
    ("calendar days by the working days in them", Limit(11, Unit.CALENDAR_DAY), "2026-03-12 00:00:00"),
]


@pytest.mark.parametrize(("limit", "near"), [row[1:] for row in NEAR], ids=[row[0] for row in NEAR])
def test_the_end_is_near(limit: Limit, near: str | None) -> None:
    found = term(CN, at("2026-03-02 11:30"), limit).near_at()
    assert (None if found is None else clock(found)) == near


def test_near_with_a_pause_counts_only_days_that_run() -> None:
    capped = paused(pause("2026-03-05 15:40", "2026-03-19 10:00", Limit(5)))
    assert clock(term(CN, at("2026-03-02 09:00"), Limit(7), pauses=capped).near_at() or 0) == "2026-03-17 00:00:00"


@pytest.mark.parametrize(
    ("due", "near"),
    [("2026-03-16", "2026-03-13 00:00:00"), ("2026-03-14", "2026-03-13 00:00:00"), ("2026-02-24", "2026-02-14 00:00:00")],
    ids=["a Monday", "a Saturday", "after the holidays"],
)
def test_an_absolute_date_is_near_on_the_last_working_day_before(due: str, near: str) -> None:
    assert clock(absolute_term(CN, at("2026-02-10 09:00"), due).near_at() or 0) == near


def test_near_in_a_pause_moves_to_the_first_day_after_it() -> None:
    pauses = paused(pause("2026-03-05 09:00", "2026-03-09 10:00", LONG))
    running = absolute_term(CN, at("2026-03-02 09:00"), at("2026-03-06 15:00"), pauses=pauses)
    assert clock(running.due_at) == "2026-03-10 15:00:00"
    assert clock(running.near_at() or 0) == "2026-03-10 00:00:00"


# -- facts and pauses -------------------------------------------------------------------------------------------------


def test_excluded_days_are_named_and_no_more_than_sixty() -> None:
    running = term(CN, at("2026-03-02 09:00"), Limit(20), pauses=paused(TESTING))
    assert running.excluded()[0] == "2026-03-06"
    assert running.excluded()[-1] == "2026-03-19"
    assert len(running.excluded()) == running.paused_wd() == 10
    long = term(CN, at("2026-01-05 09:00"), Limit(40), pauses=paused(pause("2026-01-06 09:00", None, Limit(90))))
    assert len(long.excluded()) == 60
    assert long.paused_wd() == 90


def test_a_paused_day_and_a_paused_instant() -> None:
    pauses = paused(TESTING)
    assert [pauses.on(day(f"2026-03-{d:02d}")) for d in (5, 6, 7, 19, 20)] == [False, True, True, True, False]
    assert [pauses.at(at(text)) for text in ("2026-03-05 15:39", "2026-03-05 15:40", "2026-03-19 09:59", "2026-03-19 10:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert pauses.working_days(CN, day("2026-03-05"), day("2026-03-10")) == 3


def test_a_pause_that_ends_before_it_begins_is_none() -> None:
    assert paused(pause("2026-03-05 09:00", "2026-03-04 09:00")) == Pauses.NONE
    assert not Pauses.NONE
    assert not Pauses.NONE.on(day("2026-03-05"))
    assert not Pauses.NONE.at(at("2026-03-05 09:00"))


def test_five_working_days_reach_back_over_the_holidays() -> None:
    assert iso(CN.back(day("2026-05-06"), 4)) == "2026-04-27"
    assert iso(CN.back(day("2026-01-04"), 1)) == "2025-12-31"
