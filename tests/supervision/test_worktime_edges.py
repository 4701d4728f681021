"""Working time at its edges: nothing left to count, spans that only touch, the last moment of a year, offices that hardly open."""

from __future__ import annotations

import pickle
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.entries import Hours
from supervision.worktime import CalendarMissing, Limit, Mode, Pause, Pauses, Unit, WorkCalendar, absolute_term, term
from supervision.worktime.calendar import WORKS, Days
from supervision.worktime.zone import zone
from tests.supervision.test_worktime_laws import CASES, ms, pauses_of
from tests.supervision.worktime_naive import MINUTE, Wait, is_open, is_waiting
from tests.supervision.worktime_office import CN, at, clock, day, pause, paused

HOUR = 3_600_000
LONG = Limit(60)


def on_last_days(worked: int) -> WorkCalendar:
    """An office that opens only on the last days of each year, as Chinese offices do: seven hours a day."""

    def flags(year: int) -> bytes:
        length = date(year, 12, 31).timetuple().tm_yday
        return bytes(length - worked) + bytes([WORKS] * worked)

    return WorkCalendar("rare", "1", zone("Asia/Shanghai"), Days("rare", flags), lambda day: CN._hours_on(day))


def test_the_words_of_catalogues_for_units_and_modes() -> None:
    assert [str(unit) for unit in Unit] == ["working_day", "calendar_day", "hour", "minute", "month"]
    assert [str(mode) for mode in Mode] == ["day_end", "rolling_hours"]


def test_a_missing_year_says_which_also_to_another_process() -> None:
    with pytest.raises(CalendarMissing) as missing:
        CN.add(day("2199-01-01"), 1)
    told = pickle.loads(pickle.dumps(missing.value))
    assert told.args == ("CN", 2199)
    assert (told.region, told.year) == (missing.value.region, missing.value.year) == (CN.name, 2199)


def test_other_hours_leave_all_else_of_a_calendar() -> None:
    other = CN.with_hours(())
    assert (other.name, other.version, other.time_zone, other.ends_at_close) == (
        CN.name,
        CN.version,
        CN.time_zone,
        CN.ends_at_close,
    )
    assert other.add(day("2026-02-13"), 2) == day("2026-02-24")
    assert other.office(day("2026-03-02")) == ()


def test_an_office_without_hours_never_gets_on() -> None:
    with pytest.raises(ValueError, match="no office hours"):
        on_last_days(3).with_hours(()).add_work(at("2026-03-02 09:00"), 1)
    never = WorkCalendar(
        "never", "1", zone("Asia/Shanghai"), Days("never", {2026: bytes(365), 2027: bytes(365)}.get), lambda day: ()
    )
    with pytest.raises(ValueError, match="no office hours"):
        never.add_work(at("2026-03-02 09:00"), 1)
    closed = {2026: bytes(365), 2027: bytes(364) + bytes([WORKS])}
    late = WorkCalendar("late", "1", zone("Asia/Shanghai"), Days("late", closed.get), lambda day: CN._hours_on(day))
    assert clock(late.add_work(at("2026-03-02 09:00"), HOUR)) == "2027-12-31 10:00:00"


def test_no_calendar_knows_the_first_year_and_the_last() -> None:
    always = on_last_days(1)
    for ordinal in (-5, 0, 1, 365, date(9999, 1, 1).toordinal(), date.max.toordinal(), date.max.toordinal() + 1):
        with pytest.raises(CalendarMissing):
            always.is_working(ordinal)
    assert [always.is_working(date(year, 12, 31).toordinal()) for year in (2, 9998)] == [True, True]
    assert CN.count(day("2026-12-31"), day("2026-12-31")) == 0


def test_a_standard_day_is_the_longest_of_a_working_week() -> None:
    default, named = Hours(spans=((540, 1020),)), Hours(spans=((540, 840),), weekdays=(1, 2, 3, 4, 5))
    friday = Hours(spans=((540, 660),), weekdays=(5,))
    monday = Hours(spans=((540, 1140),), weekdays=(1,))
    for hours, standard in (((default,), 8), ((named, default), 5), ((friday, default), 8), ((monday, default), 10)):
        assert CN.with_hours(hours).standard_ms(day("2026-03-02")) == standard * HOUR


def closing() -> WorkCalendar:
    """An office whose due days end when it closes: on Fridays at noon, else at 17:30."""
    hours = (Hours(spans=((540, 720),), weekdays=(5,)), Hours(spans=((540, 720), (780, 840), (900, 1050))))
    return WorkCalendar("closing", "1", CN.zone, CN._days, lambda day: hours, ends_at_close=True)


