"""A scenario: some cases of one world with corrections, edges and strange orders, and the instants worth stopping the clocks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from supervision.event import BatchKind, CaseEvent, CaseRole, EventType, Flag, PostPlace, Precision, SecrecyClass, SourceOp
from supervision.payload import Completion, Decision, Extension, Leave, StepCompleted
from supervision.payloads.hall import LeaveKind
from supervision.payloads.handling import SpecialProcedureStarted
from supervision.payloads.outcome import CompletionResult, DecisionResult
from supervision.worktime import Unit
from tests.law.cases import make_case
from tests.law.crowds import crowd
from tests.law.days import HOUR, MINUTE
from tests.law.draw import DAY, Draw, event, midnight
from tests.law.judge import Law
from tests.law.places import worlds

CLOCKS = ("wall", "old-log", "dutch")
FAR = 1_798_646_400_000  # 2026-12-31, 00:00 in Shanghai
ENDING = (
    EventType.CASE_COMPLETED,
    EventType.DECISION_MADE,
    EventType.CASE_RETURNED,
    EventType.SPECIAL_PROCEDURE_ENDED,
    EventType.CASE_TRANSFERRED,
    EventType.FEE_PAID,
    EventType.EXTENSION_APPROVED,
    EventType.CASE_ACCEPTED,
    EventType.SUPPLEMENT_NOTIFIED,
    EventType.RESULT_DELIVERED,
    EventType.RESULT_PUBLISHED,
    EventType.CERTIFICATE_MADE,
)


@dataclass(frozen=True)
class Scenario:
    """`world` indexes `places.worlds()`; `clocks`: the final instants by clock; `stops`: instants on the way."""

    seed: int
    world: int
    events: tuple[CaseEvent, ...]
    clocks: dict[str, int]
    stops: tuple[dict[str, int], ...]
    cases: int

    def __repr__(self) -> str:
        return f"scenario({self.seed})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis prints of an example."""
        printer.text(repr(self))


def scenario(seed: int) -> Scenario:
    """The scenario of that seed, always the same."""
    draw = Draw(seed)
    world = draw.randrange(len(worlds()))
    law = worlds()[world].law
    kind = draw.random()
    if kind < 0.12:
        events, cases = owls(draw)
    elif kind < 0.19:
        events, cases = crowd(draw)
        if draw.chance(0.4):
            events += _corrections(draw, events)
    else:
        cases = draw.one((1, 2, 5, 9))
        events = [each for number in range(1, cases + 1) for each in _case(draw, number, law)]
        events = _of_one_root(draw, events) if draw.chance(0.2) else events
    if draw.chance(0.25):
        events = _received(draw, events)
    instants = sorted({each.detected_at for each in law.judge(events, dict.fromkeys(CLOCKS, FAR))})
    stops = sorted((_clocks(draw, instants) for _ in range(2)), key=lambda clocks: clocks["wall"])
    final = {clock: max(*(each[clock] for each in stops), _clocks(draw, instants)[clock]) for clock in CLOCKS}
    return Scenario(seed, world, tuple(events), final, tuple(stops), cases)


def _clocks(draw: Draw, instants: list[int]) -> dict[str, int]:
    """Each clock at, just before or just behind an instant of the law, with or without a grace; or far away."""
    clocks = {}
    for clock in CLOCKS:
        if instants and draw.chance(0.8):
            grace = draw.one((0, 0, 1_800_000, 86_400_000)) if clock == "wall" else 0
            clocks[clock] = draw.one(instants) + grace + draw.one((-1, 0, 1))
        else:
            clocks[clock] = draw.one((FAR, FAR, draw.day()))
    return clocks


def _case(draw: Draw, number: int, law: Law) -> list[CaseEvent]:
    events = make_case(draw, number)
    if not events:
        return events
    if draw.chance(0.4):
        events = _on_edge(draw, events, law)
    if draw.chance(0.35):
        events += _corrections(draw, events)
    return events


