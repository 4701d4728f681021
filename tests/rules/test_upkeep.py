"""What is judged again after other data came, and when that is over."""

from __future__ import annotations

from rules.output import Output
from rules.upkeep import Upkeep


def refreshed(upkeep: Upkeep, limit: int) -> tuple[list[str], bool]:
    """The subjects that were judged again, and whether more are left."""
    judged: list[str] = []
    output = Output()
    upkeep.refresh(limit, judged.append, output)
    return judged, output.more


def test_state_that_other_data_judged_is_judged_again_in_portions() -> None:
    upkeep = Upkeep("data 2")
    upkeep.restored("data 1", ["a", "b", "c"])
    assert not upkeep.is_settled
    assert refreshed(upkeep, 2) == (["a", "b"], True)
    assert (upkeep.is_settled, upkeep.judged_by, upkeep.has_caught_up) == (False, "data 1", False)
    assert refreshed(upkeep, 2) == (["c"], False)
    assert (upkeep.is_settled, upkeep.judged_by, upkeep.has_caught_up) == (True, "data 2", True)
    assert refreshed(upkeep, 2) == ([], False)


def test_state_that_the_same_data_judged_is_left_as_it_is() -> None:
    upkeep = Upkeep("data 1")
    upkeep.restored("data 1", ["a"])
    assert upkeep.is_settled
    assert refreshed(upkeep, 2) == ([], False)
    assert not upkeep.has_caught_up


def test_other_data_in_use_begin_it_again_from_the_first() -> None:
    upkeep = Upkeep("data 1")
    upkeep.use("data 2", ["a", "b"])
    assert not upkeep.is_settled
    assert refreshed(upkeep, 1) == (["a"], True)
    upkeep.use("data 3", ["a", "b"])
    assert refreshed(upkeep, 3) == (["a", "b"], False)
    assert (upkeep.is_settled, upkeep.judged_by) == (True, "data 3")