def test_a_due_day_may_end_with_its_last_span() -> None:
    calendar = closing()
    assert clock(calendar.due_end(day("2026-03-05"))) == "2026-03-05 17:30:00"
    assert clock(calendar.due_end(day("2026-03-06"))) == "2026-03-06 12:00:00"
    assert clock(calendar.due_end(day("2026-03-07"))) == "2026-03-07 23:59:59.999"
    assert clock(calendar.with_hours((Hours(spans=((480, 960),)),)).due_end(day("2026-03-06"))) == "2026-03-06 16:00:00"
    wait = Pauses.of(calendar, [pause("2026-03-03 10:00", "2026-03-04 10:00")])
    assert clock(absolute_term(calendar, at("2026-03-02 10:00"), "2026-03-05", pauses=wait).due_at) == "2026-03-06 12:00:00"
    kept = absolute_term(calendar, at("2026-03-02 10:00"), at("2026-03-05 17:30"), pauses=wait)
    assert clock(kept.due_at) == "2026-03-06 17:30:00"


def test_a_pause_into_a_year_without_data_is_known_up_to_it() -> None:
    first = day("2026-12-26")
    wait = Pauses.of(CN, [pause("2026-12-25 09:00", None), pause("2026-03-03 10:00", "2026-03-04 10:00")])
    assert wait.days == ((day("2026-03-04"), day("2026-03-04")), (first, day("2026-12-31")))
    assert wait.instants[1] == (at("2026-12-25 09:00"), at("2027-01-01 00:00"))
    assert (wait.lacks, wait.known_to) == (("CN", 2027), (day("2027-01-01"), at("2027-01-01 00:00")))
    assert (wait.on(day("2026-12-31")), wait.on(day("2026-12-25")), wait.at(at("2026-12-31 23:59"))) == (True, False, True)
    assert clock(term(CN, at("2026-12-23 09:00"), Limit(2), pauses=wait).due_at) == "2026-12-25 23:59:59.999"
    over = Pauses.of(CN, [pause("2026-12-25 09:00", "2026-12-28 10:00")])
    assert (over.lacks, over.days) == (None, ((first, day("2026-12-28")),))
    unknown = Pauses.of(CN, [pause("2027-02-01 09:00", None)])
    assert (unknown.days, unknown.instants, bool(unknown), unknown.known_to[0]) == ((), (), True, day("2027-02-02"))
    assert (unknown.on(day("2027-02-01")), unknown.at(at("2027-02-01 08:59"))) == (False, False)
    assert wait == Pauses.of(CN, [pause("2026-03-03 10:00", "2026-03-04 10:00"), pause("2026-12-25 09:00", None)])


def test_a_year_that_is_used_up_to_its_last_minute_ends_with_it() -> None:
    close = at("2025-12-31 17:30")
    assert CN.add_work(at("2025-12-31 16:30"), HOUR) == close
    assert CN.add_work(at("2025-12-31 16:30"), HOUR + 1) == at("2026-01-04 09:00") + 1
    assert CN.add_work(at("2025-03-03 09:00"), CN.work_between(at("2025-03-03 09:00"), close)) == close


def test_work_goes_on_from_year_to_year_where_an_office_opens_on_its_last_day_only() -> None:
    rare = on_last_days(1)
    assert clock(rare.add_work(at("2024-06-01 09:00"), 7 * HOUR)) == "2024-12-31 17:30:00"
    assert clock(rare.add_work(at("2024-06-01 09:00"), 15 * HOUR)) == "2026-12-31 10:00:00"
    assert rare.work_between(at("2024-06-01 09:00"), at("2026-12-31 10:00")) == 15 * HOUR


@pytest.mark.parametrize("worked", [1, 3])
def test_days_are_added_counted_and_gone_back_over_the_ends_of_years(worked: int) -> None:
    rare, start = on_last_days(worked), day("2023-12-31")
    ends = [date(year, 12, 31).toordinal() for year in (2024, 2025, 2026)]
    days = [end - back for end in ends for back in reversed(range(worked))]
    assert [rare.add(start, n + 1) for n in range(len(days))] == days
    assert [rare.count(start, each) for each in days] == [n + 1 for n in range(len(days))]
    assert [rare.back(days[-1] + 1, n + 1) for n in range(len(days))] == days[::-1]
    assert [rare.back(each, 0) for each in days] == days
    assert [rare.count(each, each) for each in days] == [0] * len(days)


