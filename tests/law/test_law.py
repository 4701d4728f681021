"""The law of exact.md 1: what stands depends on the facts and the clocks alone; and engine and reference judgement agree."""

from __future__ import annotations

import os
import random
from uuid import UUID

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervision.decoder import decode
from supervision.event import CaseEvent, EventType, Stream, root_key
from supervision.payload import Closing
from supervision.refusal import Reason
from supervision.subject import stream_of
from tests.law.compare import compare
from tests.law.draw import DAY
from tests.law.harness import Engines, Ride, book, move, run_engine
from tests.law.judge import Standing
from tests.law.places import forgetful, worlds
from tests.law.scenario import Scenario, scenario
from tests.law.test_days import at
from tests.law.test_judge import Story

ENOUGH = 3000  # of so many cases some are on every rule
CASES = int(os.environ.get("SUPERVISION_LAW_CASES", ENOUGH))
# A seed does not shrink to anything simpler: `compare` makes a differing scenario small, by dropping its events.
QUICK = settings(deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
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
@settings(QUICK, max_examples=60)
def test_how_the_facts_arrive_changes_nothing(ride: object, case: Scenario, seed: int) -> None:
    assert callable(ride)
    assert run_engine(worlds()[case.world].reference, case.events, case.clocks, ride(seed)) == plain(case)


@given(case=SEEDS)
@settings(QUICK, max_examples=100)
def test_the_seed_is_all_there_is_to_a_scenario(case: Scenario) -> None:
    assert scenario(case.seed) == case


@given(case=SEEDS, seed=st.integers(min_value=0, max_value=2**32))
@settings(QUICK, max_examples=100)
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
@settings(QUICK, max_examples=150)
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


@given(case=SEEDS, other=st.integers(min_value=0, max_value=5))
@settings(QUICK, max_examples=100)
def test_new_reference_data_is_judged_as_if_it_had_always_been_there(case: Scenario, other: int) -> None:
    engines = Engines(worlds()[case.world].reference)
    half = len(case.events) // 2
    engines.take(case.events[:half])
    for clock, to in case.stops[0].items():
        move(engines, clock, to, 2, by_record=False)
    engines.use(worlds()[other].reference)
    engines.take(case.events[half:])
    for clock, to in case.clocks.items():
        move(engines, clock, to, 2, by_record=False)
    assert engines.stands() == worlds()[other].law.judge(list(case.events), case.clocks)


@given(case=SEEDS)
@settings(QUICK, max_examples=100)
def test_a_case_that_left_memory_had_nothing_left_to_say(case: Scenario) -> None:
    engines, world, told = Engines(forgetful().reference), forgetful(), _before_the_tombstone_goes(case)
    for event in sorted(told, key=lambda event: event.occurred_at):
        engines.advance("wall", event.occurred_at, 100)
        engines.take([event])
    for clock, to in case.clocks.items():
        move(engines, clock, to, 100, by_record=False)
    late = {event.event_id for event, reason in engines.refused if reason is Reason.CASE_FORGOTTEN}
    assert len(late) == len(engines.refused)
    judged = [event for event in told if event.event_id not in late]
    wall = max(case.clocks["wall"], *(event.occurred_at for event in told)) if told else case.clocks["wall"]
    assert engines.stands() == world.law.judge(judged, {**case.clocks, "wall": wall})


def _before_the_tombstone_goes(case: Scenario) -> list[CaseEvent]:
    """The events but those so long after the first of their root that they would be the first of a new case."""
    first: dict[str, int] = {}
    for event in case.events:
        if stream_of(event) is Stream.CASE:
            first[root_key(event)] = min(event.occurred_at, first.get(root_key(event), event.occurred_at))
    return [event for event in case.events if event.occurred_at < first.get(root_key(event), event.occurred_at) + 85 * DAY]


def test_a_root_of_several_cases_never_stops_a_clock() -> None:
    told = [*Story("lawless").accepted("2026-03-02T10:00").events, *Story("lawless", "hall").accepted("2026-03-02T10:00").events]
    events = [
        replace(each, event_id=UUID(int=number + 1), case_id=f"c{number}", root_case_id="r1", root_source_system="hall")
        for number, each in enumerate(told)
    ]
    for order in (events, events[::-1]):
        engines, now = Engines(forgetful().reference), at("2026-04-20T00:00")
        engines.take(order)
        engines.advance("wall", now, 100)
        assert engines.stands() == forgetful().law.judge(events, {"wall": now})


def test_a_case_rings_though_another_of_its_root_could_have_left_before() -> None:
    """One has nothing left to wait for, one is due in a month, one runs on another clock and never ends."""
    closed = Story("service", "hall").then(EventType.CASE_RETURNED, "2026-03-02T10:00", Closing())
    due, other = Story("plain", "hall").accepted("2026-03-02T10:00"), Story("plain").accepted("2026-03-02T10:00")
    events = [
        replace(each, event_id=UUID(int=number), case_id=f"c{number}", root_case_id="r1", root_source_system="hall")
        for number, each in enumerate((*closed.events, *due.events, *other.events), 1)
    ]
    for steps in (["2026-04-20T00:00"], ["2026-03-06T00:00", "2026-03-10T12:00", "2026-04-20T00:00"]):
        engines = Engines(forgetful().reference)
        engines.take(events)
        for step in steps:
            engines.advance("wall", at(step), 100)
        assert engines.stands() == forgetful().law.judge(events, {"wall": at("2026-04-20T00:00")})
        assert {each.rule for each in engines.stands()} >= {"T03", "T04"}


@given(case=SEEDS)
@settings(QUICK, max_examples=60)
def test_the_wire_changes_nothing(case: Scenario) -> None:
    decoded = [decode(msgspec.json.encode(event)) for event in case.events]
    assert all(isinstance(event, CaseEvent) for event in decoded)
    events = tuple(event for event in decoded if isinstance(event, CaseEvent))
    assert plain(replace_events(case, events)) == plain(case)


def test_the_engine_agrees_with_the_law_on_random_cases() -> None:
    judged, counts, differences = compare(CASES, seed=20_260_000)
    assert not differences, differences[0]
    assert judged >= CASES
    rules = {name.split()[0] for name in counts}
    assert rules == set(book().by_id) or CASES < ENOUGH, "a rule was never tried"


def replace_events(case: Scenario, events: tuple[CaseEvent, ...]) -> Scenario:
    return Scenario(case.seed, case.world, events, case.clocks, case.stops, case.cases)


def _new_names(events: tuple[CaseEvent, ...], draw: random.Random) -> dict[UUID, UUID]:
    """Other ids in the same order, for all that are there or referred to."""
    old = sorted({each for event in events for each in (event.event_id, event.supersedes_event_id) if each is not None})
    new = sorted(UUID(int=number) for number in draw.sample(range(1, 2**60), len(old)))
    return dict(zip(old, new, strict=True))


def _without_id(each: Standing, names: dict[UUID, UUID]) -> tuple[object, ...]:
    subject, segment = each.subject, each.segment
    for old, new in names.items():
        subject, segment = subject.replace(str(old), str(new)), segment.replace(str(old), str(new))
    return (each.rule, each.level, subject, segment, each.detected_at, each.due_at, each.state)


def test_they_agree_where_a_pause_moves_the_mark_that_is_passed_first_behind_another() -> None:
    _, _, differences = compare(1, seed=90_001_082)
    assert not differences, differences[0]
