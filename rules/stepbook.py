"""The steps (环节) of a part of a case: what of each was begun and completed, by step code and by instance. Facts come in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.fact import CODE_OF, FIELD_CODE, Fact
from supervision.event import EventType

STEP_STARTED, STEP_COMPLETED = CODE_OF[EventType.STEP_STARTED], CODE_OF[EventType.STEP_COMPLETED]
STEP_CODES = frozenset((STEP_STARTED, STEP_COMPLETED))
STEP_CODE = FIELD_CODE["payload.step_code"]
INSTANCE = FIELD_CODE["payload.step_instance_id"]


class Instance:
    """One run of a step: its first start, and its completions in order."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.started: Fact | None = None
        self.completed: list[Fact] = []
        self.plans: dict[int, Any] = {}  # what its start decides, by whoever found it


class StepBook:
    """`of_step`: every fact of a step. `started`, `completed`: its first ones. `instances`: by instance id, else step code."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.of_step: dict[str, list[Fact]] = {}
        self.started: dict[str, Fact] = {}
        self.completed: dict[str, Fact] = {}
        self.instances: dict[str, Instance] = {}
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """A step fact that lies behind all those added before."""
        kept = fact.kept
        code: str | None = kept.get(STEP_CODE)
        is_start = fact.type == STEP_STARTED
        if code is not None:
            found = self.of_step.get(code)
            if found is None:
                self.of_step[code] = [fact]
            else:
                found.append(fact)
            first = self.started if is_start else self.completed
            if code not in first:
                first[code] = fact
        key: str | None = kept.get(INSTANCE) or code
        if key is None:
            return
        instance = self.instances.get(key)
        if instance is None:
            instance = self.instances[key] = Instance(key)
        if not is_start:
            instance.completed.append(fact)
        elif instance.started is None:
            instance.started = fact

    def forget_plans(self) -> None:
        for instance in self.instances.values():
            instance.plans.clear()

    def begun(self, code: str) -> Fact | None:
        """The first start of a step; where only its completion is known, that."""
        return self.started.get(code) or self.completed.get(code)
