"""How our processes connect to Kafka through librdkafka: the settings that consumers and producers share, one place for all."""

from __future__ import annotations

import time
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from supervision.language import UserError, say
from supervision.settings import Settings
from supervision.topics import LIBRDKAFKA_PARTITIONER, MIB

TRANSACTION_TIMEOUT_MS = 20_000
CALL_S = 10.0
LARGEST_MESSAGE = 8 * MIB  # what the state topics take; every other topic takes less


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka_address,
        "log_level": 2,  # a broker that does not answer shows in our own log, not in librdkafka's every second
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 2000,
        "topic.metadata.refresh.interval.ms": 30_000,
    }


def producer_config(settings: Settings) -> dict[str, Any]:
    """An idempotent producer that places keys as every other writer does and compresses what it sends."""
    return _common(settings) | {
        "enable.idempotence": True,
        "partitioner": LIBRDKAFKA_PARTITIONER,
        "compression.type": "lz4",
        "linger.ms": 2,
        "message.max.bytes": LARGEST_MESSAGE,
        "queue.buffering.max.messages": 1_000_000,
        "queue.buffering.max.kbytes": 512 * 1024,
        "delivery.report.only.error": True,
    }


def transactional_config(settings: Settings, transactional_id: str) -> dict[str, Any]:
    """A producer whose writes count all together or not at all; a newer one of the same id shuts it out."""
    return producer_config(settings) | {
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
        "message.timeout.ms": TRANSACTION_TIMEOUT_MS,
    }


def reader_config(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer that is told its partitions and offsets, commits nothing and sees committed records only."""
    return _common(settings) | {
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 50,
        "fetch.queue.backoff.ms": 10,
        "fetch.message.max.bytes": LARGEST_MESSAGE,
        "queued.max.messages.kbytes": 64 * 1024,
    }


def reader(settings: Settings, group: str) -> Consumer:
    """A librdkafka consumer with `reader_config`."""
    return Consumer(reader_config(settings, group))


def producer(settings: Settings) -> Producer:
    """A librdkafka producer with `producer_config`."""
    return Producer(producer_config(settings))


def bounds(consumer: Consumer, topic: str, partition: int, seconds: float = CALL_S) -> tuple[int, int]:
    """The first offset of a log and the one after its last record; asks again for a while, since a new topic has no leader yet.

    Raises KafkaException when the broker has not said it in `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), CALL_S)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return low, high


class NoAnswerError(UserError):
    """No broker answers. At a command's start a person must act; a process that was at work waits."""


def require(settings: Settings, seconds: float = 8.0) -> None:
    """Raises NoAnswerError if no broker answers within `seconds`."""
    try:
        AdminClient(_common(settings) | {"log_level": 0}).list_topics(timeout=seconds)
    except KafkaException as raised:
        raise NoAnswerError(
            say(
                f"{settings.kafka_address} 上的 Kafka 没有应答 ({raised.args[0].str()}): 先启动它, 或改地址",
                f"no answer from Kafka at {settings.kafka_address} ({raised.args[0].str()}):"
                " start it (`supervision up`, `supervision kafka`) or set SUPERVISION_KAFKA_BOOTSTRAP",
            )
        ) from None
