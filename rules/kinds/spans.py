"""Kind `deadline` on a span inside a case: a step (T05) or a suspension (T08), each with its own start, limit and end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.case import CaseView, Part, end_of, limit_of, step_name
from rules.kinds.deadline import CASE_CLOCK, Running, verdicts
from rules.memory import CODE_OF, FIELD_CODE, Fact
from rules.parameters import Deadline
from rules.reading import ACTOR, STEP, merged, reads
from rules.verdict import Verdict
from supervision import subject
from supervision.event import EventType
from supervision.worktime import Limit, Term, Unit, term

_C = FIELD_CODE
_STARTED = CODE_OF[EventType.STEP_STARTED]
_STEP_LIMIT = frozenset({"payload.step_limit", "payload.step_limit_unit"})
UNDECLARED_WD = 10


def _earliest(*facts: Fact | None) -> Fact | None:
    found = [fact for fact in facts if fact is not None]
    return min(found, key=lambda fact: (fact.at, fact.id)) if found else None


def limit_facts(limit: Limit | None, started_at: int) -> dict[str, Any]:
    if limit is None:
        return {"started_at": started_at}
    return {"limit": limit.value, "limit_unit": limit.unit.value, "started_at": started_at}


class StepDeadline:
    """T05: a key step against its own limit, with the case's pauses, until it is completed or the legal limit stops."""

    reads = merged(CASE_CLOCK, reads((EventType.STEP_STARTED, EventType.STEP_COMPLETED), ACTOR, STEP, _STEP_LIMIT))

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            for key, started, done in _steps(part):
                limit = _step_limit(part, started)
                if limit is not None:
                    yield from verdicts(view, part, self.parameters.at, self._running(view, part, key, started, done, limit))

    @staticmethod
    def _running(view: CaseView, part: Part, key: str, started: Fact, done: Fact | None, limit: Limit) -> Running:
        def runs(value: Limit) -> Term:
            return term(part.calendar, started.at, value, mode=part.mode, pauses=part.pauses)

        running = runs(limit)
        code = step_name(started)
        step = None if part.item is None else part.item.workflow.step(code or "")
        return Running(
            subject=subject.key("step", view.source.name, view.case_id, key),
            opening=started,
            stop=_earliest(done, part.legal_stop),
            term=running,
            limit=limit,
            runs=runs,
            facts=limit_facts(limit, started.at)
            | {"step_code": code, "step_name": (step.name if step is not None else "") or code},
            evidence=(*(() if part.opening is None else (part.opening,)), started),
            settle=running.settled,
            promise=_promise(part),
            step=code,
        )


def _step_limit(part: Part, started: Fact) -> Limit | None:
    """The event's own limit, else that of the key step in the item's workflow."""
    step = None if part.item is None else part.item.workflow.step(step_name(started) or "")
    if step is not None and not step.key_step:
        return None
    return limit_of(started, "payload.step_limit") or (None if step is None else step.limit)


def _promise(part: Part) -> Limit | None:
    """The promised limit in minutes of office time where it is given in hours, else in working days."""
    limit, opening = part.promised_limit, part.opening
    is_absolute = opening is not None and opening.get(_C["payload.promised_due_at"]) is not None
    if limit is not None and not is_absolute:
        if limit.unit is Unit.WORKING_DAY:
            return limit
        if limit.unit in {Unit.HOUR, Unit.MINUTE}:
            return Limit(limit.value * (60 if limit.unit is Unit.HOUR else 1), Unit.MINUTE)
    return None if part.promised is None else Limit(part.promised.term.limit_wd)


def _steps(part: Part) -> Iterable[tuple[str, Fact, Fact | None]]:
    """Step instances as (instance id or step code, first start, end)."""
    begun: dict[str, Fact] = {}
    done: dict[str, list[Fact]] = {}
    for fact in part.of(EventType.STEP_STARTED, EventType.STEP_COMPLETED):
        key = fact.get(_C["payload.step_instance_id"]) or step_name(fact)
        if key is None:
            continue
        if fact.type == _STARTED:
            begun.setdefault(key, fact)
        else:
            done.setdefault(key, []).append(fact)
    for key, started in begun.items():
        yield key, started, end_of(started, done.get(key, []))


class PauseDeadline:
    """T08: a suspension against its declared limit, until its end or the case's. Its own pause does not silence it."""

    reads = CASE_CLOCK

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            for started, ended in part.pause_facts:
                yield from verdicts(view, part, self.parameters.at, self._running(view, part, started, ended))

    @staticmethod
    def _running(view: CaseView, part: Part, started: Fact, ended: Fact | None) -> Running:
        others = part.pauses_of([pair for pair in part.counted_pauses if pair[0].id != started.id])
        declared = limit_of(started, "payload.declared_limit")
        seq = started.get(_C["payload.seq"])

        def runs(value: Limit) -> Term:
            return term(part.calendar, started.at, value)

        def settle(instant: int) -> int:
            day = part.calendar.day_of(instant)
            while others.on(day):
                day += 1
                instant = part.calendar.day_start(day)
            return instant

        return Running(
            subject=subject.key("pause", view.source.name, view.case_id, seq),
            opening=started,
            stop=_earliest(ended, part.promised_stop),
            term=runs(declared or Limit(UNDECLARED_WD)),
            limit=declared,
            runs=runs,
            facts=limit_facts(declared, started.at) | {"seq": seq, "pause_kind": started.get(_C["payload.kind"])},
            evidence=(*(() if part.opening is None else (part.opening,)), started),
            settle=settle,
            undeclared=declared is None,
        )
