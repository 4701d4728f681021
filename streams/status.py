"""What each agent worker says of itself on the topic worker-status: written by workers, read by importers and `status`."""

from __future__ import annotations

import time

import msgspec
from confluent_kafka import KafkaError, Producer, TopicPartition
from msgspec import Struct

from streams import admin, clients
from supervision.settings import Settings
from supervision.topics import WORKER_STATUS

EVERY_S = 2.0
ALIVE_S = 10.0
CALL_S = 10.0


class Status(Struct, frozen=True, omit_defaults=True):
    """One worker. `partitions`: `<declared topic>/<number>` it has; `reference_offset`: what all of them judge by, None before
    the first; `clocks`: how far each clock has come in all of them; `at`: ms UTC."""

    worker: str
    partitions: tuple[str, ...] = ()
    reference_offset: int | None = None
    reference_version: str | None = None
    ready: bool = False
    at: int = 0
    clocks: dict[str, int] = {}


class Board:
    """Where a worker puts up its status; taken down when it leaves."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self.worker = worker
        self._topic = admin.name_of(WORKER_STATUS, settings)
        self._producer: Producer = clients.producer(settings)

    def show(self, status: Status) -> None:
        """Does not wait: a status that is not delivered is replaced by the next one soon."""
        self._producer.produce(self._topic, msgspec.json.encode(status), self.worker.encode())
        self._producer.poll(0)

    def leave(self) -> None:
        """Take the status down and wait a moment for that."""
        self._producer.produce(self._topic, None, self.worker.encode())
        self._producer.flush(2.0)


def live_workers(settings: Settings) -> list[Status]:
    """The workers heard of in the last ten seconds, by the broker's time. Blocks; KafkaException if the broker does not answer."""
    topic = admin.name_of(WORKER_STATUS, settings)
    consumer = clients.reader(settings, f"{settings.app_id}-status")
    found: dict[bytes, tuple[int, Status]] = {}
    try:
        consumer.assign([TopicPartition(topic, 0, clients.bounds(consumer, topic, 0)[0])])
        deadline = time.monotonic() + CALL_S
        while time.monotonic() < deadline:
            for message in consumer.consume(1000, 0.05):
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    oldest = time.time() * 1000 - ALIVE_S * 1000
                    return sorted((status for stamp, status in found.values() if stamp >= oldest), key=lambda one: one.worker)
                if error is None:
                    _apply(found, message.key() or b"", message.value(), message.timestamp()[1])
        return []
    finally:
        consumer.close()


def _apply(found: dict[bytes, tuple[int, Status]], key: bytes, value: bytes | None, stamp: int) -> None:
    if value is None:
        found.pop(key, None)
    else:
        found[key] = (stamp, msgspec.json.decode(value, type=Status))
