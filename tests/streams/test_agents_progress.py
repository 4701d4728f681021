from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.progress import Progress, after_fetch, wall_limit


def progress(delivered: int = 10, position: int = 10, highwater: int = 10, complete_at: int = 5_000) -> Progress:
    return Progress(delivered, position, highwater, complete_at + 50, complete_at)


@pytest.mark.parametrize(
    ("known", "judged", "last_stamp", "limit"),
    [
        pytest.param(None, 0, None, None, id="nothing read and nothing known: nowhere"),
        pytest.param(None, 7, 1_000, 1_000, id="not fetched yet: the last judged record"),
        pytest.param(progress(), 10, 1_000, 5_000, id="all read and judged: as far as the log is complete"),
        pytest.param(progress(), 10, None, 5_000, id="an empty log moves its clock too"),
        pytest.param(progress(), 9, 1_000, 1_000, id="handed over but not judged: the last judged record"),
        pytest.param(progress(position=10, highwater=12), 10, 1_000, 1_000, id="more to read: the last judged record"),
        pytest.param(progress(position=12, highwater=12), 10, 1_000, 5_000, id="only control records behind the last: all read"),
        pytest.param(progress(complete_at=0), 10, None, None, id="one fetch alone does not show up to when the log is complete"),
        pytest.param(progress(), 10, 6_000, 6_000, id="the broker's stamp may be ahead of this machine"),
    ],
)
def test_the_wall_clock_stays_before_what_is_unread(
    known: Progress | None, judged: int, last_stamp: int | None, limit: int | None
) -> None:
    assert wall_limit(known, judged, last_stamp) == limit


def test_the_log_is_complete_up_to_when_the_answer_before_came() -> None:
    first = after_fetch(None, 0, 0, 5, 1_000)
    assert first.complete_at == 0
    second = after_fetch(first, 5, 5, 5, 1_060)
    assert second.complete_at == 1_000
    again = after_fetch(second, 5, 5, 5, 1_060)
    assert again.complete_at == 1_000, "the same answer looked at twice says nothing new"


def test_an_unknown_highwater_is_never_reached() -> None:
    assert not after_fetch(None, 0, 0, None, None).has_read_all


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 400)), min_size=1, max_size=30))
def test_no_unread_record_is_older_than_the_clock(turns: list[tuple[int, int]]) -> None:
    """A broker's log grows while fetches follow one another; what is unread when an answer comes is stamped after the limit."""
    now, asked_at, length = 10_000, 10_000, 0
    stamps: list[int] = []
    known: Progress | None = None
    for wait, appended in turns:
        answered_at = asked_at + wait
        stamps += [asked_at + wait * number // (appended + 1) for number in range(1, appended + 1)]
        length = sum(stamp <= asked_at for stamp in stamps)  # the broker answers at once with what it had when asked
        known = after_fetch(known, length, length, length, answered_at)
        limit = wall_limit(known, length, stamps[length - 1] if length else None)
        assert limit is None or all(stamp >= limit for stamp in stamps[length:])
        now = asked_at = answered_at
    assert now >= 10_000
