"""How a dossier becomes one bytes blob and comes back: format 2, big endian.

Head: format, shape, earliest wake-up instant. Then a msgpack array of cases: [source, case id (both null where the key says
them), facts, numbers of its wheres, actors and devices, parties, wakes, alerts, signals sent]. A fact is 29 bytes and what is kept
of it; what it shares with others is a place in those lists, whose numbers are those of the engine's vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct as Layout
from typing import Any, Protocol, TypeVar

import msgspec

from rules.fact import NOTHING, NOWHERE, Fact, Party
from rules.said import Sent, Standing

FORMAT = 2
ALONE, TOGETHER, ON_SEVERAL_CLOCKS = 0, 1, 2  # shapes: the one case its key names; others; cases whose clocks differ
NO_PLACE = 255  # nothing of the kind is kept, or it stands in the fact itself
VERSION, DELETED, SUPERSEDES, WHERE, ACTOR, DEVICE, PARTY = range(-1, -8, -1)  # numbers of what rarely stands in a fact

_HEAD = Layout(">BBq")
_FACT = Layout(">QQBHIBBBBH")
_SHIFT = 1 << 47  # so that times from 1900 on are not negative
_LOW = (1 << 64) - 1
_pack_head = _HEAD.pack
_pack_fact, _unpack_fact, _FACT_BYTES = _FACT.pack, _FACT.unpack_from, _FACT.size
_encode = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(dict[int, Any]).decode


class SnapshotError(ValueError):
    """A packed state of a format this program does not know."""


class PackedCase(msgspec.Struct, array_like=True):
    """One case as it lies in a blob."""

    source: str | None
    case_id: str | None
    facts: bytes
    wheres: list[int]
    actors: list[int]
    devices: list[int]
    parties: list[Party]
    wakes: dict[str, int]
    alerts: list[Standing]
    sent: list[Sent]


_cases = msgspec.msgpack.Decoder(list[PackedCase]).decode


def pack_fact(fact: Fact, where: int, actor: int, device: int, party: int, rare: dict[int, Any] | None) -> bytes:
    """One fact; `where` ... `party` are its places in the lists of its case, `rare` what else must stand in it."""
    kept = fact.kept
    if rare:
        kept = kept | rare
    body = _encode(kept) if kept else b""
    identity, at = fact.id, fact.at + _SHIFT
    head = _pack_fact(identity >> 64, identity & _LOW, fact.type, at >> 32, at & 0xFFFFFFFF, where, actor, device, party, len(body))
    return head + body


def unpack_facts(blob: bytes) -> Iterator[tuple[Fact, int, int, int, int]]:
    """Each fact with its places; its tuples are still to be filled in by them."""
    position, end = 0, len(blob)
    while position < end:
        high, low, kind, at_high, at_low, where, actor, device, party, size = _unpack_fact(blob, position)
        position += _FACT_BYTES
        kept = NOTHING
        if size:
            kept = _kept(blob[position : position + size])
            position += size
        yield Fact(high << 64 | low, kind, (at_high << 32 | at_low) - _SHIFT, NOWHERE, kept=kept), where, actor, device, party


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
    """The cases in a blob. Raises SnapshotError."""
    head_of(blob)
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
