"""The timer of a plain case by itself: what it reaches and finds, and what an annex names."""

from __future__ import annotations

import pytest

from bench import workload
from rules.annex import rules_in, with_alerts
from rules.bell import Bell
from rules.fact import CODE_OF, NOWHERE, Fact, where_of
from rules.packing import SHIFT
from rules.plain import FACT_SIZE, NO_WORD
from rules.said import Core, Standing
from rules.verdict import FAR, Telling
from rules.vocabulary import Vocabulary
from rules.world import Place, World
from supervision.alert import Level
from supervision.event import EventType
from supervision.reference import Reference

HOUR = 3_600_000
ACCEPTED, DECIDED, COMPLETED = (
    CODE_OF[kind] for kind in (EventType.CASE_ACCEPTED, EventType.DECISION_MADE, EventType.CASE_COMPLETED)
)


def place() -> Place:
    world = World(Reference(workload.reference()))
    event = workload.event(1, 1, EventType.CASE_ACCEPTED, {}, workload.FIRST_MS, "430111-000001")
    where, _ = Vocabulary().wheres.canonical(where_of(event))
    return world.place(world.reference.source(workload.SOURCE), where, workload.FIRST_MS)


def bell(acts: list[tuple[int, int]], now: int, grace: int) -> Bell:
    """`acts`: types and times, in order."""
    facts = b"".join(
        number.to_bytes(16, "big") + bytes((code,)) + (at + SHIFT).to_bytes(6, "big") + NO_WORD + NO_WORD + b"\xff"
        for number, (code, at) in enumerate(acts)
    )
    assert len(facts) == FACT_SIZE * len(acts)
    return Bell(place(), Fact(0, acts[0][0], acts[0][1], NOWHERE), facts, "case:bench/1", now, grace)


@pytest.mark.parametrize(
    ("ago", "reaches"),
    [
        pytest.param(HOUR, True, id="the grace is just over"),
        pytest.param(HOUR - 1, False, id="a millisecond of it is left"),
        pytest.param(0, False, id="its instant is now"),
        pytest.param(-5 * HOUR, False, id="it lies ahead"),
    ],
)
def test_what_is_absent_stands_when_the_grace_is_over(ago: int, reaches: bool) -> None:
    now = workload.FIRST_MS + 40 * HOUR
    rung = bell([(ACCEPTED, workload.FIRST_MS)], now, HOUR)
    assert rung.reaches(now - ago) is reaches
    assert rung.wake == (FAR if reaches else now - ago + HOUR)


def test_the_case_wakes_for_the_earliest_of_what_is_not_reached() -> None:
    now = workload.FIRST_MS + 40 * HOUR
    rung = bell([(ACCEPTED, workload.FIRST_MS)], now, HOUR)
    assert [rung.reaches(now + ahead) for ahead in (7 * HOUR, 2 * HOUR, -2 * HOUR, 9 * HOUR)] == [False, False, True, False]
    assert rung.wake == now + 3 * HOUR


def test_the_first_act_of_some_types_is_found_by_its_place() -> None:
    times = [workload.FIRST_MS + hours * HOUR for hours in (0, 3, 5, 8)]
    rung = bell([(ACCEPTED, times[0]), (DECIDED, times[1]), (COMPLETED, times[2]), (DECIDED, times[3])], times[3], 0)
    assert rung.first_at(frozenset({COMPLETED})) == times[2]
    assert rung.first_at(frozenset({COMPLETED, DECIDED})) == times[1]
    assert rung.first_at(frozenset({CODE_OF[EventType.CASE_WITHDRAWN]})) == FAR
    assert rung.start_day == rung.place.calendar.day_of(times[0])


def standing(rule: str) -> Standing:
    core = Core("yellow", "case:bench/1", "0", 5, 4, {"late_wd": 1}, (b"0" * 16,))
    return Standing(f"{rule}Y1", rule, 1, "issued", core)


def test_an_annex_names_the_rules_of_its_alerts() -> None:
    first = with_alerts(b"", [standing("T03")])
    both = with_alerts(first, [standing("T02"), standing("T03")])
    assert [rules_in(annex, 0) for annex in (b"", first, both)] == [frozenset(), {b"T03"}, {b"T02", b"T03"}]
    assert rules_in(b"facts" + both + b"sent", 5) == {b"T02", b"T03"}


def test_a_bell_keeps_what_is_said_in_its_order() -> None:
    rung, told = bell([(ACCEPTED, 0)], 0, 0), Telling("case:bench/1", "0", {}, ())
    assert rung.said == []
    for level in (Level.NOTICE, Level.RED):
        rung.say(level, HOUR, told)
    assert rung.said == [(Level.NOTICE, HOUR, told), (Level.RED, HOUR, told)]
