"""Which partitions a position speaks of: those of alerts, and behind them those of clues where a watcher is shown these."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, KafkaException
from msgspec import Struct

from streams import admin
from supervision.settings import Settings
from supervision.topics import ALERTS, CLUES

CALL_S = 10.0


class Layout(Struct, frozen=True):
    """`names`: the topics as the broker knows them; `counts`: how many partitions each has."""

    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def narrow(self) -> int:
        """How many places there are without those of clues."""
        return self.counts[0]

    @property
    def places(self) -> list[tuple[str, int]]:
        """Topic and partition of every place."""
        return [(name, number) for name, count in zip(self.names, self.counts, strict=True) for number in range(count)]


def layout_of(settings: Settings, consumer: Consumer) -> Layout:
    """As the broker says. Raises KafkaException if it does not, or has no such topics yet."""
    found = consumer.list_topics(timeout=CALL_S).topics
    names = tuple(admin.name_of(topic, settings) for topic in (ALERTS, CLUES))
    for name in names:
        if name not in found or not found[name].partitions:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"no topic {name}: run `supervision topics create`"))
    return Layout(names, tuple(len(found[name].partitions) for name in names))
