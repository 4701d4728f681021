"""Many people before the board while a city works: what the board's process costs over time, and whether all hear all.

`python bench/board.py [MINUTES] [EVENTS_A_SECOND] [WATCHERS]`; 10, 1,000 and 200 unless said. Starts a stack of its own in a
temporary directory: Kafka, agents, ClickHouse, sink, board. Cases of `bench/workload.py` are sent at that rate on a log clock that
passes a working day in about seven seconds, so that limits run out all the time. Every watcher holds the stream open and asks for
the wall now and then; watchers live in a process of their own. Printed every ten seconds: CPU of the board's process and of the
others in hundredths of a core, memory. At the end: whether every watcher heard every alert once, and how late the stream was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
from confluent_kafka import TopicPartition

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from bench.pipeline import tell_clock
from bench.processes import cpu_by_part, resident_mb
from dashboards.access.database import Database
from dashboards.access.users import Users
from streams import admin, clients
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_lock import free_ports
from streams.reference import publish
from supervision.topics import ALERTS, CASE_EVENTS, partition_of

GAP_MS = 30_000  # of office time between the openings of two cases: ten events a case, so a day passes in 840 x 10 events
CLOCK_EVERY = 500  # events
WALL_EVERY_S = 20.0
SHOW_EVERY_S = 10.0
SETTLE_S = 15.0
PARTITIONS = 4


class Heard(msgspec.Struct):
    """What a watcher reads of a card."""

    alert_id: str
    revision: int
    issued_wall: int | None = None


def main() -> None:
    arguments = _arguments()
    if arguments.watch:
        asyncio.run(_watch_all(*arguments.watch))
        return
    workload.GAP_MS = GAP_MS
    events = int(arguments.minutes * 60 * arguments.rate)
    work = workload.make(events // workload.EVENTS + 1)
    print(f"board: {workload.machine()}; Kafka, agents, ClickHouse, sink, board and watchers all on it", flush=True)
    print(f"{arguments.watchers} watchers, {arguments.rate:,} events/s for {arguments.minutes:g} minutes", flush=True)
    port = free_ports(1)
    with tempfile.TemporaryDirectory() as directory:
        settings = on_free_ports(
            Path(directory), dashboard_port=port, partitions=PARTITIONS, kafka_heap_mb=384, log_level="warning"
        )
        with Stack(settings) as stack:
            publish(settings, workload.reference())
            _measure(stack, work, port, arguments)


def _measure(stack: Stack, work: workload.Workload, port: int, arguments: argparse.Namespace) -> None:
    with closing(Database(stack.settings.data)) as database:
        password = Users(database).add("bench", ["supervisor"], must_change=False)
    if "dashboard" not in stack.children:
        stack.launch("dashboard")
    address = f"http://127.0.0.1:{port}"
    _until_ready(stack, address)
    with httpx.Client(base_url=address) as client:
        assert client.post("/api/login", json={"username": "bench", "password": password}).status_code == 200
        cookie = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
    before = _ends(stack)
    command = [sys.executable, __file__, "--watch", str(port), str(arguments.watchers), cookie]
    watchers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert watchers.stdout is not None
    assert watchers.stdin is not None
    assert watchers.stdout.readline().strip() == "all connected"
    print(f"{'s':>5}{'sent':>10}{'board cpu':>11}{'board MB':>10}{'kafka':>8}{'agents':>8}{'store':>8}{'sink':>8}")
    sent = _send(stack, work, arguments.rate)
    time.sleep(SETTLE_S)
    watchers.stdin.close()
    found = json.loads(watchers.stdout.read())
    watchers.wait()
    truth = _alerts(stack, before)
    _tell(found, truth, sent)


def _tell(found: list[dict[str, Any]], truth: set[tuple[str, int]], sent: int) -> None:
    exact = sum({(each[0], each[1]) for each in one["heard"]} == truth for one in found)
    doubled = sum(len(one["heard"]) - len({(each[0], each[1]) for each in one["heard"]}) for one in found)
    lates = sorted(late for one in found for late in one["late_ms"])
    print(f"{sent:,} events sent; {len(truth):,} alert revisions; all heard by {exact} of {len(found)} watchers; twice: {doubled}")
    print(
        f"sent away and come back: {sum(one['returns'] for one in found)}; walls: {sum(one['walls'] for one in found):,}", end="; "
    )
    walls = sorted(took for one in found for took in one["wall_ms"])
    if walls:
        print(f"wall p50 {walls[len(walls) // 2]} ms, p95 {walls[len(walls) * 95 // 100]} ms", end="; ")
    if lates:
        print(f"published -> heard: p50 {lates[len(lates) // 2]} ms, p99 {lates[len(lates) * 99 // 100]} ms")
    if exact != len(found) or doubled or not truth:
        raise SystemExit("not every watcher heard every alert once")


def _send(stack: Stack, work: workload.Workload, rate: int) -> int:
    """At the rate, as far as this machine lets it; the figures on the way."""
    settings = stack.settings
    producer, name = clients.producer(settings), admin.name_of(CASE_EVENTS, settings)
    began = shown = time.perf_counter()
    used, highest = cpu_by_part(stack), 0
    for number, (key, value, at) in enumerate(work.messages, 1):
        producer.produce(name, value, key, partition_of(key, settings.partitions))
        highest = max(highest, at)
        if number % CLOCK_EVERY == 0 or number == len(work.messages):
            tell_clock(producer, settings, highest)
        if number % 50 == 0:
            producer.poll(0)
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            now = time.perf_counter()
            if now - shown >= SHOW_EVERY_S:
                stack.check()
                fresh = cpu_by_part(stack)
                _show(now - began, number, {part: (fresh[part] - used[part]) / (now - shown) for part in fresh}, stack)
                used, shown = fresh, now
    assert producer.flush(60) == 0
    return len(work.messages)


def _show(at: float, sent: int, cpu: dict[str, float], stack: Stack) -> None:
    memory = resident_mb(stack.children["dashboard"].pid)
    others = "".join(f"{cpu[part] * 100:>8.0f}" for part in ("kafka", "agents", "clickhouse", "sink"))
    print(f"{at:>5.0f}{sent:>10,}{cpu['dashboard'] * 100:>11.1f}{memory:>10.0f}{others}", flush=True)


def _until_ready(stack: Stack, address: str) -> None:
    for _ in range(600):
        stack.check()
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("the board is not ready")


def _ends(stack: Stack) -> list[int]:
    reader = clients.reader(stack.settings, "bench-board")
    name = admin.name_of(ALERTS, stack.settings)
    try:
        return [clients.bounds(reader, name, number)[1] for number in range(PARTITIONS)]
    finally:
        reader.close()


def _alerts(stack: Stack, since: list[int]) -> set[tuple[str, int]]:
    """What was published."""
    reader = clients.reader(stack.settings, "bench-board")
    name = admin.name_of(ALERTS, stack.settings)
    reader.assign([TopicPartition(name, number, offset) for number, offset in enumerate(since)])
    found: set[tuple[str, int]] = set()
    ended = 0
    while ended < PARTITIONS:
        for message in reader.consume(1000, 1.0):
            if message.error() is not None:
                ended += 1
                continue
            heard = msgspec.json.decode(message.value() or b"", type=Heard)
            found.add((heard.alert_id, heard.revision))
    reader.close()
    return found


# -- the process of the watchers -----------------------------------------------------------------------------------------------


class Watcher:
    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
        self.connected = asyncio.Event()
        self.heard: list[tuple[str, int]] = []
        self.late_ms: list[int] = []
        self.wall_ms: list[int] = []
        self.returns = -1
        self.walls = 0
        self._last = ""

    async def watch(self) -> None:
        while True:
            self.returns += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET /api/stream?since={self._last} HTTP/1.1\r\n{self._head}".encode())
            await self._read(reader)
            writer.close()
            await asyncio.sleep(0.2)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        event = ""
        while line := await reader.readline():
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
                if event == "bye":
                    return
            elif line.startswith(b"id: "):
                self._last = line[4:].strip().decode()
            elif line.startswith(b"data: "):
                self.connected.set()
                if event == "alert":
                    self._hear(line[6:])

    def _hear(self, data: bytes) -> None:
        card = msgspec.json.decode(data, type=Heard)
        self.heard.append((card.alert_id, card.revision))
        if card.issued_wall is not None:
            self.late_ms.append(time.time_ns() // 1_000_000 - card.issued_wall)

    async def look(self, wait_s: float) -> None:
        """The wall, now and then."""
        await asyncio.sleep(wait_s)
        while True:
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET /api/wall HTTP/1.1\r\nConnection: close\r\n{self._head}".encode())
            answer = await reader.read(-1)
            writer.close()
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
            self.walls += 1
            self.wall_ms.append(round((time.perf_counter() - began) * 1000))
            await asyncio.sleep(WALL_EVERY_S)


async def _watch_all(port: str, count: str, cookie: str) -> None:
    watchers = [Watcher(int(port), cookie) for _ in range(int(count))]
    tasks = [asyncio.create_task(each.watch()) for each in watchers]
    tasks += [asyncio.create_task(each.look(number * WALL_EVERY_S / len(watchers))) for number, each in enumerate(watchers)]
    await asyncio.gather(*(each.connected.wait() for each in watchers))
    print("all connected", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    names = ("heard", "late_ms", "wall_ms", "returns", "walls")
    print(json.dumps([{name: getattr(each, name) for name in names} for each in watchers]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("rate", nargs="?", type=int, default=1_000)
    parser.add_argument("watchers", nargs="?", type=int, default=200)
    parser.add_argument("--watch", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
