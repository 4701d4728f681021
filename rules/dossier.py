"""The state under one root key at work: the cases that are judged together."""

from __future__ import annotations

from typing import Any

from rules import plain
from rules.case import Case
from rules.fact import NOTHING, Fact
from rules.packing import (
    ACTOR,
    ALONE,
    DELETED,
    DEVICE,
    OF_VERSIONS,
    ON_SEVERAL_CLOCKS,
    PARTY,
    PLAIN,
    SUPERSEDES,
    TOGETHER,
    VERSION,
    WHERE,
    PackedCase,
    head_of,
    pack,
    unpack,
    unpack_facts,
)
from rules.verdict import FAR
from rules.vocabulary import Vocabulary, Words
from rules.world import World
from supervision.reference import Source

FORGET = "forget"  # the wake of a case that only waits to leave memory
RANG = -(2**62)  # that wake's instant once it has rung, and the case waits for the others of its root


class Dossier:
    """`armed`: the instant it is to be woken at, by clock. `is_plain`: its key names its only case."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.cases: list[Case] = []
        self.armed: dict[str, int] = {}
        self.is_touched = False
        self.is_plain = False

    def add(self, case: Case) -> None:
        self.cases.append(case)
        name = case.source.name
        self.is_plain = len(self.cases) == 1 and "/" not in name and self.key == f"{name}/{case.case_id}"

    def let_go(self) -> None:
        """It is used no more: cases and their parts name each other, and would wait for the collector."""
        for case in self.cases:
            case.let_go()

    def case(self, source: str, case_id: str) -> Case | None:
        for case in self.cases:
            if case.case_id == case_id and case.source.name == source:
                return case
        return None

    def earliest(self) -> dict[str, int]:
        """The next instant to wake at on each clock. A case that only waits for the others of its root to leave needs none."""
        found: dict[str, int] = {}
        for case in self.cases:
            instant = next_wake(case)
            if instant != FAR:
                clock = case.source.clock
                found[clock] = min(instant, found.get(clock, FAR))
        return found

    def pack(self) -> bytes:
        """Its state by value."""
        cases = self.cases
        earliest = min(self.armed.values()) if self.armed else FAR
        if len(cases) == 1 and self.is_plain:
            return plain.packed(cases[0], earliest) or pack(ALONE, earliest, [_packed(cases[0], True)])
        shape = ON_SEVERAL_CLOCKS if len({case.source.clock for case in cases}) > 1 else TOGETHER
        return pack(shape, earliest, [_packed(case, False) for case in cases])

    @classmethod
    def unpack(cls, key: str, blob: bytes, world: World, vocabulary: Vocabulary) -> Dossier:
        """Raises SnapshotError."""
        dossier = cls(key)
        shape, _ = head_of(blob)
        for packed in (plain.unpack(blob),) if shape == PLAIN else unpack(blob):
            source, case_id = packed.source, packed.case_id
            if source is None or case_id is None:
                source, _, case_id = key.partition("/")
            dossier.add(_unpacked(packed, world, world.reference.source(source), case_id, vocabulary))
        dossier.armed = dossier.earliest()
        return dossier


def next_wake(case: Case) -> int:
    """The next instant to wake one case at, FAR: none. It hangs on the wakes alone: a timer must find it the same when it rings."""
    wakes = case.wakes
    if not wakes:
        return FAR
    instant = min(wakes.values())
    return instant if instant != RANG else min((at for at in wakes.values() if at != RANG), default=FAR)


def _packed(case: Case, is_alone: bool) -> list[Any]:
    return [
        None if is_alone else case.source.name,
        None if is_alone else case.case_id,
        case.body,
        case.kept,
        case.where_codes,
        case.actor_codes,
        case.device_codes,
        case.parties,
        case.names,
        dict(sorted(case.wakes.items())),
        case.alerts,
        case.sent,
    ]


def _unpacked(packed: PackedCase, world: World, source: Source, case_id: str, vocabulary: Vocabulary) -> Case:
    wheres = [vocabulary.wheres.value(code) for code in packed.wheres]
    actors = [vocabulary.actors.value(code) for code in packed.actors]
    devices = [vocabulary.devices.value(code) for code in packed.devices]
    case = Case(world, source, case_id, vocabulary, packed)
    case.wheres = wheres
    case.facts = unpack_facts(packed, wheres, actors, devices)
    for fact in case.facts:
        if fact.kept is not NOTHING:
            if min(fact.kept) < 0:
                case.has_rare = case.has_rare or any(code < 0 and code not in OF_VERSIONS for code in fact.kept)
                _take_rare(case, fact)
            case.heed(fact)
    return case


def _take_rare(case: Case, fact: Fact) -> None:
    """What stands in the fact itself, and not among the fields that cards read."""
    kept = fact.kept
    vocabulary = case.vocabulary
    fact.version = kept.pop(VERSION, 1)
    fact.deleted = kept.pop(DELETED, False)
    supersedes = kept.pop(SUPERSEDES, None)
    fact.supersedes = None if supersedes is None else int.from_bytes(supersedes, "big")
    if WHERE in kept:
        fact.where = vocabulary.wheres.value(kept.pop(WHERE))
    if ACTOR in kept:
        fact.actor = _word(vocabulary.actors, kept.pop(ACTOR))
    if DEVICE in kept:
        fact.device = _word(vocabulary.devices, kept.pop(DEVICE))
    if PARTY in kept:
        fact.party = tuple(kept.pop(PARTY))
    if not kept:
        fact.kept = NOTHING


def _word(words: Words, said: Any) -> Any:
    """The tuple that stands in a fact, by its number or as it is."""
    return words.value(said) if isinstance(said, int) else tuple(said)
