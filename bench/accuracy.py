"""How much of the simulated cities' truth is found, rule by rule: injected, natural, found, missed, false, how late it was seen.

Offline by default, through the engines in one process for each city and seed: working days with injections after a warm-up
without any, from which the snapshots of peers are counted; on centres that report all and on such that report less. With --data
against a running stack that `supervision simulate --truth` was brought into, by SQL: then the delay is from the broker's time of
the event that completed an alert to the alert's publication. Exit code 1 if what must hold does not: every card found at its
instant and nothing else; of clues 95 in 100, and no more than two false ones a week among 300 officers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import product
from pathlib import Path

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.workload import machine
from rules.card import BUILTIN, load_cards
from streams.simulator import truth
from streams.simulator.accuracy import OFFICERS, Scale, Score, scores
from streams.simulator.days import Load
from streams.simulator.profile import PROFILES, profile_of
from streams.simulator.stored import standing as stored
from streams.simulator.trial import Trial, judged, snapshot, standing
from streams.store.client import Patience, Store, address_of
from supervision.alert import Disposition
from supervision.settings import load

HEAD = ("rule", "injected", "natural", "quiet", "found", "missed", "false", "moved", "median delay")
SHOWN = 5  # of each kind of difference


class Run(Struct, frozen=True):
    """One city and seed, judged."""

    name: str
    events: int
    spent_s: float
    peers: int
    scale: Scale
    scores: list[Score]


def main() -> None:
    chosen = _arguments()
    print(machine())
    print("rules: " + ", ".join(sorted(card.id for card in load_cards(BUILTIN))))
    sys.exit(0 if (_of_store(chosen) if chosen.data is not None else _of_cities(chosen)) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cities", type=_cities, default="all", help=f"all, or of {', '.join(PROFILES)}")
    parser.add_argument("--seeds", type=_seeds, default="1", metavar="1-5|1,2")
    parser.add_argument("--centres", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.3, help="events a second of office time")
    parser.add_argument("--injections", type=float, default=0.3, help="share of cases with a promise that get a twist")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2026, 3, 2), help="first day of injections")
    parser.add_argument("--days", type=int, default=5, help="working days of injections")
    parser.add_argument("--warm-up", type=int, default=0, help="days before, without injections")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--data", type=Path, help="data directory of a stack that holds a city")
    parser.add_argument("--clock", default="yunzhou-1", help="its clock: city and seed")
    parser.add_argument("--truth", type=Path, help="its truth file")
    chosen = parser.parse_args()
    if (chosen.data is None) != (chosen.truth is None):
        parser.error("--data and --truth go together")
    return chosen


def _cities(text: str) -> list[str]:
    return list(PROFILES) if text == "all" else [profile_of(name).name for name in text.split(",")]


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if last else [int(each) for each in text.split(",")]


def _of_cities(chosen: argparse.Namespace) -> bool:
    wanted = list(product(chosen.cities, chosen.seeds))
    runs = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for run in pool.map(_run, [chosen] * len(wanted), *zip(*wanted, strict=True)):
            print(f"\n{run.name}: {run.events:,} events in {run.spent_s:.1f} s of CPU, made and judged; {_width(run.scale)}")
            print(f"peers: {run.peers} items by level, counted in the warm-up")
            _print(run.scores)
            sys.stdout.flush()
            runs.append(run)
    scale = Scale(officer_weeks=sum(run.scale.officer_weeks for run in runs))
    if len(runs) > 1:
        print(f"\nall {len(runs)}: {sum(run.events for run in runs):,} events; {_width(scale)}")
    return _verdict(_sums([score for run in runs for score in run.scores]), scale, is_printed=len(runs) > 1)


def _run(chosen: argparse.Namespace, city: str, seed: int) -> Run:
    began = time.process_time()
    trial = Trial.of(
        seed,
        chosen.centres,
        Load(chosen.rate, chosen.injections),
        chosen.first,
        profile=profile_of(city),
        working_days=chosen.days,
        warm_up_days=chosen.warm_up,
        feeds=True,
    )
    peers = snapshot(trial) if chosen.warm_up else []
    run = judged(trial, trial.items(), peers)
    found = scores(trial.lines, standing(run.alerts), trial.until)
    scale = Scale(officer_weeks=trial.days.city.people * chosen.days / 5)
    return Run(trial.days.city.source, run.events, time.process_time() - began, len(peers), scale, found)


def _of_store(chosen: argparse.Namespace) -> bool:
    store = Store(address_of(load(data=chosen.data)), Patience(total_s=20.0))
    try:
        found = stored(store, chosen.clock)
    finally:
        store.close()
    return _verdict(scores(truth.read(chosen.truth), found, until=1 << 62), None, is_printed=True)


def _width(scale: Scale) -> str:
    return f"{scale.officer_weeks:,.0f} weeks of officers"


def _sums(found: Iterable[Score]) -> list[Score]:
    """One score a rule, of all runs."""
    of_rule: dict[str, list[Score]] = defaultdict(list)
    for score in found:
        of_rule[score.rule].append(score)
    return [Score.sum(each) for _, each in sorted(of_rule.items())]


def _print(found: Iterable[Score]) -> None:
    print("".join(f"{word:>10}" for word in HEAD[:-1]) + f"{HEAD[-1]:>14}")
    for score in found:
        counts = (score.injected, score.natural, score.quiet, score.found, len(score.missed), len(score.false), len(score.moved))
        delay = "-" if score.seen_ms is None else f"{score.seen_ms:.0f} ms"
        print(f"{score.rule:>10}" + "".join(f"{count:>10,}" for count in counts) + f"{delay:>14}")
        for kind in ("missed", "false", "moved", "disturbed"):
            for each in getattr(score, kind)[:SHOWN]:
                print(f"           {kind}: {each}")


def _verdict(found: Sequence[Score], scale: Scale | None, *, is_printed: bool) -> bool:
    """Print what must hold, and whether it does."""
    if is_printed:
        _print(found)
    clues = {card.id for card in load_cards(BUILTIN) if card.disposition is Disposition.CLUE}
    wrong = [score.rule for score in found if not (score.holds(scale) if score.rule in clues else score.is_right)]
    for name, rules in (
        ("cards", [each for each in found if each.rule not in clues]),
        ("clues", [each for each in found if each.rule in clues]),
    ):
        if rules:
            score = Score.sum(rules)
            per = (
                ""
                if scale is None or name == "cards"
                else f", {scale.rate(len(score.false)):.2f} false a week among {OFFICERS} officers"
            )
            print(f"{name}: recall {score.recall:.4f}, precision {score.precision:.4f}{per}")
    print("holds" if not wrong else f"does not hold: {', '.join(wrong)}")
    return not wrong


if __name__ == "__main__":
    main()
