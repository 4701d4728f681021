"""faust's Kafka transport, cut for batches: one message per fetched partition batch, under the URL scheme `batches://`.

Five changes to the stock driver, each by its own extension points (subclasses named by the transport):

* the consumer thread joins the records of one fetch of one partition to one `Batch`, headers kept, and notes its progress;
* that thread hands on aiokafka's parsed records as they are, where its version is one that was looked at (`bare_records`);
* partitions place themselves: the state they took up says where to read on, not the group's committed offset, which only shows lag;
* fetch wait, isolation, assignor and "no silent reset" are settings of the consumer, which stock faust hard-codes;
* a watchdog asks aiokafka's coordinator for errors: otherwise a worker whose join failed lives on and consumes nothing.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, cast

import aiokafka
import faust
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, UnsupportedCodecError
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from streams.agents.assignor import EvenAssignor
from streams.agents.progress import Progress, after_fetch
from streams.agents.stops import fell_behind, unreadable

SCHEME = "batches"
Headers = tuple[tuple[str, bytes | None], ...]
POLL_S = 0.2  # longest a fetch call waits, hence the finest step of an idle partition's wall clock
WATCH_S = 1.0
METADATA_MS = 10_000  # a broker that was starting when it was asked may not have known the topics: not for five minutes
LOOKED_AT = "0.14."


class Batch(NamedTuple):
    """The records of one fetch of one partition, in columns. `since`..`until`: the offsets it covers, holes included."""

    tp: TP
    since: int
    until: int
    offsets: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers]
    timestamps: list[int]


class Partitions(Protocol):
    """What the transport tells, and asks of, whoever owns the partitions' runtimes (`streams.agents.assignment`)."""

    async def revoked(self, tps: set[TP]) -> None: ...
    def assigned(self, tps: set[TP]) -> None: ...
    def next_offsets(self) -> Mapping[TP, int]: ...


class App(faust.App):
    """The faust app that carries batches. `partitions` and `fetch_max_wait_ms` are set by `streams.agents.app.build`."""

    partitions: Partitions
    fetch_max_wait_ms: int


class Passing(faust.Schema[Any, Any]):
    """A schema that leaves the batch as it is: nothing is decoded before the partition's runtime does it."""

    def compile(self, app: Any, **_: Any) -> Any:
        create = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return create(None, message.value, message.headers, message)

        return decode


