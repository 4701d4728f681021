"""A position and its text: there and back, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.feed import position_of, text_of


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=40))
def test_a_position_comes_back_from_its_text(offsets: list[int]) -> None:
    assert position_of(text_of(offsets)) == tuple(offsets)


@given(st.text())
def test_any_text_is_a_position_or_none(text: str) -> None:
    found = position_of(text)
    assert found is None or all(0 <= offset < 2**63 for offset in found)


@pytest.mark.parametrize("text", ["", ".", "1..2", "-1", "1_0", " 1", "1.x y", "٣", "z" * 40, "1" * 20_000])
def test_what_is_no_position(text: str) -> None:
    assert position_of(text) is None
