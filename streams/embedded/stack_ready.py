"""Whether the parts of a stack answer, asked through their own protocols. Used while starting, by `status` and by `doctor`."""

from __future__ import annotations

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from supervision.settings import Settings

QUIET = {"log_level": 0, "reconnect.backoff.max.ms": 500, "socket.connection.setup.timeout.ms": 2000}


def admin(settings: Settings) -> AdminClient:
    """An administration client that keeps its complaints to itself."""
    return AdminClient({"bootstrap.servers": settings.kafka_address, **QUIET}, logger=None)


def kafka(settings: Settings) -> bool:
    """Whether Kafka answers."""
    return brokers(settings) > 0


def brokers(settings: Settings, seconds: float = 2) -> int:
    """How many brokers Kafka says it has; 0 if it does not answer."""
    try:
        return len(admin(settings).list_topics(timeout=seconds).brokers)
    except KafkaException:
        return 0


def agents(settings: Settings) -> bool:
    """Whether the agents' consumer group has settled with at least as many members as workers are wanted."""
    try:
        client = admin(settings)
        group = client.describe_consumer_groups([settings.app_id], request_timeout=5)[settings.app_id].result(6)
    except KafkaException:
        return False
    return bool(group.state == ConsumerGroupState.STABLE and len(group.members) >= settings.workers)


def lag(settings: Settings, topics: list[str]) -> dict[str, int]:
    """Records of each topic that the agents' group has not committed yet; nothing for a topic that does not answer."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_address, "group.id": settings.app_id, **QUIET})
    found = {}
    try:
        for topic in topics:
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
