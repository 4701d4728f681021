"""The sink between a real Kafka and a real ClickHouse: each record once, whoever dies in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic, TopicPartition

from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from streams.sink import TRANSLATE, Plan, Sink
from streams.store import queries
from streams.store.client import Address, Store
from streams.store.migration import migrate
from supervision.language import UserError
from supervision.settings import load

pytestmark = pytest.mark.service
PARTITIONS = 3
PREFIX_LENGTH = 8


class World:
    """Topics of their own on the shared broker, a ClickHouse that may be killed, and a producer."""

    def __init__(self, kafka: Kafka, directory: Path) -> None:
        self.bootstrap = kafka.bootstrap
        self.prefix = uuid4().hex[:PREFIX_LENGTH] + "-"
        self.server = ClickHouseProcess(directory / "clickhouse", free_ports(1), "default", "p")
        self.server.start()
        self.address = Address("127.0.0.1", self.server.port, "default", "p")
        migrate(self.address)
        self.admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        made = self.admin.create_topics([NewTopic(self.prefix + name, PARTITIONS, 1) for name in TRANSLATE])
        for each in made.values():
            each.result(30)
        self.producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 5, "log_level": 0})
        self.store = Store(self.address)

    def plan(self, **changes: object) -> Plan:
        plan = {"bootstrap": self.bootstrap, "clickhouse": self.address, "topic_prefix": self.prefix, "batch_rows": 500}
        return Plan(**(plan | {"batch_wait_s": 0.05} | changes))  # type: ignore[arg-type]  # names are checked by Plan

    def send_events(self, count: int, *, twice: bool = False) -> list[UUID]:
        """Case events over all partitions, among them control records and broken ones."""
        topic = self.prefix + "case-events"
        ids = []
        for n in range(count):
            ids.append(uuid4())
            event = {"event_id": str(ids[-1]), "event_type": "case_accepted", "occurred_at": 1_767_225_600_000 + n}
            raw = json.dumps(event | {"source_system": "hall", "case_id": f"c{n // 8}"}).encode()
            for _ in range(2 if twice else 1):
                self.producer.produce(topic, raw, partition=n % PARTITIONS)
            if n % 50 == 0:
                self.producer.produce(topic, b"{broken", partition=n % PARTITIONS)
            self.producer.poll(0)
        self.producer.flush(30)
        return ids

    def is_complete(self, ids: list[UUID]) -> bool:
        """All events, none twice, no hole between the written ranges."""
        if queries.event_count(self.store) < len(ids):
            return False
        assert queries.event_count(self.store) == len(ids)
        assert queries.missing_events(self.store, ids) == []
        assert queries.doubled_events(self.store) == []
        return True

    def end(self) -> None:
        self.store.close()
        self.server.kill()
        self.admin.delete_topics([self.prefix + name for name in TRANSLATE])


class Running:
    """A sink in a thread; `failure` is what ended it."""

    def __init__(self, plan: Plan) -> None:
        self.sink = Sink(plan)
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.sink.run()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self.failure = error

    def stop(self) -> None:
        self.sink.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        assert self.failure is None


@pytest.fixture
def world(kafka: Kafka, tmp_path: Path) -> Iterator[World]:
    made = World(kafka, tmp_path)
    yield made
    made.end()


def eventually(holds: Callable[[], bool], within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it did not come to hold in time"
        time.sleep(0.05)


def test_each_event_is_stored_once_and_a_restart_writes_nothing_again(world: World) -> None:
    ids = world.send_events(3000, twice=True)
    running = Running(world.plan())
    eventually(lambda: world.is_complete(ids) and sum(queries.next_offsets(world.store, "sink").values()) == 6060)
    running.stop()
    assert queries.gaps(world.store, "sink") == []
    kinds = world.store.execute("SELECT kind, count() FROM event_positions FINAL GROUP BY kind ORDER BY kind")
    assert kinds == [("event", 6000), ("refused", 60)]
    ranges = world.store.execute("SELECT count(), sum(rows) FROM offset_ranges")
    more = world.send_events(10)
    running = Running(world.plan())
    eventually(lambda: world.is_complete(ids + more))
    running.stop()
    assert world.store.execute("SELECT sum(rows) FROM offset_ranges")[0][0] == ranges[0][1] + 11


def test_two_sinks_at_once_do_no_harm(world: World) -> None:
    running = [Running(world.plan(batch_rows=300)), Running(world.plan(batch_rows=170))]
    ids = world.send_events(4000)
    eventually(lambda: world.is_complete(ids))
    for each in running:
        each.stop()
    assert world.is_complete(ids)


def test_rows_without_their_range_are_written_again_and_count_once(world: World) -> None:
    ids = world.send_events(1000)
    running = Running(world.plan())
    eventually(lambda: world.is_complete(ids) and sum(queries.next_offsets(world.store, "sink").values()) == 1020)
    running.stop()
    world.store.execute("TRUNCATE TABLE offset_ranges")
    world.store.execute("TRUNCATE TABLE offset_progress")
    running = Running(world.plan(batch_rows=77))
    eventually(lambda: sum(queries.next_offsets(world.store, "sink").values()) == 1020)
    running.stop()
    assert world.is_complete(ids)
    assert world.store.execute("SELECT count() FROM event_positions FINAL") == [(1020,)]


def test_clickhouse_killed_and_started_again_loses_nothing(world: World) -> None:
    running = Running(world.plan())
    ids = []
    for _ in range(3):
        ids += world.send_events(1500)
        most = len(ids) - 1500
        eventually(lambda: queries.event_count(world.store) > most)  # noqa: B023 - awaited at once
        world.server.kill()
        ids += world.send_events(500)
        world.server.start()
    eventually(lambda: world.is_complete(ids))
    running.stop()
    assert queries.gaps(world.store, "sink") == []


def test_a_killed_sink_process_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    environment = {
        "SUPERVISION_DATA": str(tmp_path / "data"),
        "SUPERVISION_KAFKA_BOOTSTRAP": world.bootstrap,
        "SUPERVISION_CLICKHOUSE_HOST": "127.0.0.1",
        "SUPERVISION_CLICKHOUSE_PORT": str(world.server.port),
        "SUPERVISION_CLICKHOUSE_PASSWORD": "p",
        "SUPERVISION_TOPIC_PREFIX": world.prefix,
        "SUPERVISION_SINK_BATCH_ROWS": "100",
        "SUPERVISION_SINK_BATCH_WAIT_MS": "20",
    }
    ids = world.send_events(6000)

    def started() -> subprocess.Popen[bytes]:
        with (tmp_path / "sink.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "supervision", "sink"], env=os.environ | environment, stdout=log, stderr=log
            )

    for _ in range(4):
        enough = min(queries.event_count(world.store) + 300, 5999)
        with started() as sink:
            try:
                eventually(lambda: queries.event_count(world.store) > enough)  # noqa: B023 - awaited at once
            finally:
                sink.kill()
    with started() as sink:
        try:
            eventually(lambda: world.is_complete(ids))
        finally:
            sink.terminate()
    assert sink.returncode == 0
    assert world.is_complete(ids)
    assert queries.gaps(world.store, "supervision-sink") == []


def test_records_that_kafka_removed_stop_the_sink_until_the_loss_is_accepted(world: World) -> None:
    topic = world.prefix + "case-events"
    running = Running(world.plan())
    ids = world.send_events(300)
    eventually(lambda: world.is_complete(ids) and sum(queries.next_offsets(world.store, "sink").values()) == 306)
    running.stop()
    world.send_events(300)
    for deleted in world.admin.delete_records([TopicPartition(topic, 0, 150)]).values():
        deleted.result(30)
    stopped = Running(world.plan())
    stopped.thread.join(60)
    assert isinstance(stopped.failure, UserError)
    assert "--accept-loss" in str(stopped.failure)
    assert f"{topic}[0]" in str(stopped.failure)
    assert world.is_complete(ids)
    running = Running(world.plan(accept_loss=True))
    eventually(lambda: queries.next_offsets(world.store, "sink").get((topic, 0)) == 204)
    running.stop()
    assert world.store.execute("SELECT topic, partition, first, last FROM offset_losses") == [(topic, 0, 102, 149)]
    assert queries.gaps(world.store, "sink") == []


@pytest.mark.parametrize("running_before", [True, False], ids=["while it runs", "before it starts"])
def test_a_broker_killed_and_started_again_loses_nothing(tmp_path: Path, running_before: bool) -> None:
    with Kafka(tmp_path / "kafka", free_ports(2), load().cache, heap_mb=256) as broker:
        world = World(broker, tmp_path)
        try:
            ids = world.send_events(1500)
            running = Running(world.plan()) if running_before else None
            if running_before:
                eventually(lambda: queries.event_count(world.store) > 0)
            broker.kill()
            running = running or Running(world.plan())
            broker.start()
            ids += world.send_events(500)
            eventually(lambda: world.is_complete(ids))
            running.stop()
            assert queries.gaps(world.store, "sink") == []
        finally:
            world.end()
