"""Many timers due in the same second: each fires once, how long all take, and what events that come meanwhile wait.

`python bench/herd.py`; `--timers 200000` is the full measure. The cases are accepted on one day and promised in the same number of
working days: all are late at the same midnight. Their clock passes it; each engine is then asked as a partition of the agents asks
it, for at most `--portion` due cases at a time, with a batch of live events of other cases between two portions. `--workers`: so
many processes, each with its share of the cases, as the workers of a deployment.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import multiprocessing
import pstats
import random
import sys
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter, process_time

import msgspec
from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Output
from streams.agents.worker import COLLECT_EVERY, TIMER_LIMIT
from supervision.decoder import decode, encode
from supervision.durations import HOUR_MS
from supervision.event import CaseEvent, EventType
from supervision.reference import Reference

DUE_MS = 1_773_244_800_000  # 2026-03-12 00:00 in Shanghai: seven working days after Monday 2 March have passed
OPEN_MS = 8 * HOUR_MS  # they are accepted in so long a time after the first
WITHIN_S = 5.0  # how long the herd may take
LIVE = 50  # events that come between two portions
RULE = "T03"
_written = msgspec.json.Encoder().encode


class Told(Struct):
    """What one process has to tell. `once`: cases with exactly one alert of the rule; `waits`: of each batch of live events, s."""

    once: int
    seconds: float
    cpu: float
    waits: list[float]


class Run:
    """One engine with its share of the herd. `issued`: how often by the alert's id."""

    def __init__(self, book: Rulebook, numbers: range, portion: int) -> None:
        self.engine = CaseEngine(book, Reference(workload.reference()), portion=portion)
        self.issued: Counter[str] = Counter()
        self.portion = portion
        for start in range(0, len(numbers), workload.PORTION):
            self.engine.process([_accepted(number) for number in numbers[start : start + workload.PORTION]])
            self.engine.changes()
        while self.engine.advance(workload.CLOCK, DUE_MS - 1, workload.PORTION).more:  # what is said before belongs to no herd
            self.engine.changes()

    def fire(self, live: list[list[bytes]]) -> list[float]:
        """Until nothing is due any more; how long each batch of live events waited, the first of them, s."""
        waits: list[float] = []
        more, arrived = True, perf_counter()
        while more:
            output = self.engine.advance(workload.CLOCK, DUE_MS, self.portion)
            self._write(output)
            more = output.more
            if more and live:  # they came while the portion was judged, the first of them at its beginning
                self._write(self.engine.process([_event(raw) for raw in live.pop()]))
                waits.append(perf_counter() - arrived)
                arrived = perf_counter()
        return waits

    def _write(self, output: Output) -> None:
        """As an agent does behind each call: alerts as text, state as bytes."""
        for alert in output.alerts:
            _written(alert)
            self.issued[alert.alert_id] += 1
        self.engine.changes()


def main() -> None:
    arguments = _arguments()
    book = Rulebook.load()
    print(f"herd: {workload.machine()}")
    print(f"rules on: {' '.join(sorted(rule.id for rule in book.rules))}")
    if arguments.workers == 1:
        found = [_work(0, arguments, book)]
    else:
        barrier = multiprocessing.get_context("fork").Barrier(arguments.workers)
        with multiprocessing.get_context("fork").Pool(arguments.workers, _share, (barrier, book)) as pool:
            found = pool.starmap(_work, [(worker, arguments) for worker in range(arguments.workers)], chunksize=1)
    once, seconds = sum(each.once for each in found), max(each.seconds for each in found)
    cpu, waits = sum(each.cpu for each in found), sorted(wait for each in found for wait in each.waits)
    print(f"{arguments.timers:,} timers due in the same second, in portions of {arguments.portion:,}, {arguments.workers} workers:")
    print(f"  {once:,} cases have exactly one {RULE}")
    print(f"  all within {seconds:.2f} s ({cpu / arguments.timers * 1e6:.1f} us of CPU each); wanted: {WITHIN_S:.0f} s")
    if waits:
        middle, last = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        print(
            f"  live events meanwhile waited p50 {middle * 1e3:.0f} ms, p99 {last * 1e3:.0f} ms, at most {waits[-1] * 1e3:.0f} ms"
        )
    if once != arguments.timers:
        sys.exit("not every timer fired exactly once")


_shared: list[tuple[Barrier, Rulebook]] = []  # in each worker, which has them from the process that forked it


def _share(barrier: Barrier, book: Rulebook) -> None:
    _shared.append((barrier, book))


def _work(worker: int, arguments: argparse.Namespace, book: Rulebook | None = None) -> Told:
    """The share of one worker."""
    numbers = range(worker, arguments.timers, arguments.workers)
    barriers = [barrier for barrier, _ in _shared]
    run = Run(book or _shared[0][1], numbers, arguments.portion)
    live = _live(arguments.timers * (worker + 1), len(numbers) // arguments.portion + 1)
    gc.collect()
    gc.set_threshold(COLLECT_EVERY, 10, 10)
    gc.freeze()
    for barrier in barriers:
        barrier.wait()
    profile = cProfile.Profile()
    if arguments.profile:
        profile.enable()
    begun, worked = perf_counter(), process_time()
    waits = run.fire(live)
    seconds, cpu = perf_counter() - begun, process_time() - worked
    profile.disable()
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    once = sum(1 for alert_id, count in run.issued.items() if alert_id.startswith(RULE) and count == 1)
    return Told(once, seconds, cpu, waits)


def _accepted(number: int) -> CaseEvent:
    at = workload.FIRST_MS + number * 7 % OPEN_MS
    return workload.event(number, 1, EventType.CASE_ACCEPTED, {}, at, f"430111-{number % 400:06d}")


def _live(first: int, batches: int) -> list[list[bytes]]:
    """Batches of live events: other cases are accepted, in the last second before the herd is due."""
    chance = random.Random(first)
    return [
        [
            encode(workload.event(number, 1, EventType.CASE_ACCEPTED, {}, DUE_MS - chance.randrange(1000), "430111-000001"))
            for number in range(first + batch * LIVE, first + (batch + 1) * LIVE)
        ]
        for batch in range(batches)
    ]


def _event(raw: bytes) -> CaseEvent:
    event = decode(raw)
    assert isinstance(event, CaseEvent)
    return event


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timers", type=int, default=50_000)
    parser.add_argument("--portion", type=int, default=TIMER_LIMIT)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
