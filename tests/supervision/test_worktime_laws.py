"""Laws of working time, on generated limits and pauses, and agreement with a slow implementation of the same text."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.worktime import Limit, Mode, Pause, Pauses, Term, Unit, absolute_term, term
from tests.supervision.worktime_naive import Wait, due_date, due_day, due_minute, paused_days, working_days
from tests.supervision.worktime_office import CN, SHANGHAI, day

EXAMPLES = settings(max_examples=100, deadline=None)
UNITS = {"wd": Unit.WORKING_DAY, "days": Unit.CALENDAR_DAY, "hours": Unit.HOUR}
MINUTES = st.integers(0, (date(2026, 5, 31) - date(2025, 1, 1)).days * 1440 - 1)
STARTS = MINUTES.map(lambda minute: datetime(2025, 1, 1) + timedelta(minutes=minute))
DAYS = st.integers(day("2025-01-01"), day("2026-06-30"))
WD = st.integers(0, 40)
MODES = st.sampled_from(Mode)
DECLARED = st.none() | st.tuples(st.integers(0, 20), st.sampled_from(list(UNITS)))
LENGTHS = st.none() | st.integers(0, 40 * 1440)
LIMITS = st.builds(Limit, st.integers(0, 40), st.sampled_from([Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.HOUR])) | st.builds(
    Limit, st.integers(0, 2), st.just(Unit.MONTH)
)


@st.composite
def waits_after(draw: st.DrawFn, start: datetime, most: int = 3) -> list[Wait]:
    """Pauses that begin from two days before the start to two months after it."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        begins = start + timedelta(minutes=draw(st.integers(-2 * 1440, 60 * 1440)))
        length = draw(LENGTHS)
        found.append(Wait(begins, None if length is None else begins + timedelta(minutes=length), draw(DECLARED)))
    return found


CASES = STARTS.flatmap(lambda start: st.tuples(st.just(start), waits_after(start)))


def ms(moment: datetime) -> int:
    return round(moment.replace(tzinfo=SHANGHAI).timestamp() * 1000)


def pauses_of(waits: list[Wait]) -> Pauses:
    return Pauses.of(CN, [pause_of(wait) for wait in waits])


def pause_of(wait: Wait) -> Pause:
    declared = None if wait.declared is None else Limit(wait.declared[0], UNITS[wait.declared[1]])
    return Pause(ms(wait.start), None if wait.end is None else ms(wait.end), declared)


def runs(start: datetime, limit: Limit, waits: list[Wait], mode: Mode = Mode.DAY_END) -> Term:
    return term(CN, ms(start), limit, mode=mode, pauses=pauses_of(waits))


# -- agreement with the slow way --------------------------------------------------------------------------------------


@EXAMPLES
@given(CASES, WD)
def test_due_days_agree_with_a_count_day_by_day(case: tuple[datetime, list[Wait]], wd: int) -> None:
    start, waits = case
    running = runs(start, Limit(wd), waits)
    assert date.fromordinal(running.due_day) == due_day(start.date(), wd, paused_days(waits))
    by_days = runs(start, Limit(wd, Unit.CALENDAR_DAY), waits)
    assert date.fromordinal(by_days.due_day) == due_date(start.date(), wd, paused_days(waits))


@settings(max_examples=40, deadline=None)
@given(STARTS.flatmap(lambda start: st.tuples(st.just(start), waits_after(start, 2))), st.integers(0, 20))
def test_hours_agree_with_a_count_minute_by_minute(case: tuple[datetime, list[Wait]], hours: int) -> None:
    start, waits = case
    assert runs(start, Limit(hours, Unit.HOUR), waits).due_at == ms(due_minute(start, hours * 60, waits))


@EXAMPLES
@given(CASES, WD, st.integers(0, 120))
def test_used_late_and_paused_days_agree_with_a_count_day_by_day(case: tuple[datetime, list[Wait]], wd: int, later: int) -> None:
    start, waits = case
    running, paused = runs(start, Limit(wd), waits), paused_days(waits)
    then = start + timedelta(days=later)
    due = date.fromordinal(running.due_day)
    assert running.used_wd(ms(then)) == working_days(start.date(), then.date(), paused)
    assert running.late_wd(ms(then)) == max(1, working_days(due, then.date(), paused))
    assert running.paused_wd() == working_days(start.date(), due, set()) - working_days(start.date(), due, paused)


@EXAMPLES
@given(CASES, st.integers(2, 40))
def test_near_is_the_first_working_day_that_says_so(case: tuple[datetime, list[Wait]], wd: int) -> None:
    start, waits = case
    running, paused = runs(start, Limit(wd), waits), paused_days(waits)
    found = CN.day_of(running.near_at() or 0)

    def says_so(ordinal: int) -> bool:
        used = working_days(start.date(), date.fromordinal(ordinal), paused)
        return wd - used <= 1 or (wd >= 3 and used * 10 >= wd * 8)

    free = [d for d in range(running.start_day + 1, running.due_day + 1) if working_days(*_only(d), paused)]
    assert found == next(d for d in free if says_so(d))


