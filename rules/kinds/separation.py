"""Kind `separation`: one person in two duties that the item's workflow keeps apart. P02."""

from __future__ import annotations

from collections.abc import Callable

from rules.case import Case
from rules.fact import CODE_OF, Fact
from rules.outline import UNTOUCHED, Apart, Outline, Outlook
from rules.parameters import Separation
from rules.part import Part, order_of
from rules.reading import ACTOR, STEP, merged, reads, responsible
from rules.stepbook import STEP_CODE, STEP_CODES, STEP_COMPLETED
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place
from supervision.event import EventType
from supervision.reference import Pair

_DECISION = CODE_OF[EventType.DECISION_MADE]
Meeting = tuple[Fact, Fact, str]


class SamePerson:
    """P02: two steps of one person, raised if they lie close together or the card's condition holds; highest level only."""

    reads = merged(
        reads((EventType.STEP_STARTED, EventType.STEP_COMPLETED), ACTOR, STEP),
        reads((EventType.DECISION_MADE, EventType.CASE_REOPENED, EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED), ACTOR),
    )
    awaits = (frozenset({EventType.STEP_STARTED, EventType.STEP_COMPLETED}),)
    needs_fields = ("actor_officer_id|actor_person_hash",)

    def __init__(self, parameters: Separation, is_raised: Callable[[Part], bool]) -> None:
        self.parameters = parameters
        self.is_raised = is_raised

    def matters(self, place: Place, fact: Fact) -> bool:
        """Steps that no pair names change nothing."""
        return fact.type not in STEP_CODES or fact.kept.get(STEP_CODE) in place.separated_steps

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            for pair in part.place.separated:
                steps = part.steps.steps
                first, second = steps.get(pair.first), steps.get(pair.second)
                if first is not None and second is not None:
                    met = _first_meeting(case, first.facts, second.facts)
                    if met is not None:
                        found.append(self._verdict(case, part, pair, met, _gap(case, part, first.facts, second.facts)))
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """While nobody has acted in both steps of a pair nothing holds, whatever the times; a decision changes its level only."""
        steps = outline.steps.steps
        code = act.kept.get(STEP_CODE) if act.type in STEP_CODES else None
        if act.type in STEP_CODES and code not in place.separated_steps:
            return UNTOUCHED
        pairs: list[tuple[list[int], list[int]]] = []
        for pair in place.separated:
            both = [[fact.at for fact in steps[name].facts] if name in steps else [] for name in (pair.first, pair.second)]
            for of_step, name in zip(both, (pair.first, pair.second), strict=True):
                if name == code:
                    of_step.append(act.at)
            if all(both):
                pairs.append((both[0], both[1]))
        return Apart(pairs, act.at, is_old=act.type == _DECISION) if pairs else UNTOUCHED

    def _verdict(self, case: Case, part: Part, pair: Pair, met: Meeting, gap: int | None) -> Verdict:
        one, other, person = met
        limit = self.parameters.raised_gap_s
        is_hasty = limit is not None and gap is not None and gap < limit * 1000
        raised = self.parameters.raised if is_hasty or self.is_raised(part) else None
        completing = max(one, other, key=order_of)

        def tell() -> Telling:
            facts: dict[str, object] = {
                "first_step": pair.first,
                "second_step": pair.second,
                "person": person,
                "officers": list(responsible(one, other)),
                "first_at": one.at,
                "second_at": other.at,
                "risk_class": None if part.place.item is None else part.place.item.risk_class.value,
            }
            if gap is not None:
                facts["gap_s"] = gap // 1000
            opening = () if part.opening is None else (part.opening,)
            return Telling(
                subject=case.subject,
                segment=f"{part.segment}/{pair.first}+{pair.second}",
                facts=facts,
                evidence=(*opening, one, other),
                step=pair.second,
                officers=responsible(one, other),
            )

        return Verdict(part, raised or self.parameters.level, completing.at, AT_ONCE, completing, tell)


def _gap(case: Case, part: Part, first: list[Fact], second: list[Fact]) -> int | None:
    """Between the last completion of each before the decision, ms; None where one has none, or only dates are known."""
    decisions = part.by_type.get(_DECISION)
    decided_at = decisions[0].at if decisions else None

    def last(facts: list[Fact]) -> Fact | None:
        done = [fact for fact in facts if fact.type == STEP_COMPLETED and (decided_at is None or fact.at <= decided_at)]
        return done[-1] if done else None

    one, other = last(first), last(second)
    if one is None or other is None or "day" in {case.precision(one), case.precision(other)}:
        return None
    return abs(other.at - one.at)


def _first_meeting(case: Case, first: list[Fact], second: list[Fact]) -> Meeting | None:
    """The earliest two events of the two steps by one person: of each person the first event of either step decides."""
    of_first = _first_acts(case, first)
    of_second = _first_acts(case, second)
    common = [(of_first[person], of_second[person], person) for person in of_first if person in of_second]
    if not common:
        return None
    return min(common, key=lambda met: max(order_of(met[0]), order_of(met[1])))


def _first_acts(case: Case, facts: list[Fact]) -> dict[str, Fact]:
    table: dict[str, Fact] = {}
    for fact in facts:
        person = case.person(fact)
        if person and person not in table:
            table[person] = fact
    return table
