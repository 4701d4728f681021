"""The reference's own working time against the vectors of domain.md 3.3 and exact.md 3."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from supervision.worktime import Limit, Mode, Unit
from tests.law.days import NOT_PAUSED, Days, Paused, days_of_region, limit_end, moved_end
from tests.law.places import ZONE, worlds


@pytest.fixture(scope="module", name="days")
def _days() -> Days:
    return days_of_region(worlds()[0].reference, "430111")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def paused_between(start: str, end: str) -> Paused:
    return Paused(frozenset(range(date.fromisoformat(start).toordinal() + 1, date.fromisoformat(end).toordinal() + 1)))


@pytest.mark.parametrize(
    ("accepted", "limit", "due"),
    [
        ("2026-03-02", 20, "2026-03-30"),
        ("2026-02-12", 5, "2026-02-26"),
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-28", 10, "2026-03-13"),
        ("2026-03-07", 5, "2026-03-13"),
        ("2026-04-30", 3, "2026-05-08"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-29", 7, "2026-10-14"),
        ("2025-12-30", 3, "2026-01-05"),
        ("2025-09-26", 20, "2025-10-30"),
        ("2026-03-02", 30, "2026-04-14"),
        ("2026-03-02", 45, "2026-05-08"),
        ("2026-03-02", 60, "2026-05-28"),
    ],
)
def test_a_limit_in_working_days_ends_with_its_last_one(days: Days, accepted: str, limit: int, due: str) -> None:
    end = limit_end(days, at(f"{accepted}T10:00"), Limit(limit), Mode.DAY_END, NOT_PAUSED)
    assert end == at(f"{due}T23:59:59.999")


@pytest.mark.parametrize(
    ("accepted", "limit", "start", "end", "due"),
    [
        ("2026-03-02", 20, "2026-03-05", "2026-03-19", "2026-04-14"),
        ("2026-03-02", 20, "2026-03-05", "2026-03-05", "2026-03-30"),
        ("2026-09-21", 10, "2026-09-24", "2026-10-09", "2026-10-19"),
        ("2026-03-02", 7, "2026-03-05", "2026-03-12", "2026-03-18"),
        ("2026-03-02", 7, "2026-03-05", "2026-03-19", "2026-03-25"),
    ],
)
def test_paused_days_do_not_count_but_the_first(days: Days, accepted: str, limit: int, start: str, end: str, due: str) -> None:
    found = limit_end(days, at(f"{accepted}T10:00"), Limit(limit), Mode.DAY_END, paused_between(start, end))
    assert found == at(f"{due}T23:59:59.999")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02T11:30", 4, "2026-03-02T17:00"),
        ("2026-02-13T17:00", 2, "2026-02-14T10:30"),
        ("2026-03-06T18:00", 1, "2026-03-09T10:00"),
    ],
)
def test_hours_are_office_hours(days: Days, start: str, hours: int, due: str) -> None:
    assert limit_end(days, at(start), Limit(hours, Unit.HOUR), Mode.DAY_END, NOT_PAUSED) == at(due)


def test_a_calendar_limit_that_ends_on_a_day_off_ends_on_the_next_working_day(days: Days) -> None:
    end = limit_end(days, at("2026-02-10T10:00"), Limit(10, Unit.CALENDAR_DAY), Mode.DAY_END, NOT_PAUSED)
    assert end == at("2026-02-24T23:59:59.999")


def test_a_month_after_the_last_of_january_is_the_last_of_february(days: Days) -> None:
    end = limit_end(days, at("2026-01-31T10:00"), Limit(1, Unit.MONTH), Mode.DAY_END, NOT_PAUSED)
    assert end == at("2026-02-28T23:59:59.999")


def test_an_absolute_moment_moves_by_paused_working_days_and_keeps_its_time_of_day(days: Days) -> None:
    moved = moved_end(days, at("2026-03-02T10:00"), at("2026-03-11T15:20"), paused_between("2026-03-05", "2026-03-09"))
    assert moved == at("2026-03-13T15:20")


def test_a_bare_date_ends_with_its_day(days: Days) -> None:
    assert moved_end(days, at("2026-03-02T10:00"), "2026-03-11", NOT_PAUSED) == at("2026-03-11T23:59:59.999")
