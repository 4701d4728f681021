"""Reference entries travel as records, and are found by key, instant and region."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.reference import (
    ENTRY_TYPES,
    Entry,
    Item,
    Reference,
    Region,
    Source,
    from_record,
    to_record,
    version_of,
)
from supervision.refusal import Refusal
from supervision.regions import chain, covers, significant
from tests.supervision.strategies import struct_of


@pytest.mark.parametrize("kind", ENTRY_TYPES)
def test_every_kind_of_entry_is_read_back_as_it_was_written(kind: str) -> None:
    @settings(max_examples=30, deadline=None)
    @given(struct_of(ENTRY_TYPES[kind]))
    def check(entry: Entry) -> None:
        assert from_record(*to_record(entry)) == entry

    check()


def test_a_record_is_keyed_by_kind_key_and_start() -> None:
    assert to_record(Item(code="A/1", valid_from=5))[0] == "item/A/1/5"
    assert to_record(Item(code="A/1"))[0] == "item/A/1/"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | st.sampled_from([b'{"kind":"item"}', b'{"kind":"tea"}', b"[]", b"[" * 50_000, b'{"kind":[]}']))
def test_any_other_record_is_refused(value: bytes) -> None:
    assert isinstance(from_record("item/A/", value), Refusal)


def test_a_record_under_another_entrys_key_is_refused() -> None:
    assert isinstance(from_record("item/B/", to_record(Item(code="A"))[1]), Refusal)


def test_the_version_is_drawn_from_the_contents_in_any_order() -> None:
    items = [Item(code="A"), Item(code="B"), Source(name="S")]
    assert version_of(items) == version_of(reversed(items)) == Reference(items).version
    assert version_of(items) != version_of(items[:2])
    assert Reference(items, version="7").version == "7"


def test_the_entry_in_force_at_an_instant_is_found() -> None:
    old, new = Item(code="A", valid_to=100), Item(code="A", valid_from=200, valid_to=300)
    reference = Reference([new, old])
    assert reference.item("A", 99) == old
    assert reference.item("A", 100) is None
    assert reference.item("A", 200) == new
    assert reference.item("A", 300) is None
    assert reference.item("B", 200) is None


def test_an_unregistered_source_lives_on_the_wall_clock() -> None:
    assert Reference().source("X") == Source(name="X")


@pytest.mark.parametrize(
    ("code", "prefixes"),
    [
        ("430111", ("430111", "4301", "43", "")),
        ("430100", ("4301", "43", "")),
        ("430000", ("43", "")),
        ("430110", ("430110", "4301", "43", "")),
        ("000000", ("",)),
        ("430111005000", ("430111005", "430111", "4301", "43", "")),
        ("430111005201", ("430111005201", "430111005", "430111", "4301", "43", "")),
        ("460400100", ("460400100", "4604", "46", "")),
        ("NL", ("NL", "")),
        ("", ("",)),
    ],
)
def test_a_region_lies_in_its_prefixes(code: str, prefixes: tuple[str, ...]) -> None:
    assert chain(code) == prefixes


def test_a_region_covers_itself_and_what_lies_in_it() -> None:
    assert covers("430100", "430111")
    assert covers("4301", "430111005201")
    assert covers("430111", "430111000000")
    assert not covers("430111", "430100")
    assert not covers("4301", "430211")
    assert covers("000000", "430111")
    assert significant("430100") == significant("4301")


def test_the_registered_regions_of_a_place_are_found_nearest_first() -> None:
    city, province, country = Region(code="430100"), Region(code="43"), Region(code="000000")
    reference = Reference([country, Region(code="440000"), province, city])
    assert reference.regions("430111005", 0) == (city, province, country)
    assert reference.regions("NL", 0) == (country,)