def _only(ordinal: int) -> tuple[date, date]:
    return date.fromordinal(ordinal - 1), date.fromordinal(ordinal)


# -- laws -------------------------------------------------------------------------------------------------------------


@EXAMPLES
@given(DAYS, st.integers(1, 60))
def test_adding_then_counting_agrees(start: int, n: int) -> None:
    end = CN.add(start, n)
    assert CN.count(start, end) == n
    assert CN.count(start, end - 1) == n - 1
    assert CN.is_working(end)
    assert CN.add(CN.back(end, n), n) == end
    assert CN.back(end + 1) == end


@EXAMPLES
@given(DAYS, st.integers(0, 90), st.integers(0, 90))
def test_counts_add_up(start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    assert CN.count(start, middle) + CN.count(middle, end) == CN.count(start, end)
    assert CN.count(end, start) == 0


@EXAMPLES
@given(CASES, LIMITS, MODES)
def test_pauses_never_shorten(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode) -> None:
    start, waits = case
    dues = [runs(start, limit, waits[:n], mode).due_at for n in range(len(waits) + 1)]
    assert dues == sorted(dues)


@EXAMPLES
@given(CASES, LIMITS, MODES)
def test_the_order_of_pauses_and_repeating_them_change_nothing(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode) -> None:
    start, waits = case
    mixed = sorted(waits + waits, key=repr, reverse=True)
    assert pauses_of(mixed) == pauses_of(waits)
    assert runs(start, limit, mixed, mode).due_at == runs(start, limit, waits, mode).due_at


@EXAMPLES
@given(CASES, LIMITS, MODES)
def test_a_longer_limit_is_never_due_earlier(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode) -> None:
    start, waits = case
    assert runs(start, limit, waits, mode).due_at <= runs(start, Limit(limit.value + 1, limit.unit), waits, mode).due_at


@EXAMPLES
@given(CASES, LIMITS, st.integers(0, 10))
def test_an_extension_never_shortens(case: tuple[datetime, list[Wait]], limit: Limit, extra: int) -> None:
    start, waits = case
    pauses = pauses_of(waits)
    plain, extended = (term(CN, ms(start), limit, pauses=pauses, extra_wd=wd) for wd in (0, extra))
    assert extended.due_at >= plain.due_at
    assert extended.limit_wd == plain.limit_wd + extra


@EXAMPLES
@given(CASES, WD)
def test_a_date_and_the_limit_that_gives_it_end_alike(case: tuple[datetime, list[Wait]], wd: int) -> None:
    """Pauses that follow move a date by as many working days as they lengthen a limit."""
    start, waits = case
    later = [wait for wait in waits if wait.start >= start]
    plain = runs(start, Limit(wd), [])
    if wd > 0:
        moved = absolute_term(CN, ms(start), date.fromordinal(plain.due_day).isoformat(), pauses=pauses_of(later))
        assert moved.due_at == runs(start, Limit(wd), later).due_at
        assert moved.limit_wd == wd


@EXAMPLES
@given(CASES, LIMITS, MODES, st.integers(0, 60), st.integers(0, 60))
def test_late_days_never_fall(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode, first: int, second: int) -> None:
    start, waits = case
    running = runs(start, limit, waits, mode)
    earlier = running.due_at + first * 86_400_000
    assert 1 <= running.late_wd(earlier) <= running.late_wd(earlier + second * 86_400_000)


@EXAMPLES
@given(CASES, LIMITS, MODES, st.integers(1, 11))
def test_late_days_reach_a_number_at_the_instant_named(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode, n: int) -> None:
    start, waits = case
    running = runs(start, limit, waits, mode)
    instants = [running.late_wd_at(wd) for wd in range(1, n + 1)]
    assert instants == sorted(instants)
    assert instants[0] == running.alert_at() > running.due_at
    assert running.late_wd(instants[-1]) == n
    assert n == 1 or running.late_wd(instants[-1] - 1) == n - 1


@EXAMPLES
@given(CASES, LIMITS, MODES)
def test_alerts_never_fall_into_a_pause(case: tuple[datetime, list[Wait]], limit: Limit, mode: Mode) -> None:
    start, waits = case
    running = runs(start, limit, waits, mode)
    alert = running.alert_at()
    assert not (running.pauses.at(alert) if running.work_ms is not None else running.pauses.on(CN.day_of(alert)))


@EXAMPLES
@given(STARTS, st.integers(0, 4000))
def test_office_time_added_is_the_office_time_between(start: datetime, minutes: int) -> None:
    end = CN.add_work(ms(start), minutes * 60_000)
    assert CN.work_between(ms(start), end) == minutes * 60_000