def test_nothing_to_count_takes_no_time_even_in_a_pause() -> None:
    waiting = paused(pause("2026-03-02 09:00", "2026-03-09 10:00", LONG))
    inside = day("2026-03-04")
    assert waiting.add_days(inside, 0) == waiting.add_free(CN, inside, 0) == inside
    saturday = day("2026-03-07")
    assert CN.add(saturday, 0) == CN.back(saturday, 0) == CN.add(saturday, -1) == CN.back(saturday, -1) == saturday
    assert CN.work_between(at("2199-01-01 10:00"), at("2199-01-01 10:00")) == 0  # nobody has to know that year
    assert CN.add_work(at("2026-03-01 03:00"), 0) == at("2026-03-01 03:00")
    assert waiting.add_work(CN, at("2026-03-04 10:00"), 0) == at("2026-03-04 10:00")
    assert waiting.add_work(CN, at("2026-03-04 10:00"), 1) == at("2026-03-09 10:00") + 1


def test_a_pause_that_ends_on_its_first_day_is_one_of_hours_only() -> None:
    short = paused(pause("2026-03-05 10:00", "2026-03-05 11:00"))
    assert short.days == ()
    assert short.instants == ((at("2026-03-05 10:00"), at("2026-03-05 11:00")),)
    assert short
    assert paused(pause("2026-03-05 10:00", "2026-03-05 10:00")) == Pauses.NONE


def test_a_pause_without_end_ends_at_midnight_after_its_declared_limit_or_ten_days() -> None:
    assert paused(pause("2026-03-05 10:00", None, Limit(2))).instants == ((at("2026-03-05 10:00"), at("2026-03-10 00:00")),)
    assert Pauses.of(CN, [Pause(at("2026-03-05 10:00"))]).instants == ((at("2026-03-05 10:00"), at("2026-03-20 00:00")),)


MONTHS = [
    ("2026-03-02", 1, "2026-04-02"),
    ("2026-03-31", 1, "2026-04-30"),
    ("2026-01-30", 1, "2026-02-28"),
    ("2026-03-10", 3, "2026-06-10"),
    ("2025-11-10", 3, "2026-02-10"),
    ("2025-11-28", 13, "2026-12-28"),
    ("2026-03-10", 0, "2026-03-10"),
    ("2026-03-10", -2, "2026-03-10"),
]


@pytest.mark.parametrize(("start", "months", "due"), MONTHS)
def test_months_end_on_the_same_day_of_the_month_or_on_its_last(start: str, months: int, due: str) -> None:
    running = term(CN, at(f"{start} 10:00"), Limit(months, Unit.MONTH))
    assert clock(running.due_at) == f"{due} 23:59:59.999"
    assert running.limit_wd == CN.count(day(start), day(due))


def test_pauses_that_touch_are_one() -> None:
    whole = paused(pause("2026-03-05 10:00", "2026-03-12 11:00", LONG))
    first, second = pause("2026-03-05 10:00", "2026-03-09 09:00", LONG), pause("2026-03-09 09:00", "2026-03-12 11:00", LONG)
    assert paused(second, first) == whole
    assert whole.days == ((day("2026-03-06"), day("2026-03-12")),)
    split = paused(pause("2026-03-05 10:00:00", "2026-03-05 11:00:00"), pause("2026-03-05 11:00:00.001", "2026-03-05 12:00:00"))
    assert len(split.instants) == 2
    apart = paused(first, pause("2026-03-10 09:00", "2026-03-12 11:00", LONG))
    assert apart.days == ((day("2026-03-06"), day("2026-03-09")), (day("2026-03-11"), day("2026-03-12")))


@settings(max_examples=60, deadline=None)
@given(CASES, st.integers(0, 30 * 1440))
def test_office_time_outside_pauses_agrees_with_a_count_minute_by_minute(case: tuple[datetime, list[Wait]], length: int) -> None:
    start, waits = case
    minutes = [start + number * MINUTE for number in range(length)]
    open_minutes = sum(is_open(minute) and not is_waiting(minute, waits) for minute in minutes)
    # Some pauses are capped at the last millisecond of a day, when no office is open.
    assert pauses_of(waits).work_between(CN, ms(start), ms(start) + length * 60_000) == open_minutes * 60_000


