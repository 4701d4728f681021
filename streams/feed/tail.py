"""The newest end of the alert topics as it grows, and what the workers say of themselves, read in a thread of its own.

Only committed records are heard, each once, in the order of its partition. A broker that goes away and comes back is waited for:
reading goes on where it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams import admin, clients
from streams.feed.layout import Layout, layout_of
from streams.feed.record import Record, record_of
from streams.status import ALIVE_S, Status
from supervision.settings import Settings
from supervision.topics import WORKER_STATUS

log = structlog.get_logger("feed")

POLL_S = 0.2
MOST = 2_000
ASK_EVERY_S = 3.0  # a log that is silent is asked whether its broker is there
ASK_S = 2.0
STOP_S = 10.0

Hear = Callable[[list[Record]], None]
Begin = Callable[[Layout, list[int], list[int]], None]


class Tail:
    """`begin(layout, since, until)` is told once, where reading begins and where the log ended then; `hear(records)` of all that
    is read from there on; both in the tail's thread. `keep`: how many offsets before the end of each partition it begins."""

    def __init__(self, settings: Settings, begin: Begin, hear: Hear, keep: int) -> None:
        self.failure: BaseException | None = None
        self._settings = settings
        self._begin = begin
        self._hear = hear
        self._keep = keep
        self._status_topic = admin.name_of(WORKER_STATUS, settings)
        self._workers: dict[bytes, tuple[int, Status]] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._pending: set[tuple[str, int]] = set()
        self._has_begun = False
        self._answered_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    @property
    def is_ready(self) -> bool:
        """All partitions were read to their end once, and the broker has answered within the last seconds."""
        silent_s = time.monotonic() - self._answered_at
        return self.failure is None and self._has_begun and not self._pending and silent_s < 3 * ASK_EVERY_S

    def workers(self) -> list[Status]:
        """The workers heard of lately."""
        oldest = (time.time() - ALIVE_S) * 1000
        return [status for stamp, status in list(self._workers.values()) if stamp >= oldest]

    def _run(self) -> None:
        try:
            consumer = clients.reader(self._settings, f"{self._settings.app_id}-board")
            try:
                if self._open(consumer):
                    self._read(consumer)
            finally:
                consumer.close()
        except Exception as error:
            self.failure = error
            log.error("feed ended", exc_info=error)

    def _open(self, consumer: Consumer) -> bool:
        """Place the consumer; tries again, waiting longer, while the broker does not answer. False: told to stop."""
        pause = 0.2
        while not self._stop.is_set():
            try:
                layout = layout_of(self._settings, consumer)
                ends = [clients.bounds(consumer, *place) for place in layout.places]
                status = TopicPartition(self._status_topic, 0, clients.bounds(consumer, self._status_topic, 0)[0])
            except KafkaException as raised:
                log.warning("alert topics not answered", because=raised.args[0].str(), pause_s=pause)
                self._stop.wait(pause)
                pause = min(pause * 2, 5.0)
                continue
            since = [max(low, high - self._keep) for low, high in ends]
            self._places = {where: place for place, where in enumerate(layout.places)}
            self._pending = set(self._places)
            self._begin(layout, since, [high for _, high in ends])
            assigned = [TopicPartition(*where, since[place]) for where, place in self._places.items()]
            consumer.assign([*assigned, status])
            self._has_begun = True
            return True
        return False

    def _read(self, consumer: Consumer) -> None:
        asked_at = time.monotonic()
        while not self._stop.is_set():
            records: list[Record] = []
            first = consumer.poll(POLL_S)  # at once when there is one; `consume` would wait for as many as it may bring
            if first is not None:
                for message in (first, *consumer.consume(MOST, 0)):
                    self._take(consumer, message, records)
            if records:
                self._hear(records)
            now = time.monotonic()
            if now - max(asked_at, self._answered_at) > ASK_EVERY_S:
                asked_at = now
                self._ask(consumer)

    def _take(self, consumer: Consumer, message: Message, records: list[Record]) -> None:
        error = message.error()
        where = (message.topic() or "", message.partition() or 0)
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                self._pending.discard(where)
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                low, _ = clients.bounds(consumer, *where)
                log.error("alerts were deleted before they were read", topic=where[0], partition=where[1], goes_on_at=low)
                consumer.seek(TopicPartition(*where, low))
            elif error.fatal():
                raise KafkaException(error)
            return
        self._answered_at = time.monotonic()
        if where[0] == self._status_topic:
            self._heed(message)
        else:
            records.append(record_of(self._places[where], message))

    def _heed(self, message: Message) -> None:
        key, value = message.key() or b"", message.value()
        if value is None:
            self._workers.pop(key, None)
            return
        try:
            self._workers[key] = (message.timestamp()[1], msgspec.json.decode(value, type=Status))
        except (ValueError, RecursionError) as error:
            log.error("not a worker's status", offset=message.offset(), because=str(error))

    def _ask(self, consumer: Consumer) -> None:
        """Whether the broker is there, when nothing came for a while."""
        try:
            consumer.get_watermark_offsets(TopicPartition(*next(iter(self._places))), ASK_S, cached=False)
            self._answered_at = time.monotonic()
        except KafkaException:
            pass
