"""Wake-up instants: each key once, at its earliest, and never after it was disarmed."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.clocks import WALL_STEP_MS, Clocks
from rules.packing import ALONE, ON_SEVERAL_CLOCKS, PLAIN, TOGETHER, head_of, pack
from rules.runner import Short, due_in
from rules.timers import BUCKET_MS, Timers, armed_in
from rules.verdict import FAR, UNDATED


def nothing(_clock: str, _key: str) -> int | None:
    return None


class Owner:
    """Whoever the timers belong to: it knows what each key is armed for, and forgets it when it fires."""

    def __init__(self) -> None:
        self.armed: dict[str, int] = {}
        self.timers = Timers(self.armed.get)

    def arm(self, key: str, instant: int | None) -> None:
        if instant is None:
            self.armed.pop(key, None)
        elif self.armed.get(key) != instant:
            self.armed[key] = instant
            self.timers.arm(key, instant)

    def due(self, to: int, limit: int = 1000) -> list[str]:
        keys = self.timers.due(to, limit)
        for key in keys:
            del self.armed[key]
        return keys


def test_a_key_fires_once_at_the_instant_it_was_armed_for_last() -> None:
    owner = Owner()
    owner.arm("case", 10)
    owner.arm("case", 20)
    assert owner.due(15) == []
    assert owner.due(20) == ["case"]
    assert owner.due(99) == []


def test_a_disarmed_key_does_not_fire() -> None:
    owner = Owner()
    owner.arm("case", 10)
    owner.arm("case", None)
    assert not owner.timers.is_due(10)
    assert owner.due(10) == []


def test_a_key_armed_again_for_an_instant_it_had_before_fires_once() -> None:
    owner = Owner()
    for instant in (10, 3 * BUCKET_MS, 10, 5 * BUCKET_MS, 10):
        owner.arm("case", instant)
    assert owner.due(20) == ["case"]
    assert owner.due(9 * BUCKET_MS) == []


def test_a_herd_fires_in_bounded_portions_and_says_that_more_is_due() -> None:
    owner = Owner()
    for number in range(25):
        owner.arm(f"case-{number:02}", 10)
    first = owner.due(10, 10)
    assert len(first) == 10
    assert owner.timers.is_due(10)
    assert len(owner.due(10, 10)) + len(owner.due(10, 10)) == 15
    assert not owner.timers.is_due(10)


INSTANTS = st.integers(0, 50) | st.integers(0, 6 * BUCKET_MS)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | INSTANTS, st.booleans()), max_size=60))
def test_what_fires_is_what_was_armed_last_whatever_came_before(steps: list[tuple[str, int | None, bool]]) -> None:
    owner, wanted, now = Owner(), dict[str, int](), 0
    for key, instant, has_clock_moved in steps:
        owner.arm(key, instant)
        if instant is None:
            wanted.pop(key, None)
        else:
            wanted[key] = instant
        if has_clock_moved and instant is not None:
            now = max(now, instant - 1)
            due = sorted((at, name) for name, at in wanted.items() if at <= now)
            assert owner.timers.is_due(now) is bool(due)
            assert [(wanted.pop(name), name) for name in owner.due(now)] == due
    assert sorted(owner.due(7 * BUCKET_MS)) == sorted(wanted)


def test_a_clock_never_goes_back_and_tells_each_step_once() -> None:
    clocks = Clocks(nothing)
    clocks.advance("log", 100)
    clocks.advance("log", 50)
    assert clocks.now("log") == 100
    assert clocks.passed("log") == [100]
    assert clocks.passed("log") == []
    clocks.advance("log", 101)
    assert clocks.pending() == ["log"]


def test_the_wall_clock_tells_a_step_only_every_ten_seconds() -> None:
    clocks = Clocks(nothing)
    clocks.advance("wall", 1_000_000)
    assert clocks.passed("wall") == [1_000_000]
    clocks.advance("wall", 1_000_000 + WALL_STEP_MS - 1)
    assert clocks.passed("wall") == []
    clocks.advance("wall", 1_000_000 + WALL_STEP_MS)
    assert clocks.passed("wall") == [1_000_000 + WALL_STEP_MS]


def test_clocks_come_back_as_they_were_packed() -> None:
    clocks = Clocks(nothing)
    clocks.advance("log", 7)
    clocks.passed("log")
    again = Clocks(nothing)
    again.restore(clocks.pack())
    assert again.reached() == {"log": 7}
    assert again.pending() == []


edges = st.builds(lambda hour, beside: hour * BUCKET_MS + beside, st.integers(-3, 3), st.integers(-1, 1))
instants = edges | st.sampled_from([FAR, UNDATED]) | st.integers(-(2**47), 2**47)
shapes = st.sampled_from([ALONE, TOGETHER, PLAIN])


@pytest.mark.parametrize("short", get_args(Short))
@given(
    of_one_clock=st.dictionaries(st.text(max_size=3), st.tuples(shapes, instants)),
    of_several=st.dictionaries(st.text(max_size=3), st.none() | instants),
    others=st.lists(st.text(max_size=3)),
    number=st.integers(-3, 3),
)
@example({"one": (PLAIN, -1), "two": (PLAIN, 0), "three": (ALONE, -BUCKET_MS)}, {}, [], -1)
@example({"before": (PLAIN, -1), "first": (PLAIN, 0), "last": (ALONE, BUCKET_MS - 1), "next": (PLAIN, BUCKET_MS)}, {}, [], 0)
def test_what_is_due_in_an_hour_is_read_off_what_lies_packed(
    short: Short, of_one_clock: dict[str, tuple[int, int]], of_several: dict[str, int | None], others: list[str], number: int
) -> None:
    blobs = {key: pack(shape, instant, []) for key, (shape, instant) in of_one_clock.items()}
    blobs |= {key: pack(ON_SEVERAL_CLOCKS, FAR, []) for key in of_several}

    def instant_of(key: str) -> int | None:
        if key in blobs and key not in of_several:
            return head_of(blobs[key])[1]
        return of_several.get(key)

    keys = [*blobs, *others, *blobs]
    assert sorted(due_in(short)(blobs, instant_of, keys, number)) == sorted(armed_in(instant_of, keys, number))
