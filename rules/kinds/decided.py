"""Kind `window`, case side: a human decision is a signal about its officer, a grant a hit (M10).

Nearly every case has one, so the look sends it: see `rules.shortcut`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from rules.case import Case
from rules.fact import CENTRE, CODE_OF, DEPARTMENT, FIELD_CODE, OFFICER, POST_PLACE, REGION, Fact
from rules.kinds.acts import BULK_NO, BULKY, UNSETTLING, hall_of, is_bulky, is_human, is_in_bulk, subject_of
from rules.outline import UNTOUCHED, Outline, Outlook, Scene, Tells
from rules.parameters import Decided, Key
from rules.part import ACCEPTANCES
from rules.reading import ACTOR, merged, reads
from rules.said import Draft
from rules.saying import digest_of
from rules.verdict import FAR, Verdict
from rules.world import Place, World
from supervision.event import EventType
from supervision.worktime import WorkCalendar

_DECISION = CODE_OF[EventType.DECISION_MADE]
_MATTERING = frozenset(CODE_OF[kind] for kind in (EventType.DECISION_MADE, *ACCEPTANCES, EventType.CASE_REOPENED))
_BULKY_CODES = frozenset(CODE_OF[kind] for kind in BULKY)
_DECIDED = FIELD_CODE["payload.decision"]
_COUNTED = ("granted", "denied")
Told = tuple[str, WorkCalendar, dict[str, Any]]  # the subject, its calendar, what its signals say but of the day
Saying = tuple[str, dict[str, Any], bytes]  # the subject, what its signals say on one day, and the digest of that
_UNKNOWN: tuple[int, int, None] = (0, 0, None)


class Decisions:
    """Each decision of a person that grants or denies; none where a business batch or the machine decides."""

    reads = merged(
        reads((*BULKY, *ACCEPTANCES, EventType.CASE_REOPENED), frozenset({"payload.bulk_no"})),
        reads((EventType.DECISION_MADE,), ACTOR, frozenset({"payload.decision"})),
    )
    awaits = (frozenset({EventType.DECISION_MADE}),)
    needs_fields = ("actor_officer_id", "payload.decision")
    is_whole = True  # a batch number on one fact takes out the others

    def __init__(self, rule_id: str, key: Key, _parameters: Decided) -> None:
        self.rule_id = rule_id
        self.key = key

    def judge(self, case: Case) -> Sequence[Verdict]:
        """Nothing on the case itself: the clue belongs to the officer."""
        return ()

    def signals(self, case: Case, fresh: Collection[Fact] | None) -> list[Draft] | None:
        if fresh is not None and not any(fact.type in _MATTERING or BULK_NO in fact.kept for fact in fresh):
            return None
        if case.is_test or is_in_bulk(case):
            return []
        found: list[Draft] = []
        for part in case.parts():
            place = part.place
            if place.is_automatic:
                continue
            for act in part.of(_DECISION):
                officer = act.actor[OFFICER]
                if act.get(_DECIDED) in _COUNTED and officer and is_human(case, act):
                    named = (act.where[CENTRE], act.where[REGION] or place.region, act.where[DEPARTMENT])
                    told = self._told(case.world, place, officer, act.at, *named)
                    if told is not None:
                        subject, calendar, data = told
                        data = _on_day(data, calendar.day_of(act.at), act.get(_DECIDED) == "granted")
                        found.append(Draft(subject, self.rule_id, case.first_id(act), act.at, data))
        return found

    def unsettles(self, _act: EventType, later: EventType, told: Any) -> bool:
        """Whether a later fact of the case may change what a decision signals."""
        return later in UNSETTLING or is_bulky(told)

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A plain case has no batch number: a decision tells of itself alone."""
        if act.type != _DECISION:
            return None if act.type in _BULKY_CODES and BULK_NO in act.kept else UNTOUCHED
        decided = act.get(_DECIDED)
        if decided not in _COUNTED or place.is_automatic or not place.is_exact:
            return UNTOUCHED
        granted = decided == "granted"
        return Tells(partial(self._look, granted), self.rule_id, granted)

    def _look(self, granted: bool, scene: Scene, _rule: bytes) -> int:
        actor, place, at = scene.actor, scene.place, scene.at
        if actor is None or not actor[OFFICER] or actor[POST_PLACE] == "system":
            return FAR
        key = (self.rule_id, actor[OFFICER], granted, place.calendar.day_of(at))
        since, until, saying = place.known.get(key, _UNKNOWN)
        if not since <= at < until:
            since, until, saying = self._saying(scene, actor[OFFICER], granted)
            place.know(key, (since, until, saying))
        if saying is not None:
            scene.drafts.append(Draft(saying[0], self.rule_id, scene.event_id, at, saying[1], saying[2]))
        return FAR

    def _saying(self, scene: Scene, officer: str, granted: bool) -> tuple[int, int, Saying | None]:
        """What all their decisions of the day say, and the instants [since, until) of that day with the same reference data."""
        place, at, where = scene.place, scene.at, scene.place.where
        since, until = scene.world.span(at)
        told = self._told(scene.world, place, officer, at, where[CENTRE], place.region, where[DEPARTMENT])
        if told is None:
            return since, until, None
        subject, calendar, data = told
        day = calendar.day_of(at)
        data = _on_day(data, day, granted)
        return max(since, calendar.day_start(day)), min(until, calendar.day_start(day + 1)), (subject, data, digest_of(data))

    def _told(
        self, world: World, place: Place, officer: str, at: int, named: str | None, region: str | None, department: str | None
    ) -> Told | None:
        if place.item_code is None:
            return None
        centre = hall_of(world, officer, named, at)
        data = {"officer": officer, "item": place.item_code, "centre": centre, "region": region, "department_id": department}
        data = {name: value for name, value in data.items() if value is not None}
        return subject_of(self.key, data, place.clock), world.hall(centre, region, at), data


def _on_day(data: dict[str, Any], day: int, granted: bool) -> dict[str, Any]:
    return {"day": day, "hit": granted, **data}
