"""Which facts are in force: of every chain of corrections the highest version, whatever the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar


class Versioned(Protocol):
    """A fact that may correct another: `supersedes` is the id of the version before it. Ids are numbers, or 16 bytes each."""

    id: Any
    at: int
    version: int
    deleted: bool
    supersedes: Any


F = TypeVar("F", bound=Versioned)


class Chain(Generic[F]):
    """All versions of one fact, rising by (`version`, `id`). `first` is the lowest, `head` the one in force."""

    __slots__ = ("first", "head", "versions")

    def __init__(self, versions: tuple[F, ...]) -> None:
        self.versions = versions
        self.first = versions[0]
        self.head = versions[-1]


def _rank(fact: Versioned) -> tuple[int, Any]:
    return fact.version, fact.id


def in_force(facts: Sequence[F]) -> list[Chain[F]]:
    """Chains whose head is not deleted, ordered by (`at`, `id`) of the head. A missing link joins by its id alone."""
    if any(fact.supersedes is not None for fact in facts):
        groups = _groups(facts)
        for versions in groups:
            versions.sort(key=_rank)
        chains = [Chain(tuple(versions)) for versions in groups if not versions[-1].deleted]
    else:
        chains = [Chain((fact,)) for fact in facts if not fact.deleted]
    chains.sort(key=lambda chain: (chain.head.at, chain.head.id))
    return chains


def _groups(facts: Iterable[F]) -> list[list[F]]:
    """Facts connected by `supersedes`, also through ids of events that have not come."""
    parent: dict[Any, Any] = {}

    def root(key: Any) -> Any:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    facts = list(facts)
    for fact in facts:
        if fact.supersedes is not None:
            parent[root(fact.id)] = root(fact.supersedes)
    groups: dict[Any, list[F]] = {}
    for fact in facts:
        groups.setdefault(root(fact.id), []).append(fact)
    return list(groups.values())
