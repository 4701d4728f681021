"""What is wrong with a card is told with where it is."""

from __future__ import annotations

import pytest

from rules.wording import near, parse_error


@pytest.mark.parametrize(
    ("message", "path", "what"),
    [
        ("Object missing required field `id`", (), "Object missing required field `id`"),
        ("Expected `int`, got `str` - at `$.detector.at[0].wd`", ("detector", "at", 0, "wd"), "Expected `int`, got `str`"),
        ("Expected `str`, got `int` - at `$.at[...].x`", ("at",), "Expected `str`, got `int`"),
    ],
    ids=["of the whole", "of a part", "of some part"],
)
def test_a_message_says_where_and_what(message: str, path: tuple[str | int, ...], what: str) -> None:
    assert parse_error(message) == (path, what)


def test_names_that_are_alike_are_proposed_and_others_are_not() -> None:
    assert near("hist", ["hits", "cases", "share"]) == "; did you mean hits?"
    assert near("xyz", ["hits", "cases", "share"]) == ""
