"""The sink: reads events, alerts, clues and dead letters from Kafka and writes them to ClickHouse, each once.

ClickHouse itself says where to go on (`offset_ranges`), not Kafka's group; so a crash at any point loses nothing and doubles
nothing, and a second sink beside the first does no harm. `supervision sink` runs it.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby, repeat
from operator import itemgetter, lt
from typing import Any

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Struct

from streams.sinking import latency, starting
from streams.sinking.alerts import alert_rows
from streams.sinking.events import event_rows
from streams.sinking.letters import letter_rows
from streams.sinking.record import Record
from streams.sinking.starting import Loss, Place
from streams.sinking.writer import Span, Translate, Writer
from streams.store import queries
from streams.store.client import Address, Patience, Stopped, Store
from supervision import metrics
from supervision.event import Stream
from supervision.language import UserError, say
from supervision.topics import ACTIVITY_EVENTS, ALERTS, CASE_EVENTS, CLUES, DEAD_LETTERS

_log = structlog.get_logger("sink")

_CALL_S = 5.0
_LOOK_S = 30.0  # how often new partitions are looked for
_LAG_S = 1.0  # how often the lag is counted
_SETTLE_S = 15.0  # how long a log may seem too short while its broker starts
_TOPICS_S = 60.0  # how long the topics may be missing at the start
_BATCH_BYTES = 64 << 20

TRANSLATE: dict[str, Translate] = {
    CASE_EVENTS.name: partial(event_rows, stream=Stream.CASE),
    ACTIVITY_EVENTS.name: partial(event_rows, stream=Stream.ACTIVITY),
    ALERTS.name: partial(alert_rows, table="alerts_raw"),
    CLUES.name: partial(alert_rows, table="clues_raw"),
    DEAD_LETTERS.name: letter_rows,
}


class Plan(Struct, frozen=True, kw_only=True):
    """What one sink does. `consumer` names it in the store and as a Kafka group; `topic_prefix` stands before every topic."""

    bootstrap: str
    clickhouse: Address
    consumer: str = "sink"
    topic_prefix: str = ""
    batch_rows: int = 50_000
    batch_wait_s: float = 0.2
    accept_loss: bool = False


class Pending:
    """Records read and not yet written, and the spans of offsets they lie in. `next` is where each partition goes on."""

    def __init__(self) -> None:
        self.next: dict[Place, int] = {}
        self.records: list[Record] = []
        self._first: dict[Place, int] = {}
        self._count: dict[Place, int] = {}
        self._oldest: dict[str, int] = {}
        self._bytes = 0
        self._since = 0.0

    def add(self, records: Iterable[Record]) -> None:
        """Records at or behind the next offset of their partition; an earlier one has been seen and is left out."""
        if not self.records:
            self._since = time.monotonic()
        for place, run in groupby(records, _PLACE):
            self._add(place, list(run))

    def _add(self, place: Place, run: list[Record]) -> None:
        """Records of one partition that came one behind the other."""
        expected = self.next[place]
        run = _ascending(run, expected)
        if not run:
            return
        self.records += run
        self._first.setdefault(place, expected)
        self._count[place] = self._count.get(place, 0) + len(run)
        self._oldest[place[0]] = min(self._oldest.get(place[0], run[0].timestamp), run[0].timestamp)
        self._bytes += sum(map(len, filter(None, map(_VALUE, run)))) + sum(map(len, filter(None, map(_KEY, run))))
        self.next[place] = run[-1].offset + 1

    def is_due(self, rows: int, wait_s: float) -> bool:
        full = len(self.records) >= rows or self._bytes >= _BATCH_BYTES
        return bool(self.records) and (full or time.monotonic() - self._since >= wait_s)

    def take(self) -> tuple[list[Record], list[Span], dict[str, int]]:
        """The records, the spans they lie in, and the stamp of the oldest one of each topic."""
        spans = [Span(*place, first, self.next[place] - 1, self._count[place]) for place, first in self._first.items()]
        records, self.records = self.records, []
        oldest, self._oldest = self._oldest, {}
        self._first, self._count, self._bytes = {}, {}, 0
        return records, spans, oldest


_PLACE, _OFFSET, _KEY, _VALUE = itemgetter(0, 1), itemgetter(2), itemgetter(4), itemgetter(5)


def _ascending(run: list[Record], expected: int) -> list[Record]:
    """Those at `expected` or behind it, and each behind the one before."""
    offsets = list(map(_OFFSET, run))
    if offsets[0] >= expected and all(map(lt, offsets, offsets[1:])):
        return run
    kept = []
    for record in run:
        if record.offset >= expected:
            kept.append(record)
            expected = record.offset + 1
    return kept


class Sink:
    """`run` works until `stop` is called, from a signal handler or another thread."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stopping = threading.Event()
        self._store = Store(plan.clickhouse, Patience(total_s=None), self._stopping.is_set, self._note_retry)
        self._topics = [plan.topic_prefix + name for name in TRANSLATE]
        translate = {plan.topic_prefix + name: how for name, how in TRANSLATE.items()}
        self._writer = Writer(self._store, plan.consumer, translate, plan.topic_prefix)
        self._pending = Pending()
        self._stored: dict[Place, int] = {}
        self._ends = latency.Ends(plan.topic_prefix)
        self._consumer = Consumer(_configuration(plan))

        self.is_ready = False  # every partition taken up, and the last that was asked of the store was done

    def stop(self) -> None:
        self._stopping.set()

    def _note_retry(self, _fault: Exception) -> None:
        metrics.SINK_RETRIES.inc()
        self.is_ready = False
        self._measure()

    def run(self) -> None:
        """Raises UserError where a person must act: lost records, a topic made anew, missing topics, an unreadable log."""
        metrics.start_sink(TRANSLATE)
        # A batch is many small objects and no cycles: left to itself, the collector takes half of the time (10 of 22 us a record).
        gc.disable()
        try:
            self._take_up(self._partitions(required=True))
            _log.info("sink_started", partitions=len(self._pending.next))
            self.is_ready = True
            self._work()
        except Stopped:
            pass
        finally:
            gc.enable()
            self.is_ready = False
            self._consumer.close()
            self._store.close()
            _log.info("sink_stopped")

    def _work(self) -> None:
        plan, pending = self._plan, self._pending
        looked = measured = time.monotonic()
        while not self._stopping.is_set():
            room = max(1, plan.batch_rows - len(pending.records))
            self._take(self._consumer.consume(min(room, 10_000), timeout=min(plan.batch_wait_s, 0.2)))
            if pending.is_due(plan.batch_rows, plan.batch_wait_s):
                self._flush()
            if time.monotonic() - measured > _LAG_S:
                measured = time.monotonic()
                self._measure()
            if time.monotonic() - looked > _LOOK_S:
                looked = time.monotonic()
                gc.collect()
                self._take_up(self._partitions(required=False))
        self._flush()

    def _take(self, messages: list[Message]) -> None:
        """Records are added and faults heeded in the order they came in; the end of a partition is no fault, and noted."""
        begin = 0
        errors = list(map(Message.error, messages))
        if any(error is not None and error.code() == KafkaError._PARTITION_EOF for error in errors):
            messages = [message for message, error in zip(messages, errors, strict=True) if not self._is_end(message, error)]
            errors = list(map(Message.error, messages))
        if errors.count(None) < len(errors):
            for place, error in enumerate(errors):
                if error is not None:
                    self._pending.add(_records(messages[begin:place]))
                    self._heed(error, messages[place])
                    begin = place + 1
        self._pending.add(_records(messages[begin:]))

    def _is_end(self, message: Message, error: KafkaError | None) -> bool:
        if error is None or error.code() != KafkaError._PARTITION_EOF:
            return False
        self._ends.reached(str(message.topic()), int(message.partition() or 0), int(message.offset() or 0))
        return True

    def _flush(self) -> None:
        records, spans, oldest = self._pending.take()
        if not spans:
            return
        self._writer.write(records, spans)
        self.is_ready = True
        prefix = self._plan.topic_prefix
        latency.stored(records, oldest, time.time_ns() // 1_000_000, prefix)
        for span in spans:
            self._stored[span.topic, span.partition] = span.last + 1
            metrics.SINK_NEXT_OFFSET.labels(span.topic.removeprefix(prefix), str(span.partition)).set(span.last + 1)

    def _measure(self) -> None:
        """Count how far behind we are, by what the consumer knows of the ends: nobody is asked."""
        for place, read in self._pending.next.items():
            high = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
            self._ends.behind(place, self._stored.get(place, read), read, high)

    def _heed(self, error: KafkaError, message: Message) -> None:
        """Brokers come and go, librdkafka sees to that; what does not pass by itself stops the sink."""
        place = f"{message.topic()}[{message.partition()}]"
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._flush()
            self._take_up([(str(message.topic()), int(message.partition() or 0))])
            return
        if error.code() in _PASSING or (error.retriable() and not error.fatal()):
            _log.warning("kafka_fault", place=place, fault=error.str())
            return
        raise UserError(
            say(
                f"{place} 位移 {message.offset()} 无法读取({error.str()}):入库在此停止,未跳过任何记录。",
                f"{place} cannot be read at offset {message.offset()} ({error.str()}): the sink stops here and skips nothing",
            )
        )

    def _partitions(self, *, required: bool) -> list[Place]:
        """The partitions of our topics that are not read yet. Waits for the broker, and at the start for the topics."""
        until = time.monotonic() + _TOPICS_S
        while True:
            found = self._patiently(lambda: self._consumer.list_topics(timeout=_CALL_S)).topics
            missing = [topic for topic in self._topics if topic not in found or found[topic].error is not None]
            if not missing or not required:
                places = [(topic, number) for topic in self._topics if topic in found for number in found[topic].partitions]
                return [place for place in places if place not in self._pending.next]
            if time.monotonic() > until:
                raise UserError(
                    say(
                        f"Kafka {self._plan.bootstrap} 中没有主题 {'、'.join(missing)}:请先执行 supervision topics create。",
                        f"Kafka at {self._plan.bootstrap} lacks the topics {', '.join(missing)}: run `supervision topics create`",
                    )
                )
            self._wait(0.5)

    def _take_up(self, places: list[Place]) -> None:
        """Begin to read these partitions where the store says."""
        if not places:
            return
        start = self._start(places)
        if start.losses and not self._plan.accept_loss:
            raise starting.refuse(start.losses)
        self._record_losses(start.losses)
        self._pending.next |= start.offsets
        self._stored |= start.offsets
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in self._pending.next.items()])

    def _start(self, places: Iterable[Place]) -> starting.Start:
        stored = queries.next_offsets(self._store, self._plan.consumer)
        until = time.monotonic() + _SETTLE_S
        while True:
            marks = {place: self._patiently(partial(self._marks, place)) for place in places}
            try:
                return starting.begin(stored, marks)
            except UserError:
                if time.monotonic() > until:
                    raise
                self._wait(1)

    def _marks(self, place: Place) -> tuple[int, int]:
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*place, OFFSET_END), timeout=_CALL_S)
        return low, high

    def _record_losses(self, losses: list[Loss]) -> None:
        for loss in losses:
            _log.warning("loss_accepted", topic=loss.topic, partition=loss.partition, first=loss.first, last=loss.last)
            metrics.SINK_LOST.labels(loss.topic.removeprefix(self._plan.topic_prefix)).inc(loss.records)
            row = (self._plan.consumer, loss.topic, loss.partition, loss.first, loss.last)
            columns = ("consumer", "topic", "partition", "first", "last")
            self._store.insert("offset_losses", columns, [[value] for value in row], f"loss:{row}")

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """The broker's answer, however long it takes to come back."""
        wait_s = 0.1
        while True:
            try:
                return ask()
            except KafkaException as fault:
                _log.warning("kafka_retry", wait_s=wait_s, fault=str(fault))
                self._wait(wait_s)
                wait_s = min(wait_s * 2, 10.0)

    def _wait(self, wait_s: float) -> None:
        if self._stopping.wait(wait_s):
            raise Stopped


