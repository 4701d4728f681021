"""Microseconds of CPU an event from Kafka into ClickHouse: of the sink, by stage, and of the ClickHouse process.

`python bench/sink.py`; `--cases 100000` is a longer one. Starts Kafka and the embedded ClickHouse in a temporary directory; the
sink runs in this process, so that its parts can be timed. CPU time, not time: a busy machine changes it little.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench import workload
from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from streams.sink import TRANSLATE, Plan, Sink
from streams.sinking.events import decode
from streams.store import queries
from streams.store.client import Address, Store
from streams.store.migration import migrate
from supervision.settings import load
from supervision.topics import CASE_EVENTS, partition_of

PATIENCE_S = 240.0
SETTLED_S = 2.0  # merges are over when the server has used no CPU for so long
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def main() -> None:
    arguments = _arguments()
    work = workload.make(arguments.cases)
    print(f"sink: {workload.machine()}; Kafka and ClickHouse on it too")
    print(f"{work.described()}; {arguments.partitions} partitions, batches of at most {arguments.batch:,}")
    with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
        server = ClickHouseProcess(Path(directory) / "clickhouse", free_ports(1), "default", "bench")
        with Kafka(Path(directory) / "kafka", free_ports(2), load().cache) as kafka:
            try:
                server.start()
                migrate(address := Address("127.0.0.1", server.port, "default", "bench"))
                _load(kafka.bootstrap, work, arguments.partitions, arguments.compression)
                plan = Plan(bootstrap=kafka.bootstrap, clickhouse=address, batch_rows=arguments.batch, batch_wait_s=0.2)
                _measure(plan, work, server.pid or 0, arguments.profile)
            finally:
                server.kill()


def _load(bootstrap: str, work: workload.Workload, partitions: int, compression: str) -> None:
    """All topics of the sink; all messages in that of the case events."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for each in admin.create_topics([NewTopic(name, partitions, 1) for name in TRANSLATE]).values():
        each.result(30)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "compression.type": compression, "log_level": 0})
    for key, value, _ in work.messages:
        while True:
            try:
                producer.produce(CASE_EVENTS.name, value, key, partition_of(key, partitions))
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(60) == 0


class Stages:
    """CPU seconds of the sink's own thread by stage; everything else of its process is the Kafka client's threads."""

    def __init__(self, sink: Sink) -> None:
        self.seconds: dict[str, float] = {}
        self.batches = 0
        self._wrap(sink, "_consumer", "consume", "consume")
        self._wrap(sink, "_store", "insert", "insert")
        writer = sink._writer
        for topic, how in list(writer._translate.items()):
            writer._translate[topic] = self._timed("columns", how)

    def _wrap(self, sink: Sink, part: str, method: str, stage: str) -> None:
        inner = getattr(sink, part)
        timed = self._timed(stage, getattr(inner, method))
        if part == "_consumer":  # a type of C takes no attribute
            sink._consumer = _Wrapped(inner, method, timed)  # type: ignore[assignment]
        else:
            setattr(inner, method, timed)

    def _timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        self.seconds[stage] = 0.0

        def timed(*given: Any, **named: Any) -> Any:
            begun = time.thread_time()
            try:
                return call(*given, **named)
            finally:
                self.seconds[stage] += time.thread_time() - begun

        return timed


class _Wrapped:
    """`inner` with one method replaced."""

    def __init__(self, inner: Any, method: str, call: Callable[..., Any]) -> None:
        self._inner = inner
        setattr(self, method, call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _measure(plan: Plan, work: workload.Workload, server: int, profile: bool) -> None:
    events = len(work.messages)
    sink, store = Sink(plan), Store(plan.clickhouse)
    stages = Stages(sink)
    thread_seconds: list[float] = []

    def run() -> None:
        profiler = cProfile.Profile() if profile else None
        begun = time.thread_time()
        if profiler:
            profiler.runcall(sink.run)
        else:
            sink.run()
        thread_seconds.append(time.thread_time() - begun)
        if profiler:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(30)

    thread = threading.Thread(target=run)
    own, theirs, begun = time.process_time(), _cpu_of(server), time.perf_counter()
    thread.start()
    until = begun + PATIENCE_S
    while _stored(store, plan) < events:
        assert thread.is_alive(), "the sink ended"
        assert time.perf_counter() < until, "no progress"
        time.sleep(0.25)
    took, inserted = time.perf_counter() - begun, _cpu_of(server) - theirs
    sink.stop()
    thread.join()
    own = time.process_time() - own
    merged = _settled(server) - theirs
    parts = store.execute("SELECT count(), sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events_raw'")[0]
    assert queries.event_count(store) == events
    assert queries.gaps(store, plan.consumer) == []
    store.close()

    def each(seconds: float) -> str:
        return f"{seconds / events * 1e6:5.2f}"

    decoding = _decoding(work)
    columns = stages.seconds["columns"]
    rest = thread_seconds[0] - sum(stages.seconds.values())
    shares = {
        "reading from Kafka": stages.seconds["consume"],
        "decoding": decoding,
        "columns": columns - decoding,
        "insert": stages.seconds["insert"],
        "the rest": rest,
        "threads of the Kafka client": own - thread_seconds[0],
    }
    print(f"stored   {events / took:>9,.0f} events/s, {took:.1f} s of the clock (on a shared machine: no measure)")
    print(f"sink     {each(own)} us of CPU an event")
    for name, seconds in shares.items():
        print(f"           {each(seconds)}  {name}")
    print(f"server   {each(inserted)} us of CPU an event until all was stored, {each(merged)} until it was quiet (merges)")
    print(f"           {parts[0]} parts, {parts[1] / events:.0f} bytes an event on disk")


def _stored(store: Store, plan: Plan) -> int:
    return sum(queries.next_offsets(store, plan.consumer).values())


def _decoding(work: workload.Workload) -> float:
    """Seconds to decode all messages and nothing else."""
    begun = time.thread_time()
    for _, value, _ in work.messages:
        decode(value)
    return time.thread_time() - begun


def _cpu_of(process: int) -> float:
    """CPU seconds of a process so far, its threads' too."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _settled(process: int) -> float:
    """The same as soon as the process rests, but at most half a minute later."""
    until = time.monotonic() + 30
    before = _cpu_of(process)
    while time.monotonic() < until:
        time.sleep(SETTLED_S)
        now = _cpu_of(process)
        if now - before < 0.05 * SETTLED_S:
            break
        before = now
    return before


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=25_000)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--batch", type=int, default=load().sink_batch_rows)
    parser.add_argument("--compression", default="lz4", help="of the Kafka producer: none, lz4, zstd")
    parser.add_argument("--profile", action="store_true", help="the sink's thread, by function")
    return parser.parse_args()


if __name__ == "__main__":
    main()
