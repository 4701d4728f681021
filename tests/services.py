"""The real servers that service tests share: started once for the whole run, on free ports, in a directory that goes away.

Name one as an argument of a test marked `service`; `tests/conftest.py` registers this module and refuses an unmarked one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.kafka import Kafka
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_lock import free_ports
from supervision.settings import load


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker for all tests: take `kafka.bootstrap`, make topics with names of your own, do not stop it."""
    directory = tmp_path_factory.mktemp("kafka")
    with Kafka(directory, free_ports(2), load().cache, heap_mb=384) as broker:
        yield broker


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseProcess]:
    """A server for all tests: take `clickhouse.port`, `.user` and `.password`, work in a database of your own, do not stop it."""
    server = ClickHouseProcess(tmp_path_factory.mktemp("clickhouse"), free_ports(1), "default", "of-the-tests")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything, with one worker: `stack.kafka`, `stack.clickhouse_url`, `stack.run("import", ...)`. Leave it as you found it."""
    with Stack(on_free_ports(tmp_path_factory.mktemp("stack"), kafka_heap_mb=384)) as running:
        yield running
