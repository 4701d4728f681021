"""Kafka as the gateway sees it: records go out together, and the answer is known when all replicas have every one of them.

librdkafka's idempotent producer; a thread serves its reports, another asks once a second whether the broker is there. A fatal error
of a producer makes a new one: what it had taken is answered as not acknowledged, and the sender sends it again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams import admin, clients
from streams.gateway.intake import Record
from supervision.event import ClockAdvanced
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, ALL, CASE_EVENTS

_log = structlog.get_logger("gateway.broker")
Headers = list[tuple[str, str | bytes | None]]
EVENT_TOPICS = (CASE_EVENTS, ACTIVITY_EVENTS)
ACKNOWLEDGED_MS = 15_000  # a record that is not acknowledged by then is given up, and the sender told so
_POLL_S = 0.1
_LOOK_S = 1.0
_CALL_S = 3.0
_FLUSH_S = 10.0


def config(settings: Settings) -> dict[str, Any]:
    """The producer of a gateway: reports on every record, gives up in time, holds little."""
    return clients.producer_config(settings) | {
        "acks": "all",
        "delivery.report.only.error": False,
        "message.timeout.ms": ACKNOWLEDGED_MS,
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 256 * 1024,
    }


class Delivery:
    """How many records of one request are not reported yet; `done` is whether all were acknowledged."""

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[bool] = loop.create_future()
        self.fault: KafkaError | None = None
        self._left = count
        self._loop = loop
        self._lock = threading.Lock()

    def note(self, error: KafkaError | None, _message: Message | None = None) -> None:
        """One record's report, from the thread that serves them."""
        self.less(1, error)

    def less(self, count: int, error: KafkaError | None) -> None:
        """`count` records will not be waited for any more."""
        with self._lock:
            self.fault = self.fault or error
            self._left -= count
            ready = self._left == 0
        if ready:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(self.fault is None)


class Broker:
    """`write` and `step` answer whether Kafka has it all. `is_there`: the broker answered when it was last asked."""

    def __init__(self, settings: Settings, counts: dict[str, int]) -> None:
        self._config = config(settings)
        self._names = {topic.name: admin.name_of(topic, settings) for topic in ALL}
        self._counts = counts
        self._producer = Producer(self._config)
        self._stopping = threading.Event()
        self._is_broken = False
        self.is_there = True
        self._threads = [
            threading.Thread(target=run, name=f"gateway-{name}", daemon=True)
            for name, run in (("reports", self._serve), ("watch", self._watch))
        ]
        for thread in self._threads:
            thread.start()

    async def write(self, records: Sequence[Record], headers: Headers) -> bool:
        """Send records, each to the partition of its key; True when all replicas have all of them."""
        if not records:
            return True
        delivery = Delivery(len(records), asyncio.get_running_loop())
        produce, names = self._producer.produce, self._names
        for position, record in enumerate(records):
            told = [*headers, *record.told] if record.told else headers
            try:
                produce(names[record.topic.name], record.value, record.key, headers=told, on_delivery=delivery.note)
            except (BufferError, KafkaException) as fault:
                self._refused(delivery, len(records) - position, fault)
                break
        return await delivery.done

    async def step(self, step: ClockAdvanced, wire: bytes, headers: Headers) -> bool:
        """Write a step of a clock to every partition of both event topics."""
        places = [(self._names[topic.name], number) for topic in EVENT_TOPICS for number in range(self._counts[topic.name])]
        delivery = Delivery(len(places), asyncio.get_running_loop())
        key = step.clock.encode()
        for position, (name, partition) in enumerate(places):
            try:
                self._producer.produce(name, wire, key, partition, headers=headers, on_delivery=delivery.note)
            except (BufferError, KafkaException) as fault:
                self._refused(delivery, len(places) - position, fault)
                break
        return await delivery.done

    def _refused(self, delivery: Delivery, count: int, fault: Exception) -> None:
        error = fault.args[0] if isinstance(fault, KafkaException) else KafkaError(KafkaError._QUEUE_FULL)
        if error.fatal() or error.code() == KafkaError._FATAL:
            self._is_broken = True
        delivery.less(count, error)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(_POLL_S)

    def _watch(self) -> None:
        """Ask whether the broker is there; say it when that changes; replace a producer that has met a fatal error."""
        while not self._stopping.wait(_LOOK_S):
            try:
                self._producer.list_topics(self._names[CASE_EVENTS.name], timeout=_CALL_S)
                fault = None
            except KafkaException as raised:
                fault = raised.args[0]
            if self.is_there is not (fault is None):
                self.is_there = fault is None
                _log.info("kafka_is_back") if fault is None else _log.warning("kafka_is_gone", fault=fault.str())
            if self._is_broken or (fault is not None and fault.fatal()):
                self._renew()

    def _renew(self) -> None:
        old, self._producer, self._is_broken = self._producer, Producer(self._config), False
        _log.warning("producer_renewed")
        old.purge()
        old.flush(_CALL_S)

    def close(self) -> None:
        """Wait a while for what is under way, then stop."""
        left = self._producer.flush(_FLUSH_S)
        if left:
            _log.warning("unacknowledged", records=left)
        self._stopping.set()
        for thread in self._threads:
            thread.join(_CALL_S + _LOOK_S)
