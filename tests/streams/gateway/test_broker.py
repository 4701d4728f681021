"""What the gateway hands to Kafka: where it lands, and what is said when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams import admin, clients
from streams.embedded.kafka import Kafka
from streams.gateway import broker as module
from streams.gateway.broker import Broker, Delivery, Headers
from streams.gateway.intake import Record
from supervision.decoder import encode
from supervision.event import ClockAdvanced
from supervision.settings import Settings, load
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, DEAD_LETTERS, partition_of

HEADERS: Headers = [("source", b"s"), ("traceparent", b"t")]
COUNTS = {"case-events": 5, "activity-events": 5}


@pytest.fixture
def settings(tmp_path: Path, kafka: Kafka) -> Settings:
    made = load(data=tmp_path, kafka_bootstrap=kafka.bootstrap, topic_prefix=f"{tmp_path.name}-", partitions=5)
    admin.create(made)
    return made


def records(settings: Settings, name: str) -> Iterator[Any]:
    """All records of a topic, by partition."""
    reader = clients.reader(settings, "of-the-test")
    try:
        for partition in range(len(reader.list_topics(name, timeout=10).topics[name].partitions)):
            low, high = clients.bounds(reader, name, partition)
            reader.assign([TopicPartition(name, partition, low)])
            while low < high:
                message = reader.poll(10)
                assert message is not None
                if message.error() is None:
                    low = (message.offset() or 0) + 1
                    yield message
    finally:
        reader.close()


@pytest.mark.service
def test_records_lie_where_every_writer_puts_them_and_steps_everywhere(settings: Settings) -> None:
    made = [Record(CASE_EVENTS, f"s/案{number}".encode(), b"%d" % number) for number in range(50)]
    made.append(Record(DEAD_LETTERS, None, b"letter", (("dead-reason", b"in_the_future"),)))
    step = ClockAdvanced(clock="log:n", to=5)

    async def send(broker: Broker) -> list[bool]:
        return [await broker.write(made, HEADERS), await broker.step(step, encode(step), HEADERS), await broker.write([], HEADERS)]

    broker = Broker(settings, COUNTS)
    try:
        assert asyncio.run(send(broker)) == [True, True, True]
        assert broker.is_there
    finally:
        broker.close()
    found = list(records(settings, admin.name_of(CASE_EVENTS, settings)))
    assert {message.value() for message in found} == {record.value for record in made[:50]} | {encode(step)}
    assert all(message.headers() == HEADERS for message in found)
    for message in found:
        if message.value() != encode(step):
            assert message.partition() == partition_of(message.key(), 5)
    for topic in (CASE_EVENTS, ACTIVITY_EVENTS):
        lie = [message for message in records(settings, admin.name_of(topic, settings)) if message.value() == encode(step)]
        assert sorted(message.partition() for message in lie) == list(range(5))
        assert all(
            message.offset() == max(each.offset() for each in found if each.partition() == message.partition())
            for message in lie
            if topic is CASE_EVENTS
        )
    (letter,) = records(settings, admin.name_of(DEAD_LETTERS, settings))
    assert letter.headers() == [*HEADERS, ("dead-reason", b"in_the_future")]


class Stubborn:
    """A producer that takes `room` records and reports on each with `error`; then it raises."""

    def __init__(self, room: int, raises: Exception, error: KafkaError | None = None) -> None:
        self._room = room
        self._raises = raises
        self._error = error

    def __call__(self, _config: Any) -> Stubborn:
        return self

    def produce(self, *_: Any, on_delivery: Callable[[Any, Any], None], **__: Any) -> None:
        if self._room == 0:
            raise self._raises
        self._room -= 1
        on_delivery(self._error, None)

    def poll(self, _seconds: float) -> int:
        return 0

    def flush(self, _seconds: float) -> int:
        return 0

    def list_topics(self, _topic: str, timeout: float) -> None:
        return None


FATAL = KafkaError(KafkaError._FATAL, "over", True)


@pytest.mark.parametrize(
    ("producer", "acknowledged"),
    [
        (Stubborn(3, BufferError()), True),
        (Stubborn(2, BufferError()), False),
        (Stubborn(0, KafkaException(FATAL)), False),
        (Stubborn(3, BufferError(), KafkaError(KafkaError._MSG_TIMED_OUT)), False),
    ],
    ids=["room for all", "room for two of three", "a fatal error", "not acknowledged in time"],
)
def test_all_or_not_acknowledged(monkeypatch: pytest.MonkeyPatch, producer: Stubborn, acknowledged: bool) -> None:
    monkeypatch.setattr(module, "Producer", producer)
    broker = Broker(load(), COUNTS)
    try:
        made = [Record(CASE_EVENTS, b"k", b"v")] * 3
        assert asyncio.run(broker.write(made, HEADERS)) is acknowledged
    finally:
        broker.close()


def test_a_step_that_does_not_reach_every_partition_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Producer", Stubborn(9, BufferError()))
    broker = Broker(load(), COUNTS)
    try:
        assert asyncio.run(broker.step(ClockAdvanced(clock="c", to=1), b"", HEADERS)) is False
    finally:
        broker.close()


def test_a_delivery_is_done_when_the_last_report_is_in_from_whatever_thread() -> None:
    async def reported() -> bool:
        delivery = Delivery(20, asyncio.get_running_loop())
        await asyncio.gather(*(asyncio.to_thread(delivery.note, None) for _ in range(20)))
        return await delivery.done

    assert asyncio.run(reported())