def test_what_lies_in_a_pause_is_not_used() -> None:
    wait = paused(pause("2026-03-02 11:00", "2026-03-03 10:00", LONG), pause("2026-03-05 09:00", "2026-03-05 17:30", LONG))
    running = term(CN, at("2026-03-02 09:00"), Limit(14, Unit.HOUR), pauses=wait)
    shares = [running.used_ratio(at(f"2026-03-{text}")) for text in ("02 11:00", "03 09:30", "03 12:00", "05 12:00", "06 10:00")]
    assert [round(share * 14) for share in shares] == [2, 2, 4, 15, 16]
    assert wait.work_between(CN, at("2026-03-02 15:00"), at("2026-03-03 10:30")) == HOUR // 2
    assert wait.work_between(CN, at("2026-03-05 10:00"), at("2026-03-05 11:00")) == 0


def test_a_pause_from_the_first_day_excludes_the_second() -> None:
    running = term(CN, at("2026-03-02 09:00"), Limit(5), pauses=paused(pause("2026-03-02 15:00", "2026-03-04 10:00", LONG)))
    assert running.excluded() == ("2026-03-03", "2026-03-04")
    assert clock(running.due_at) == "2026-03-11 23:59:59.999"
    ends = term(CN, at("2026-03-02 09:00"), Limit(5), pauses=paused(pause("2026-03-08 15:00", "2026-03-09 10:00", LONG)))
    assert ends.excluded() == ("2026-03-09",)


def test_a_share_may_be_used_before_the_first_day_is_over() -> None:
    running = term(CN, at("2026-03-02 10:00"), Limit(4))
    assert clock(running.near_at(remaining_wd=5) or 0) == "2026-03-02 00:00:00"
    assert clock(running.near_at(remaining_wd=4) or 0) == "2026-03-02 00:00:00"
    assert clock(running.near_at(remaining_wd=3) or 0) == "2026-03-03 00:00:00"
    three = term(CN, at("2026-03-02 10:00"), Limit(3))
    assert clock(three.near_at(remaining_wd=0, used_share=0.5) or 0) == "2026-03-04 00:00:00"
    assert clock(three.near_at(remaining_wd=0, used_share=0.5, share_from_wd=4) or 0) == "2026-03-05 00:00:00"


def test_an_absolute_term_counts_from_its_start() -> None:
    running = absolute_term(
        CN, at("2026-03-02 10:00"), "2026-03-13", pauses=paused(pause("2026-03-05 09:00", "2026-03-06 12:00", LONG))
    )
    assert (running.start, running.start_day) == (at("2026-03-02 10:00"), day("2026-03-02"))
    assert clock(running.due_at) == "2026-03-16 23:59:59.999"
    assert (running.limit_wd, running.paused_wd(), running.excluded()) == (9, 1, ("2026-03-06",))
    assert [running.used_wd(at(f"2026-03-{d:02d} 12:00")) for d in (2, 3, 6, 9, 16)] == [0, 1, 3, 4, 9]
    assert running.used_ratio(at("2026-03-16 12:00")) == 1.0
    assert running.remaining_wd(at("2026-03-13 12:00")) == 1


def test_an_instant_on_the_first_day_of_a_pause_is_not_paused_for_a_limit_in_days() -> None:
    wait = paused(pause("2026-03-05 10:00", "2026-03-09 10:00", LONG))
    running = absolute_term(CN, at("2026-03-02 10:00"), at("2026-03-05 15:00"), pauses=wait)
    assert running.alert_at() == at("2026-03-05 15:00") + 1


@pytest.mark.parametrize(
    "limit", [Limit(4), Limit(4, Unit.CALENDAR_DAY), Limit(14, Unit.HOUR), Limit(840, Unit.MINUTE), Limit(1, Unit.MONTH)]
)
@pytest.mark.parametrize("mode", Mode)
def test_a_term_knows_where_it_began(limit: Limit, mode: Mode) -> None:
    running = term(CN, at("2026-03-02 10:00"), limit, mode=mode)
    assert (running.start, running.start_day) == (at("2026-03-02 10:00"), day("2026-03-02"))
    assert running.due_day == CN.day_of(running.due_at)
    assert running.used_wd(at("2026-03-04 08:00")) == 2
    assert running.limit_wd == running.used_wd(running.due_at)
    assert running.used_ratio(running.start) == 0.0
    assert running.used_ratio(running.due_at) == 1.0


def test_a_limit_of_nothing_is_used_at_once() -> None:
    for limit in (Limit(0), Limit(0, Unit.HOUR), Limit(-3)):
        running = term(CN, at("2026-03-02 10:00"), limit)
        assert running.used_ratio(at("2026-03-02 10:00")) == 1.0
        assert running.limit_wd == 0
        assert running.due_day == day("2026-03-02")
