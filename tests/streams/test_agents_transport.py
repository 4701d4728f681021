"""The faust side: what the consumer is told, what the watchdog does, what happens to batches nobody can read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import (
    CorruptRecordException,
    GroupAuthorizationFailedError,
    KafkaError,
    NodeNotReadyError,
    UnsupportedCodecError,
)
from aiokafka.record import MemoryRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.agents import app as faust_app
from streams.agents.assignment import Assignment
from streams.agents.assignor import EvenAssignor
from streams.agents.transport import App, BareRecords, Batch, Consumer, Thread, _batch, bare_records
from supervision.language import UserError
from supervision.settings import load


def built(**chosen: Any) -> App:
    settings = load(kafka_bootstrap="127.0.0.1:1", app_id="t", **chosen)
    assignment = Assignment(frozenset(), lambda tp: pytest.fail(f"{tp} assigned"), lambda error: None)
    return faust_app.build(settings, assignment)


def thread_of(app: App) -> Thread:
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    thread = consumer._thread
    assert isinstance(thread, Thread)
    return thread


Use = Callable[[App], Awaitable[Any]]


def with_app(use: Use, **chosen: Any) -> Any:
    """What `use` returns of an app that is built and not started; the loop of its consumer thread is closed behind it."""

    async def run() -> Any:
        app = built(**chosen)
        try:
            return await use(app)
        finally:
            thread_of(app).thread_loop.close()

    return asyncio.run(run())


def test_the_consumer_gets_our_settings_and_not_fausts_own() -> None:
    async def look(app: App) -> Any:
        consumer = thread_of(app)._create_worker_consumer(app.transport)
        told = dict(vars(consumer))
        await consumer.stop()
        return told

    told = with_app(look, fetch_max_wait_ms=70, session_timeout_s=9, batch_events=321)
    assert told["_fetch_max_wait_ms"] == 70
    assert told["_session_timeout_ms"] == 9_000
    assert told["_isolation_level"] == "read_committed"
    assert told["_auto_offset_reset"] == "none", "a gap must never be jumped over in silence"
    assert told["_max_poll_records"] == 321
    assert [type(assignor) for assignor in told["_partition_assignment_strategy"]] == [EvenAssignor]
    assert told["_enable_auto_commit"] is False


def test_two_agents_read_two_topics_and_faust_makes_none() -> None:
    async def look(app: App) -> Any:
        return {name for agent in app.agents.values() for name in agent.channel.topics}, app.conf.topic_allow_declare

    assert with_app(look, topic_prefix="p.") == ({"p.case-events", "p.activity-events"}, False)


class Coordinator:
    """What the watchdog asks; raises what aiokafka's coordinator would."""

    def __init__(self, error: KafkaError | None) -> None:
        self.error = error

    def check_errors(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        pytest.param(None, False, id="well"),
        pytest.param(NodeNotReadyError("n"), False, id="a passing error"),
        pytest.param(GroupAuthorizationFailedError("g"), True, id="a failed join"),
        pytest.param(KafkaError("Unexpected error during coordination"), True, id="the coordinator died"),
    ],
)
def test_a_worker_that_cannot_join_ends_instead_of_living_on_as_a_zombie(error: KafkaError | None, ends: bool) -> None:
    async def watch(app: App) -> bool:
        await thread_of(app).check_coordinator(Coordinator(error))
        return app.crashed and app.crash_reason is error

    assert with_app(watch) is ends


