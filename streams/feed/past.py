"""What lies behind: records of the alert topics from one position up to another, for a watcher who was away."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams import clients
from streams.feed.layout import Layout
from streams.feed.record import Record, record_of
from supervision.settings import Settings

PATIENCE_S = 30.0


class GoneError(Exception):
    """The log no longer holds, or never held, what was asked for."""


def read_span(settings: Settings, layout: Layout, since: Sequence[int], until: Sequence[int], most: int) -> list[Record]:
    """The records of every place from `since` to before `until`, in the order of the log within each. Blocks.

    Raises GoneError if the log begins behind `since`, ends before it, or there are more than about `most` records between;
    KafkaException if the broker does not answer.
    """
    wanted = {place: (first, end) for place, (first, end) in enumerate(zip(since, until, strict=True)) if first < end}
    if sum(end - first for first, end in wanted.values()) > most:
        raise GoneError
    consumer = clients.reader(settings, f"{settings.app_id}-board-past")
    try:
        places = layout.places
        for place, (first, _) in wanted.items():
            low, high = clients.bounds(consumer, *places[place])
            if not low <= first <= high:
                raise GoneError
        consumer.assign([TopicPartition(*places[place], first) for place, (first, _) in wanted.items()])
        return _read(consumer, {places[place]: (place, end) for place, (_, end) in wanted.items()})
    finally:
        consumer.close()


def _read(consumer: Consumer, wanted: dict[tuple[str, int], tuple[int, int]]) -> list[Record]:
    found: list[Record] = []
    open_places = set(wanted)
    until = time.monotonic() + PATIENCE_S
    while open_places:
        for message in consumer.consume(1000, 0.1):
            where = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                place, end = wanted[where]
                if (message.offset() or 0) < end:
                    found.append(record_of(place, message))
                if (message.offset() or 0) + 1 >= end:
                    open_places.discard(where)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_places.discard(where)
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                raise GoneError
        if time.monotonic() > until:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
    return found
