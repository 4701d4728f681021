"""Check `authority` of kind `require`. P03: a decision by a person without authority."""

from __future__ import annotations

from msgspec import Struct

from rules.case import Case
from rules.fact import BATCH_KIND, CODE_OF, FIELD_CODE, OFFICER, POST_PLACE, Actor, Fact
from rules.outline import LOUD, UNTOUCHED, Cleared, Outline, Outlook, Scene
from rules.part import ACCEPTANCE_CODES, ACCEPTANCES, Part, named_once, order_of
from rules.reading import ACTOR, STEP, merged, reads
from rules.register import changed_posts_at, days_end
from rules.requirements import Authority
from rules.stepbook import STEP_CODE, STEP_CODES, STEP_COMPLETED
from rules.verdict import AT_ONCE, FAR, Telling, Verdict
from rules.world import Place
from supervision.alert import Level
from supervision.event import EventType, PostPlace
from supervision.payloads.handling import StepResult

_DECISION = CODE_OF[EventType.DECISION_MADE]
_UNKNOWN: tuple[int, int, None] = (0, 0, None)
_APPROVER, _AMOUNT, _RESULT = (FIELD_CODE[f"payload.{name}"] for name in ("approver_officer_id", "amount_fen", "result"))
_PASSED = (None, StepResult.PASS.value)


class Fault(Struct, frozen=True):
    """One act by a person who may not do it. `changed_at`: a change of his posts so short before that the register may lag."""

    act: Fact
    approver: str
    level: Level
    fault: str
    changed_at: int | None
    grace_until: int | None


class Authorised:
    """P03: of all decisions and passed approvals of a part the gravest, of those the first, that its author may not make."""

    reads = merged(
        reads((EventType.DECISION_MADE,), ACTOR, frozenset({"payload.approver_officer_id", "payload.amount_fen"})),
        reads((EventType.STEP_COMPLETED,), ACTOR, STEP, frozenset({"payload.result"})),
        reads((*ACCEPTANCES, EventType.CASE_REOPENED)),
    )

    awaits = (frozenset({EventType.DECISION_MADE, EventType.STEP_COMPLETED}),)
    needs_fields = ("payload.approver_officer_id|actor_officer_id",)

    def __init__(self, check: Authority) -> None:
        self.check = check

    def matters(self, _place: Place, fact: Fact) -> bool:
        """Other steps change nothing."""
        return fact.type not in STEP_CODES or fact.kept.get(STEP_CODE) == self.check.step

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            acts = self._acts(part)
            faults = [fault for act in acts if (fault := self._fault(case, part, act)) is not None]
            if faults:
                gravest = max(faults, key=lambda fault: fault.level.rank)
                found.append(self._verdict(case, part, gravest, len(acts)))
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A person who may decide says nothing; where nobody is registered, nobody does."""
        if act.type in ACCEPTANCE_CODES:
            return None if any(self._is_act(fact) for fact in outline.facts) else UNTOUCHED
        if not self._is_act(act):
            return UNTOUCHED
        return Cleared(self._may, self.check.power)

    def _may(self, scene: Scene, _rule: bytes) -> int:
        told, place = scene.told, scene.place
        approver, at = _approver(told.get(_APPROVER), scene.actor), scene.at
        if approver is None:
            return FAR
        key = (self.check.power, approver)
        since, until, _ = place.known.get(key, _UNKNOWN)
        if since <= at < until and _AMOUNT not in told:
            return FAR
        if not scene.world.register(self.check.power).allows(approver, place, at, told.get(_AMOUNT)):
            return LOUD
        if _AMOUNT not in told:
            place.know(key, (*scene.world.span(at), None))
        return FAR

    def _is_act(self, fact: Fact) -> bool:
        if fact.type == STEP_COMPLETED:
            return fact.kept.get(STEP_CODE) == self.check.step and fact.kept.get(_RESULT) in _PASSED
        return fact.type == _DECISION

    def _acts(self, part: Part) -> list[Fact]:
        """Decisions and passed approvals in order; what was taken over from another system is not held against anybody."""
        approval = part.steps.steps.get(self.check.step)
        facts = [*part.of(_DECISION), *(approval.facts if approval is not None else ())]
        acts = [fact for fact in facts if self._is_act(fact) and fact.kept.get(BATCH_KIND) != "migration"]
        return sorted(acts, key=order_of)

    def _fault(self, case: Case, part: Part, act: Fact) -> Fault | None:
        place = part.place
        approver, amount = _approver(act.get(_APPROVER), act.actor), act.get(_AMOUNT)
        register = case.world.register(self.check.power)
        if approver is None or register.allows(approver, place, act.at, amount):
            return None
        fault = register.fault(approver, place, act.at, amount)
        changed_at = changed_posts_at(case.world.reference, approver, act.at)
        until = None if changed_at is None else days_end(place.calendar, changed_at, self.check.after_post_change_wd)
        if until is None or act.at > until:
            return Fault(act, approver, self.check.level, fault, None, None)
        return Fault(act, approver, self.check.lowered, fault, changed_at, until)

    def _verdict(self, case: Case, part: Part, fault: Fault, acts: int) -> Verdict:
        act = fault.act

        def tell() -> Telling:
            facts: dict[str, object] = {"fault": fault.fault, "approver": fault.approver, "act_at": act.at, "acts": acts}
            if act.get(_AMOUNT) is not None:
                facts["amount_fen"] = act.get(_AMOUNT)
            if fault.changed_at is not None:
                facts |= {"posts_changed_at": fault.changed_at, "grace_until_at": fault.grace_until}
            return Telling(
                subject=case.subject,
                segment=part.segment,
                facts=facts,
                evidence=named_once((part.opening, act)),
                step=None if act.type == _DECISION else self.check.step,
                officers=(fault.approver,),
            )

        return Verdict(part, fault.level, act.at, AT_ONCE, act, tell)


def _approver(named: str | None, actor: Actor | None) -> str | None:
    """Who decided: the approver named, else who acted; a machine is no officer."""
    if named or actor is None:
        return named or None
    return None if actor[POST_PLACE] == PostPlace.SYSTEM else actor[OFFICER]
