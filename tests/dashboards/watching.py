"""A board of one's own for tests of the stream: broker, ClickHouse and server as separate processes, and browsers that watch."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
from confluent_kafka import KafkaException, Producer

from dashboards.access.database import Database
from dashboards.access.users import Users
from streams import admin, clients
from streams.embedded.stack_lock import free_ports
from supervision.alert import Alert
from supervision.topics import ALERTS
from tests.flow.harness import Deployment, until

PARTITIONS = 3


class Rig:
    """The processes, and a producer that writes alerts as agents do: in transactions."""

    def __init__(self, directory: Path) -> None:
        self.port = free_ports(1)
        self.parts = Deployment(directory, partitions=PARTITIONS, dashboard_port=self.port)
        self.settings = self.parts.settings
        self.address = f"http://127.0.0.1:{self.port}"
        self.told: list[str] = []
        self._producer: Producer | None = None
        self._clients: list[httpx.Client] = []

    def start(self) -> None:
        self.parts.start_kafka()
        self.parts.start_clickhouse()
        self.parts.run("db", "migrate")
        self.parts.run("topics", "create")
        self.serve()

    def serve(self) -> None:
        """Start the board and wait until it is ready."""
        self.parts.start("dashboard", "dashboard")
        until(self.is_ready, "the board to be ready")

    def is_ready(self) -> bool:
        self.parts.lives("dashboard")
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200
        return False

    def user(self, name: str, roles: list[str], **rights: Any) -> httpx.Client:
        """A new user, logged in."""
        database = Database(self.settings.data)
        password = Users(database).add(name, roles, must_change=False, **rights)
        database.close()
        client = httpx.Client(base_url=self.address, timeout=60)
        self._clients.append(client)
        answer = client.post("/api/login", json={"username": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    def emit(self, alerts: list[Alert], topic: Any = ALERTS) -> None:
        """In one transaction; tried again until the broker has it."""
        while True:
            producer = self._open()
            try:
                producer.begin_transaction()
                for each in alerts:
                    producer.produce(admin.name_of(topic, self.settings), msgspec.json.encode(each), each.alert_id.encode())
                    producer.poll(0)
                producer.commit_transaction(30)
            except KafkaException:
                self._producer = None
                time.sleep(0.5)
            else:
                self.told += [each.alert_id for each in alerts if topic is ALERTS]
                return

    def _open(self) -> Producer:
        if self._producer is None:
            made = Producer(clients.transactional_config(self.settings, "test-agents"))
            made.init_transactions(60)
            self._producer = made
        return self._producer

    def close(self) -> None:
        self.parts.close()
        for client in self._clients:
            client.close()


class Watching:
    """One browser: what it heard, in a thread of its own. `since`: the id it goes on from; it comes back by itself if `returns`."""

    def __init__(self, client: httpx.Client, since: str = "", *, returns: bool = False) -> None:
        self.heard: list[str] = []
        self.hellos: list[dict[str, Any]] = []
        self.byes: list[str] = []
        self.last = since
        self.pulses = 0
        self._client = client
        self._returns = returns
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(httpx.HTTPError):
                self._watch()
            if not self._returns:
                return
            time.sleep(0.2)

    def _watch(self) -> None:
        with self._client.stream("GET", "/api/stream", params={"since": self.last} if self.last else {}) as answer:
            if answer.status_code != 200:
                return
            for event in events(answer.iter_lines()):
                self._take(event)
                if self._stop.is_set() or event["event"] == "bye":
                    return

    def _take(self, event: dict[str, str]) -> None:
        data = json.loads(event["data"])
        if event["event"] == "hello":
            self.last = data["id"]
            self.hellos.append(data)
        elif event["event"] == "alert":
            self.heard.append(data["alert_id"])
            self.last = event["id"]
        elif event["event"] == "bye":
            self.byes.append(data["why"])
        else:
            self.pulses += 1

    def stop(self) -> None:
        """Leave; the clock event, every few seconds, lets the thread see it."""
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Until the server closes the stream."""
        self._thread.join(60)
        assert not self._thread.is_alive()


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Server-sent events with data."""
    found: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value
        elif not line:
            if "data" in found:
                yield found
            found = {}
