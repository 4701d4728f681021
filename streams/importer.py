"""A log into Kafka: events to their partitions in log time, with the log's clock behind them on every partition.

Repeating an import is harmless: ids are derived from the rows and a lower clock is ignored. An interrupted one goes on where the
broker's last acknowledgement was noted (`Note`); without the note it starts again, to the same end. Called by `supervision import`.
"""

from __future__ import annotations

import hashlib
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from rules.clocks import WALL
from streams import admin, clients
from streams.sources.feed import Told
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.language import UserError, say
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, Topic, key_of, partition_of, topic_of

Sent = Told | ClockAdvanced
EVENT_TOPICS = (CASE_EVENTS, ACTIVITY_EVENTS)
WINDOW = 2_000  # events that are shuffled together
_FLUSH_S = 1.0
_SEQUENCE = 1  # raise it when the same file and mapping give another sequence of items: notes count items
_CALL_S = 20.0


class Note(Struct, frozen=True):
    """How far an import is: `items` of its sequence are acknowledged by the topics with these ids."""

    items: int
    topics: dict[str, str]
    finished: bool = False


def arranged(items: Iterable[Sent], shuffle: int | None = None, *, twice: bool = False) -> Iterator[Sent]:
    """The items as they are sent: as they come, or shuffled by this seed within windows, each event once or twice.

    A clock record never comes before an event that preceded it; of several in one window only the last of each clock is sent.
    """
    if shuffle is None:
        for item in items:
            yield item
            if twice and not isinstance(item, ClockAdvanced):
                yield item
        return
    chance = random.Random(shuffle)  # noqa: S311 - an order, not a secret
    source = iter(items)
    while window := list(islice(source, WINDOW)):
        events = [item for item in window if not isinstance(item, ClockAdvanced)] * (2 if twice else 1)
        chance.shuffle(events)
        yield from events
        yield from {item.clock: item for item in window if isinstance(item, ClockAdvanced)}.values()


class Journal:
    """The note of one import: keyed by what is imported and how, so that another file or mapping never finds it."""

    def __init__(self, folder: Path, files: Iterable[Path], *options: object) -> None:
        sha = hashlib.sha256(repr((_SEQUENCE, *options)).encode())
        for file in files:
            with file.open("rb") as content:
                sha.update(hashlib.file_digest(content, "sha256").digest())
        self._path = folder / f"{sha.hexdigest()[:32]}.json"

    def read(self, topics: dict[str, str]) -> Note:
        """The note if it is of these topics, else one that says that nothing is done."""
        try:
            note = msgspec.json.decode(self._path.read_bytes(), type=Note)
        except (OSError, msgspec.DecodeError):
            return Note(0, topics)
        return note if topics and note.topics == topics else Note(0, topics)

    def write(self, note: Note) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(note))
        unfinished.replace(self._path)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


class Sender(ABC):
    """Sends one import, whatever the way, and notes how far it is. `sent`: events by topic."""

    def __init__(self, journal: Journal, topics: dict[str, str], note_every_s: float = 2.0) -> None:
        self._journal = journal
        self._topics = topics
        self._note_every_s = note_every_s
        self.sent: Counter[str] = Counter()

    def run(self, items: Iterable[Sent], progress: Callable[[int], None] = lambda events: None) -> None:
        """Send what the journal does not know as sent. Raises UserError if it is refused or nobody answers for too long."""
        done = self._journal.read(self._topics).items
        noted_at = time.monotonic()
        position = 0
        for position, item in enumerate(items, 1):
            if position > done:
                self._send(item)
                if time.monotonic() - noted_at > self._note_every_s:
                    self._settle(position)
                    noted_at = time.monotonic()
            progress(position)
        self._settle(position, finished=True)

    def _settle(self, items: int, *, finished: bool = False) -> None:
        """Wait until all is acknowledged, then note it."""
        self._flush()
        self._journal.write(Note(items, self._topics, finished))

    @abstractmethod
    def _send(self, item: Sent) -> None:
        """Take one item; what was sent before goes before it."""

    @abstractmethod
    def _flush(self) -> None:
        """Return when all that was sent is acknowledged."""


class Importer(Sender):
    """Sends one import to Kafka. `counts`: partitions of the event topics by declared name."""

    def __init__(
        self,
        settings: Settings,
        counts: dict[str, int],
        journal: Journal,
        topics: dict[str, str],
        producer: Producer | None = None,
        note_every_s: float = 2.0,
    ) -> None:
        super().__init__(journal, topics, note_every_s)
        self._settings = settings
        self._counts = counts
        # Without gaps: if one record fails for good, no later one (a clock record above all) may overtake it.
        self._producer = producer or Producer(clients.producer_config(settings) | {"enable.gapless.guarantee": True})
        self._failure: KafkaError | None = None

    def run(self, items: Iterable[Sent], progress: Callable[[int], None] = lambda events: None) -> None:
        try:
            super().run(items, progress)
        except KafkaException as raised:
            raise self._stopped(raised.args[0]) from None

    def _send(self, item: Sent) -> None:
        if isinstance(item, ClockAdvanced):
            if item.clock == WALL:
                return  # the wall moves by itself; events of live sources may be brought in all the same
            wire = encode(item)
            for topic in EVENT_TOPICS:
                for partition in range(self._counts[topic.name]):
                    self._produce(topic, partition, item.clock.encode(), wire)
            return
        event = decode(item[1])
        assert isinstance(event, CaseEvent), "the feed gives only events that decode"
        topic = topic_of(event)
        key = key_of(event).encode()
        self._produce(topic, partition_of(key, self._counts[topic.name]), key, item[1])
        self.sent[topic.name] += 1

    def _produce(self, topic: Topic, partition: int, key: bytes, value: bytes) -> None:
        name = admin.name_of(topic, self._settings)
        while True:
            try:
                self._producer.produce(name, value, key, partition, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)
        if self._failure is not None:
            raise self._stopped(self._failure)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and self._failure is None:
            self._failure = error

    def _flush(self) -> None:
        while self._producer.flush(_FLUSH_S):
            if self._failure is not None:
                break
        if self._failure is not None:
            raise self._stopped(self._failure)

    def _stopped(self, error: KafkaError) -> UserError:
        return UserError(
            say(
                f"Kafka {self._settings.kafka_address} 不再接收({error.str()});已确认的都在,再次运行同一命令即可继续",
                f"Kafka at {self._settings.kafka_address} takes no more ({error.str()}); what was acknowledged is there,"
                " run the same command again to go on",
            )
        )


def topic_ids(settings: Settings) -> dict[str, str]:
    """The ids Kafka gave the event topics when they were made; empty if the broker does not tell."""
    names = [admin.name_of(topic, settings) for topic in EVENT_TOPICS]
    client = AdminClient({"bootstrap.servers": settings.kafka_address, "log_level": 3})
    found = client.describe_topics(TopicCollection(names), request_timeout=_CALL_S)
    try:
        return {name: str(future.result(_CALL_S).topic_id) for name, future in found.items()}
    except KafkaException:
        return {}
