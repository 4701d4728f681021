"""Approved overtime: what it covers, given in instants or dates, and when it is over."""

from __future__ import annotations

import pytest

from rules.overtime import Leave, covered, is_past
from supervision.calendars import calendars_of
from supervision.reference import Reference
from tests.rules.test_engine import at

CALENDAR = calendars_of(Reference([])).of_region("430111", at("2026-03-09T12:00"))
NIGHT = at("2026-03-09T18:00"), at("2026-03-09T21:00")


@pytest.mark.parametrize(
    ("span", "when", "wanted"),
    [
        (NIGHT, "2026-03-09T18:00", True),
        (NIGHT, "2026-03-09T17:59:59.999", False),
        (NIGHT, "2026-03-09T21:00", False),
        (("2026-03-09", "2026-03-10"), "2026-03-09T00:00", True),
        (("2026-03-09", "2026-03-10"), "2026-03-08T23:59:59.999", False),
        (("2026-03-09", "2026-03-10"), "2026-03-10T23:59:59.999", True),
        (("2026-03-09", "2026-03-10"), "2026-03-11T00:00", False),
        ((None, NIGHT[1]), "2026-03-01T00:00", True),
        ((NIGHT[0], None), "2026-12-01T00:00", True),
    ],
)
def test_a_date_means_the_whole_local_day_and_nothing_no_bound(
    span: tuple[int | str | None, int | str | None], when: str, wanted: bool
) -> None:
    assert covered([span], at(when), CALENDAR) is wanted
    assert covered([(0, 1), span], at(when), CALENDAR) is wanted
    assert covered([], at(when), CALENDAR) is False


@pytest.mark.parametrize(
    ("until", "horizon", "wanted"),
    [
        (NIGHT[1], "2026-03-11", True),
        (NIGHT[1], "2026-03-09", False),
        ("2026-03-09", "2026-03-10", True),
        ("2026-03-09", "2026-03-09", False),
        (None, "2027-01-01", False),
    ],
)
def test_it_is_past_when_it_ended_before_a_date(until: int | str | None, horizon: str, wanted: bool) -> None:
    assert is_past(Leave(bytes(16), at("2026-03-06T09:00"), "overtime", NIGHT[0], until), horizon) is wanted


def test_it_is_not_past_while_its_approval_lies_ahead() -> None:
    assert not is_past(Leave(bytes(16), at("2026-03-20T09:00"), "overtime", NIGHT[0], "2026-03-09"), "2026-03-15")
