"""How close together signals lie is the same when it is kept up as they come, and when it is looked for among all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.spacing import FAR_APART, Spacing, least_of

INSTANTS = st.lists(st.integers(min_value=0, max_value=60), max_size=30)
NUMBERS = st.integers(min_value=1, max_value=6)


def least_among(ats: list[int], number: int) -> int:
    ordered = sorted(ats)
    return min((ordered[at + number - 1] - ordered[at] for at in range(len(ordered) - number + 1)), default=FAR_APART)


@given(INSTANTS, INSTANTS, st.lists(NUMBERS, max_size=3))
def test_it_is_kept_up_as_signals_come(first: list[int], then: list[int], numbers: list[int]) -> None:
    spacing = Spacing(first)
    for place, at in enumerate(then):
        for number in numbers:
            assert spacing.least(number) == least_among([*first, *then[:place]], number)
        spacing.add(at)
    assert spacing.ats == sorted([*first, *then])
    for number in range(1, 8):
        assert spacing.least(number) == least_among([*first, *then], number)


def test_signals_that_come_ever_closer_are_closer() -> None:
    spacing = Spacing([0, 10])
    assert spacing.least(2) == 10
    for at, least in ((19, 9), (21, 2), (30, 2), (31, 1)):
        spacing.add(at)
        assert spacing.least(2) == least


@given(st.lists(INSTANTS, max_size=4), NUMBERS, st.integers(min_value=0, max_value=70))
def test_of_several_pages_it_tells_whether_so_many_lie_within_a_time(pages: list[list[int]], number: int, within: int) -> None:
    found = least_of([Spacing(page) for page in pages], number, within)
    wanted = least_among([at for page in pages for at in page], number)
    assert (found < within) == (wanted < within)
    assert found >= wanted


@given(INSTANTS, NUMBERS, st.integers(min_value=1, max_value=70))
def test_dates_one_behind_the_other_are_looked_at_together_where_they_meet(ats: list[int], number: int, within: int) -> None:
    ordered = sorted(ats)
    half = len(ordered) // 2
    found = least_of([Spacing(ordered[:half]), Spacing(ordered[half:])], number, within)
    assert (found < within) == (least_among(ats, number) < within)
