"""Kind `window`, case side: a human act outside office hours is a signal about its officer, always a hit (M02)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rules.case import Case
from rules.fact import CENTRE, CODE_OF, FIELD_CODE, OFFICER, POST_PLACE, REGION, TYPES, Fact, device_of, party_of
from rules.fact import DEVICE as DEVICE_FIELDS
from rules.fact import PARTY as PARTY_FIELDS
from rules.kinds.acts import hall_of, is_human, subject_of, told
from rules.outline import UNTOUCHED, Calm, Outline, Outlook, Scene
from rules.parameters import Key, Night, OutsideHours
from rules.part import ACCEPTANCES
from rules.reading import ACTOR, merged, reads
from rules.said import Draft
from rules.verdict import FAR, Verdict
from rules.world import Office, Place
from supervision.durations import MINUTE_MS, QUARTER_MS
from supervision.event import EventType, PostPlace

_C = FIELD_CODE
ACTS = (
    *ACCEPTANCES,
    EventType.ACCEPTANCE_REFUSED,
    EventType.SUPPLEMENT_NOTIFIED,
    EventType.STEP_COMPLETED,
    EventType.DECISION_MADE,
    EventType.CASE_RETURNED,
    EventType.CASE_COMPLETED,
)
_ACT_CODES = frozenset(CODE_OF[kind] for kind in ACTS)
_DECIDED = _C["payload.decision"]
_DECISION = CODE_OF[EventType.DECISION_MADE]


class OffHours:
    """A human act outside the hours of the officer's centre is a hit, and a signal to the officer."""

    is_whole = False  # an act tells of itself alone

    reads = merged(
        reads(ACTS, ACTOR, frozenset(DEVICE_FIELDS), frozenset(PARTY_FIELDS)),
        reads((EventType.STEP_COMPLETED,), frozenset({"payload.step_code"})),
        reads((EventType.DECISION_MADE,), frozenset({"payload.decision"})),
    )

    awaits = (frozenset(ACTS),)
    needs_fields = ("actor_officer_id",)

    def __init__(self, rule_id: str, key: Key, hours: OutsideHours, night: Night | None) -> None:
        self.rule_id = rule_id
        self.key = key
        self.hours = hours
        self._before_ms = hours.before_open_min * MINUTE_MS
        self._after_ms = hours.after_close_min * MINUTE_MS
        self.night = None if night is None else (_minute(night.since), _minute(night.until))

    def judge(self, case: Case) -> Sequence[Verdict]:
        """Nothing on the case itself: the clue belongs to the officer."""
        return ()

    def signals(self, case: Case, fresh: Collection[Fact] | None) -> list[Draft]:
        """The hits of the case; `fresh` are the facts to look at where nothing else can have changed."""
        if case.is_test:
            return []
        found: list[Draft] = []
        for act in case.heads() if fresh is None else fresh:
            if act.type in _ACT_CODES and act.actor[OFFICER]:
                draft = self._hit(case, act)
                if draft is not None:
                    found.append(draft)
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """An act tells of itself alone: its hour does."""
        if act.type not in _ACT_CODES or not place.is_exact:
            return UNTOUCHED

        def look(scene: Scene, _rule: bytes) -> int:
            assert scene.actor is not None
            self._look_up(scene, str(scene.actor[OFFICER]), act)
            return FAR

        return Calm(look)

    def _look_up(self, scene: Scene, officer_id: str, act: Fact) -> None:
        """The signal of a hit. Of an act in office hours remember the quarter of an hour, if all of it lies in them, for all
        officers of the centre: acts in it are no hits."""
        world, place, at = scene.world, scene.place, scene.at
        region = place.where[REGION] or place.region
        centre = hall_of(world, officer_id, place.where[CENTRE], at)
        day, office = world.office(centre, region, at)
        if self._is_outside(office, at):
            actor = scene.actor
            if actor is not None and actor[POST_PLACE] != PostPlace.SYSTEM:
                data = self._data(act, at, day, office, centre, region, officer_id)
                data |= told(act, place.where, actor, device_of(scene.event), party_of(scene.event))
                scene.drafts.append(Draft(subject_of(self.key, data, place.clock), self.rule_id, scene.event_id, at, data))
            return
        since, until = world.span(at)
        calm = world.calm_of(centre, region, since)
        place.keep_calm(officer_id, calm)
        slot, day_start = at // QUARTER_MS, office.calendar.day_start
        first, last = max(since, day_start(day), slot * QUARTER_MS), min(until, day_start(day + 1), (slot + 1) * QUARTER_MS)
        if last - first == QUARTER_MS and any(opens <= first and last <= closes for opens, closes in office.spans):
            calm.add(slot)

    def _hit(self, case: Case, act: Fact) -> Draft | None:
        officer_id = str(act.actor[OFFICER])
        centre = hall_of(case.world, officer_id, act.where[CENTRE], act.at)
        region = act.where[REGION] or case.parts()[0].place.region
        day, office = case.world.office(centre, region, act.at)
        if not self._is_outside(office, act.at) or not is_human(case, act):
            return None
        data = self._data(act, act.at, day, office, centre, region, officer_id)
        data |= told(act, act.where, act.actor, act.device, act.party)
        return Draft(subject_of(self.key, data, case.source.clock), self.rule_id, case.first_id(act), act.at, data)

    def _data(
        self, act: Fact, at: int, day: int, office: Office, centre: str | None, region: str | None, officer_id: str
    ) -> dict[str, Any]:
        granted = act.type == _DECISION and act.get(_DECIDED) == "granted"
        return {
            "day": day,
            "type": TYPES[act.type].value,
            "officer": officer_id,
            "centre": centre,
            "region": region,
            "hit": True,
            "night_grant": granted and self._is_night(office.calendar.zone.wall(day, at)),
        }

    def _is_outside(self, office: Office, at: int) -> bool:
        spans = office.spans
        for start, end in office.extended:
            if start <= at < end:
                return False
        if not spans:
            return self.hours.closed_days
        if at < spans[0][0] - self._before_ms or at > spans[-1][1] + self._after_ms:
            return True
        if self.hours.lunch:
            for start, end in office.breaks:
                if start <= at < end:
                    return True
        return False

    def _is_night(self, since_midnight: int) -> bool:
        if self.night is None:
            return False
        minute = since_midnight // MINUTE_MS
        since, until = self.night
        return minute >= since or minute < until


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)
