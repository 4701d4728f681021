"""Kind `sequence`: the order of steps that an item's workflow declares. P01: a mandatory step missing, or steps out of order."""

from __future__ import annotations

from collections.abc import Iterable

from rules.case import Case
from rules.fact import CODE_OF, Fact
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.parameters import Sequence
from rules.part import ACCEPTANCE_CODES, Part, named_once
from rules.reading import ACTOR, STEP, grace_of, merged, reads, responsible
from rules.stepbook import STEP_CODE, STEP_CODES, StepBook
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place
from supervision.event import EventType
from supervision.reference import Pair

_ENDINGS = (EventType.DECISION_MADE, EventType.CASE_COMPLETED)
_ENDING_CODES = tuple(CODE_OF[kind] for kind in _ENDINGS)


class Order:
    """P01: the precedence pairs and mandatory steps that the item's workflow declares."""

    reads = merged(
        reads((EventType.STEP_STARTED, EventType.STEP_COMPLETED), ACTOR, STEP),
        reads((*_ENDINGS, EventType.CASE_REOPENED, EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED), ACTOR),
    )
    awaits = (frozenset({EventType.STEP_COMPLETED}),)

    def __init__(self, parameters: Sequence) -> None:
        self.parameters = parameters

    def matters(self, place: Place, fact: Fact) -> bool:
        """Steps that no pair and no list names, and endings where nothing is mandatory, change nothing."""
        if fact.type in STEP_CODES:
            return fact.kept.get(STEP_CODE) in place.ordered_steps
        return bool(place.mandatory) or fact.type not in _ENDING_CODES

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        earlier: set[str] = set()
        parts = case.parts()
        for part in parts:
            steps = part.steps
            if self.parameters.pairs:
                for pair in part.place.precedence:
                    if pair.first not in earlier:
                        self._pair(case, part, steps, pair, found)
            mandatory = self._mandatory(part.place)
            ending = part.first(*_ENDING_CODES) if mandatory else None
            if ending is not None:
                for code in mandatory:
                    if code not in earlier:
                        self._missing(case, part, steps, code, ending, found)
            if len(parts) > 1:
                earlier |= {code for code, step in steps.steps.items() if step.completed is not None}
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """The order alone tells while it is kept; what breaks it is judged."""
        code = act.kept.get(STEP_CODE)
        if act.type in STEP_CODES:
            steps = StepBook(fact for fact in (*outline.facts, act) if fact.type in STEP_CODES)
            pairs = place.precedence if self.parameters.pairs else ()
            kept = all(_is_kept(steps, pair) for pair in pairs if code in {pair.first, pair.second})
            is_over = code in self._mandatory(place) and outline.first(_ENDING_CODES) is not None
            return UNTOUCHED if kept and not is_over else None
        if act.type in ACCEPTANCE_CODES:
            return None if outline.steps.steps or outline.first(_ENDING_CODES) is not None else UNTOUCHED
        if act.type in _ENDING_CODES and outline.first(_ENDING_CODES) is None:
            done = all(outline.steps.completed(name) is not None for name in self._mandatory(place))
            return UNTOUCHED if done else None
        return UNTOUCHED

    def _mandatory(self, place: Place) -> tuple[str, ...]:
        return place.mandatory if self.parameters.mandatory else ()

    def _pair(self, case: Case, part: Part, steps: StepBook, pair: Pair, found: list[Verdict]) -> None:
        second = steps.steps.get(pair.second)
        begun = None if second is None else second.begun
        if second is None or begun is None:
            return
        before, after = steps.completed(pair.first), second.completed
        if before is None and after is None:
            return
        if before is not None and not self._is_late(case, part, before, begun):
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
        segment = f"{pair.first}>{pair.second}"
        found.append(self._verdict(case, part, segment, at_fact, before is None, facts, (begun, after, before)))

    def _is_late(self, case: Case, part: Part, before: Fact, begun: Fact) -> bool:
        if before.at <= begun.at:
            return False
        if case.precision(before) == "day" or case.precision(begun) == "day":
            day_of = part.place.calendar.day_of
            return day_of(before.at) > day_of(begun.at)
        return before.at > begun.at + self.parameters.slack_s * 1000

    def _missing(self, case: Case, part: Part, steps: StepBook, code: str, ending: Fact, found: list[Verdict]) -> None:
        done = steps.completed(code)
        if done is not None and done.at <= ending.at:
            return
        facts: dict[str, object] = {"fault": "mandatory_missing", "first_step": code}
        if done is not None:
            facts["first_completed_at"] = done.at
        found.append(self._verdict(case, part, code, ending, True, facts, (ending, done)))

    def _verdict(
        self,
        case: Case,
        part: Part,
        segment: str,
        completing: Fact,
        rests_on_absence: bool,
        facts: dict[str, object],
        evidence: Iterable[Fact | None],
    ) -> Verdict:
        """`completing` is the fact that made it visible; what rests on absence waits for the grace behind it."""

        def tell() -> Telling:
            return Telling(
                subject=case.subject,
                segment=f"{part.segment}/{segment}",
                facts=facts,
                evidence=named_once((part.opening, *evidence)),
                step=str(facts["first_step"]),
                officers=responsible(completing),
            )

        stands_from = completing.at + grace_of(case) if rests_on_absence else AT_ONCE
        return Verdict(part, self.parameters.level, completing.at, stands_from, completing, tell)


def _is_kept(steps: StepBook, pair: Pair) -> bool:
    """Whether the order of acts says that a pair holds: the second step was not begun, or neither was completed, or the first was
    completed before."""
    second = steps.steps.get(pair.second)
    begun = None if second is None else second.begun
    if second is None or begun is None:
        return True
    before = steps.completed(pair.first)
    return second.completed is None if before is None else before.at < begun.at
