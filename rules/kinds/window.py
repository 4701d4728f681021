"""Kind `window`: hits of one subject counted over working days behind the watermark. M02: handling outside office hours.

The case side says which acts are hits (a signal each); the subject side counts them per date and judges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from rules.case import Case
from rules.fact import ACTOR as ACTOR_FIELDS
from rules.fact import (
    BATCH_KIND,
    CATALOG_CODE,
    CENTRE,
    CODE_OF,
    DEPARTMENT,
    FIELD_CODE,
    FLAGS,
    OFFICER,
    POST_PLACE,
    REGION,
    TYPES,
    Fact,
)
from rules.fact import DEVICE as DEVICE_FIELDS
from rules.fact import PARTY as PARTY_FIELDS
from rules.outline import LOUD, UNTOUCHED, Outline, Outlook, Scene
from rules.parameters import Tally, Window
from rules.part import ACCEPTANCES
from rules.reading import ACTOR, merged, reads
from rules.verdict import FAR, Verdict
from rules.world import Office, Place
from supervision.alert import Level
from supervision.event import EventType
from supervision.subject import key, on_clock
from supervision.worktime import WorkCalendar

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
_STEP_CODE, _DECIDED = _C["payload.step_code"], _C["payload.decision"]
_DECISION = CODE_OF[EventType.DECISION_MADE]
_NEVER: tuple[int, int, frozenset[int]] = (0, 0, frozenset())
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
SLOT_MS = 15 * MINUTE_MS


class Draft(Struct, frozen=True):
    """A signal as the facts imply it, before the engine gives it a revision."""

    subject: str
    kind: str
    fact_id: int
    at: int
    data: dict[str, Any]


class OffHours:
    """M02, case side: a human act outside the hours of the officer's centre is a hit, and a signal to the officer."""

    reads = merged(
        reads(ACTS, ACTOR, frozenset(DEVICE_FIELDS), frozenset(PARTY_FIELDS)),
        reads((EventType.STEP_COMPLETED,), frozenset({"payload.step_code"})),
        reads((EventType.DECISION_MADE,), frozenset({"payload.decision"})),
    )

    awaits = (frozenset(ACTS),)
    needs_fields = ("actor_officer_id",)

    def __init__(self, parameters: Window) -> None:
        self.hours = parameters.hit
        self._before_ms = parameters.hit.before_open_min * MINUTE_MS
        self._after_ms = parameters.hit.after_close_min * MINUTE_MS
        night = parameters.night_grant
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
        return self._look if act.type in _ACT_CODES else UNTOUCHED

    def _look(self, scene: Scene, _rule: bytes) -> int:
        officer_id = None if scene.actor is None else scene.actor[OFFICER]
        if not officer_id:
            return FAR
        at = scene.at
        since, until, calm = scene.place.calm.get(officer_id, _NEVER)
        return FAR if since <= at < until and at // SLOT_MS in calm else self._look_up(scene, officer_id)

    def _look_up(self, scene: Scene, officer_id: str) -> int:
        """And remember a quarter of an hour that lies in office hours, for all officers of the centre: acts in it are no hits."""
        world, place, at = scene.world, scene.place, scene.at
        officer = world.reference.officer(officer_id, at)
        centre = (officer.centre_id if officer is not None else None) or place.where[CENTRE]
        region = place.where[REGION] or place.region
        day, office = world.office(centre, region, at)
        if self._is_outside(office, at):
            return LOUD
        since, until = world.span(at)
        calm = world.calm_of(centre, region, since)
        place.keep_calm(officer_id, (since, until, calm))
        slot, day_start = at // SLOT_MS, office.calendar.day_start
        first, last = max(since, day_start(day), slot * SLOT_MS), min(until, day_start(day + 1), (slot + 1) * SLOT_MS)
        if last - first == SLOT_MS and any(opens <= first and last <= closes for opens, closes in office.spans):
            calm.add(slot)
        return FAR

    def _hit(self, case: Case, act: Fact) -> Draft | None:
        officer_id = str(act.actor[OFFICER])
        officer = case.world.reference.officer(officer_id, act.at)
        centre = (officer.centre_id if officer is not None else None) or act.where[CENTRE]
        region = act.where[REGION] or case.parts()[0].place.region
        day, office = case.world.office(centre, region, act.at)
        if not self._is_outside(office, act.at) or not _is_human(case, act):
            return None
        granted = act.type == _DECISION and act.get(_DECIDED) == "granted"
        data: dict[str, Any] = {
            "day": day,
            "type": TYPES[act.type].value,
            "officer": officer_id,
            "centre": centre,
            "region": region,
            "off_hours": True,
            "night_grant": granted and self._is_night(office.calendar.zone.wall(day, act.at)),
        }
        return Draft(on_clock(key("officer", officer_id), case.source.clock), "act", case.first_id(act), act.at, data | _told(act))

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