_PASSING = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._WAIT_COORD,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    }
)


def _configuration(plan: Plan) -> dict[str, Any]:
    return {
        "bootstrap.servers": plan.bootstrap,
        "group.id": plan.consumer,
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,  # tells where a partition ends, for the lag
        "auto.offset.reset": "error",  # an offset that is gone is a loss, never a silent jump
        "check.crcs": True,
        "fetch.wait.max.ms": 100,
        "fetch.min.bytes": 1 << 19,  # else each few records are an answer of their own, at the cost of both ends
        "fetch.queue.backoff.ms": 10,  # librdkafka's second would stall the reading of a long log
        "queued.max.messages.kbytes": 65536,
        "reconnect.backoff.max.ms": 2000,
        "log_level": 0,  # a line for every try to connect; what matters comes through `error_cb`
        "error_cb": lambda error: _log.warning("kafka_fault", fault=error.str()),
    }


def _records(messages: list[Message]) -> Iterator[Record]:
    """Messages without an error as records, with no line of Python for each."""
    columns: Any = (
        *(map(ask, messages) for ask in (Message.topic, Message.partition, Message.offset)),
        map(max, map(itemgetter(1), map(Message.timestamp, messages)), repeat(0)),
        *(map(ask, messages) for ask in (Message.key, Message.value, Message.headers)),
    )
    return map(partial(tuple.__new__, Record), zip(*columns, strict=True))
