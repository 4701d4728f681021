"""From a fetched batch to what an engine takes: record by record at a glance or decoded, a poison record refused by itself.

It goes by portions, each read, judged and let go before the next: so what was read is still in the processor's caches when it is
judged, and when it is let go.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from rules.output import Item
from streams.agents.transport import Batch
from supervision.decoder import decode
from supervision.event import TOPIC_OF, CaseEvent, ClockAdvanced, Stream
from supervision.glance import Glance, glances
from supervision.refusal import Reason, Refusal
from supervision.signal import is_packed, unpack
from supervision.subject import stream_of

PORTION = 128  # records read at once, and those of the same case behind them
_TYPES = {stream: frozenset(kind for kind, its in TOPIC_OF.items() if its is stream) for stream in Stream}


class Inbox(Struct):
    """What a portion of a batch says. `places`: for each item the index of its record in the batch; `refused`: index and why;
    `is_last`: no other portion follows."""

    items: list[Item] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    refused: list[tuple[int, Refusal]] = field(default_factory=list)
    is_last: bool = False

    def place(self, event: CaseEvent) -> int:
        """The index of the record that this very event came from. It is asked for seldom, so it is looked for."""
        both = zip(self.items, self.places, strict=True)
        return next(place for item, place in both if item is event or (isinstance(item, Glance) and item.is_of(event)))


def portions(batch: Batch, start: int, stream: Stream, most: int = PORTION) -> Iterator[Inbox]:
    """The items of a batch from offset `start` on, for the agents of `stream`: one portion at least. Raises nothing for any bytes.

    Those of cases are sorted by key, so that the engine has the facts of one case one after another, and cases that were opened one
    after another lie near in memory; the records that move clocks come last. Other agents judge a subject once for all its signals,
    so theirs are one portion.
    """
    first = bisect_left(batch.offsets, start)
    if stream is Stream.ACTIVITY:
        inbox = Inbox(is_last=True)
        _read(inbox, batch, range(first, len(batch.values)), stream)
        yield inbox
        return
    keys = [key or b"" for key in batch.keys]
    order = sorted(range(first, len(keys)), key=keys.__getitem__)
    clocks = Inbox()
    for since, until in parted([keys[place] for place in order], most):
        inbox = Inbox(is_last=until == len(order))
        _read(inbox, batch, order[since:until], stream)
        _put_off(inbox, clocks)
        yield inbox


def parted(keys: Sequence[bytes], most: int = PORTION) -> Iterator[tuple[int, int]]:
    """From where to where the portions of records with these sorted keys go: one at least, and so many records or more in each but
    the last; no key is in two."""
    since = until = 0
    while until < len(keys):
        until = min(since + most, len(keys))
        while until < len(keys) and keys[until] == keys[until - 1]:
            until += 1
        yield since, until
        since = until
    if not keys:
        yield 0, 0


def _put_off(inbox: Inbox, clocks: Inbox) -> None:
    """Records that move clocks go from each portion into the last, behind its events."""
    moving = [place for place, item in enumerate(inbox.items) if isinstance(item, ClockAdvanced)]
    clocks.items += [inbox.items[place] for place in moving]
    clocks.places += [inbox.places[place] for place in moving]
    for place in reversed(moving):
        del inbox.items[place], inbox.places[place]
    if inbox.is_last:
        inbox.items += clocks.items
        inbox.places += clocks.places


def _read(inbox: Inbox, batch: Batch, order: Sequence[int], stream: Stream) -> None:
    """The records at these indices."""
    items, places, types, hears_signals = inbox.items, inbox.places, _TYPES[stream], stream is Stream.ACTIVITY
    values = batch.values
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


def _take_packet(inbox: Inbox, index: int, value: bytes) -> None:
    packet = unpack(value)
    if isinstance(packet, Refusal):
        inbox.refused.append((index, packet))
    else:
        inbox.items += packet
        inbox.places += [index] * len(packet)