class Thread(driver.AIOKafkaConsumerThread):
    """The consumer's own thread and event loop, so that heartbeats go on while a batch is judged."""

    abstract = False

    def __init__(self, consumer: Consumer, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self.progress: dict[TP, Progress] = {}
        self._delivered: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[EvenAssignor()],
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=cast("App", self.app).fetch_max_wait_ms,
            metadata_max_age_ms=METADATA_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            check_crcs=conf.broker_check_crcs,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )

    async def place(self, tp: TP, offset: int) -> None:
        """Read `tp` from `offset` on. Runs in this thread. Raises aiokafka's IllegalStateError if it is ours no more."""
        self._ensure_consumer().seek(TopicPartition(tp.topic, tp.partition), offset)
        self._delivered[tp] = offset
        self.progress.pop(tp, None)

    def forget(self) -> None:
        """In a rebalance all positions go; what stays ours is placed anew. May be called from another thread."""
        self._delivered.clear()
        self.progress.clear()

    async def _fetch_records(self, consumer: Any, active_partitions: Any, timeout: Any = None, max_records: Any = None) -> Any:
        try:
            fetched = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        except OffsetOutOfRangeError as error:
            raise fell_behind(error) from None
        except UnsupportedCodecError as error:
            raise unreadable(error, active_partitions) from None
        return self._join(consumer, fetched)

    def _join(self, consumer: Any, fetched: Mapping[Any, list[Any]]) -> dict[TP, list[Batch]]:
        """One batch per partition, and the progress of all; in one step, so that nobody sees the one without the other."""
        batches: dict[TP, list[Batch]] = {}
        assignment = consumer._fetcher._subscriptions.subscription.assignment  # as faust itself does: there is no public way
        for tp, since in list(self._delivered.items()):
            state = assignment.state_value(tp) if assignment is not None else None
            if state is None or not state.has_valid_position:
                continue
            records = fetched.get(tp)
            if records:
                self._delivered[tp] = state.position
                batches[tp] = [_batch(tp, since, state.position, records)]
            self.progress[tp] = after_fetch(
                self.progress.get(tp), self._delivered[tp], state.position, state.highwater, state.timestamp
            )
        return batches

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Show how far we are. State holds the truth, so a failure harms nothing and the next commit makes it good."""
        try:
            await self._ensure_consumer().commit(
                {TopicPartition(tp.topic, tp.partition): offset for tp, offset in offsets.items() if tp in self.assignment()}
            )
        except KafkaError as error:
            self.log.info("offsets not shown to the group: %r", error)
            return False
        return True

    @Service.task
    async def _watch_coordinator(self) -> None:
        while not self.should_stop:
            await self.sleep(WATCH_S)
            if self._consumer is not None:
                await self.check_coordinator(self._consumer._coordinator)

    async def check_coordinator(self, coordinator: Any) -> None:
        """A failed join ends the worker, so that its parent starts a fresh one; a passing error lets aiokafka join again."""
        try:
            coordinator.check_errors()
        except KafkaError as error:
            if error.retriable:
                self.log.warning("group coordinator: %r, joining again", error)
            else:
                await self.crash(error)


class Consumer(driver.Consumer):
    """faust's consumer of batches. What faust keeps per offset (acks, gaps) is not needed: partitions know their next offset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._placed: set[TP] = set()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _partitions(self) -> Partitions:
        return cast("App", self.app).partitions

    def progress(self, tp: TP) -> Progress | None:
        """How far `tp` has been read; None before its first fetch."""
        return cast("Thread", self._thread).progress.get(tp)

    async def place(self, tp: TP, offset: int) -> None:
        """Deliver `tp` from `offset` on. Its runtime calls this when it has taken up its state."""
        await self._thread.call_thread(cast("Thread", self._thread).place, tp, offset)
        self._read_offset[tp] = None
        self._placed.add(tp)
        self.resume_partitions({tp})

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        async for tp, message in super().getmany(min(timeout, POLL_S)):
            yield tp, message

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        stamp = record.timestamps[-1]
        generation = self.app.consumer_generation_id
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.offsets[-1],
            stamp / 1000,
            1,
            None,
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    def _set_active_tps(self, tps: set[TP]) -> set[TP]:
        """Only what is placed may be fetched: elsewhere aiokafka would start from the group's offset, or has none to start from."""
        return super()._set_active_tps(tps & self._placed)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        super().resume_partitions(self._placed.intersection(tps))

    async def perform_seek(self) -> None:
        """faust wants to go to the committed offsets after a rebalance; partitions have placed themselves, or will."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._placed.clear()
        cast("Thread", self._thread).forget()
        await self._partitions.revoked(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._placed.clear()  # once more, for a placing that was under way
        self._partitions.assigned(assigned)
        await super().on_partitions_assigned(assigned, generation_id)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Holes of a log (control records, compaction) need no bookkeeping here."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter([tp for tp in self._partitions.next_offsets() if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: TP) -> int | None:
        return self._partitions.next_offsets().get(tp)

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        """faust notes what was not shown as shown, and would never show it again where no record comes behind it."""
        shown = bool(await super()._commit_offsets(offsets, start_new_transaction))
        if not shown:
            for tp in offsets:
                self._committed_offset.pop(tp, None)
        return shown

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Slow partitions are seen in our own metrics; faust's check counts acks that batches do not have."""


class Transport(driver.Transport):
    """Registered under `batches://`."""

    Consumer = Consumer


def register() -> None:
    """Make the scheme known to faust; before the app is built."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
    bare_records()


class BareRecords(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's reader of one fetch, without the copy of eleven fields and the tuple of headers that it makes of every record.

    All the rest is aiokafka's: checksums, codecs, aborted transactions, control records, where to read on.
    """

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Any:
        return record


def bare_records(version: str = aiokafka.__version__) -> bool:
    """Have aiokafka read fetches as BareRecords in this process, which has no other consumer of its; whether it does.

    It names its reader in a private place: a version nobody looked at keeps its own, which gives the same batches.
    """
    if not version.startswith(LOOKED_AT):
        return False
    fetcher.PartitionRecords = BareRecords
    return True


def now_ms() -> int:
    """The wall clock of this machine, ms UTC."""
    return time.time_ns() // 1_000_000


def _batch(tp: TP, since: int, until: int, records: list[Any]) -> Batch:
    return Batch(
        TP(tp.topic, tp.partition),
        since,
        until,
        [record.offset for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [tuple(record.headers) if record.headers else () for record in records],
        [record.timestamp for record in records],
    )
