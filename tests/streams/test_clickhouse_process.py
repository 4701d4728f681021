"""The embedded ClickHouse as a process: it keeps what it acknowledged, owns its data alone, and ends when told to."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from streams.embedded.clickhouse import ClickHouseProcess, answers
from streams.embedded.stack_lock import free_ports
from supervision.language import UserError

pytestmark = pytest.mark.service

USER, PASSWORD = "default", "of-this-test"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseProcess]:
    process = ClickHouseProcess(tmp_path / "clickhouse", free_ports(1), USER, PASSWORD)
    process.start()
    yield process
    process.kill()


def client_of(server: ClickHouseProcess) -> Client:
    return Client("127.0.0.1", port=server.port, user=USER, password=PASSWORD)


def execute(server: ClickHouseProcess, query: str, rows: list[tuple[Any, ...]] | None = None) -> Any:
    with client_of(server) as client:
        return client.execute(query, rows)


def insert_until_it_dies(server: ClickHouseProcess, number: int, acknowledged: list[tuple[int, int]]) -> None:
    with client_of(server) as client, suppress(Error, OSError, EOFError):
        for n in range(1_000_000):
            client.execute("INSERT INTO t VALUES", [(number, n, "x" * 100)] * 3)
            acknowledged.append((number, n))


def test_kill_9_loses_no_acknowledged_insert(server: ClickHouseProcess) -> None:
    execute(server, "CREATE TABLE t (w UInt8, n UInt32, s String) ENGINE = MergeTree ORDER BY (w, n)")
    for _ in range(3):
        execute(server, "TRUNCATE TABLE t")
        acknowledged: list[tuple[int, int]] = []
        workers = [threading.Thread(target=insert_until_it_dies, args=(server, number, acknowledged)) for number in range(3)]
        for worker in workers:
            worker.start()
        while len(acknowledged) < 60:
            assert any(worker.is_alive() for worker in workers)
            time.sleep(0.005)
        server.kill()
        for worker in workers:
            worker.join()
        server.start()
        counts = {(w, n): count for w, n, count in execute(server, "SELECT w, n, count() FROM t GROUP BY w, n")}
        assert [one for one in acknowledged if counts.get(one) != 3] == []
        assert set(counts.values()) == {3}


def test_a_restart_finds_its_data(server: ClickHouseProcess) -> None:
    execute(server, "CREATE DATABASE d")
    execute(server, "CREATE TABLE d.t (a UInt8) ENGINE = MergeTree ORDER BY a")
    execute(server, "CREATE VIEW d.v AS SELECT a FROM d.t")
    execute(server, "INSERT INTO d.t VALUES", [(1,), (2,)])
    server.stop()
    assert not answers("127.0.0.1", server.port, USER, PASSWORD)
    server.start()
    assert execute(server, "SELECT sum(a) FROM d.v") == [(3,)]


def test_two_on_one_directory_refuse(server: ClickHouseProcess) -> None:
    second = ClickHouseProcess(server.data, free_ports(1), USER, PASSWORD)
    with pytest.raises(UserError) as refused:
        second.start()
    assert str(server.pid) in str(refused.value)
    assert answers("127.0.0.1", server.port, USER, PASSWORD)


def test_a_busy_port_is_said_to_be_busy(server: ClickHouseProcess, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(server.port)):
        ClickHouseProcess(tmp_path / "other", server.port, USER, "another").start()


def test_sigterm_lets_a_running_query_end(server: ClickHouseProcess) -> None:
    result: list[tuple[int]] = []

    def ask() -> None:
        result.extend(execute(server, "SELECT sum(sleepEachRow(0.1)) FROM numbers(20) SETTINGS max_block_size = 1"))

    asking = threading.Thread(target=ask)
    asking.start()
    while execute(server, "SELECT count() FROM system.processes WHERE query LIKE '%sleepEach' || 'Row%'") != [(1,)]:
        time.sleep(0.01)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    asking.join()
    assert result == [(0,)]
    server.stop()
    assert not answers("127.0.0.1", server.port, USER, PASSWORD)


def test_it_listens_on_the_loopback_only(server: ClickHouseProcess) -> None:
    hexadecimal = f":{server.port:04X}"
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = [fields[1] for fields in lines if fields[3] == "0A" and fields[1].endswith(hexadecimal)]
    assert listening == [f"0100007F{hexadecimal}"]
