"""Kind `sequence`: the order of steps that an item's workflow declares. P01: a mandatory step missing, or steps out of order."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from rules.case import CaseView, Part, step_name
from rules.kinds.deadline import grace_of
from rules.memory import CODE_OF, Fact
from rules.parameters import Sequence
from rules.reading import ACTOR, STEP, merged, reads, responsible
from rules.verdict import AT_ONCE, Verdict
from supervision.event import EventType
from supervision.reference import Pair, Workflow

_STARTED = CODE_OF[EventType.STEP_STARTED]
_ENDINGS = (EventType.DECISION_MADE, EventType.CASE_COMPLETED)
_STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)


class Steps(Struct, frozen=True):
    """First start and first completion of each step in one part; without a start, the completion is the start."""

    started: dict[str, Fact]
    completed: dict[str, Fact]

    @classmethod
    def of(cls, part: Part) -> Steps:
        started: dict[str, Fact] = {}
        completed: dict[str, Fact] = {}
        for fact in part.of(*_STEPS):
            code = step_name(fact)
            if code is None:
                continue
            (started if fact.type == _STARTED else completed).setdefault(code, fact)
        for code, fact in completed.items():
            started.setdefault(code, fact)
        return cls(started, completed)


class Order:
    """P01: the precedence pairs and mandatory steps that the item's workflow declares."""

    reads = merged(
        reads(_STEPS, ACTOR, STEP),
        reads((*_ENDINGS, EventType.CASE_REOPENED, EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED), ACTOR),
    )

    def __init__(self, parameters: Sequence) -> None:
        self.parameters = parameters

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        earlier: set[str] = set()
        for part in view.parts:
            workflow = Workflow() if part.item is None else part.item.workflow
            pairs = workflow.precedence if self.parameters.pairs else ()
            mandatory = [step.code for step in workflow.steps if step.mandatory] if self.parameters.mandatory else []
            steps = Steps.of(part)
            for pair in pairs:
                if pair.first not in earlier:
                    yield from self._pair(view, part, steps, pair)
            ending = part.first(*_ENDINGS)
            if ending is not None:
                for code in mandatory:
                    if code not in earlier:
                        yield from self._missing(view, part, steps, code, ending)
            earlier |= set(steps.completed)

    def _pair(self, view: CaseView, part: Part, steps: Steps, pair: Pair) -> Iterable[Verdict]:
        before, begun = steps.completed.get(pair.first), steps.started.get(pair.second)
        after = steps.completed.get(pair.second)
        if begun is None or (before is None and after is None):
            return
        if before is not None and not self._is_late(part, before, begun):
            return
        by_absence = before is None or (after is not None and after.at < before.at)
        at_fact = after if by_absence and after is not None else before
        assert at_fact is not None
        facts: dict[str, object] = {
            "fault": "first_missing" if before is None else "out_of_order",
            "first_step": pair.first,
            "second_step": pair.second,
            "second_started_at": begun.at,
            "slack_s": self.parameters.slack_s,
        }
        if before is not None:
            facts["first_completed_at"] = before.at
        yield self._verdict(view, part, f"{pair.first}>{pair.second}", at_fact, before is None, facts, (begun, after, before))

    def _is_late(self, part: Part, before: Fact, begun: Fact) -> bool:
        if "day" in {part.case.precision(before), part.case.precision(begun)}:
            return part.calendar.day_of(before.at) > part.calendar.day_of(begun.at)
        return before.at > begun.at + self.parameters.slack_s * 1000

    def _missing(self, view: CaseView, part: Part, steps: Steps, code: str, ending: Fact) -> Iterable[Verdict]:
        done = steps.completed.get(code)
        if done is not None and done.at <= ending.at:
            return
        facts: dict[str, object] = {"fault": "mandatory_missing", "first_step": code}
        if done is not None:
            facts["first_completed_at"] = done.at
        yield self._verdict(view, part, code, ending, True, facts, (ending, done))

    def _verdict(
        self,
        view: CaseView,
        part: Part,
        segment: str,
        completing: Fact,
        rests_on_absence: bool,
        facts: dict[str, object],
        evidence: Iterable[Fact | None],
    ) -> Verdict:
        """`completing` is the fact that made it visible; what rests on absence waits for the grace behind it."""
        named = {fact.id: fact for fact in (part.opening, *evidence) if fact is not None}
        return Verdict(
            part=part,
            level=self.parameters.level,
            subject=view.subject,
            segment=f"{part.segment}/{segment}",
            detected_at=completing.at,
            stands_from=completing.at + grace_of(view) if rests_on_absence else AT_ONCE,
            trigger=completing,
            facts=facts,
            evidence=tuple(named.values()),
            step=str(facts["first_step"]),
            officers=responsible(completing),
        )
