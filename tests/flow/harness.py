"""A deployment as a user has it: every process a `supervision` command of its own, to be killed, stopped, added, started again.

Tests of the whole flow start one in a temporary directory, import into it, and compare what ClickHouse holds with
`tests.flow.truth`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import TopicPartition

from streams import admin, clients
from streams.draining import wait_until_drained
from streams.embedded import clickhouse, stack_ready
from streams.embedded.stack import on_free_ports
from streams.embedded.stack_child import Child, tail
from streams.embedded.stack_lock import is_free
from streams.store.client import Store, address_of
from supervision.settings import clickhouse_password, environment
from supervision.topics import Topic

PATIENCE_S = 180.0
LOOK_EVERY_S = 0.1


def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fail, saying what was waited for, when patience is at its end."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(LOOK_EVERY_S)


class Deployment:
    """Kafka, ClickHouse, agents and sink in `directory`, each a process of its own. A context manager that leaves nothing running.

    `parts`: the processes by name; `agents`, `agents-2` ... are crews of workers. `given`: settings beside the defaults.
    """

    def __init__(self, directory: Path, workers: int = 1, **given: Any) -> None:
        self.settings = on_free_ports(directory / "data", workers=workers, kafka_heap_mb=384, **given)
        self.environment = environment(self.settings) | {"SUPERVISION_LANGUAGE": "en"}
        self.logs = directory / "logs"
        self.parts: dict[str, Child] = {}

    def __enter__(self) -> Self:
        try:
            self.start_kafka()
            self.start_clickhouse()
            self.run("db", "migrate")
            self.run("topics", "create")
            self.start("agents", "agents", "--workers", str(self.settings.workers))
            self.start("sink", "sink")
            until(lambda: stack_ready.workers(self.settings).are_enough(self.settings), "the agents to be ready")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Kill everything that runs. Stopped processes die too."""
        for pid in [pid for name in self.parts for pid in self.workers(name)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for part in reversed(self.parts.values()):
            part.kill()

    # -- processes ----------------------------------------------------------------------------------------------

    def start(self, name: str, *arguments: str) -> Child:
        """Start `supervision ARGUMENTS` under a name; its log is `logs/NAME.log`."""
        self.parts[name] = Child(
            name, [sys.executable, "-m", "supervision", *arguments], self.logs / f"{name}.log", env=self.environment
        )
        return self.parts[name]

    def run(self, *arguments: str) -> str:
        """Run `supervision ARGUMENTS` to its end and return what it said; fail if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "supervision", *arguments],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"supervision {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start_kafka(self) -> None:
        """Start the broker and wait until it answers."""
        until(lambda: is_free(self.settings.kafka_port) and is_free(self.settings.kafka_port + 1), "the broker's ports to be free")
        self.start("kafka", "kafka")
        until(lambda: self.lives("kafka") and stack_ready.kafka(self.settings), "Kafka to answer")

    def start_clickhouse(self) -> None:
        """Start ClickHouse and wait until it answers."""
        host, port = self.settings.clickhouse_address
        until(lambda: is_free(port), "ClickHouse's port to be free")
        self.start("clickhouse", "clickhouse")
        user, password = self.settings.clickhouse_user, clickhouse_password(self.settings)
        until(lambda: self.lives("clickhouse") and clickhouse.answers(host, port, user, password), "ClickHouse to answer")

    def lives(self, name: str) -> bool:
        """True, or fail with the end of the part's log."""
        assert self.parts[name].is_alive, "\n".join([f"{name} has ended:", *tail(self.parts[name].log)])
        return True

    def last_words(self, lines: int = 120) -> str:
        """The ends of all logs, for whoever looks at a failure."""
        return "\n\n".join(f"{log.name}:\n" + "\n".join(tail(log, lines)) for log in sorted(self.logs.glob("*.log")))

    def check(self) -> None:
        """Fail if a part has ended."""
        assert all(self.lives(name) for name in self.parts)

    def workers(self, name: str = "agents") -> list[int]:
        """Process ids of a crew's workers (of any part: of its children)."""
        return children(self.parts[name].pid)

    # -- data ---------------------------------------------------------------------------------------------------

    def store(self) -> Store:
        return Store(address_of(self.settings))

    def records(self, topic: Topic) -> int:
        """How far the partitions of a topic reach, added up."""
        name = admin.name_of(topic, self.settings)
        reader = clients.reader(self.settings, "flow-records")
        try:
            count = topic.count(self.settings.partitions)
            return sum(reader.get_watermark_offsets(TopicPartition(name, number), 10.0)[1] for number in range(count))
        finally:
            reader.close()

    def drain(self) -> None:
        """Wait until all that was sent is judged and stored."""
        store = self.store()
        try:
            wait_until_drained(self.settings, store, patience_s=PATIENCE_S)
        finally:
            store.close()


def children(pid: int) -> list[int]:
    """Process ids of the running children of a process, in the order they were started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(status.parent.name))
    return sorted(found)
