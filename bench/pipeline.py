"""Events a second of the whole way on this machine: Kafka, loaded beforehand -> agents -> ClickHouse, with 1 and with 2 workers.

`python bench/pipeline.py`; `--cases 60000` is the full measure. Starts a stack of its own in a temporary directory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from rules.book import Rulebook
from streams import admin, clients
from streams.draining import Tail
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_demo import address
from streams.reference import publish
from streams.store import queries
from streams.store.client import Store
from supervision.decoder import encode
from supervision.event import ClockAdvanced
from supervision.topics import ACTIVITY_EVENTS, ALERTS, CASE_EVENTS, CLUES, partition_of

CLOCK_EVERY = 5_000
LOOK_S = 0.1
PATIENCE_S = 600.0


def main() -> None:
    arguments = _arguments()
    work = workload.make(arguments.cases)
    print(f"pipeline: {workload.machine()}; Kafka, ClickHouse, agents and sink all on it")
    print(f"{work.described()}; {arguments.partitions} partitions, batches of at most {arguments.batch:,}")
    print(f"rules on: {' '.join(sorted(rule.id for rule in Rulebook.load().rules))}")
    for workers in arguments.workers:
        with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
            _measure(work, workers, arguments.partitions, arguments.batch, Path(directory))


def _measure(work: workload.Workload, workers: int, partitions: int, batch: int, directory: Path) -> None:
    settings = on_free_ports(directory, workers=workers, partitions=partitions, batch_events=batch, log_level="warning")
    with Stack(settings) as stack:
        for name in ("sink", "agents"):
            stack.children[name].stop()
        publish(settings, workload.reference())
        loading = _load(stack, work)
        stack.launch("agents")
        stack.launch("sink")
        judged, stored = _watch(stack)
        standing = _alerts(stack)
    events = len(work.messages)
    print(
        f"{workers} worker{'s' if workers > 1 else ' '}  loaded {events / loading:>9,.0f}/s   judged {events / judged:>9,.0f}/s"
        f"   judged and stored {events / stored:>9,.0f}/s   ({stored:.1f} s, {standing:,} alerts and clues stand)"
    )


def _load(stack: Stack, work: workload.Workload) -> float:
    """All messages into Kafka, and the clock behind every few thousand of them on every partition. Seconds it took."""
    settings, begun = stack.settings, time.perf_counter()
    producer, name = clients.producer(settings), admin.name_of(CASE_EVENTS, settings)
    highest = 0
    for number, (key, value, at) in enumerate(work.messages, 1):
        producer.produce(name, value, key, partition_of(key, settings.partitions))
        highest = max(highest, at)
        if number % CLOCK_EVERY == 0 or number == len(work.messages):
            clock = encode(ClockAdvanced(clock=workload.CLOCK, to=highest))
            for topic in (CASE_EVENTS, ACTIVITY_EVENTS):
                for partition in range(settings.partitions):
                    producer.produce(admin.name_of(topic, settings), clock, workload.CLOCK.encode(), partition)
            producer.poll(0)
    assert producer.flush(60) == 0
    return time.perf_counter() - begun


def _watch(stack: Stack) -> tuple[float, float]:
    """Seconds from the last moment at which nothing was judged until all was judged, and until all of it was stored."""
    tail, store = Tail(stack.settings), Store(address(stack.settings))
    try:
        wanted = tail.ends([CASE_EVENTS])
        begun = _until(stack, lambda: sum(tail.judged()[place] for place in wanted) > 0)
        _until(stack, lambda: _reached(tail.judged(), wanted))
        wanted = tail.ends([CASE_EVENTS, ACTIVITY_EVENTS])
        judged = _until(stack, lambda: _reached(tail.judged(), wanted))
        wanted = tail.ends([CASE_EVENTS, ACTIVITY_EVENTS, ALERTS, CLUES])
        stored = _until(stack, lambda: _reached(queries.next_offsets(store, f"{stack.settings.app_id}-sink"), wanted))
    finally:
        tail.close()
        store.close()
    return judged - begun, stored - begun


def _reached(now: dict[tuple[str, int], int], wanted: dict[tuple[str, int], int]) -> bool:
    return all(now.get(place, 0) >= end for place, end in wanted.items())


def _until(stack: Stack, condition: Callable[[], bool]) -> float:
    """The last moment at which it did not hold yet."""
    moment = begun = time.perf_counter()
    while not condition():
        stack.check()
        assert moment - begun < PATIENCE_S, "no progress"
        time.sleep(LOOK_S)
        moment = time.perf_counter()
    return moment


def _alerts(stack: Stack) -> int:
    """Alerts and clues that stand: the same number however many workers there were."""
    store = Store(address(stack.settings))
    try:
        return len(queries.standing_alerts(store)) + len(queries.standing_clues(store))
    finally:
        store.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=3_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--batch", type=int, default=5_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
