"""The steps (环节) of a part of a case: what of each was begun and completed, by step code and by instance. Facts come in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.fact import CODE_OF, FIELD_CODE, INSTANCE, Fact
from supervision.event import EventType

STEP_STARTED, STEP_COMPLETED = CODE_OF[EventType.STEP_STARTED], CODE_OF[EventType.STEP_COMPLETED]
STEP_CODES = frozenset((STEP_STARTED, STEP_COMPLETED))
STEP_CODE = FIELD_CODE["payload.step_code"]


class Run:
    """The facts of one step, or of one instance of a step, in order, with the first start and the first completion."""

    __slots__ = ("completed", "facts", "key", "plans", "started")

    def __init__(self, key: Any) -> None:
        self.key = key
        self.facts: list[Fact] = []
        self.started: Fact | None = None
        self.completed: Fact | None = None
        self.plans: dict[int, Any] | None = None  # what its start decides, by whoever found it

    def add(self, fact: Fact) -> None:
        self.facts.append(fact)
        if fact.type == STEP_STARTED:
            if self.started is None:
                self.started = fact
        elif self.completed is None:
            self.completed = fact

    @property
    def begun(self) -> Fact | None:
        """The first start; where only a completion is known, that."""
        return self.started or self.completed

    def end_of(self, start: Fact) -> Fact | None:
        """The first completion at or after a start; one known only from before it ended it all the same."""
        for fact in self.facts:
            if fact.type != STEP_STARTED and fact.at >= start.at:
                return fact
        return self.completed


def key_of(fact: Fact) -> Any:
    """What its instance goes by: a name; in an outline a tuple with its number; else the step code, None if there is none."""
    kept = fact.kept
    return kept.get(INSTANCE) or kept.get(STEP_CODE)


class StepBook:
    """`steps`: by step code. `instances`: by instance id, else by step code."""

    __slots__ = ("instances", "steps")

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.steps: dict[str, Run] = {}
        self.instances: dict[Any, Run] = {}
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """A step fact that lies behind all those added before."""
        kept = fact.kept
        code: str | None = kept.get(STEP_CODE)
        if code is not None:
            step = self.steps.get(code)
            if step is None:
                step = self.steps[code] = Run(code)
            step.add(fact)
        key = key_of(fact)
        if key is not None:
            instance = self.instances.get(key)
            if instance is None:
                instance = self.instances[key] = Run(key)
            instance.add(fact)

    def completed(self, code: str) -> Fact | None:
        """The first completion of a step."""
        step = self.steps.get(code)
        return None if step is None else step.completed
