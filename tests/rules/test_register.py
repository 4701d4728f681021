"""The register of authorisations: spans, items, regions, amounts; what is missing when a decision is not allowed."""

from __future__ import annotations

import pytest

from rules.fact import NOWHERE, Where
from rules.register import Register, changed_posts_at
from rules.world import Place, World
from supervision.reference import Authorisation, Entry, Item, Officer, Reference, Region, Source

CALENDAR = Region(code="43", calendar="CN")
ITEM = Item(code="local-X", catalog_code="X")


def granted(officer: str, **fields: object) -> Authorisation:
    return Authorisation(authorisation_id=f"{officer} {sorted(fields)}", officer_id=officer, powers=("decide",), **fields)  # type: ignore[arg-type]


def asked(*entries: Entry, region: str = "430111", code: str = "local-X") -> tuple[Register, Place]:
    world = World(Reference([CALENDAR, ITEM, *entries]))
    where: Where = (None, code, None, None, region, *NOWHERE[5:])
    return world.register("decide"), Place(world, Source(name="hall"), where, 0)


@pytest.mark.parametrize("region", ["43", "430000", "4301", "430111", None])
def test_an_authorisation_of_a_region_holds_for_what_lies_in_it(region: str | None) -> None:
    register, place = asked(granted("A", region_code=region))
    assert register.allows("A", place, 0, None)
    assert not register.allows("B", place, 0, None)


@pytest.mark.parametrize("code", ["X", "local-X"])
def test_an_item_may_be_named_by_either_of_its_codes(code: str) -> None:
    register, place = asked(granted("A", item_codes=(code,)))
    assert register.allows("A", place, 0, None)


def test_where_nobody_is_registered_everything_is_allowed() -> None:
    register, place = asked(granted("A", region_code="44"), granted("B", region_code="43", valid_from=100, valid_to=200))
    assert [register.allows("C", place, at, None) for at in (99, 100, 199, 200)] == [True, False, False, True]


def test_an_officer_who_is_not_active_may_do_nothing() -> None:
    idle = [Officer(officer_id="A", valid_to=10), Officer(officer_id="A", active=False, valid_from=10, valid_to=20)]
    register, place = asked(granted("A", valid_from=5, valid_to=30), granted("B"), *idle)
    assert [register.allows("A", place, at, None) for at in (4, 5, 9, 10, 19, 20, 29, 30)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert register.fault("A", place, 15, None) == "not_active"


def test_an_amount_is_held_against_the_most_and_what_is_not_told_is_not() -> None:
    register, place = asked(granted("A", amount_max_fen=500))
    assert [register.allows("A", place, 0, amount) for amount in (None, 500, 501)] == [True, True, False]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"valid_to": -1}, "not_in_force"),
        ({"item_codes": ("Y",)}, "other_item"),
        ({"region_code": "44"}, "other_region"),
        ({"amount_max_fen": 5}, "above_maximum"),
    ],
)
def test_what_is_missing_is_said(fields: dict[str, object], fault: str) -> None:
    register, place = asked(granted("A", **fields), granted("B"))
    assert not register.allows("A", place, 0, 6)
    assert register.fault("A", place, 0, 6) == fault
    assert register.fault("C", place, 0, 6) == "never_authorised"


def test_a_first_entry_and_an_entry_of_the_same_posts_change_no_post() -> None:
    entries = [
        Officer(officer_id="A", posts=("r", "s"), valid_from=10, valid_to=20),
        Officer(officer_id="A", posts=("s", "r"), name="renamed", valid_from=20, valid_to=30),
        Officer(officer_id="A", posts=("s",), valid_from=40, valid_to=50),
        Officer(officer_id="A", posts=("s",), active=False, valid_from=50),
    ]
    reference = Reference(entries)
    assert [changed_posts_at(reference, "A", at) for at in (15, 25, 39, 40, 99)] == [None, None, None, 40, 40]
