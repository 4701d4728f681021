"""How a dossier becomes one bytes blob and comes back: format 4, big endian.

Head: format, shape, earliest wake-up instant. Then a msgpack array of cases: [source, case id (both null where the key says
them), facts, what is kept of each, numbers of its wheres, actors and devices, parties, names of step instances, wakes, alerts,
signals sent]. A fact is 27 bytes; what it shares with others is a place in those lists, whose numbers are those of the engine's
vocabulary. A plain case lies otherwise: see `rules.plain`.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from rules.fact import INSTANCE, NO_DEVICE, NO_PARTY, NOBODY, NOTHING, NOWHERE, Actor, Device, Fact, Party, Where
from rules.said import Sent, Standing

FORMAT = 4
ALONE, TOGETHER, ON_SEVERAL_CLOCKS, PLAIN = range(4)  # the one case its key names; others; cases whose clocks differ; see `plain`
NO_PLACE = 255  # nothing of the kind is kept, or it stands in the fact itself
VERSION, DELETED, SUPERSEDES, WHERE, ACTOR, DEVICE, PARTY = range(-1, -8, -1)  # numbers of what rarely stands in a fact
OF_VERSIONS = frozenset({VERSION, DELETED, SUPERSEDES})

_HEAD = Layout(">BBq")
_FACT = Layout(">QQBHIBBBB")
SHIFT = 1 << 47  # so that times from 1900 on are not negative
_LOW = (1 << 64) - 1
_pack_head = _HEAD.pack
_pack_fact, _unpack_facts = _FACT.pack, _FACT.iter_unpack
_ARRAY = Layout(">BI").pack  # the head of a msgpack array of so many elements
_encode = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(list[dict[int, Any] | None]).decode
_raws = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_NOTHING_KEPT = b"\xc0"


class SnapshotError(ValueError):
    """A packed state of a format this program does not know."""


class PackedCase(msgspec.Struct, array_like=True):
    """One case as it lies in a blob."""

    source: str | None
    case_id: str | None
    facts: bytes
    kept: bytes
    wheres: list[int]
    actors: list[int]
    devices: list[int]
    parties: list[Party]
    names: list[str]
    wakes: dict[str, int]
    alerts: list[Standing]
    sent: list[Sent]


_cases = msgspec.msgpack.Decoder(list[PackedCase]).decode


def pack_fact(fact: Fact, where: int, actor: int, device: int, party: int, rare: dict[int, Any] | None) -> tuple[bytes, bytes]:
    """One fact, and what is kept of it; `where` ... `party` are its places in the lists of its case, `rare` what else it keeps."""
    kept = fact.kept
    if rare:
        kept = kept | rare
    identity, at = fact.id, fact.at + SHIFT
    head = _pack_fact(identity >> 64, identity & _LOW, fact.type, at >> 32, at & 0xFFFFFFFF, where, actor, device, party)
    return head, _encode(kept) if kept else _NOTHING_KEPT


def version_of(fact: Fact) -> dict[int, Any]:
    """What stands in a fact of its version; nothing in most."""
    if fact.version == 1 and fact.supersedes is None and not fact.deleted:
        return NOTHING
    found: dict[int, Any] = {}
    if fact.version > 1:
        found[VERSION] = fact.version
    if fact.deleted:
        found[DELETED] = True
    if fact.supersedes is not None:
        found[SUPERSEDES] = fact.supersedes.to_bytes(16, "big")
    return found


def unpack_facts(packed: PackedCase, wheres: list[Where], actors: list[Actor], devices: list[Device]) -> list[Fact]:
    """The facts of a case, in the order they were packed; the lists are its own, words in place of numbers."""
    heads, parties, names = packed.facts, packed.parties, packed.names
    found: list[Fact] = []
    number = len(heads) // _FACT.size
    for head, kept in zip(_unpack_facts(heads), kept_in(packed.kept, number), strict=True):
        high, low, kind, at_high, at_low, where, actor, device, party = head
        if kept is not None and INSTANCE in kept:
            kept[INSTANCE] = names[kept[INSTANCE]]
        found.append(
            Fact(
                high << 64 | low,
                kind,
                (at_high << 32 | at_low) - SHIFT,
                wheres[where] if where != NO_PLACE else NOWHERE,
                actors[actor] if actor != NO_PLACE else NOBODY,
                devices[device] if device != NO_PLACE else NO_DEVICE,
                parties[party] if party != NO_PLACE else NO_PARTY,
                NOTHING if kept is None else kept,  # not a default: the library would copy it
            )
        )
    return found


def kept_in(section: bytes, number: int) -> list[dict[int, Any] | None]:
    """What is kept of each of so many facts."""
    return _kept(_ARRAY(0xDD, number) + section)


def raws_in(section: bytes, number: int) -> list[bytes]:
    """The same as it lies, of each."""
    return [bytes(each) for each in _raws(_ARRAY(0xDD, number) + section)]


def stamp_of(instant: int) -> bytes:
    """An instant (ms UTC) in six bytes, whose order is that of instants. Raises OverflowError: millennia away."""
    return (instant + SHIFT).to_bytes(6, "big")


def instant_at(section: bytes, place: int) -> int:
    """The instant (ms UTC) whose six bytes lie there."""
    return int.from_bytes(section[place : place + 6], "big") - SHIFT


def holds_id(facts: bytes, identity: UUID) -> bool:
    """Whether one of these packed facts is of the event with this id."""
    wanted = identity.bytes
    position = facts.find(wanted)
    while position % _FACT.size and position >= 0:
        position = facts.find(wanted, position + 1)
    return position >= 0


def pack(shape: int, earliest: int, cases: list[list[Any]]) -> bytes:
    """`cases` have the elements of PackedCase, in its order."""
    return _pack_head(FORMAT, shape, earliest) + _encode(cases)


def head_of(blob: bytes) -> tuple[int, int]:
    """(shape, earliest wake-up instant). Raises SnapshotError."""
    if len(blob) < _HEAD.size or blob[0] != FORMAT:
        found = blob[0] if blob else None
        raise SnapshotError(f"state has format {found}, this program reads {FORMAT}")
    _, shape, earliest = _HEAD.unpack_from(blob)
    return shape, earliest


def unpack(blob: bytes) -> list[PackedCase]:
    """The cases in a blob of any shape but PLAIN. Raises SnapshotError."""
    try:
        return _cases(memoryview(blob)[_HEAD.size :])
    except msgspec.DecodeError as error:
        raise SnapshotError(f"state does not decode as format {FORMAT}: {error}") from error


class HasFormat(Protocol):
    """State that says which format it is in."""

    format: int


Formatted = TypeVar("Formatted", bound=HasFormat)


def take_up(decoder: msgspec.msgpack.Decoder[Formatted], blob: bytes) -> Formatted:
    """The state in `blob`; SnapshotError names the format found and the one wanted."""
    try:
        state = decoder.decode(blob)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"state does not decode as format {FORMAT}: {error}") from error
    if state.format != FORMAT:
        raise SnapshotError(f"state has format {state.format}, this program reads {FORMAT}")
    return state


class Meta(msgspec.Struct, array_like=True):
    """What an engine keeps beside its subjects. `judged_by`: the reference data and the rulebook that all were judged by."""

    format: int = FORMAT
    clocks: bytes = b""
    judged_by: str = ""
    steps: dict[str, dict[str, int]] = {}


_meta_decoder = msgspec.msgpack.Decoder(Meta)


def pack_meta(meta: Meta) -> bytes:
    return _encode(meta)


def unpack_meta(blob: bytes) -> Meta:
    """The engine's own entry in `blob`. Raises SnapshotError."""
    return take_up(_meta_decoder, blob)
