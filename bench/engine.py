"""Events a second of the engines alone, in one process: wire bytes in, alerts and packed state out, every card on.

`python bench/engine.py`; `--cases 60000` is the full measure, `--profile` shows where the time goes, `--rules T03,P02` fewer cards.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import sys
from collections import Counter, defaultdict
from operator import itemgetter
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Item, Output
from rules.runner import IS_COMPILED, Short
from rules.subjects import SubjectEngine
from streams.agents.inbox import parted
from supervision.alert import Alert
from supervision.decoder import decode
from supervision.event import ClockAdvanced
from supervision.glance import glances
from supervision.reference import Reference
from supervision.signal import packets

SHORTS: tuple[Short, ...] = ("compiled", "plain")
_written = msgspec.json.Encoder().encode


class Run:
    """One pass over the workload. `spent`: seconds by stage."""

    def __init__(self, book: Rulebook, short: Short) -> None:
        reference = Reference(workload.reference())
        self.is_compiled = short == "compiled"
        self.cases, self.subjects = CaseEngine(book, reference, short=short), SubjectEngine(book, reference)
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.said: Counter[str] = Counter()
        self.bytes_out = 0
        self._alerts: list[Alert] = []
        self._out: list[bytes] = []
        self._states: list[list[tuple[str, bytes | None]]] = []

    def batch(self, messages: list[tuple[bytes, bytes, int]]) -> None:
        """As agents do: sorted by key, and portion by portion decoded, judged and let go."""
        judged = perf_counter()
        messages = sorted(messages, key=itemgetter(0))
        moved = ClockAdvanced(clock=workload.CLOCK, to=max(map(itemgetter(2), messages)))
        output = Output()
        for since, until in parted(list(map(itemgetter(0), messages))):
            items = self._read([value for _, value, _ in messages[since:until]])
            is_last = until == len(messages)
            if is_last:
                items.append(moved)
            decoded = perf_counter()
            self.spent["decode, sort by key"] += decoded - judged
            output.add(self.cases.process(items, is_last=is_last))
            judged = perf_counter()
            self.spent["judge cases"] += judged - decoded
        heard = self.subjects.process([*output.signals, *output.steps, moved])  # its own clock too: else nobody is judged
        subjects = perf_counter()
        self._write(output, heard)
        self.spent["judge subjects"] += subjects - judged
        self.spent["write alerts, signals, state"] += perf_counter() - subjects

    def _read(self, values: list[bytes]) -> list[Item]:
        items: list[Any]
        if self.is_compiled:
            items = [seen or decode(value) for seen, value in zip(glances(values), values, strict=True)]
        else:
            items = list(map(decode, values))
        return items

    def _write(self, *outputs: Output) -> None:
        for output in outputs:
            self._alerts += output.alerts
            self._out += map(_written, output.alerts)
            self._out += packets([*output.signals, *output.steps])
        self._states += [self.cases.changes(), self.subjects.changes()]

    def count(self) -> None:
        """What was written since; off the clock."""
        self.said.update([f"{alert.rule_id} {alert.level} {alert.state}" for alert in self._alerts])
        self.bytes_out += sum(map(len, self._out))
        self.bytes_out += sum(len(blob) for states in self._states for _, blob in states if blob is not None)
        self._alerts, self._out, self._states = [], [], []


def main() -> None:
    arguments = _arguments()
    book = Rulebook.load(only=arguments.rules.split(",") if arguments.rules else None)
    work = workload.make(arguments.cases)
    batches = [work.messages[start : start + arguments.batch] for start in range(0, len(work.messages), arguments.batch)]
    print(f"engine: {workload.machine()}")
    print(f"{work.described()}; batches of {arguments.batch:,}")
    print(f"rules on: {' '.join(sorted(rule.id for rule in book.rules))}")
    gc.collect()
    gc.freeze()
    gc.disable()
    for short in (arguments.short,) if arguments.short else SHORTS if IS_COMPILED else SHORTS[1:]:
        print(f"\nthe short way of events: {short}")
        _measure(book, short, batches, arguments.passes, profiled=arguments.profile)


def _measure(book: Rulebook, short: Short, batches: list[list[tuple[bytes, bytes, int]]], passes: int, *, profiled: bool) -> None:
    """Pass by pass, each on an engine that knows nothing; and of every batch its quickest pass, which is nearest to what the
    machine needs when nobody else is at work on it."""
    events = sum(map(len, batches))
    runs = [_pass(Run(book, short), batches, events, profiled=profiled) for _ in range(passes)]
    if passes > 1:
        floor, cpu = (sum(map(min, zip(*each, strict=True))) for each in zip(*runs, strict=True))
        print(f"each batch by the quickest of its {passes} passes: decode only {events / floor:,.0f} events/s, ", end="")
        print(f"whole {events / cpu:,.0f} events/s ({cpu / floor:.1f} times that work)")


def _pass(
    run: Run, batches: list[list[tuple[bytes, bytes, int]]], events: int, *, profiled: bool
) -> tuple[list[float], list[float]]:
    """CPU seconds of each batch, decoding alone and in all."""
    profile = cProfile.Profile()
    if profiled:
        profile.enable()
    seconds = 0.0
    floors: list[float] = []
    spent: list[float] = []
    for messages in batches:
        floors.append(_decoding(messages))
        begun, worked = perf_counter(), process_time()
        run.batch(messages)
        spent.append(process_time() - worked)
        seconds += perf_counter() - begun
        run.count()
    profile.disable()
    floor, cpu = sum(floors), sum(spent)
    print(f"decode only {events / floor:>12,.0f} events/s   (the whole is {cpu / floor:.1f} times that work)")
    print(f"whole       {events / seconds:>12,.0f} events/s   ({seconds:.2f} s, {run.bytes_out / 1e6:,.1f} MB out)")
    print(f"by its CPU  {events / cpu:>12,.0f} events/s   ({cpu:.2f} s; what it would be with the machine to itself)")
    short = run.cases.taken_short / events
    print(f"short way   {short:>12.1%} of the events: added to the packed state of their case, without judging it")
    for stage, own in run.spent.items():
        print(f"  {stage:<30} {own / events * 1e6:6.2f} us an event  {own / seconds:4.0%}")
    print("said: " + (", ".join(f"{what} {count:,}" for what, count in sorted(run.said.items())) or "nothing"))
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    return floors, spent


def _decoding(messages: list[tuple[bytes, bytes, int]]) -> float:
    """CPU seconds of decoding a batch and nothing else: the floor, measured between the batches."""
    begun = process_time()
    for _, value, _ in messages:
        decode(value)
    return process_time() - begun


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--rules", help="only these, separated by commas")
    parser.add_argument("--short", choices=(*SHORTS, "none"), help="only so: see rules/runner.py; both if it is not given")
    parser.add_argument(
        "--passes", type=int, default=1, help="so many, and of each batch the quickest: for a machine that others share"
    )
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
