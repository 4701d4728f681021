"""Reference judgement of M02: handling outside office hours, per officer and clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from supervision.alert import Level
from supervision.event import BatchKind, EventType, Flag, PostPlace, Precision
from supervision.payload import Decision, Leave
from supervision.payloads.hall import LeaveKind
from supervision.payloads.outcome import DecisionResult
from supervision.reference import Centre, Hours, Officer, Reference
from tests.law.days import HOUR, MINUTE, Days, ordinal
from tests.law.facts import Case, Fact, precision
from tests.law.watch import Verdict

ACTS = (
    EventType.CASE_ACCEPTED,
    EventType.SUPPLEMENT_ACCEPTED,
    EventType.ACCEPTANCE_REFUSED,
    EventType.SUPPLEMENT_NOTIFIED,
    EventType.STEP_COMPLETED,
    EventType.DECISION_MADE,
    EventType.CASE_RETURNED,
    EventType.CASE_COMPLETED,
)


@dataclass(frozen=True)
class Hit:
    fact: Fact
    case: str
    party: str | None
    day: int
    days: Days  # the calendar of the officer's centre
    by_night: bool


@dataclass(frozen=True)
class Place:
    """Where an officer works: the calendar, the day's spans and the spans approved beside them, in minutes after midnight."""

    days: Days
    spans: tuple[tuple[int, int], ...]
    extended: tuple[Hours, ...]


def judge_hours(officer: str, subject: str, acts: list[tuple[Case, Fact]], leaves: list[Fact], places: Places) -> Iterator[Verdict]:
    """`acts`, `leaves`: what the watermark of the clock has reached."""
    hits = [hit for case, fact in acts if (hit := _hit(officer, case, fact, leaves, places)) is not None]
    hits.sort(key=lambda hit: hit.fact.order)
    for day in sorted({hit.day for hit in hits}):
        reached: dict[Level, Hit] = {}
        for number, hit in enumerate(hits):
            if hit.day == day:
                for level in _levels(hits[: number + 1]):
                    reached.setdefault(level, hit)
        for level in (Level.YELLOW, Level.NOTICE):
            if level in reached:
                at, fact = reached[level].fact.at, reached[level].fact
                yield Verdict("M02", level, subject, _iso(day).isoformat(), at, None, fact, None)
                break


def _levels(hits: list[Hit]) -> Iterator[Level]:
    """The levels that hold at the last of these hits."""
    last = hits[-1]
    if last.by_night:
        yield Level.YELLOW
    per_date = Counter(hit.day for hit in hits)
    if per_date[last.day] < 3:
        return
    first, left = last.day, 10 - last.days.working(last.day)
    while left > 0:
        first -= 1
        left -= last.days.working(first)
    dates = {day for day, number in per_date.items() if number >= 3 and day >= first}
    if len(dates) < 3:
        return
    yield Level.NOTICE
    parties = {hit.case: hit.party for hit in hits if hit.day in dates}
    shares = Counter(party for party in parties.values() if party is not None)
    if shares and max(shares.values()) * 5 >= len(parties) * 3:
        yield Level.YELLOW


def is_act(reference: Reference, case: Case, fact: Fact) -> bool:
    event = fact.event
    return (
        event.event_type in ACTS
        and event.actor_officer_id is not None
        and event.actor_post_place is not PostPlace.SYSTEM
        and Flag.AUTO_APPROVED not in event.flags
        and precision(reference, event) is Precision.SECOND
        and event.batch_kind is not BatchKind.MIGRATION
        and not case.is_test
    )


class Places:
    """Calendars and hours of centres and regions, looked up once."""

    def __init__(self, reference: Reference, regions: dict[str, Days], centres: dict[str, Days]) -> None:
        self.reference, self.regions, self.centres = reference, regions, centres

    def of(self, officer: str, fact: Fact) -> Place:
        known = self.reference.get("officer", officer, fact.at)
        centre_id = (known.centre_id if isinstance(known, Officer) else None) or fact.event.centre_id
        centre = self.reference.get("centre", centre_id or "", fact.at)
        if isinstance(centre, Centre):
            days = self.centres[centre.centre_id]
            return Place(days, centre.hours[0].spans if centre.hours else days.spans, centre.extended_hours)
        region = fact.event.region_code or self.reference.source(fact.event.source_system).region_code
        days = self.regions[str(region)]
        return Place(days, days.spans, ())


def _hit(officer: str, case: Case, fact: Fact, leaves: list[Fact], places: Places) -> Hit | None:
    place = places.of(officer, fact)
    day, time = place.days.day_of(fact.at), place.days.time_of_day(fact.at)
    if not _outside(place, day, time) or any(_covers(place.days, leave, fact.at) for leave in leaves):
        return None
    event = fact.event
    party = f"org {event.agent_org_id}" if event.agent_org_id else None
    party = party or (f"agent {event.agent_person_hash}" if event.agent_person_hash else None)
    party = party or (f"applicant {event.applicant_hash}" if event.applicant_hash else None)
    granted = isinstance(event.payload, Decision) and event.payload.decision is DecisionResult.GRANTED
    by_night = granted and (time >= 22 * HOUR or time < 6 * HOUR)
    return Hit(fact, case.key, party, day, place.days, by_night)


def _outside(place: Place, day: int, time: int) -> bool:
    for hours in place.extended:
        if _on(place.days, hours, day) and any(a * MINUTE <= time < b * MINUTE for a, b in hours.spans):
            return False
    if not place.days.working(day):
        return True
    opens, closes = place.spans[0][0] * MINUTE, place.spans[-1][1] * MINUTE
    if time < opens - 15 * MINUTE or time > closes + 30 * MINUTE:
        return True
    gaps = zip(place.spans, place.spans[1:], strict=False)
    return any(one[1] * MINUTE <= time < other[0] * MINUTE for one, other in gaps)


def _iso(day: int) -> date:
    return date.fromordinal(day)


def _on(days: Days, hours: Hours, day: int) -> bool:
    """Hours of named weekdays hold on weekends too, but not on holidays."""
    return _iso(day).isoweekday() in hours.weekdays and day not in days.holidays if hours.weekdays else days.working(day)


def _covers(days: Days, leave: Fact, at: int) -> bool:
    payload: Leave = leave.event.payload
    if payload.kind is not LeaveKind.OVERTIME or payload.from_ is None or payload.to is None:
        return False
    begin = days.midnight(ordinal(payload.from_)) if isinstance(payload.from_, str) else payload.from_
    end = days.midnight(ordinal(payload.to) + 1) if isinstance(payload.to, str) else payload.to
    return begin <= at < end
