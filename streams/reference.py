"""The reference topic: publish entries, follow it, and wait until the agents judge by what was published.

A publication is one transaction, so followers see all of it or nothing. It is known by its offset: the one after its last record.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from msgspec import Struct

from streams import admin, clients
from streams.status import Status, live_workers
from supervision.language import UserError, say
from supervision.reference import Entry, Reference, from_record, to_record
from supervision.refusal import Refusal
from supervision.settings import Settings
from supervision.topics import REFERENCE

log = structlog.get_logger("reference")
CALL_S = 10.0
POLL_S = 0.1


class Snapshot(Struct, frozen=True):
    """The reference data as of an offset of its topic (everything before it)."""

    reference: Reference
    offset: int


def publish(settings: Settings, entries: Iterable[Entry], removed: Iterable[str] = ()) -> int:
    """Write the entries that differ from what is there, take out the keys `removed`, and return the offset to wait for.

    Publishing the same again writes nothing. Raises UserError if Kafka does not answer.
    """
    try:
        records, offset = _contents(settings)
        changes: list[tuple[str, bytes | None]] = [
            record for record in map(to_record, entries) if records.get(record[0]) != record[1]
        ]
        changes += [(key, None) for key in removed if key in records]
        return _write(settings, changes) if changes else offset
    except KafkaException as raised:
        raise UserError(
            say(f"基础数据没有写入 Kafka: {raised.args[0]}", f"reference data could not be written to Kafka: {raised.args[0]}")
        ) from None


def _contents(settings: Settings) -> tuple[dict[str, bytes], int]:
    reader = Reader(settings)
    try:
        deadline = time.monotonic() + 3 * CALL_S
        while not reader.read():
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return reader.records, reader.offset
    finally:
        reader.close()


def _write(settings: Settings, changes: Iterable[tuple[str, bytes | None]]) -> int:
    """One transaction; the offset after its last record."""
    written: list[int] = []

    def note(error: KafkaError | None, message: Message) -> None:
        if error is None:
            written.append((message.offset() or 0) + 1)

    config = clients.transactional_config(settings, f"{settings.app_id}-reference-{uuid4()}")
    producer = Producer(config | {"delivery.report.only.error": False})
    producer.init_transactions(CALL_S)
    producer.begin_transaction()
    for key, value in changes:
        while True:
            try:
                producer.produce(admin.name_of(REFERENCE, settings), value, key.encode(), 0, on_delivery=note)
                break
            except BufferError:
                producer.poll(POLL_S)
    producer.commit_transaction(3 * CALL_S)
    producer.poll(0)
    return max(written)


class Reader:
    """Reads the reference topic from its beginning and on, in the caller's thread. `records`: by key; `offset`: read up to.

    `end`: the offset at which the end was last seen, behind the marks of transactions too.
    """

    def __init__(self, settings: Settings) -> None:
        self.records: dict[str, bytes] = {}
        self.offset = 0
        self.end = 0
        self._topic = admin.name_of(REFERENCE, settings)
        self._consumer: Consumer = clients.reader(settings, f"{settings.app_id}-reference")
        self._consumer.assign([TopicPartition(self._topic, 0, clients.bounds(self._consumer, self._topic, 0)[0])])

    def read(self) -> bool:
        """Take what has come within a moment; True when the end is reached."""
        at_end = False
        for message in self._consumer.consume(1000, POLL_S):
            error = message.error()
            if error is None:
                self._apply(message)
                at_end = False
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end = True
                self.end = message.offset() or 0
            elif error.fatal():
                raise KafkaException(error)
        return at_end

    def _apply(self, message: Message) -> None:
        key, value = (message.key() or b"").decode("utf-8", "replace"), message.value()
        if value:
            self.records[key] = value
        else:
            self.records.pop(key, None)
        self.offset = (message.offset() or 0) + 1

    def close(self) -> None:
        self._consumer.close()


class Follower:
    """Keeps the newest reference data in a thread of its own. `failure`: why the thread ended, if it did unasked.

    `read_to`: everything before this offset of the topic is in `current`.
    """

    def __init__(self, settings: Settings) -> None:
        self.failure: BaseException | None = None
        self.read_to = 0
        self._settings = settings
        self._snapshot: Snapshot | None = None
        self._is_read = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reference", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_read(self) -> bool:
        """Whether the topic has been read in full once."""
        return self._snapshot is not None

    @property
    def current(self) -> Snapshot:
        """The newest reference data. Only after `is_read`."""
        assert self._snapshot is not None
        return self._snapshot

    def wait(self, seconds: float) -> bool:
        """Whether the topic was read in full within that time."""
        return self._is_read.wait(seconds)

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(CALL_S)

    def _run(self) -> None:
        try:
            reader = self._open()
            while not self._stop.is_set():
                if not reader.read():
                    continue
                if self._snapshot is None or self._snapshot.offset != reader.offset:
                    self._snapshot = _snapshot(reader)
                    self._is_read.set()
                    log.info("reference data", version=self._snapshot.reference.version, offset=reader.offset)
                self.read_to = reader.end
            reader.close()
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the worker sees it and stops
            self.failure = error

    def _open(self) -> Reader:
        """A reader; tries again, waiting longer each time, as long as the broker does not answer."""
        pause = 0.1
        while True:
            try:
                return Reader(self._settings)
            except KafkaException as raised:
                log.warning("reference topic not answered", because=raised.args[0].str(), pause_s=pause)
                if raised.args[0].fatal() or self._stop.wait(pause):
                    raise
                pause = min(pause * 2, 5.0)


def _snapshot(reader: Reader) -> Snapshot:
    entries: list[Entry] = []
    for key, value in sorted(reader.records.items()):
        entry = from_record(key, value)
        if isinstance(entry, Refusal):
            log.error("reference entry not understood", key=key, reason=entry.reason.value, field=entry.field)
        else:
            entries.append(entry)
    return Snapshot(Reference(entries), reader.offset)


def wait_until_used(settings: Settings, offset: int, partitions: dict[str, int], timeout_s: float = 60.0) -> list[Status]:
    """Wait until live workers that have all `partitions` (count by declared topic) judge by reference data up to `offset`.

    Returns their status. Raises UserError when the time is up, saying who is behind or that nobody has a partition.
    """
    wanted = {f"{topic}/{number}" for topic, count in partitions.items() for number in range(count)}
    deadline = time.monotonic() + timeout_s
    while True:
        workers = live_workers(settings)
        behind = [worker for worker in workers if worker.partitions and (worker.reference_offset or 0) < offset]
        missing = wanted - {partition for worker in workers for partition in worker.partitions}
        if not behind and not missing:
            return workers
        if time.monotonic() > deadline:
            raise UserError(*_waiting(workers, behind, missing, offset))
        time.sleep(POLL_S)


def _waiting(workers: list[Status], behind: list[Status], missing: set[str], offset: Any) -> list[str]:
    if not workers:
        return [
            say(
                "没有代理进程在运行: 先运行 supervision agents 或 supervision up",
                "no agents are running: start `supervision agents`",
            )
        ]
    lines = [
        say(
            f"代理 {worker.worker} 的基础数据在 {worker.reference_offset}, 应到 {offset}",
            f"worker {worker.worker} judges by reference data up to {worker.reference_offset}, wanted {offset}",
        )
        for worker in behind
    ]
    if missing:
        names = ", ".join(sorted(missing)[:8])
        lines.append(say(f"这些分区没有代理在处理: {names}", f"no worker judges these partitions: {names}"))
    return lines