def _on_edge(draw: Draw, events: list[CaseEvent], law: Law) -> list[CaseEvent]:
    """Move one end to an instant of the law, give or take a millisecond."""
    ends = [each for each in events if each.event_type in ENDING]
    if not ends:
        return events
    moved = draw.one(ends)
    rest = [each for each in events if each is not moved]
    standing = law.judge(rest, dict.fromkeys(CLOCKS, FAR))
    instants = sorted({at for each in standing for at in (each.detected_at, each.due_at) if at is not None})
    if draw.chance(0.15):
        instants = [at for at in law.edges if abs(at - moved.occurred_at) < 20 * DAY]
    if not instants:
        return events
    at = draw.one(instants) + draw.one((-1, 0, 1))
    if moved.time_precision.value == "day" or moved.source_system == "log-b":
        at = midnight(at)
    return [*rest, replace(moved, occurred_at=at)]


def _of_one_root(draw: Draw, events: list[CaseEvent]) -> list[CaseEvent]:
    """All cases belong to one root, and one event claims to correct another case's: corrections never cross cases."""
    linked = [replace(each, root_case_id="r1", root_source_system="hall", case_role=CaseRole.MEMBER) for each in events]
    if len(linked) > 1:
        one, other = draw.sample(range(len(linked)), 2)
        linked[one] = replace(linked[one], supersedes_event_id=linked[other].event_id)
    return linked


def _received(draw: Draw, events: list[CaseEvent]) -> list[CaseEvent]:
    """Some events, and some of their corrections, with the time of their receipt: as usual, or from the future."""
    ahead = 5 * MINUTE
    gaps = (-HOUR, 0, ahead - 1, ahead, ahead + 1, ahead + 1, HOUR, 40 * DAY)
    told = []
    for each in events:
        is_told = draw.chance(0.4 if each.data_version > 1 else 0.15)
        told.append(replace(each, received_at=each.occurred_at - draw.one(gaps)) if is_told else each)
    return told


def _corrections(draw: Draw, events: list[CaseEvent]) -> list[CaseEvent]:
    """New versions of some events: moved, changed, deleted, restored; now and then behind a link that never comes."""
    more = []
    for _ in range(draw.one((1, 1, 2, 3))):
        first = draw.one(events)
        if draw.chance(0.4):
            accepted = [each for each in events if each.event_type is EventType.CASE_ACCEPTED]
            first = draw.one(accepted) if accepted else first
        last, link = first, first.event_id
        for version in range(2, draw.one((3, 3, 4)) + 1):
            last = _version(draw, last, version, link)
            more.append(last)
            link = last.event_id if draw.chance(0.8) else first.event_id
    return more


def _version(draw: Draw, event: CaseEvent, version: int, link: object) -> CaseEvent:
    moves = (0, 1, HOUR, HOUR + 1, -HOUR, 3 * DAY, -2 * DAY, draw.randrange(0, 5 * DAY, 1000))
    at = event.occurred_at + draw.one(moves)
    if event.time_precision.value == "day" or event.source_system == "log-b":
        at = midnight(at)
    deleted = draw.chance(0.12)
    supersedes = draw.event_id() if draw.chance(0.08) else link
    changed = replace(
        event,
        event_id=draw.event_id(),
        supersedes_event_id=supersedes,
        data_version=version if draw.chance(0.95) else version + 1,
        source_op=SourceOp.DELETE if deleted else SourceOp.UPDATE,
        occurred_at=event.occurred_at if deleted else at,
    )
    payload = changed.payload
    if isinstance(payload, SpecialProcedureStarted) and draw.chance(0.5):
        payload = replace(
            payload, declared_limit=draw.one((2, 6, 10)), declared_limit_unit=Unit.WORKING_DAY, approver_officer_id="O3"
        )
        changed = replace(changed, payload=payload)
    if isinstance(payload, Extension) and draw.chance(0.5):
        told_at = draw.one((None, changed.occurred_at, changed.occurred_at + 2 * DAY))
        changed = replace(changed, payload=replace(payload, days=draw.one((5, 10, 15)), notified_at=told_at))
    if isinstance(payload, Decision | Completion) and draw.chance(0.3):
        other = (
            replace(payload, decision=draw.one((DecisionResult.GRANTED, DecisionResult.DENIED)))
            if isinstance(payload, Decision)
            else replace(payload, completion_result=draw.one((CompletionResult.CERT_ISSUED, CompletionResult.DENIED)))
        )
        changed = replace(changed, payload=other, secrecy_class=draw.one((SecrecyClass.PUBLIC, SecrecyClass.INTERNAL)))
    if draw.chance(0.02):
        changed = replace(changed, flags=(Flag.TEST,))
    return changed


