"""Whether the parts of a stack answer, asked through their own protocols. Used while starting, by `status` and by `doctor`."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from streams import admin
from streams.status import live_workers
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS

JUDGED = (CASE_EVENTS, ACTIVITY_EVENTS)

QUIET = {"log_level": 0, "reconnect.backoff.max.ms": 500, "socket.connection.setup.timeout.ms": 2000}


def kafka(settings: Settings) -> bool:
    """Whether Kafka answers."""
    return brokers(settings) > 0


def brokers(settings: Settings, seconds: float = 2) -> int:
    """How many brokers Kafka says it has; 0 if it does not answer."""
    try:
        client = AdminClient({"bootstrap.servers": settings.kafka_address, **QUIET}, logger=None)
        return len(client.list_topics(timeout=seconds).brokers)
    except KafkaException:
        return 0


class Workers(Struct, frozen=True):
    """The agent workers heard of: how many are ready to judge, and how many partitions of the two event topics these have."""

    ready: int
    partitions: int

    def are_enough(self, settings: Settings) -> bool:
        """Whether every worker wanted is ready and every partition is somebody's."""
        return self.ready >= settings.workers and self.partitions >= len(JUDGED) * settings.partitions


def workers(settings: Settings, since: float = 0) -> Workers:
    """What the workers say of themselves, if they said it after `since` (seconds of the wall clock)."""
    try:
        said = [status for status in live_workers(settings) if status.ready and status.at >= since * 1000]
    except KafkaException:
        said = []
    return Workers(len(said), len({name for status in said for name in status.partitions}))


def lag(settings: Settings) -> dict[str, int]:
    """Records of each event topic that the agents' group has not committed yet; nothing for a topic that does not answer."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_address, "group.id": settings.app_id, **QUIET})
    found = {}
    try:
        for topic in (admin.name_of(each, settings) for each in JUDGED):
            partitions = consumer.list_topics(topic, 5).topics[topic].partitions
            committed = consumer.committed([TopicPartition(topic, number) for number in partitions], 5)
            found[topic] = sum(_behind(consumer, each) for each in committed)
    except KafkaException:
        pass
    finally:
        consumer.close()
    return found


def _behind(consumer: Consumer, committed: TopicPartition) -> int:
    low, high = consumer.get_watermark_offsets(committed, 5)
    return int(high - max(low, committed.offset))
