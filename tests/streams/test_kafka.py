"""The embedded Kafka itself: answers, keeps what it acknowledged, refuses to share, says why it cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.embedded.kafka import Kafka, new_cluster_id
from streams.embedded.stack_lock import free_ports
from supervision.language import UserError
from supervision.settings import load

pytestmark = pytest.mark.service


def broker(directory: Path, **options: int) -> Kafka:
    return Kafka(directory, free_ports(2 * options.get("nodes", 1)), load().cache, heap_mb=320, **options)  # type: ignore[arg-type]


def test_a_cluster_id_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([uuid.UUID(bytes=b"\xfb" * 16), uuid.UUID(bytes=b"\x01" * 16)])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(drawn))
    assert new_cluster_id() == "AQEBAQEBAQEBAQEBAQEBAQ"


def topic(bootstrap: str, name: str, copies: int = 1) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, 2, copies)])[name].result(30)


def produce(bootstrap: str, name: str, values: list[bytes]) -> None:
    """Every value acknowledged, or a failure."""
    failed: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce(name, value, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(30) == 0
    assert not failed


def consume(bootstrap: str, name: str, count: int) -> list[bytes]:
    """The first `count` committed values, sorted; a failure if they do not come within 30 s."""
    reader = {"bootstrap.servers": bootstrap, "group.id": f"test-{name}", "auto.offset.reset": "earliest"}
    consumer = Consumer({**reader, "isolation.level": "read_committed", "enable.auto.commit": False})
    consumer.subscribe([name])
    found: list[bytes] = []
    until = time.monotonic() + 30
    while len(found) < count and time.monotonic() < until:
        found += [message.value() or b"" for message in consumer.consume(count, 0.5) if not message.error()]
    consumer.close()
    assert len(found) == count
    return sorted(found)


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def test_what_is_produced_is_consumed(kafka: Kafka) -> None:
    topic(kafka.bootstrap, "plain")
    produce(kafka.bootstrap, "plain", [b"1", b"2", b"3"])
    assert consume(kafka.bootstrap, "plain", 3) == [b"1", b"2", b"3"]


def test_an_aborted_transaction_is_never_read(kafka: Kafka) -> None:
    topic(kafka.bootstrap, "transactions")
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": "test"})
    producer.init_transactions(30)
    for value, kept in ((b"lost", False), (b"kept", True)):
        producer.begin_transaction()
        producer.produce("transactions", value)
        producer.commit_transaction(30) if kept else producer.abort_transaction(30)
    assert consume(kafka.bootstrap, "transactions", 1) == [b"kept"]


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with broker(tmp_path / "数据 1") as own:
        topic(own.bootstrap, "kept")
        values = [b"%04d" % n for n in range(2000)]
        produce(own.bootstrap, "kept", values)
        own.kill()
        own.start()
        produce(own.bootstrap, "kept", [b"after"])
        assert consume(own.bootstrap, "kept", 2001) == [*values, b"after"]


@pytest.mark.chaos
def test_three_nodes_go_on_when_one_is_killed(tmp_path: Path) -> None:
    with broker(tmp_path, nodes=3) as cluster:
        topic(cluster.bootstrap, "copied", copies=3)
        produce(cluster.bootstrap, "copied", [b"1"])
        cluster.kill(1)
        produce(cluster.bootstrap, "copied", [b"2"])
        cluster.resume(1)
        assert consume(cluster.bootstrap, "copied", 2) == [b"1", b"2"]


def test_two_on_one_directory_refuse(kafka: Kafka) -> None:
    with pytest.raises(UserError, match="in use by another Kafka"):
        broker(kafka.directory).start()
    kafka.check()


def test_a_busy_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    own = broker(tmp_path)
    with socket.create_server(("127.0.0.1", own.nodes[0].port + 1)), pytest.raises(UserError) as refused:
        own.start()
    assert len(refused.value.lines) == 1
    assert "SUPERVISION_KAFKA_PORT" in refused.value.lines[0]


def test_a_jar_that_is_not_the_locked_one_is_never_run(tmp_path: Path) -> None:
    shutil.copytree(load().cache / "kafka", tmp_path / "cache" / "kafka", ignore=shutil.ignore_patterns("hashed.json"))
    with next((tmp_path / "cache" / "kafka").glob("kafka-raft-*.jar")).open("ab") as jar:
        jar.write(b"more")
    with pytest.raises(UserError, match=r"org\.apache\.kafka:kafka-raft"):
        Kafka(tmp_path / "data", free_ports(2), tmp_path / "cache").start()
    assert not (tmp_path / "data" / "node-1").exists()


def test_a_node_that_dies_is_reported_with_its_own_last_words(tmp_path: Path) -> None:
    own = Kafka(tmp_path, free_ports(2), load().cache, heap_mb=320, extra={"num.io.threads": "many"})
    with pytest.raises(UserError) as refused:
        own.start()
    assert "many" in "\n".join(refused.value.lines)
    assert not own.children


def test_the_broker_dies_with_the_command_even_if_that_is_killed(tmp_path: Path) -> None:
    port = free_ports(2)
    command = [sys.executable, "-m", "supervision", "kafka", "--data", str(tmp_path), "--port", str(port)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    assert f"127.0.0.1:{port}" in parent.stdout.readline()
    java = int((tmp_path / "kafka" / "node-1" / "kafka.pid").read_text(encoding="ascii"))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not _runs(java))


def test_sigterm_stops_the_command_cleanly(tmp_path: Path) -> None:
    port = free_ports(2)
    command = [sys.executable, "-m", "supervision", "kafka", "--data", str(tmp_path), "--port", str(port)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    assert parent.stdout.readline()
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(30) == 0
    parent.stdout.close()
    assert "shut down completed" in (tmp_path / "logs" / "kafka.log").read_text(encoding="utf-8").lower().replace(
        "shutdown", "shut down"
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
