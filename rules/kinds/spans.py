"""Kind `deadline` on a span inside a case: a step (T05) or a suspension (T08), each with its own start, limit and end."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec import Struct

from rules.case import Case
from rules.clocks import NEVER
from rules.fact import FIELD_CODE, Fact
from rules.kinds.deadline import CASE_CLOCK
from rules.kinds.levels import Reached, Running, all_beyond, in_time, next_of, plan_of, verdict_of, verdicts, waiting
from rules.outline import LOUD, UNTOUCHED, Daily, Ends, Look, Outline, Outlook, Scene
from rules.parameters import Deadline
from rules.part import ACCEPTANCE_CODES, LEGAL_STOP_CODES, Part, declared_limit, earliest, limit_of
from rules.reading import ACTOR, STEP, merged, reads
from rules.stepbook import STEP_CODE, STEP_CODES, STEP_STARTED, Run, key_of
from rules.verdict import AT_ONCE, FAR, Verdict
from rules.world import IN_DAYS, Place
from supervision import subject
from supervision.event import EventType
from supervision.worktime import CalendarMissing, Limit, Term, Unit, term
from supervision.worktime.pauses import UNDECLARED

_C = FIELD_CODE
_STEP_LIMIT, _STEP_LIMIT_UNIT = _C["payload.step_limit"], _C["payload.step_limit_unit"]
_PROMISED_DUE = _C["payload.promised_due_at"]
_UNITS = {unit: number for number, unit in enumerate(Unit)}


def limit_facts(limit: Limit | None, started_at: int) -> dict[str, Any]:
    if limit is None:
        return {"started_at": started_at}
    return {"limit": limit.value, "limit_unit": limit.unit.value, "started_at": started_at}


class Plan(Struct, frozen=True):
    """The limit of a step, None: it has none; `reached` None: pauses or hours decide its instants case by case;
    `in_time`: the last instant at which a stop leaves nothing to say."""

    limit: Limit | None
    reached: tuple[Reached, ...] | None = None
    in_time: int = AT_ONCE


NO_LIMIT = Plan(None)


class StepDeadline:
    """T05: a key step against its own limit, with the case's pauses, until it is completed or the legal limit stops."""

    reads = merged(
        CASE_CLOCK,
        reads(
            (EventType.STEP_STARTED, EventType.STEP_COMPLETED),
            ACTOR,
            STEP,
            frozenset({"payload.step_limit", "payload.step_limit_unit"}),
        ),
    )

    awaits = (frozenset({EventType.STEP_STARTED}), frozenset({EventType.STEP_COMPLETED}))

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters
        self._key = id(self)

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            for instance in part.steps.instances.values():
                started = instance.started
                if started is not None:
                    self._judge(case, part, instance, started, found)
        return found

    def _judge(self, case: Case, part: Part, instance: Run, started: Fact, found: list[Verdict]) -> None:
        plans = instance.plans
        if plans is None:
            plans = instance.plans = {}
        plan: Plan | None = plans.get(self._key)
        if plan is None:
            plan = plans[self._key] = self._plan(case, part, instance, started)
        limit = plan.limit
        if limit is None:
            return
        done = instance.end_of(started) if instance.completed is not None else None
        stop = part.legal_stop if done is None else done if part.legal_stop is None else earliest(done, part.legal_stop)
        if plan.reached is None:
            found += self._judge_alone(case, part, instance, started, stop, limit)
            return
        for reached in plan.reached:
            if stop is not None and stop.at <= reached.end:
                continue

            def running() -> Running:
                return _on_step(case, part, instance.key, started, stop, limit)

            verdict = verdict_of(case, part, reached, max(reached.instant, started.at), started, stop, running)
            if verdict is not None:
                found.append(verdict)

    def _judge_alone(self, case: Case, part: Part, instance: Run, started: Fact, stop: Fact | None, limit: Limit) -> list[Verdict]:
        """By its own term: pauses or hours decide it."""
        try:
            running = _on_step(case, part, instance.key, started, stop, limit)
        except CalendarMissing as missing:
            return waiting(case, part, self.parameters.at, missing, started, stop)
        return verdicts(case, part, self.parameters.at, running)

    def _plan(self, case: Case, part: Part, instance: Run, started: Fact) -> Plan:
        """The limit and, where nothing pauses, the instants: those of every step of this place and limit that starts that day."""
        limit = _step_limit(part.place, started)
        if limit is None:
            return NO_LIMIT
        if not part.is_plain or limit.unit not in IN_DAYS:
            return Plan(limit)
        key = self._key_of(part.place, part.start_day, started.at, limit)
        plan: Plan | None = part.place.plan(key)
        if plan is None:
            try:
                reached = plan_of(self.parameters.at, _on_step(case, part, instance.key, started, None, limit))
            except CalendarMissing as missing:
                reached = all_beyond(self.parameters.at, missing, part.place.calendar)
            plan = Plan(limit, reached, in_time(reached))
            part.place.keep_plan(key, plan)
        return plan

    def _key_of(self, place: Place, start_day: int, started_at: int, limit: Limit) -> tuple[int, ...]:
        """A promise in calendar days or months is as many working days as the day of acceptance makes it."""
        day = place.calendar.day_of(started_at)
        return self._key, day, limit.value, _UNITS[limit.unit], 0 if place.has_even_promise else start_day

    # -- of plain cases -----------------------------------------------------------------------------------------

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A step begins, is completed, or stops with the case; where limits run in days, plans of the days of the starts tell."""
        steps = [(run, limit) for run in outline.steps.instances.values() if (limit := _limit_of(place, run)) is not None]
        if act.type in STEP_CODES:
            run = outline.steps.instances.get(key_of(act))
            return self._of_step(place, outline, act, run, steps)
        if act.type in ACCEPTANCE_CODES:
            return None if outline.steps.instances else UNTOUCHED
        if act.type not in LEGAL_STOP_CODES or outline.legal_stop is not None or not _open(steps):
            return UNTOUCHED
        return self._ending(_open(steps), []) if self._is_told(place, outline, steps) else None

    def _of_step(self, place: Place, outline: Outline, act: Fact, run: Run | None, steps: list[tuple[Run, Limit]]) -> Outlook:
        started = None if run is None else run.started
        if act.type != STEP_STARTED:
            limit = None if run is None else _limit_of(place, run)
            if run is None or started is None or limit is None:
                return UNTOUCHED
            if any(fact.type != STEP_STARTED and fact.at > started.at for fact in run.facts):
                return UNTOUCHED
            if outline.legal_stop is not None:  # which ended it, unless a completion from before its start did
                return UNTOUCHED if run.completed is None else None
            others = [(other, its) for other, its in steps if other is not run]
            return self._ending([(started, limit)], _open(others)) if self._is_told(place, outline, steps) else None
        if started is not None:
            return UNTOUCHED
        limit = _step_limit(place, act)
        if limit is None:
            return UNTOUCHED
        if run is not None or outline.legal_stop is not None or not self._is_told(place, outline, [*steps, (Run(""), limit)]):
            return None
        begin = self._beginning(limit)
        return Daily(begin) if place.has_even_promise else begin

    @staticmethod
    def _is_told(place: Place, outline: Outline, steps: list[tuple[Run, Limit]]) -> bool:
        """Whether plans by day tell all instants of these steps."""
        return outline.is_open and place.is_simple and all(limit.unit in IN_DAYS for _, limit in steps)

    def _beginning(self, limit: Limit) -> Look:
        def begin(scene: Scene, rule: bytes) -> int:
            return min(self._wake(scene, scene.at, limit), scene.wake_of(rule))

        return begin

    def _ending(self, ended: list[tuple[Fact, Limit]], others: list[tuple[Fact, Limit]]) -> Outlook:
        """Of each step its start and limit."""
        spans = [((self._key, limit.value, limit.unit), started.at, limit) for started, limit in ended]
        rest = [(started.at, limit) for started, limit in others]

        def end(scene: Scene, _rule: bytes) -> int:
            place = scene.place
            for name, position, limit in spans:
                started_at = scene.at_of(position)
                plan = self._told(scene, started_at, limit)
                if plan is None or scene.at > plan.in_time:
                    return LOUD
                if place.has_even_promise:
                    place.know((name, place.calendar.day_of(started_at)), (NEVER, plan.in_time + 1, None))
            return min([self._wake(scene, scene.at_of(position), limit) for position, limit in rest]) if rest else FAR

        return end if rest else Ends(end, [(name, position) for name, position, _ in spans])

    def _wake(self, scene: Scene, started_at: int, limit: Limit) -> int:
        plan = self._told(scene, started_at, limit)
        return LOUD if plan is None or plan.reached is None else next_of(plan.reached, started_at, scene)

    def _told(self, scene: Scene, started_at: int, limit: Limit) -> Plan | None:
        place = scene.place
        plan: Plan | None = place.plan(self._key_of(place, 0 if place.has_even_promise else scene.start_day, started_at, limit))
        return plan


def _limit_of(place: Place, run: Run) -> Limit | None:
    return None if run.started is None else _step_limit(place, run.started)


def _open(steps: list[tuple[Run, Limit]]) -> list[tuple[Fact, Limit]]:
    """Start and limit of the steps that were begun and not completed."""
    return [(run.started, limit) for run, limit in steps if run.started is not None and run.completed is None]


def _on_step(case: Case, part: Part, name: str, started: Fact, stop: Fact | None, limit: Limit) -> Running:
    calendar, mode, pauses = part.place.calendar, part.place.mode, part.pauses

    def runs(value: Limit) -> Term:
        return term(calendar, started.at, value, mode=mode, pauses=pauses)

    running = runs(limit)
    code = started.get(STEP_CODE)
    step = part.place.steps.get(code or "")
    return Running(
        subject=subject.key("step", case.source.name, case.case_id, name),
        opening=started,
        stop=stop,
        term=running,
        limit=limit,
        runs=runs,
        facts=limit_facts(limit, started.at) | {"step_code": code, "step_name": (step.name if step is not None else "") or code},
        evidence=(*(() if part.opening is None else (part.opening,)), started),
        settle=running.settled,
        promise=partial(_promise, part),
        step=code,
    )


def _step_limit(place: Place, started: Fact) -> Limit | None:
    """The event's own limit, else that of the key step in the item's workflow."""
    step = place.steps.get(started.kept.get(STEP_CODE) or "")
    if step is not None and not step.key_step:
        return None
    return limit_of(started, _STEP_LIMIT, _STEP_LIMIT_UNIT) or (None if step is None else step.limit)


def _promise(part: Part) -> Limit | None:
    """The promised limit in minutes of office time where it is given in hours, else in working days."""
    limit, opening = part.place.promised_limit, part.opening
    is_absolute = opening is not None and opening.get(_PROMISED_DUE) is not None
    if limit is not None and not is_absolute:
        if limit.unit is Unit.WORKING_DAY:
            return limit
        if limit.unit in {Unit.HOUR, Unit.MINUTE}:
            return Limit(limit.value * (60 if limit.unit is Unit.HOUR else 1), Unit.MINUTE)
    return None if part.promised is None else Limit(part.promised.term.limit_wd)


class PauseDeadline:
    """T08: a suspension against its declared limit, until its end or the case's. Its own pause does not silence it."""

    reads = CASE_CLOCK
    awaits = (frozenset({EventType.SPECIAL_PROCEDURE_STARTED}), frozenset({EventType.SPECIAL_PROCEDURE_ENDED}))

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            for started, ended in part.pause_facts:
                found += self._judge(case, part, started, ended)
        return found

    def _judge(self, case: Case, part: Part, started: Fact, ended: Fact | None) -> list[Verdict]:
        try:
            running = _on_pause(case, part, started, ended)
        except CalendarMissing as missing:
            return waiting(case, part, self.parameters.at, missing, started, earliest(ended, part.promised_stop))
        return verdicts(case, part, self.parameters.at, running)

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A plain case knows no pause."""
        return UNTOUCHED


def _on_pause(case: Case, part: Part, started: Fact, ended: Fact | None) -> Running:
    others = part.pauses_of([pair for pair in part.counted_pauses if pair[0].id != started.id])
    declared = declared_limit(started)
    seq = started.get(_C["payload.seq"])
    calendar = part.place.calendar

    def runs(value: Limit) -> Term:
        return term(calendar, started.at, value)

    def settle(instant: int) -> int:
        day = calendar.day_of(instant)
        while others.on(day):
            day += 1
            instant = calendar.day_start(day)
        return instant

    return Running(
        subject=subject.key("pause", case.source.name, case.case_id, seq),
        opening=started,
        stop=earliest(ended, part.promised_stop),
        term=runs(declared or UNDECLARED),
        limit=declared,
        runs=runs,
        facts=limit_facts(declared, started.at) | {"seq": seq, "pause_kind": started.get(_C["payload.kind"])},
        evidence=(*(() if part.opening is None else (part.opening,)), started),
        settle=settle,
        undeclared=declared is None,
    )