class Idle:
    """A producer without anything to send."""

    async def flush(self) -> None:
        return


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_an_offset_that_the_group_did_not_take_is_shown_again_until_it_did(monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
    tp, tried = TP("case-events", 3), list[dict[TP, int]]()

    async def show(app: App) -> None:
        consumer = app.consumer
        assert isinstance(consumer, Consumer)

        async def commit(offsets: Mapping[TP, int]) -> bool:
            tried.append(dict(offsets))
            return len(tried) > refusals

        monkeypatch.setattr(consumer, "assignment", lambda: {tp})
        monkeypatch.setattr(app.partitions, "next_offsets", lambda: {tp: 976})
        monkeypatch.setattr(app, "_producer", Idle())
        monkeypatch.setattr(consumer, "_commit", commit)
        for _ in range(refusals + 3):
            await consumer.force_commit()

    with_app(show)
    assert tried == [{tp: 976}] * (refusals + 1)


def record_batch(codec: int) -> bytes:
    """One record batch whose header names the compression `codec`."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=1 << 16
    )
    builder.append(0, timestamp=1, key=b"k", value=b"v", headers=[])
    raw = bytearray(builder.build())
    raw[22] |= codec  # the low bits of the attributes
    return bytes(raw)


class Fetcher:
    """Stands in for aiokafka's: hands out the records of one batch as it would read them."""

    def __init__(self, raw: bytes) -> None:
        self.tp = TopicPartition("case-events", 0)
        self.records = PartitionRecords(self.tp, MemoryRecords(raw), [], 0, None, None, False, READ_COMMITTED)

    async def fetched_records(self, *_: Any, **__: Any) -> Mapping[TopicPartition, Iterable[Any]]:
        return {self.tp: list(self.records)}


@pytest.mark.parametrize("codec", [5, 6, 7])
def test_a_codec_nobody_knows_is_a_clear_stop_and_no_loop(codec: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = Fetcher(record_batch(codec))

    async def fetch_records(self: Any, *arguments: Any) -> Any:
        return await fetcher.fetched_records(*arguments)

    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_fetch_records", fetch_records)

    async def fetch(app: App) -> None:
        await thread_of(app)._fetch_records(None, {TP("case-events", 0)})

    with pytest.raises(UserError, match=r"case-events/0.*lz4,snappy,zstd"):
        with_app(fetch)


def test_aiokafka_itself_raises_for_an_unknown_codec() -> None:
    with pytest.raises(UnsupportedCodecError):
        list(Fetcher(record_batch(7)).records)


# -- aiokafka's records, bare and as it copies them ------------------------------------------------------------------

ABORT = b"\x00\x00\x00\x00"  # the key of a control record: version, type
COMMIT = b"\x00\x00\x00\x01"


def batch_at(first: int, count: int = 3, *, codec: int = 0, producer: int = -1, control: bytes | None = None) -> bytes:
    """A record batch from offset `first` on; of a transaction if `producer` is given, its marker if `control` is."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=producer >= 0,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=1 << 16,
    )
    for number in range(1 if control else count):
        headers = [("trace", b"%d" % number), ("none", None)] if number else []
        key, value = (control, b"") if control else (b"k%d" % number, None if number == 2 else b"v" * 500)
        builder.append(number, timestamp=1_000 + first + number, key=key, value=value, headers=headers)
    raw = bytearray(builder.build())
    raw[:8] = first.to_bytes(8, "big")  # neither base offset nor length are in the checksum
    if control:
        raw[22] |= 0b100000
        raw[17:21] = calc_crc32c(bytes(raw[21:])).to_bytes(4, "big")
    return bytes(raw)


LOG = {
    **{f"codec {codec}": batch_at(0, codec=codec) + batch_at(3, codec=codec) for codec in range(5)},
    "committed": batch_at(0, producer=7) + batch_at(3, control=COMMIT, producer=7) + batch_at(4),
    "aborted": batch_at(0, producer=7) + batch_at(3, control=ABORT, producer=7) + batch_at(4, producer=7) + batch_at(7),
    "only aborted": batch_at(0, producer=7) + batch_at(3, control=ABORT, producer=7),
    "cut short": batch_at(0) + batch_at(3)[:-9],
    "fetched from the middle": batch_at(0, 5, codec=3),
}


def read_by(reader: type[PartitionRecords], raw: bytes, aborted: list[tuple[int, int]], first: int, level: int) -> tuple[Any, int]:
    """The batch (None: no records) and where to read on."""
    found = reader(TopicPartition("t", 0), MemoryRecords(raw), list(aborted), first, None, None, True, level)
    records = list(found)
    return (_batch(TP("t", 0), first, found.next_fetch_offset, records) if records else None), found.next_fetch_offset


@pytest.mark.parametrize("level", [READ_COMMITTED, READ_UNCOMMITTED], ids=["read_committed", "read_uncommitted"])
@pytest.mark.parametrize("what", LOG)
def test_bare_records_make_the_same_batches(what: str, level: int) -> None:
    aborted = [(7, 0)] if "aborted" in what else []
    first = 2 if "middle" in what else 0
    bare = read_by(BareRecords, LOG[what], aborted, first, level)
    assert bare == read_by(PartitionRecords, LOG[what], aborted, first, level)
    if what == "aborted":
        assert bare[0].offsets == ([4, 5, 6, 7, 8, 9] if level == READ_COMMITTED else [0, 1, 2, 4, 5, 6, 7, 8, 9])
        assert bare[1] == 10
    if what == "only aborted" and level == READ_COMMITTED:
        assert bare == (None, 4)


def test_bare_records_keep_headers_keys_and_times() -> None:
    batch, _ = read_by(BareRecords, LOG["codec 3"], [], 0, READ_COMMITTED)
    assert isinstance(batch, Batch)
    assert batch.headers[:3] == [(), (("trace", b"1"), ("none", None)), (("trace", b"2"), ("none", None))]
    assert batch.keys[:3] == [b"k0", b"k1", b"k2"]
    assert batch.values[:3] == [b"v" * 500, b"v" * 500, None]
    assert batch.timestamps == [1_000, 1_001, 1_002, 1_003, 1_004, 1_005]


@pytest.mark.parametrize("reader", [BareRecords, PartitionRecords], ids=["bare", "plain"])
def test_a_damaged_batch_and_an_unknown_codec_are_errors(reader: type[PartitionRecords]) -> None:
    damaged = bytearray(batch_at(0))
    damaged[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        read_by(reader, bytes(damaged), [], 0, READ_COMMITTED)
    records = reader(TopicPartition("t", 0), MemoryRecords(record_batch(7)), [], 0, None, None, False, READ_COMMITTED)
    with pytest.raises(UnsupportedCodecError):
        list(records)


def test_only_a_version_that_was_looked_at_reads_bare_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "PartitionRecords", PartitionRecords)
    assert not bare_records("0.15.0")
    assert fetcher.PartitionRecords is PartitionRecords
    assert bare_records("0.14.3")
    assert fetcher.PartitionRecords is BareRecords
