"""The whole way on this machine: Kafka, loaded beforehand -> agents -> ClickHouse, and what each process of it costs.

`python bench/pipeline.py`; `--cases 60000` is the full measure. Starts a stack of its own in a temporary directory for every row:

* `decode`: the decoder alone in one process, which no worker can go below;
* `empty`: one worker whose engine judges nothing, so what is left is fetching, decoding, transactions without state;
* `writing`: the same, with a state entry of 450 bytes for every case a batch touches: the floor for rules of any kind;
* `rules`: the product, with one worker and more.

It prints a line for each: events judged in a second, judged and stored in a second, and microseconds of CPU time per event of the
workers, of Kafka, ClickHouse and the sink. The rates depend on what else runs here, CPU time hardly does.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from time import process_time

from confluent_kafka import Producer
from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from bench.hollow import ENGINES
from bench.processes import cpu_by_part
from rules.book import Rulebook
from streams import admin, clients
from streams.draining import Tail
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_child import Child
from streams.embedded.stack_lock import free_ports
from streams.reference import publish
from streams.store import queries
from streams.store.client import Store, address_of
from supervision.decoder import decode, encode
from supervision.event import ClockAdvanced
from supervision.settings import Settings, metrics_port_of
from supervision.topics import ACTIVITY_EVENTS, ALERTS, CASE_EVENTS, CLUES, partition_of

CLOCK_EVERY = 5_000
LOOK_S = 0.1
PATIENCE_S = 600.0
PARTS = ("agents", "kafka", "clickhouse", "sink")
RULES = "rules"


class Moment(Struct, frozen=True):
    """When, and the CPU seconds that each part had used by then."""

    at: float
    cpu: dict[str, float]


class Latest:
    """The moment at which a count last grew."""

    def __init__(self, begun: Moment) -> None:
        self.moment = begun
        self._count = 0.0

    def note(self, stack: Stack, count: float) -> None:
        if count > self._count:
            self.moment, self._count = _moment(stack), count


class Found(Struct, frozen=True):
    """One row. `cpu`: seconds by part."""

    judged_s: float
    stored_s: float
    cpu: dict[str, float]
    standing: int


def main() -> None:
    arguments = _arguments()
    work = workload.make(arguments.cases)
    events = len(work.messages)
    print(f"pipeline: {workload.machine()}; Kafka, ClickHouse, agents and sink all on it")
    print(f"{work.described()}; {arguments.partitions} partitions, batches of at most {arguments.batch:,}")
    print(f"rules on: {' '.join(sorted(rule.id for rule in Rulebook.load().rules))}")
    parts = "".join(f"{part:>11}" for part in PARTS)
    print(f"{'':<10}{'workers':>8}{'judged/s':>10}{'stored/s':>10}   us an event: {parts}   standing")
    spent = _decode(work)
    print(f"{'decode':<10}{'':>8}{events / spent:>10,.0f}{'':>10}{'':16}{spent / events * 1e6:>11.2f}", flush=True)
    for engine, workers in [*((name, 1) for name in ENGINES), *((RULES, workers) for workers in arguments.workers)]:
        if engine not in arguments.only:
            continue
        with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
            found = _measure(work, engine, workers, arguments, Path(directory))
        costs = "".join(f"{found.cpu[part] / events * 1e6:>11.2f}" for part in PARTS)
        rates = f"{events / found.judged_s:>10,.0f}{events / found.stored_s:>10,.0f}"
        print(f"{engine:<10}{workers:>8}{rates}{'':16}{costs}{found.standing:>11,}", flush=True)


def _decode(work: workload.Workload) -> float:
    begun = process_time()
    for _, value, _ in work.messages:
        decode(value)
    return process_time() - begun


def _measure(work: workload.Workload, engine: str, workers: int, arguments: argparse.Namespace, directory: Path) -> Found:
    settings = on_free_ports(
        directory,
        workers=workers,
        partitions=arguments.partitions,
        batch_events=arguments.batch,
        log_level="warning",
        metrics_port=free_ports(10 + workers),
    )
    with Stack(settings) as stack:
        stack.children["agents"].stop()
        publish(settings, workload.reference())
        _pause(stack, signal.SIGSTOP)  # it has its start behind it, and shall store nothing before the first event is judged
        _load(stack, work)
        if engine == RULES:
            stack.launch("agents")
        else:
            command = [sys.executable, str(Path(__file__).with_name("hollow.py")), engine]
            stack.children["agents"] = Child("agents", command, stack.logs / "agents.log", env=stack.environment)
        return _watch(stack)


def _load(stack: Stack, work: workload.Workload) -> None:
    """All messages into Kafka, and the clock behind every few thousand of them on every partition."""
    settings = stack.settings
    producer, name = clients.producer(settings), admin.name_of(CASE_EVENTS, settings)
    highest = 0
    for number, (key, value, at) in enumerate(work.messages, 1):
        producer.produce(name, value, key, partition_of(key, settings.partitions))
        highest = max(highest, at)
        if number % CLOCK_EVERY == 0 or number == len(work.messages):
            tell_clock(producer, settings, highest)
            producer.poll(0)
    assert producer.flush(60) == 0


def tell_clock(producer: Producer, settings: Settings, to: int) -> None:
    """The workload's clock on every partition, behind what was sent before. Also for `board.py`."""
    clock = encode(ClockAdvanced(clock=workload.CLOCK, to=to))
    for topic in (CASE_EVENTS, ACTIVITY_EVENTS):
        for partition in range(settings.partitions):
            producer.produce(admin.name_of(topic, settings), clock, workload.CLOCK.encode(), partition)


