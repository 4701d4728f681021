"""From a fetched batch to what an engine takes: decode record by record, a poison record refused by itself."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from rules.output import Item
from streams.agents.transport import Batch
from supervision.decoder import decode
from supervision.event import CaseEvent, Stream
from supervision.refusal import Reason, Refusal
from supervision.signal import is_packed, unpack
from supervision.subject import stream_of


class Inbox(Struct):
    """What a batch says. `origin`: index of the record of each event, by the event's identity; `refused`: index and why."""

    items: list[Item] = field(default_factory=list)
    origin: dict[int, int] = field(default_factory=dict)
    refused: list[tuple[int, Refusal]] = field(default_factory=list)


Reader = Callable[[bytes | None], "list[Item] | Refusal"]


def read(batch: Batch, start: int, stream: Stream) -> Inbox:
    """The items of a batch from offset `start` on, for the agents of `stream`. Raises nothing for any bytes."""
    inbox = Inbox()
    for index, value in enumerate(batch.values):
        if batch.offsets[index] < start:
            continue
        if stream is Stream.ACTIVITY and value is not None and is_packed(value):
            packet = unpack(value)
            if isinstance(packet, Refusal):
                inbox.refused.append((index, packet))
            else:
                inbox.items += packet
            continue
        item = decode(value)
        if isinstance(item, Refusal):
            inbox.refused.append((index, item))
        elif isinstance(item, CaseEvent) and stream_of(item) is not stream:
            inbox.refused.append(
                (index, Refusal(reason=Reason.WRONG_TOPIC, field="event_type", wanted=f"a type of {stream} events"))
            )
        else:
            inbox.items.append(item)
            inbox.origin[id(item)] = index
    return inbox
