"""Versions of a fact: which one is in force, whatever came first and whatever is missing."""

from __future__ import annotations

from itertools import permutations

from rules.chain import in_force
from rules.fact import NOWHERE, Fact


def fact(number: int, version: int = 1, of: int | None = None, *, at: int | None = None, deleted: bool = False) -> Fact:
    moment = number * 1000 if at is None else at
    return Fact(number, 4, moment, NOWHERE, version=version, deleted=deleted, supersedes=of)


def heads(facts: list[Fact]) -> list[int]:
    return [chain.head.id for chain in in_force(facts)]


def test_facts_without_corrections_stand_in_order_of_time_then_id() -> None:
    assert heads([fact(3, at=5), fact(1, at=9), fact(2, at=5)]) == [2, 3, 1]


def test_the_highest_version_is_in_force_in_any_order_of_arrival() -> None:
    chain = [fact(1), fact(2, 2, of=1), fact(3, 3, of=2), fact(9)]
    for order in permutations(chain):
        assert heads(list(order)) == [3, 9]


def test_versions_join_through_a_link_that_has_not_come() -> None:
    assert heads([fact(1), fact(3, 3, of=2)]) == [1, 3]
    assert heads([fact(1), fact(3, 3, of=2), fact(2, 2, of=1)]) == [3]
    assert heads([fact(4, 2, of=2), fact(5, 3, of=2)]) == [5]


def test_equal_versions_are_decided_by_the_greater_id() -> None:
    assert heads([fact(7, 2, of=1), fact(6, 2, of=1), fact(1)]) == [7]


def test_a_delete_removes_the_fact_and_a_later_version_brings_it_back() -> None:
    assert heads([fact(1), fact(2, 2, of=1, deleted=True)]) == []
    assert heads([fact(1), fact(2, 2, of=1, deleted=True), fact(3, 3, of=2)]) == [3]


def test_the_first_version_names_the_chain() -> None:
    chain = in_force([fact(5, 3, of=4), fact(4, 2, of=1), fact(1)])[0]
    assert chain.first.id == 1
    assert [version.id for version in chain.versions] == [1, 4, 5]
