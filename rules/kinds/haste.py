"""Kind `window`, case side: a case whose steps took seconds, where peers take half an hour, is a hit of its officer (M01).

Each case of such an item is a signal, so that hits can be held against all of them. It is about the officer of the later step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from rules.case import Case
from rules.fact import BATCH_KIND, CENTRE, CODE_OF, DEPARTMENT, FLAGS, OFFICER, POST_PLACE, REGION, Fact
from rules.kinds.acts import BULK_NO, BULKY, UNSETTLING, hall_of, is_bulky, is_human, is_in_bulk, subject_of
from rules.outline import UNTOUCHED, Look, Outline, Outlook, Scene
from rules.parameters import CaseInHaste, Key
from rules.part import ACCEPTANCE_CODES, ACCEPTANCES, Part
from rules.reading import ACTOR, STEP, merged, reads
from rules.said import Draft
from rules.stepbook import STEP_CODE, STEP_COMPLETED
from rules.verdict import FAR, Verdict
from rules.world import Place, World
from supervision.durations import SECOND_MS
from supervision.event import EventType

_COMPLETED = CODE_OF[EventType.CASE_COMPLETED]
_BULKY_CODES = frozenset(CODE_OF[kind] for kind in BULKY)
_READ = frozenset(CODE_OF[kind] for kind in (*BULKY, *ACCEPTANCES, EventType.STEP_COMPLETED))
_MACHINE = frozenset({"auto_approved", "commitment_based"})


class Haste:
    """Two pairs of a case: one step after another (the last of each), and completion after acceptance."""

    reads = merged(
        reads((*BULKY, EventType.CASE_REOPENED), frozenset({"payload.bulk_no"})),
        reads((*ACCEPTANCES, EventType.STEP_COMPLETED, EventType.CASE_COMPLETED), ACTOR),
        reads((EventType.STEP_COMPLETED,), STEP),
    )
    awaits = (frozenset({EventType.STEP_COMPLETED, EventType.CASE_COMPLETED}),)
    needs_fields = ("actor_officer_id",)
    is_whole = True

    def __init__(self, rule_id: str, key: Key, parameters: CaseInHaste) -> None:
        self.rule_id = rule_id
        self.key = key
        self.earlier, self.later = parameters.earlier_step, parameters.later_step
        self._steps_ms, self._case_ms = parameters.steps_s * SECOND_MS, parameters.case_s * SECOND_MS
        self._median_min = parameters.median_min

    def judge(self, case: Case) -> Sequence[Verdict]:
        """Nothing on the case itself: the clue belongs to the officer."""
        return ()

    def signals(self, case: Case, fresh: Collection[Fact] | None) -> list[Draft] | None:
        if not any(part.place.has_peers for part in case.parts()):
            return []
        if case.is_test or is_in_bulk(case) or any(_is_of_machine(fact) for fact in case.heads()):
            return []
        return [draft for part in case.parts() for draft in self._of_part(case, part)]

    def _of_part(self, case: Case, part: Part) -> Iterator[Draft]:
        place = part.place
        if place.is_automatic or place.item_code is None:
            return
        for act, other, since, by_steps in self._pairs(part):
            officer = act.actor[OFFICER]
            if officer and is_human(case, act) and case.precision(other) == "second" and other.get(BATCH_KIND) != "migration":
                where = (act.where[CENTRE], act.where[REGION] or place.region, act.where[DEPARTMENT])
                draft = self._draft(
                    case.world, place, case.source.clock, case.first_id(act), act.at, act.at - since, by_steps, officer, *where
                )
                if draft is not None:
                    yield draft

    def _pairs(self, part: Part) -> Iterator[tuple[Fact, Fact, int, bool]]:
        """(the later fact, the earlier one, its instant, whether they are steps)"""
        done = [fact for fact in part.facts if fact.type == STEP_COMPLETED]
        earlier = next((fact for fact in reversed(done) if fact.get(STEP_CODE) == self.earlier), None)
        later = next((fact for fact in reversed(done) if fact.get(STEP_CODE) == self.later), None)
        if earlier is not None and later is not None:
            yield later, earlier, earlier.at, True
        completions = part.of(_COMPLETED)
        if completions and part.acceptance is not None and part.accepted_at is not None:
            yield completions[-1], part.acceptance, part.accepted_at, False

    def unsettles(self, act: EventType, later: EventType, told: Any) -> bool:
        """Whether a later fact of the case may change what one signals: another end of the same pair."""
        if later is EventType.STEP_COMPLETED:
            return told.step_code in (self.earlier, self.later)
        return later is EventType.CASE_COMPLETED is act or later in UNSETTLING or is_bulky(told)

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A second fact of either end moves what was said of the first: then the whole case is judged."""
        if act.type in _BULKY_CODES and BULK_NO in act.kept:
            return None
        if not place.has_peers or place.is_automatic or not place.is_exact:
            return UNTOUCHED
        codes = [fact.get(STEP_CODE) if fact.type == STEP_COMPLETED else None for fact in outline.facts]
        if act.type == STEP_COMPLETED:
            code = act.get(STEP_CODE)
            if code not in (self.earlier, self.later):
                return UNTOUCHED
            if self.later in codes:
                return None
            if code == self.earlier or self.earlier not in codes:
                return UNTOUCHED
            return self._look_of(len(codes) - 1 - codes[::-1].index(self.earlier))
        is_completed = any(fact.type == _COMPLETED for fact in outline.facts)
        if act.type in ACCEPTANCE_CODES:
            return None if is_completed else UNTOUCHED
        if act.type != _COMPLETED or not outline.is_open:
            return UNTOUCHED
        return None if is_completed else self._look_of(None)

    def _look_of(self, position: int | None) -> Look:
        """At the time since the act of this place; None: since acceptance."""

        def look(scene: Scene, _rule: bytes) -> int:
            actor, place = scene.actor, scene.place
            if actor is None or not actor[OFFICER] or actor[POST_PLACE] == "system":
                return FAR
            gap = scene.at - (scene.start if position is None else scene.at_of(position))
            where = (place.where[CENTRE], place.region, place.where[DEPARTMENT])
            draft = self._draft(
                scene.world, place, place.clock, scene.event_id, scene.at, gap, position is not None, actor[OFFICER], *where
            )
            if draft is not None:
                scene.drafts.append(draft)
            return FAR

        return look

    def _draft(
        self, world: World, place: Place, clock: str, fact_id: int, at: int, gap: int, by_steps: bool, officer: str,
        centre_named: str | None, region: str | None, department: str | None,
    ) -> Draft | None:  # fmt: skip
        """None where the snapshot does not say that peers take so long."""
        item = place.item_code
        peer = None if item is None else world.reference.peer(item, place.region, at)
        if peer is None or peer.median_minutes is None or peer.median_minutes < self._median_min:
            return None
        centre = hall_of(world, officer, centre_named, at)
        hit = 0 < gap < self._steps_ms if by_steps else 0 <= gap < self._case_ms
        data: dict[str, Any] = {"day": world.hall(centre, region, at).day_of(at), "hit": hit, "officer": officer}
        if hit:
            told = {"item": item, "gap_ms": gap, "snapshot": peer.snapshot, "median_minutes": peer.median_minutes}
            data |= told | {"department_id": department}
        data |= {"item": item, "centre": centre, "region": region}
        return Draft(subject_of(self.key, data, clock), self.rule_id, fact_id, at, {k: v for k, v in data.items() if v is not None})


def _is_of_machine(fact: Fact) -> bool:
    return fact.type in _READ and not _MACHINE.isdisjoint(fact.get(FLAGS) or ())