# -- officers who work at night


def owls(draw: Draw) -> tuple[list[CaseEvent], int]:
    """Short cases whose acts fall outside office hours on several dates, often for one agent."""
    source = draw.one(("hall", "log-a", "log-a", "direct"))
    number = draw.one((4, 6, 9))
    first, owl = draw.day(), draw.one(("O1", "O1", "O2", "O3"))
    dates = [first + day * DAY for day in sorted(draw.sample(range(24), draw.one((3, 4, 5))))]
    agents = ("AG1",) if draw.chance(0.4) else ("AG1", "AG2", "AG3", "AG4", "AG5")
    parties = [_party(draw, agents) for _ in range(number)]
    events = []
    for date in dates:
        for _ in range(draw.one((1, 3, 4, 5, 6))):
            index, officer = draw.randrange(number), owl if draw.chance(0.9) else draw.one(("O1", "O2", "O3"))
            events.append(_act(draw, source, index, date + _odd_time(draw), officer, parties[index]))
    events += [_overtime(draw, source, draw.one(dates)) for _ in range(draw.one((0, 0, 1, 2)))]
    if draw.chance(0.3):
        events += [_version(draw, draw.one(events), 2, draw.one(events).event_id) for _ in range(2)]
    return events, number


def _party(draw: Draw, agents: tuple[str, ...]) -> dict[str, str]:
    party = {"applicant_hash": f"a{draw.randrange(7)}"} if draw.chance(0.8) else {}
    if draw.chance(0.6):
        party["agent_org_id"] = draw.one(agents)
    elif draw.chance(0.3):
        party["agent_person_hash"] = "p1"
    return party


def _act(draw: Draw, source: str, index: int, at: int, officer: str, party: dict[str, str]) -> CaseEvent:
    envelope: dict[str, object] = dict(party, actor_officer_id=officer)
    if draw.chance(0.05):
        envelope["actor_post_place"] = PostPlace.SYSTEM
    if draw.chance(0.03):
        envelope["flags"] = (draw.one((Flag.AUTO_APPROVED, Flag.EXPEDITED, Flag.EXPEDITED, Flag.TEST)),)
    if draw.chance(0.02):
        envelope["batch_kind"] = BatchKind.MIGRATION
    if draw.chance(0.02):
        envelope["time_precision"] = Precision.MINUTE
    case_id = f"c{index + 1}"
    if draw.chance(0.06):
        decision = Decision(decision=draw.one((DecisionResult.GRANTED, DecisionResult.GRANTED, DecisionResult.DENIED)))
        return event(draw, source, case_id, EventType.DECISION_MADE, at, decision, **envelope)
    payload = StepCompleted(step_code=f"s{draw.randrange(9)}")
    return event(draw, source, case_id, EventType.STEP_COMPLETED, at, payload, **envelope)


def _odd_time(draw: Draw) -> int:
    edges = (
        5 * HOUR + 59 * MINUTE,
        6 * HOUR,
        8 * HOUR + 45 * MINUTE - 1,
        8 * HOUR + 45 * MINUTE,
        12 * HOUR + 1,
        13 * HOUR + 30 * MINUTE - 1,
        13 * HOUR + 30 * MINUTE,
        18 * HOUR,
        18 * HOUR + 1,
        22 * HOUR - 1,
        22 * HOUR,
    )
    return (
        draw.one(edges)
        if draw.chance(0.3)
        else draw.randrange(0, DAY, 1000)
        if draw.chance(0.3)
        else draw.randrange(12 * HOUR, 13 * HOUR)
    )


def _overtime(draw: Draw, source: str, date: int) -> CaseEvent:
    kind = draw.one((LeaveKind.OVERTIME, LeaveKind.OVERTIME, LeaveKind.SICK))
    start, end = date + draw.randrange(0, 13 * HOUR), date + draw.randrange(13 * HOUR, DAY)
    day = midnight(start)
    leave = Leave(officer_id=draw.one(("O1", "O2")), kind=kind, from_=start, to=end)
    at = day - draw.randrange(0, 2 * DAY) if draw.chance(0.8) else day + draw.randrange(0, 5 * DAY)
    return event(draw, source, None, EventType.LEAVE_APPROVED, at, leave)
