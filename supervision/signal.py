"""What case agents tell subject agents: signals about one subject, withdrawn when their fact changes, and clock steps.

They travel packed: `pack` makes one message of all that a batch has for one partition of activity-events, `unpack` reads it there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from supervision.event import Id, Millis
from supervision.refusal import MAX_BYTES, Refusal, precheck, refuse


class Signal(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="message", tag="signal"):
    """One fact about a subject, drawn from a case. The highest `revision` of (`subject`, `kind`, `fact_id`) counts.

    `at` is the instant it is ordered by (ms UTC); `withdrawn` says that the fact no longer says so.
    """

    subject: str
    kind: str
    fact_id: UUID
    revision: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    clock: str
    source_system: str
    at: Millis
    withdrawn: bool = False
    case_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class ClockStep(Struct, frozen=True, kw_only=True, tag_field="message", tag="clock_step"):
    """Partition `partition` of case-events has judged everything up to `to` on `clock`; its signals are behind it."""

    partition: Annotated[int, Meta(ge=0, le=2147483647)]
    clock: Id
    to: Millis


class Packet(Struct, frozen=True, tag_field="message", tag="signals"):
    """One message: what one batch of one case partition has to say to one partition of activity-events, in its order."""

    items: list[Signal | ClockStep]


_HEAD = b'{"message":"signals","items":['
_TAIL = b"]}"
_FRAME = len(_HEAD) + len(_TAIL)
_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Packet).decode


def pack(items: Iterable[Signal | ClockStep]) -> bytes:
    """One message of these items, their order kept."""
    return _join([_write(item) for item in items])


def packets(items: Iterable[Signal | ClockStep], max_bytes: int = MAX_BYTES) -> list[bytes]:
    """As few messages as hold these items in at most `max_bytes` each, to be sent in this order. One item is never cut."""
    messages: list[bytes] = []
    held: list[bytes] = []
    size = _FRAME
    for item in map(_write, items):
        if held and size + len(item) + 1 > max_bytes:
            messages.append(_join(held))
            held, size = [], _FRAME
        held.append(item)
        size += len(item) + 1
    return [*messages, _join(held)] if held else messages


def _join(items: list[bytes]) -> bytes:
    return b"%s%s%s" % (_HEAD, b",".join(items), _TAIL)


def is_packed(raw: bytes) -> bool:
    """Whether the message is a packet, as `pack` writes it; anything else on activity-events is an event or a control record."""
    return raw.startswith(_HEAD)


def unpack(raw: bytes | None) -> list[Signal | ClockStep] | Refusal:
    """The items of a packet in their order, or why it is none. Takes any bytes; raises nothing."""
    refused = precheck(raw)
    if refused is not None:
        return refused
    assert raw is not None
    try:
        return _read(raw).items
    except (ValueError, RecursionError) as error:
        return refuse(error, Packet)
