"""The law of exact.md 1: what stands depends on the facts and the clocks alone; and engine and reference judgement agree."""

from __future__ import annotations

import os
import random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervision.event import CaseEvent
from tests.law.compare import compare
from tests.law.harness import Engines, Ride, move, run_engine
from tests.law.judge import Standing
from tests.law.places import worlds
from tests.law.scenario import Scenario, scenario

CASES = int(os.environ.get("SUPERVISION_LAW_CASES", "3000"))
SEEDS = st.integers(min_value=0, max_value=2**40).map(scenario)

RIDES = [
    pytest.param(lambda seed: Ride(seed, shuffle=True), id="shuffled"),
    pytest.param(lambda seed: Ride(seed, duplicate=0.5), id="duplicated"),
    pytest.param(lambda seed: Ride(seed, batch=3), id="split in small batches"),
    pytest.param(lambda seed: Ride(seed, clock_steps=1 + seed % 40), id="clocks in many steps"),
    pytest.param(lambda seed: Ride(seed, batch=4, early_clocks=0.8, limit=1), id="clocks that run ahead of late facts"),
    pytest.param(lambda seed: Ride(seed, batch=2, restart=0.5, clock_steps=3), id="restarted"),
    pytest.param(lambda seed: Ride(seed, batch=5, clock_steps=2, partitions=2 + seed % 3), id="over several partitions"),
    pytest.param(lambda seed: Ride(seed, True, 0.3, 3, 0.5, 3, 0.3, 2, 2), id="everything at once"),
]


def plain(case: Scenario) -> set[Standing]:
    return run_engine(worlds()[case.world].reference, case.events, case.clocks, Ride())


@pytest.mark.parametrize("ride", RIDES)
@given(case=SEEDS, seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=60, deadline=None)
def test_how_the_facts_arrive_changes_nothing(ride: object, case: Scenario, seed: int) -> None:
    assert callable(ride)
    assert run_engine(worlds()[case.world].reference, case.events, case.clocks, ride(seed)) == plain(case)


@given(case=SEEDS)
@settings(max_examples=100, deadline=None)
def test_the_seed_is_all_there_is_to_a_scenario(case: Scenario) -> None:
    assert scenario(case.seed) == case


@given(case=SEEDS, seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=100, deadline=None)
def test_renamed_ids_name_the_same_alerts(case: Scenario, seed: int) -> None:
    names = _new_names(case.events, random.Random(seed))
    events = tuple(
        replace(
            event,
            event_id=names[event.event_id],
            supersedes_event_id=None if event.supersedes_event_id is None else names[event.supersedes_event_id],
        )
        for event in case.events
    )
    old = {_without_id(each, names) for each in plain(case)}
    new = {_without_id(each, {}) for each in plain(replace_events(case, events))}
    assert new == old


@given(case=SEEDS)
@settings(max_examples=150, deadline=None)
def test_at_every_stop_the_engine_says_what_the_law_says_of_the_facts_so_far(case: Scenario) -> None:
    world = worlds()[case.world]
    engines, clocks, known = Engines(world.reference), dict[str, int](), list[CaseEvent]()
    half = len(case.events) // 2
    for stop, events in zip((*case.stops, case.clocks), (case.events[:half], case.events[half:], ()), strict=True):
        engines.take(events)
        known += events
        for clock, to in stop.items():
            move(engines, clock, to, 2, by_record=True)
            clocks[clock] = max(to, clocks.get(clock, to))
        assert engines.stands() == world.law.judge(known, clocks)


def test_the_engine_agrees_with_the_law_on_random_cases() -> None:
    judged, counts, differences = compare(CASES, seed=20_260_000)
    assert not differences, differences[0]
    assert judged >= CASES
    rules = {name.split()[0] for name in counts}
    assert rules == {"T02", "T03", "T04", "T05", "T08", "P01", "P02", "P06", "M02"}, "a rule was never tried"


def replace_events(case: Scenario, events: tuple[CaseEvent, ...]) -> Scenario:
    return Scenario(case.seed, case.world, events, case.clocks, case.stops, case.cases)


def _new_names(events: tuple[CaseEvent, ...], draw: random.Random) -> dict[UUID, UUID]:
    """Other ids in the same order, for all that are there or referred to."""
    old = sorted({each for event in events for each in (event.event_id, event.supersedes_event_id) if each is not None})
    new = sorted(UUID(int=number) for number in draw.sample(range(1, 2**60), len(old)))
    return dict(zip(old, new, strict=True))


def _without_id(each: Standing, names: dict[UUID, UUID]) -> tuple[object, ...]:
    segment = each.segment
    for old, new in names.items():
        segment = segment.replace(str(old), str(new))
    return (each.rule, each.level, each.subject, segment, each.detected_at, each.due_at, each.state)
