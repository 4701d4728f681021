"""How much of the simulated city's truth is found, rule by rule: injected, natural, found, missed, false, and how late it was seen.

Offline by default, through the engines in one process; with --data against a running stack that `supervision simulate --truth` was
brought into, by SQL: then the delay is from the broker's time of the event
that completed an alert to the alert's publication.
Exit code 1 if anything is missed or false.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bench.workload import machine
from rules.card import BUILTIN, load_cards
from streams.simulator import truth
from streams.simulator.accuracy import Score, scores
from streams.simulator.days import Load
from streams.simulator.profile import profile_of
from streams.simulator.stored import standing as stored
from streams.simulator.trial import Trial, judged, standing
from streams.store.client import Patience, Store, address_of
from supervision.settings import load


def main() -> None:
    chosen = _arguments()
    print(machine())
    print("rules: " + ", ".join(sorted(card.id for card in load_cards(BUILTIN))))
    right = _of_store(chosen) if chosen.data is not None else min(_of_seed(chosen, seed) for seed in chosen.seeds)
    sys.exit(0 if right else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=lambda text: [int(each) for each in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--city", default="yunzhou")
    parser.add_argument("--centres", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.3, help="events a second of office time")
    parser.add_argument("--injections", type=float, default=0.3, help="share of cases with a promise that get a twist")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2026, 3, 2))
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--data", type=Path, help="data directory of a stack that holds the city")
    parser.add_argument("--clock", default="yunzhou-1", help="its clock: city and seed")
    parser.add_argument("--truth", type=Path, help="its truth file")
    chosen = parser.parse_args()
    if (chosen.data is None) != (chosen.truth is None):
        parser.error("--data and --truth go together")
    return chosen


def _of_seed(chosen: argparse.Namespace, seed: int) -> bool:
    trial = Trial.of(
        seed,
        chosen.centres,
        Load(chosen.rate, chosen.injections),
        chosen.first,
        chosen.days,
        profile=profile_of(chosen.city),
        feeds=True,
    )
    began = time.process_time()
    run = judged(trial, trial.items())
    spent = time.process_time() - began
    print(f"\nseed {seed}: {run.events:,} events in {spent:.1f} s of CPU, made and judged")
    return _print(scores(trial.lines, standing(run.alerts), trial.until))


def _of_store(chosen: argparse.Namespace) -> bool:
    store = Store(address_of(load(data=chosen.data)), Patience(total_s=20.0))
    try:
        found = stored(store, chosen.clock)
    finally:
        store.close()
    return _print(scores(truth.read(chosen.truth), found, until=1 << 62))


def _print(found: Iterable[Score]) -> bool:
    head = ("rule", "injected", "natural", "quiet", "found", "missed", "false", "moved", "median delay")
    print("".join(f"{word:>10}" for word in head[:-1]) + f"{head[-1]:>14}")
    is_right = True
    for score in found:
        is_right = is_right and score.is_right
        counts = (score.injected, score.natural, score.quiet, score.found, len(score.missed), len(score.false), len(score.moved))
        delay = "-" if score.seen_ms is None else f"{score.seen_ms:.0f} ms"
        print(f"{score.rule:>10}" + "".join(f"{count:>10,}" for count in counts) + f"{delay:>14}")
        for each in (*score.missed[:5], *score.false[:5], *score.moved[:5], *score.disturbed[:5]):
            print(f"           {each}")
    return is_right


if __name__ == "__main__":
    main()
