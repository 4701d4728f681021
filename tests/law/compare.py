"""Hold the engine against the reference judgement on many random cases: `python -m tests.law.compare --cases 100000 --seed 1`.

Prints the agreement, and the first scenario on which they differ, made as small as it gets by dropping events, with both verdicts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from supervision.event import CaseEvent
from tests.law.harness import Ride, run_engine
from tests.law.judge import Standing
from tests.law.places import ZONE, worlds
from tests.law.scenario import Scenario, scenario


def rides(seed: int) -> Ride:
    """A ride of that seed: every fifth with everything at once, the others cheap (`test_law` tries each oddity by itself)."""
    if seed % 5:
        return Ride(seed, shuffle=seed % 2 == 0, clock_steps=1 + seed % 2)
    return Ride(seed, True, 0.2, 1 + seed % 7, 0.4 * (seed % 2), 1 + seed % 4, 0.2 * (seed % 3 == 0), 1 + seed % 3)


def verdicts(case: Scenario, ride: Ride) -> tuple[set[Standing], set[Standing]]:
    """(by the engine, by the law)"""
    world = worlds()[case.world]
    by_law = world.law.judge(list(case.events), case.clocks)
    return run_engine(world.reference, case.events, case.clocks, ride), by_law


def agreement(case: Scenario, ride: Ride) -> set[Standing] | None:
    """What both say; None where they differ."""
    try:
        by_engine, by_law = verdicts(case, ride)
    except Exception:  # noqa: BLE001 - a crash of the engine on legal input is a difference to be made small, too
        return None
    return by_law if by_engine == by_law else None


def smallest(case: Scenario, ride: Ride) -> tuple[Scenario, Ride]:
    """Drop events, and what is odd about the ride, while the difference stays."""
    for simpler in (Ride(), replace(ride, restart=0.0), replace(ride, early_clocks=0.0), replace(ride, duplicate=0.0)):
        if agreement(case, simpler) is None:
            ride = simpler
            break
    shrunk = True
    while shrunk:
        shrunk = False
        for event in case.events:
            fewer = replace(case, events=tuple(each for each in case.events if each is not event))
            if agreement(fewer, ride) is None:
                case, shrunk = fewer, True
    return case, ride


def explain(case: Scenario, ride: Ride) -> str:
    """The scenario and what the two say of it, for people."""
    lines = [
        f"seed {case.seed}, world {case.world}, {ride}",
        "clocks: " + ", ".join(f"{k} {when(v)}" for k, v in case.clocks.items()),
    ]
    lines += ["  " + _words(event) for event in sorted(case.events, key=lambda event: (event.occurred_at, event.event_id))]
    try:
        by_engine, by_law = verdicts(case, ride)
    except Exception as error:  # noqa: BLE001 - the report says what the engine died of
        return "\n".join([*lines, f"the engine fails: {type(error).__name__}: {error}"])
    for name, alerts in (("engine only", by_engine - by_law), ("law only", by_law - by_engine), ("both", by_engine & by_law)):
        lines += [f"{name}: {_alert(each)}" for each in sorted(alerts)]
    return "\n".join(lines)


def when(at: int | None) -> str:
    return "-" if at is None else datetime.fromtimestamp(at / 1000, ZONE).strftime("%a %Y-%m-%d %H:%M:%S.%f")[:-3]


def _words(event: CaseEvent) -> str:
    fields = msgspec.to_builtins(event)
    for name in ("event_id", "event_type", "occurred_at"):
        fields.pop(name)
    if event.supersedes_event_id is not None:
        fields["supersedes_event_id"] = f"..{event.supersedes_event_id.hex[-6:]}"
    return f"{when(event.occurred_at)} {event.event_type} ..{event.event_id.hex[-6:]} {fields}"


def _alert(each: Standing) -> str:
    known = f"{each.rule} {each.level} {each.subject} segment {each.segment}"
    return f"{known} detected {when(each.detected_at)} due {when(each.due_at)} {each.state}"


def compare(cases: int, seed: int, keep: int = 1) -> tuple[int, Counter[str], list[str]]:
    """(cases judged, standing alerts by rule and level, the first `keep` differences explained)"""
    judged, counts, found = 0, Counter[str](), list[str]()
    while judged < cases and len(found) < keep:
        case, ride = scenario(seed), rides(seed)
        agreed = agreement(case, ride)
        if agreed is None:
            found.append(explain(*smallest(case, ride)))
        else:
            counts.update(f"{each.rule} {each.level}" for each in agreed)
        judged += case.cases
        seed += 1
    return judged, counts, found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Hold the engine against the plain reference judgement on random cases.")
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first scenario (default 1)")
    parser.add_argument("--keep", type=int, default=1, help="stop after so many differences (default 1)")
    options = parser.parse_args(arguments)
    begun = time.perf_counter()
    judged, counts, found = compare(options.cases, options.seed, options.keep)
    spent = time.perf_counter() - begun
    print(f"{judged} cases in {spent:.0f} s ({judged / spent:.0f}/s), {sum(counts.values())} standing alerts, {len(found)} differ")
    for name, number in sorted(counts.items()):
        print(f"  {name}: {number}")
    for each in found:
        print(f"\n{each}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
