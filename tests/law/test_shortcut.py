"""The short ways of events and timers change nothing: an engine that takes them says and keeps what one without them does."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bench import workload
from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.fact import Actor
from rules.outline import Ends, Scene
from rules.packing import PLAIN, head_of
from rules.plain import MOST_FACTS
from rules.runner import IS_COMPILED
from rules.unasked import Meetings, Unasked
from supervision.alert import Alert, Level
from supervision.decoder import decode
from supervision.durations import HOUR_MS
from supervision.event import CaseEvent, EventType, SourceOp, Stream
from supervision.reference import Reference
from supervision.subject import stream_of
from tests.law.draw import DAY, Draw
from tests.law.harness import book
from tests.law.pair import KEPT, Pair, ride
from tests.law.places import worlds
from tests.law.plain import disturbed, plain_case
from tests.law.scenario import CLOCKS, scenario

_ARE_APART = Unasked._are_apart  # its own, beside those that tests put in its place
QUICK = settings(deadline=None, derandomize=True, max_examples=300, phases=(Phase.explicit, Phase.generate))


@pytest.mark.skipif(not IS_COMPILED and "CI" not in os.environ, reason="no C compiler here: only the plain short way is tested")
def test_the_short_way_is_compiled() -> None:
    """Else the tests below hold the plain one to itself."""
    assert IS_COMPILED


@QUICK
@given(st.integers(min_value=0, max_value=2**40), st.booleans())
def test_scenarios_of_the_law_come_out_the_same_by_the_short_way(seed: int, is_in_order: bool) -> None:
    case, chance = scenario(seed), random.Random(seed)
    events = [event for event in case.events if stream_of(event) is Stream.CASE]
    if is_in_order:
        events.sort(key=lambda event: event.occurred_at)
    else:
        chance.shuffle(events)
    ride(Pair(book(), worlds()[case.world].reference, chance.choice((2, 10_000))), events, case.clocks, chance, 1 + seed % 9)


@QUICK
@given(st.integers(min_value=0, max_value=2**40))
def test_plain_cases_come_out_the_same_by_the_short_way(seed: int) -> None:
    plain_ride(seed)


@QUICK
@given(st.integers(min_value=0, max_value=2**40))
def test_plain_cases_with_corrections_and_late_facts_come_out_the_same_by_the_short_way(seed: int) -> None:
    plain_ride(seed, is_disturbed=True)


def plain_ride(seed: int, *, is_disturbed: bool = False) -> tuple[int, int]:
    """(events, how many went the short way)"""
    chance, draw = random.Random(seed), Draw(seed)
    first = draw.day()
    cases = [plain_case(draw, number, first) for number in range(4)]
    if is_disturbed:
        cases = [disturbed(draw, case) for case in cases]
    events = [event for case in cases for event in case]
    if chance.random() < 0.8:  # in the order of time; each case keeps its own
        times = sorted((event.occurred_at, number) for number, case in enumerate(cases) for event in case)
        waiting = [iter(case) for case in cases]
        events = [next(waiting[number]) for _, number in times]
    clocks = dict.fromkeys(CLOCKS, max(event.occurred_at for event in events) + chance.randrange(40) * DAY)
    pair = Pair(book(), worlds()[seed % len(worlds())].reference, chance.choice((2, 10_000)))
    ride(pair, events, clocks, chance, 1 + seed % 9)
    return len(events), pair.short


@pytest.mark.parametrize("seed", range(3))
def test_a_workload_of_many_cases_comes_out_the_same_and_mostly_by_the_short_way(seed: int) -> None:
    work = workload.make(60, seed)
    events = [event for _, value, _ in work.messages if isinstance(event := decode(value), CaseEvent)]
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    ride(pair, events, {workload.CLOCK: max(at for _, _, at in work.messages)}, random.Random(seed), 40, 0)
    assert pair.short > len(events) / 2


@pytest.mark.parametrize("seed", range(3))
def test_a_herd_of_timers_comes_out_the_same_and_mostly_by_the_short_way(seed: int) -> None:
    """Open cases that no fact comes to any more: one rule speaks of them after another."""
    chance, cases = random.Random(seed), range(40)
    at = sorted(workload.FIRST_MS + chance.randrange(3 * DAY) for _ in cases)
    events = [workload.event(n, 1, EventType.CASE_ACCEPTED, {}, at[n], f"430111-{n % 7:06d}") for n in cases]
    pair = Pair(Rulebook.load(only=("T02", "T03", "T04")), Reference(workload.reference()), 10_000)
    pair.process(events)
    said: list[Alert] = []
    for day in range(60):
        said += pair.advance(workload.CLOCK, workload.FIRST_MS + day * DAY)
        if chance.random() < KEPT:
            pair.restart()
    pair.count()
    told = Counter((alert.rule_id, alert.level) for alert in said)
    levels = (("T02", Level.NOTICE), ("T03", Level.YELLOW), ("T03", Level.RED), ("T04", Level.RED))
    assert told == dict.fromkeys(levels, len(cases))
    assert pair.rung > 2 * len(cases)


def test_acceptances_on_a_day_on_which_nothing_else_happens_come_out_the_same_and_all_but_the_first_by_the_short_way() -> None:
    cases = range(5)
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    pair.process([_of_case(n, EventType.APPLICATION_SUBMITTED, workload.FIRST_MS + n) for n in cases])
    before = pair.engines[0].taken_short
    pair.process([_of_case(n, EventType.CASE_ACCEPTED, workload.FIRST_MS + DAY + n) for n in cases])
    assert pair.engines[0].taken_short - before == len(cases) - 1


def test_a_case_with_as_many_facts_as_a_plain_one_may_have_comes_out_the_same() -> None:
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    shapes = []
    for number in range(MOST_FACTS + 3):
        kind = EventType.RESULT_PUBLISHED if number else EventType.APPLICATION_SUBMITTED
        event = workload.event(1, number, kind, {}, workload.FIRST_MS + number * 60_000, "430111-000001")
        pair.process([event])
        shapes.append(head_of(pair.state[f"{workload.SOURCE}/{event.case_id}"])[0] == PLAIN)
    assert shapes == [True] * MOST_FACTS + [False] * 3


def test_a_case_whose_step_has_the_name_of_another_ones_instance_is_not_plain() -> None:
    steps = ({"step_code": "a"}, {"step_code": "b", "step_instance_id": "c"}, {"step_code": "b", "step_instance_id": "a"})
    pair, shapes = Pair(book(), Reference(workload.reference()), 10_000), []
    for number, step in enumerate(steps):
        at = workload.FIRST_MS + number * 60_000
        event = workload.event(1, number, EventType.STEP_STARTED, {"step_name": "步", **step}, at, "430111-000001")
        pair.process([event])
        shapes.append(head_of(pair.state[f"{workload.SOURCE}/{event.case_id}"])[0] == PLAIN)
    assert shapes == [True, True, False]


def test_a_decision_that_tells_more_than_another_one_of_the_same_words_comes_out_the_same() -> None:
    """How acts are packed is kept by their words; a batch number is none of them, and a case of a batch says nothing."""
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    for number, bulk_no in enumerate((None, None, "B1", None)):
        at = workload.FIRST_MS + number * 60_000
        pair.process([_of_case(number, EventType.CASE_ACCEPTED, at)])
        decision: dict[str, object] = {"decision": "granted", "bulk_no": bulk_no}
        pair.process([workload.event(number, 2, EventType.DECISION_MADE, decision, at + 30_000, "430111-000001")])
    pair.count()
    assert pair.short >= 5


def test_a_completion_behind_the_decision_of_a_step_that_one_from_before_its_start_had_ended_comes_out_the_same() -> None:
    """The first at or after the start ends it; so the decision does now, and came too late."""
    done: dict[str, object] = {"step_code": "review", "step_name": "审查", "step_instance_id": "1"}
    course: tuple[tuple[EventType, dict[str, object], int], ...] = (
        (EventType.CASE_ACCEPTED, {}, 0),
        (EventType.STEP_COMPLETED, done, 1),
        (EventType.STEP_STARTED, {**done, "step_limit": 1, "step_limit_unit": "working_day"}, 2),
        (EventType.DECISION_MADE, {"decision": "granted"}, 5 * 24),
        (EventType.STEP_COMPLETED, done, 5 * 24 + 1),
    )
    for number in range(2):  # the second by what was learnt of the first
        said: list[Alert] = []
        pair = Pair(Rulebook.load(only=("T05",)), Reference(workload.reference()), 10_000)
        for index, (kind, payload, hours) in enumerate(course):
            at = workload.FIRST_MS + hours * HOUR_MS
            said += pair.process([workload.event(number, index, kind, payload, at, "430111-000001")])
        assert [(alert.rule_id, alert.segment) for alert in said] == [("T05", "0")] * len(said)
        assert said


def test_the_end_of_a_step_is_asked_of_once_for_all_that_began_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though T05 waits for each of them: that it waits no longer needs no asking."""
    cases, asked = range(9), []

    def ask(look: Ends, scene: Scene, rule: bytes) -> int:
        asked.append(rule)
        return look.look(scene, rule)

    engine = CaseEngine(Rulebook.load(only=("T05",)), Reference(workload.reference()), short="plain")
    engine.process([_of_case(n, EventType.CASE_ACCEPTED, workload.FIRST_MS + n) for n in cases])
    acts = [
        [workload.event(n, m, *workload.STEPS[m][:2], workload.FIRST_MS + DAY + n + m, "430111-000001") for n in cases]
        for m in (2, 3)
    ]
    engine.process(acts[0])
    monkeypatch.setattr(Ends, "__call__", ask)
    engine.process(acts[1])
    assert asked == [b"T05"]
    assert engine.taken_short == 3 * len(cases) - 1  # but for the first step
    assert not engine.advance(workload.CLOCK, workload.FIRST_MS + 60 * DAY).alerts


