"""From a fetched batch to what an engine takes: record by record at a glance or decoded, a poison record refused by itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct, field

from rules.output import Item
from streams.agents.transport import Batch
from supervision.decoder import decode
from supervision.event import TOPIC_OF, CaseEvent, Stream
from supervision.glance import Glance, glances
from supervision.refusal import Reason, Refusal
from supervision.signal import is_packed, unpack
from supervision.subject import stream_of

_TYPES = {stream: frozenset(kind for kind, its in TOPIC_OF.items() if its is stream) for stream in Stream}


class Inbox(Struct):
    """What a batch says. `places`: for each item the index of its record in the batch; `refused`: index and why."""

    items: list[Item] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    refused: list[tuple[int, Refusal]] = field(default_factory=list)

    def place(self, event: CaseEvent) -> int:
        """The index of the record that this very event came from. It is asked for seldom, so it is looked for."""
        both = zip(self.items, self.places, strict=True)
        return next(place for item, place in both if item is event or (isinstance(item, Glance) and item.is_of(event)))


def read(batch: Batch, start: int, stream: Stream) -> Inbox:
    """The items of a batch from offset `start` on, for the agents of `stream`. Raises nothing for any bytes.

    Those of cases are sorted by key, so that the engine has the facts of one case one after another.
    """
    inbox = Inbox()
    items, places, types, hears_signals = inbox.items, inbox.places, _TYPES[stream], stream is Stream.ACTIVITY
    values = batch.values
    order: Sequence[int] = range(bisect_left(batch.offsets, start), len(values))
    if not hears_signals:
        order = sorted(order, key=[key or b"" for key in batch.keys].__getitem__)
    seen = [None] * len(order) if hears_signals else glances([values[index] for index in order])
    for index, at_a_glance in zip(order, seen, strict=True):
        value = values[index]
        if hears_signals and value is not None and is_packed(value):
            _take_packet(inbox, index, value)
            continue
        if at_a_glance is not None:  # it is on a case, and of a type of theirs
            items.append(at_a_glance)
            places.append(index)
            continue
        item = decode(value)
        if type(item) is CaseEvent:
            # What names a case and has a type of this stream belongs here; of the rest `stream_of` knows.
            if (item.event_type in types and item.case_id is not None) or stream_of(item) is stream:
                items.append(item)
                places.append(index)
            else:
                wanted = f"a type of {stream} events"
                inbox.refused.append((index, Refusal(reason=Reason.WRONG_TOPIC, field="event_type", wanted=wanted)))
        elif isinstance(item, Refusal):
            inbox.refused.append((index, item))
        else:
            items.append(item)
            places.append(index)
    return inbox


def _take_packet(inbox: Inbox, index: int, value: bytes) -> None:
    packet = unpack(value)
    if isinstance(packet, Refusal):
        inbox.refused.append((index, packet))
    else:
        inbox.items += packet
        inbox.places += [index] * len(packet)