def _is_human(case: Case, act: Fact) -> bool:
    return (
        act.actor[POST_PLACE] != "system"
        and "auto_approved" not in (act.get(FLAGS) or ())
        and act.get(BATCH_KIND) != "migration"
        and case.precision(act) == "second"
    )


def _told(act: Fact) -> dict[str, Any]:
    """What a signal `act` tells beside who, when and where, under the names that all rules on acts read."""
    told: dict[str, Any] = {
        "item_catalog_code": act.where[CATALOG_CODE],
        "department_id": act.where[DEPARTMENT],
        **dict(zip(PARTY_FIELDS, act.party, strict=True)),
        **dict(zip(DEVICE_FIELDS, act.device, strict=True)),
        ACTOR_FIELDS[POST_PLACE]: act.actor[POST_PLACE],
        "step_code": act.get(_STEP_CODE),
        "decision": act.get(_DECIDED),
    }
    return {name: value for name, value in told.items() if value is not None}


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


class Hit(Struct, frozen=True):
    """A hit as the subject side holds it, in order of (`at`, `fact_id`)."""

    at: int
    fact_id: bytes
    source: str
    case: str
    data: dict[str, Any]


class Finding(Struct, frozen=True):
    """A clue on one date of one subject; `hit` is the one that completed it."""

    level: Level
    day: int
    hit: Hit
    facts: dict[str, Any]
    evidence: tuple[UUID, ...]


class HitDates:
    """M02, subject side: dates with many hits within a span of working days, and grants at night."""

    def __init__(self, parameters: Window) -> None:
        self.tallies = sorted(parameters.tallies, key=lambda tally: -tally.level.rank)
        self.night = parameters.night_grant
        self.within_wd = max((tally.within_wd for tally in parameters.tallies), default=1)

    def judge(self, hits: Sequence[Hit], calendar: WorkCalendar, days: Iterable[int]) -> Iterable[Finding]:
        """One finding at most for each of `days`: the highest level reached, at the first hit that reached it."""
        by_day: dict[int, list[Hit]] = {}
        for hit in hits:
            by_day.setdefault(int(hit.data["day"]), []).append(hit)
        for day in days:
            found = [
                finding for hit_count in range(len(by_day.get(day, ()))) if (finding := self._at(by_day, calendar, day, hit_count))
            ]
            if found:
                yield max(found, key=lambda finding: (finding.level.rank, -finding.hit.at))

    def _at(self, by_day: dict[int, list[Hit]], calendar: WorkCalendar, day: int, position: int) -> Finding | None:
        """What the hit at this position of its day completes."""
        hit = by_day[day][position]
        if self.night is not None and hit.data.get("night_grant"):
            facts = {"reason": "night_grant", "hits": position + 1, "dates": 1, "act_at": hit.at}
            return Finding(self.night.level, day, hit, facts, (UUID(bytes=hit.fact_id),))
        for tally in self.tallies:
            finding = self._tally(tally, by_day, calendar, day, position)
            if finding is not None:
                return finding
        return None

    def _tally(self, tally: Tally, by_day: dict[int, list[Hit]], calendar: WorkCalendar, day: int, position: int) -> Finding | None:
        if position + 1 < tally.hits:
            return None
        first = _first_day(calendar, day, tally.within_wd)
        dates = sorted(d for d in by_day if first <= d < day and len(by_day[d]) >= tally.hits)
        if len(dates) + 1 < tally.dates:
            return None
        today = by_day[day][: position + 1]
        counted = [hit for d in dates for hit in by_day[d]] + today
        party, kind, of_party, cases = _party(counted)
        if tally.one_party_share is not None and of_party < round(tally.one_party_share * cases, 9):
            return None
        facts = {
            "reason": "out_of_hours",
            "hits": len(today),
            "dates": len(dates) + 1,
            "within_wd": tally.within_wd,
            "cases": cases,
            "party": party,
            "party_kind": kind,
            "share": of_party / cases,
            "act_at": today[-1].at,
        }
        return Finding(tally.level, day, today[-1], facts, tuple(UUID(bytes=hit.fact_id) for hit in counted[:50]))


def _first_day(calendar: WorkCalendar, day: int, within_wd: int) -> int:
    """The n-th last working day, counting `day` if it is one."""
    while True:
        if calendar.is_working(day):
            within_wd -= 1
            if within_wd == 0:
                return day
        day -= 1


def _of_case(hit: Hit) -> tuple[str | None, str]:
    """The agent of a case, else its applicant, with the word for which it is."""
    agent = hit.data.get("agent_org_id") or hit.data.get("agent_person_hash")
    return (agent, "agent") if agent else (hit.data.get("applicant_hash"), "applicant")


def _party(hits: Sequence[Hit]) -> tuple[str | None, str | None, int, int]:
    """The most frequent party of the cases, its kind, its cases, and cases in all; ties go to the lesser name."""
    parties = {(hit.source, hit.case): _of_case(hit) for hit in hits}
    counts = Counter(party for party in parties.values() if party[0])
    if not counts:
        return None, None, 0, len(parties)
    (party, kind), number = min(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return party, kind, number, len(parties)