@pytest.mark.parametrize("when", [None, 'case.item_type == "01"'])
def test_a_decision_behind_separated_steps_comes_out_the_same_and_is_asked_about_only_where_its_rule_has_a_condition(
    when: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def are_apart(self: Unasked, meetings: Meetings, actor: Actor | None, blob: bytes) -> bool:
        asked.append(any(None in meeting for meeting in meetings))
        return _ARE_APART(self, meetings, actor, blob)

    monkeypatch.setattr(Unasked, "_are_apart", are_apart)
    (card,) = [rule.card for rule in Rulebook.load(only=("P02",)).rules]
    pair = Pair(Rulebook([replace(card, when=when)]), Reference(workload.reference()), 10_000)
    said: list[list[tuple[str, str]]] = []
    for number, officer in enumerate(("430111-000002", "430111-000003", "430111-000001", "430111-000001")):
        for act, minutes, of in (
            (1, 0, officer),
            (3, 60, "430111-000001"),
            (5, 65, officer),
            (6, 90 if number < 3 else 62, officer),
        ):
            at = workload.FIRST_MS + number * DAY + minutes * 60_000
            alerts = pair.process([workload.event(number, act, *workload.STEPS[act][:2], at, of)])
            said.append([(alert.level.value, alert.state.value) for alert in alerts])
    assert set(asked) == ({True} if when is None else {True, False})
    quiet: list[list[tuple[str, str]]] = [[]] * 4
    assert said[:8] == quiet * 2
    assert said[8:12] == [[], [], [("red", "issued")], []]
    assert said[12:] == [[], [], [("red", "issued")], [("red", "revoked"), ("yellow", "issued")]]


def test_the_end_of_a_warned_case_comes_out_the_same_and_by_the_short_way() -> None:
    """Of a case that the bureau was warned of, an end behind the warning says nothing; one from before takes it back."""
    cases, only = range(4), Rulebook.load(only=("T02",))
    pair = Pair(only, Reference(workload.reference()), 10_000)
    pair.process([_of_case(n, EventType.CASE_ACCEPTED, workload.FIRST_MS + n) for n in cases])
    warned = pair.advance(workload.CLOCK, workload.FIRST_MS + 60 * DAY)
    assert [(alert.rule_id, alert.case_id) for alert in warned] == [("T02", workload.case_id(n)) for n in cases]
    behind, before = warned[0].detected_at + 1, warned[0].detected_at
    ends = [(1, behind), (2, behind + DAY), (3, before)]
    said = [pair.process([workload.event(n, 7, EventType.CASE_COMPLETED, {}, at, "430111-000001")]) for n, at in ends]
    assert [[alert.state for alert in alerts] for alerts in said] == [[], [], ["revoked"]]
    assert pair.engines[0].taken_short >= 2 + len(cases) - 1


def test_what_follows_a_corrected_acceptance_comes_out_the_same_and_by_the_short_way() -> None:
    """Limits run from the least of its times, whatever the one in force is, and whatever is corrected behind it."""
    shift = (-7 * DAY, 3 * DAY)
    ends: list[int] = []
    shorts: list[int] = []
    for days in shift:
        pair = Pair(Rulebook.load(only=("T02", "T03")), Reference(workload.reference()), 10_000)
        accepted = _of_case(1, EventType.CASE_ACCEPTED, workload.FIRST_MS)
        pair.process([accepted])
        pair.process([_moved(accepted, 5, days)])
        for index in (2, 3):
            kind, payload, _ = workload.STEPS[index]
            at = workload.FIRST_MS + 4 * DAY + index
            act = workload.event(1, index, kind, payload, at, "430111-000001")
            pair.process([act])
        pair.process([_moved(act, 6, 1_000)])
        pair.restart()
        pair.process([workload.event(1, 4, *workload.STEPS[4][:2], workload.FIRST_MS + 5 * DAY, "430111-000001")])
        ends += [
            alert.detected_at for alert in pair.advance(workload.CLOCK, workload.FIRST_MS + 60 * DAY) if alert.rule_id == "T03"
        ][:1]
        pair.count()
        shorts.append(pair.short)
    assert shorts == [4, 5]
    assert ends[0] < ends[1]


def test_a_corrected_decision_is_told_anew_by_the_short_way() -> None:
    pair = Pair(Rulebook.load(only=("M10",)), Reference(workload.reference()), 10_000)
    decided = workload.event(1, 3, EventType.DECISION_MADE, {"decision": "granted"}, workload.FIRST_MS + DAY, "430111-000001")
    for act in (_of_case(1, EventType.CASE_ACCEPTED, workload.FIRST_MS), decided, _moved(decided, 6, 3 * DAY)):
        pair.process([act])
    assert pair.engines[0].taken_short == 3


@pytest.mark.parametrize(
    "kinds",
    [
        (EventType.CASE_ACCEPTED,),
        (EventType.SUPPLEMENT_ACCEPTED,),
        (EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED),
        (EventType.SUPPLEMENT_ACCEPTED, EventType.CASE_ACCEPTED),
    ],
)
def test_limits_by_an_acceptance_or_a_supplement_moved_twice_come_out_the_same(kinds: Sequence[EventType]) -> None:
    pair = Pair(Rulebook.load(only=("T02", "T03")), Reference(workload.reference()), 10_000)
    acts = [workload.event(1, n, kind, {}, workload.FIRST_MS + n, "430111-000001") for n, kind in enumerate(kinds, 1)]
    moved = _moved(acts[-1], 5, 3 * DAY)
    for each in (*acts, moved, _moved(moved, 6, 2 * DAY)):
        pair.process([each])
    said = pair.advance(workload.CLOCK, workload.FIRST_MS + 60 * DAY)
    assert {alert.rule_id for alert in said} == {"T02", "T03"}


def _moved(act: CaseEvent, number: int, by: int) -> CaseEvent:
    """Its correction to another time."""
    return replace(
        act,
        event_id=UUID(int=number),
        occurred_at=act.occurred_at + by,
        data_version=act.data_version + 1,
        source_op=SourceOp.UPDATE,
        supersedes_event_id=act.event_id,
    )


TEXTS = st.none() | st.text(min_size=1, max_size=200, alphabet=st.characters(codec="utf-8")) | st.just("O-1")


@QUICK
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_persons_devices_and_parties_of_any_name_come_out_the_same(
    names: list[tuple[str | None, ...]], chance: random.Random
) -> None:
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    for number, (officer, device, applicant, agent) in enumerate(names * 2):
        kind, payload, _ = workload.STEPS[number % 10]
        at = workload.FIRST_MS + number * 60_000
        event = workload.event(chance.randrange(2), number, kind, payload, at, "430111-000001")
        more = {"actor_officer_id": officer, "device_id": device, "applicant_hash": applicant, "agent_org_id": agent}
        pair.process([replace(event, **more)])


NAMES = st.text(min_size=1, max_size=300, alphabet=st.characters(codec="utf-8")) | st.sampled_from(["i", "i2", "i" * 31, "i" * 32])


@QUICK
@given(st.lists(NAMES, min_size=1, max_size=24), st.randoms(use_true_random=False))
def test_instances_of_any_name_come_out_the_same(names: list[str], chance: random.Random) -> None:
    """However many a case has: they are packed as one list."""
    pair = Pair(book(), Reference(workload.reference()), 10_000)
    pair.process([_of_case(0, EventType.CASE_ACCEPTED, workload.FIRST_MS)])
    for number, name in enumerate(names * 2, 2):
        kind = EventType.STEP_STARTED if number < len(names) + 2 else EventType.STEP_COMPLETED
        payload: dict[str, object] = {"step_code": chance.choice(("handle", "review")), "step_instance_id": name}
        at = workload.FIRST_MS + number * 60_000
        pair.process([workload.event(0, number, kind, payload, at, "430111-000001")])
    pair.advance(workload.CLOCK, workload.FIRST_MS + 60 * DAY)


def _of_case(number: int, kind: EventType, at: int) -> CaseEvent:
    return workload.event(number, int(kind is EventType.CASE_ACCEPTED), kind, {}, at, "430111-000001")