def _watch(stack: Stack) -> Found:
    """From the last moment at which nothing was judged, and nothing stored, until all was judged, and until all was stored."""
    tail, store = Tail(stack.settings), Store(address_of(stack.settings))
    try:
        begun = _until(stack, lambda: _judged(stack) > 0, LOOK_S / 5)
        _pause(stack, signal.SIGCONT)
        judged, stored = Latest(begun), Latest(begun)

        def watch(is_done: Callable[[], bool]) -> None:
            """What is done is shown late; so what counts is when the last record was counted."""
            while not is_done():
                judged.note(stack, _judged(stack))
                stored.note(stack, _stored(stack))
                stack.check()
                assert time.perf_counter() - begun.at < PATIENCE_S, "no progress"
                time.sleep(LOOK_S)

        for topic in (CASE_EVENTS, ACTIVITY_EVENTS):  # judged cases send signals, so one after the other
            wanted = tail.ends([topic])
            watch(lambda wanted=wanted: _reached(tail.judged(), wanted))  # type: ignore[misc]
        wanted = tail.ends([CASE_EVENTS, ACTIVITY_EVENTS, ALERTS, CLUES])
        watch(lambda: _reached(queries.next_offsets(store, f"{stack.settings.app_id}-sink"), wanted))
        stored.note(stack, _stored(stack))
        standing = len(queries.standing_alerts(store)) + len(queries.standing_clues(store))
    finally:
        _pause(stack, signal.SIGCONT)
        tail.close()
        store.close()
    ends = {part: judged.moment if part == "agents" else stored.moment for part in PARTS}
    cpu = {part: end.cpu[part] - begun.cpu[part] for part, end in ends.items()}
    return Found(judged.moment.at - begun.at, stored.moment.at - begun.at, cpu, standing)


def _pause(stack: Stack, how: signal.Signals) -> None:
    os.killpg(stack.children["sink"].pid, how)


def _judged(stack: Stack) -> float:
    """How many records the workers have judged, by their own count."""
    ports = [metrics_port_of(stack.settings, "agents", index) for index in range(stack.settings.workers)]
    return sum(_counted(port, "supervision_records_total") for port in ports)


def _stored(stack: Stack) -> float:
    """How many records the sink has stored, by its own count."""
    return _counted(metrics_port_of(stack.settings, "sink"), "supervision_sink_records_total")


def _counted(port: int, name: str) -> float:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics?name[]={name}", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:  # not there yet
        return 0.0
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{"))


def _reached(now: dict[tuple[str, int], int], wanted: dict[tuple[str, int], int]) -> bool:
    return all(now.get(place, 0) >= end for place, end in wanted.items())


def _until(stack: Stack, condition: Callable[[], bool], every_s: float) -> Moment:
    """The last moment at which it did not hold yet."""
    moment = begun = _moment(stack)
    while not condition():
        stack.check()
        assert moment.at - begun.at < PATIENCE_S, "no progress"
        moment = _moment(stack)
        time.sleep(every_s)
    return moment


def _moment(stack: Stack) -> Moment:
    return Moment(time.perf_counter(), cpu_by_part(stack))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=6_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers for `rules`")
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--only", nargs="+", choices=[*ENGINES, RULES], default=[*ENGINES, RULES])
    return parser.parse_args()


if __name__ == "__main__":
    main()
