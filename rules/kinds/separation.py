"""Kind `separation`: one person in two duties that the item's workflow keeps apart. P02."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rules.case import CaseView, Part, step_name
from rules.memory import CODE_OF, Fact
from rules.parameters import Separation
from rules.reading import ACTOR, STEP, merged, reads, responsible
from rules.verdict import AT_ONCE, Verdict
from supervision.event import EventType
from supervision.reference import Pair

_STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)
_COMPLETED = CODE_OF[EventType.STEP_COMPLETED]


class SamePerson:
    """P02: two steps of one person, raised if they lie close together or the card's condition holds; highest level only."""

    reads = merged(
        reads(_STEPS, ACTOR, STEP),
        reads((EventType.DECISION_MADE, EventType.CASE_REOPENED, EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED), ACTOR),
    )

    def __init__(self, parameters: Separation, is_raised: Callable[[Part], bool]) -> None:
        self.parameters = parameters
        self.is_raised = is_raised

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            pairs = () if part.item is None else part.item.workflow.separated
            if not pairs:
                continue
            by_step: dict[str, list[Fact]] = {}
            for fact in part.of(*_STEPS):
                code = step_name(fact)
                if code is not None:
                    by_step.setdefault(code, []).append(fact)
            for pair in pairs:
                first, second = by_step.get(pair.first), by_step.get(pair.second)
                if first and second:
                    yield from self._pair(view, part, pair, first, second)

    def _pair(self, view: CaseView, part: Part, pair: Pair, first: list[Fact], second: list[Fact]) -> Iterable[Verdict]:
        met = _first_meeting(view, first, second)
        if met is None:
            return
        one, other, person = met
        gap = self._gap(part, first, second)
        limit = self.parameters.raised_gap_s
        is_hasty = limit is not None and gap is not None and gap < limit * 1000
        raised = self.parameters.raised if is_hasty or self.is_raised(part) else None
        completing = max(one, other, key=lambda fact: (fact.at, fact.id))
        facts: dict[str, object] = {
            "first_step": pair.first,
            "second_step": pair.second,
            "person": person,
            "officers": list(responsible(one, other)),
            "first_at": one.at,
            "second_at": other.at,
            "risk_class": None if part.item is None else part.item.risk_class.value,
        }
        if gap is not None:
            facts["gap_s"] = gap // 1000
        opening = () if part.opening is None else (part.opening,)
        yield Verdict(
            part=part,
            level=raised or self.parameters.level,
            subject=view.subject,
            segment=f"{part.segment}/{pair.first}+{pair.second}",
            detected_at=completing.at,
            stands_from=AT_ONCE,
            trigger=completing,
            facts=facts,
            evidence=(*opening, one, other),
            step=pair.second,
            officers=responsible(one, other),
        )

    @staticmethod
    def _gap(part: Part, first: list[Fact], second: list[Fact]) -> int | None:
        """Between the last completion of each before the decision, ms; None where one has none, or only dates are known."""
        decision = part.first(EventType.DECISION_MADE)

        def last(facts: list[Fact]) -> Fact | None:
            done = [fact for fact in facts if fact.type == _COMPLETED and (decision is None or fact.at <= decision.at)]
            return done[-1] if done else None

        one, other = last(first), last(second)
        if one is None or other is None or "day" in {part.case.precision(one), part.case.precision(other)}:
            return None
        return abs(other.at - one.at)


def _first_meeting(view: CaseView, first: list[Fact], second: list[Fact]) -> tuple[Fact, Fact, str] | None:
    """The earliest two events of the two steps by one person: of each person the first event of either step decides."""
    of_first: dict[str, Fact] = {}
    of_second: dict[str, Fact] = {}
    for facts, table in ((first, of_first), (second, of_second)):
        for fact in facts:
            person = view.person(fact)
            if person:
                table.setdefault(person, fact)
    common = [(of_first[person], of_second[person], person) for person in of_first if person in of_second]
    if not common:
        return None
    return min(common, key=lambda met: max((met[0].at, met[0].id), (met[1].at, met[1].id)))
