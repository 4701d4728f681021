"""Which facts are in force: of every chain of corrections the highest version, whatever the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from rules.memory import Fact


class Chain(Struct, frozen=True, gc=False):
    """All versions of one fact. `first` is the lowest version by (`version`, `id`), `head` the one in force."""

    head: Fact
    first: Fact
    versions: tuple[Fact, ...]


def _rank(fact: Fact) -> tuple[int, bytes]:
    return fact.version, fact.id


def _order(chain: Chain) -> tuple[int, bytes]:
    return chain.head.at, chain.head.id


def in_force(facts: Sequence[Fact]) -> list[Chain]:
    """Chains whose head is not deleted, ordered by (`at`, `id`) of the head. A missing link joins by its id alone."""
    if not any(fact.supersedes is not None for fact in facts):
        chains = [Chain(fact, fact, (fact,)) for fact in facts if not fact.deleted]
    else:
        chains = [chain for chain in map(_chain, _groups(facts)) if not chain.head.deleted]
    chains.sort(key=_order)
    return chains


def _chain(versions: list[Fact]) -> Chain:
    if len(versions) == 1:
        return Chain(versions[0], versions[0], (versions[0],))
    versions.sort(key=_rank)
    return Chain(versions[-1], versions[0], tuple(versions))


def _groups(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Facts connected by `supersedes`, also through ids of events that have not come."""
    parent: dict[bytes, bytes] = {}

    def root(key: bytes) -> bytes:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    facts = list(facts)
    for fact in facts:
        if fact.supersedes is not None:
            parent[root(fact.id)] = root(fact.supersedes)
    groups: dict[bytes, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(root(fact.id), []).append(fact)
    return list(groups.values())
