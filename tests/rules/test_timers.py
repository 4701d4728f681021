"""Wake-up instants: each key once, at its earliest, and never after it was disarmed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.clocks import WALL_STEP_MS, Clocks
from rules.timers import Timers


def test_a_key_fires_once_at_the_instant_it_was_armed_for_last() -> None:
    timers = Timers()
    timers.arm("case", 10)
    timers.arm("case", 20)
    assert timers.due(15, 100) == []
    assert timers.due(20, 100) == ["case"]
    assert timers.due(99, 100) == []


def test_a_disarmed_key_does_not_fire() -> None:
    timers = Timers()
    timers.arm("case", 10)
    timers.arm("case", None)
    assert not timers.is_due(10)
    assert timers.due(10, 100) == []


def test_a_herd_fires_in_bounded_portions_and_says_that_more_is_due() -> None:
    timers = Timers()
    for number in range(25):
        timers.arm(f"case-{number:02}", 10)
    first = timers.due(10, 10)
    assert len(first) == 10
    assert timers.is_due(10)
    assert len(timers.due(10, 10)) + len(timers.due(10, 10)) == 15
    assert not timers.is_due(10)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 50)), max_size=60))
def test_what_fires_is_what_was_armed_last_whatever_came_before(steps: list[tuple[str, int | None]]) -> None:
    timers = Timers()
    wanted: dict[str, int] = {}
    for key, instant in steps:
        timers.arm(key, instant)
        if instant is None:
            wanted.pop(key, None)
        else:
            wanted[key] = instant
    fired = timers.due(25, 1000)
    assert sorted(fired) == sorted(key for key, instant in wanted.items() if instant <= 25)
    assert len(timers) == len(wanted) - len(fired)


def test_a_clock_never_goes_back_and_tells_each_step_once() -> None:
    clocks = Clocks()
    clocks.advance("log", 100)
    clocks.advance("log", 50)
    assert clocks.now("log") == 100
    assert clocks.passed("log") == [100]
    assert clocks.passed("log") == []
    clocks.advance("log", 101)
    assert clocks.pending() == ["log"]


def test_the_wall_clock_tells_a_step_only_every_ten_seconds() -> None:
    clocks = Clocks()
    clocks.advance("wall", 1_000_000)
    assert clocks.passed("wall") == [1_000_000]
    clocks.advance("wall", 1_000_000 + WALL_STEP_MS - 1)
    assert clocks.passed("wall") == []
    clocks.advance("wall", 1_000_000 + WALL_STEP_MS)
    assert clocks.passed("wall") == [1_000_000 + WALL_STEP_MS]


def test_clocks_come_back_as_they_were_packed() -> None:
    clocks = Clocks()
    clocks.advance("log", 7)
    clocks.passed("log")
    again = Clocks()
    again.restore(clocks.pack())
    assert again.reached() == {"log": 7}
    assert again.pending() == []
