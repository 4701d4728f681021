"""Patterns of one officer's conduct over days, and what looks like them (M02): each made of cases of his own.

Its cases are accepted on a working day, the acts lie on the days after it. Its officer has no other one within many weeks, and
whatever else he does lies in office hours, so the truth is what the pattern says. Further patterns are further values in `ALL`,
or a module beside this one, named in `patterns`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct

from streams.simulator.catalogue import Offer
from streams.simulator.city import City, Desk, Hall
from streams.simulator.drawing import Made, finish, open_case, plain
from streams.simulator.laying import spread, worked
from streams.simulator.profile import Profile
from streams.simulator.story import Act, Story, officer_subject
from streams.simulator.truth import Line, Origin, Violation, line_of
from streams.simulator.twist import in_days
from supervision.alert import Level
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import EventType, Flag
from supervision.reference import Item
from supervision.worktime import WorkCalendar

RULE = "M02"
DATES = ACTS = 3


def evening(profile: Profile) -> int:
    """When on a date its acts begin: ms after midnight, by the hours of the city. So are the next five."""
    return profile.closes + 40 * MINUTE_MS


def margin(profile: Profile) -> int:
    """After close, but not by half an hour."""
    return profile.closes + 5 * MINUTE_MS


def lunch(profile: Profile) -> int:
    return profile.breaks + 20 * MINUTE_MS


def dawn(profile: Profile) -> int:
    return profile.opens - 90 * MINUTE_MS


def morning(profile: Profile) -> int:
    return profile.opens + 80 * MINUTE_MS


def night(profile: Profile) -> int:
    return 22 * HOUR_MS + 20 * MINUTE_MS


class Frame(Struct, frozen=True):
    """Whom a pattern is about and when it begins. `first_number`: of its cases."""

    hall: Hall
    desk: Desk
    officer: str
    day: int
    first_number: int
    chance: random.Random

    @property
    def calendar(self) -> WorkCalendar:
        return self.hall.calendar


class Played(Struct, frozen=True):
    """`loose`: acts of no case."""

    cases: tuple[Made, ...]
    lines: tuple[Line, ...]
    loose: tuple[Act, ...] = ()


class Pattern(Struct, frozen=True, kw_only=True):
    """Acts at these times of day, one entry a date. `agent`: of all its cases, by his place. `level` None: nothing may be found.

    `at_closed`: the last date is a day off. `overtime`: the last evening is approved. `decided`: what is decided at night.
    `late_hall`: it needs a centre that serves in the evening; all others avoid one.
    """

    name: str
    level: Level | None
    times: tuple[Callable[[Profile], int], ...] = (evening, evening, evening)
    acts: int = ACTS
    agent: int | None = None
    flags: tuple[Flag, ...] = ()
    at_closed: bool = False
    overtime: bool = False
    decided: str | None = None
    late_hall: bool = False

    def play(self, frame: Frame) -> Played | None:
        """The pattern's cases, and what must be found of its officer. None: these days do not let it be played."""
        dates = _dates(self, frame)
        if dates is None:
            return None
        cases: list[Made] = []
        acts: list[list[int]] = []
        for place, (day, begins) in enumerate(zip(dates, self.times, strict=True)):
            first = frame.calendar.day_start(day) + begins(frame.hall.profile)
            acts.append([first + turn * 9 * MINUTE_MS + frame.chance.randrange(1, 4 * MINUTE_MS) for turn in range(self.acts)])
            cases += [_case(self, frame, place * self.acts + turn, at, dates[-1]) for turn, at in enumerate(acts[-1])]
        told = (_overtime(frame, dates[-1]),) if self.overtime else ()
        return Played(tuple(cases), tuple(_lines(self, frame, dates, acts)), told)


ALL: tuple[Pattern, ...] = (
    Pattern(name="online_duty", level=Level.NOTICE),
    Pattern(name="evenings_for_one_agent", level=Level.YELLOW, agent=0),
    Pattern(name="a_week_of_evenings", level=Level.NOTICE, times=(evening,) * 5, acts=5),
    Pattern(name="lunches", level=Level.NOTICE, times=(lunch, lunch, lunch)),
    Pattern(name="mornings_and_a_day_off", level=Level.NOTICE, times=(dawn, dawn, morning), at_closed=True),
    Pattern(name="grant_at_night", level=Level.YELLOW, times=(night,), acts=1, decided="granted"),
    Pattern(name="overtime_before_deadline", level=None, agent=1, overtime=True),
    Pattern(name="extended_service", level=None, agent=2, late_hall=True),
    Pattern(name="two_evenings", level=None, times=(evening, evening), acts=4),
    Pattern(name="two_acts_an_evening", level=None, acts=2),
    Pattern(name="half_an_hour_after_close", level=None, times=(margin, margin, margin)),
    Pattern(name="machine_decides", level=None, flags=(Flag.AUTO_APPROVED,)),
    Pattern(name="denial_at_night", level=None, times=(night,), acts=1, decided="denied"),
)


def pool(city: City, *, late_hall: bool) -> list[tuple[Hall, Desk, str]]:
    """The officers a pattern can be about: handlers of desks with an item that takes long enough."""
    return [
        each for each in city.officers if each[0].feed.is_complete and each[0].is_late is late_hall and offered(each[0], each[1])
    ]


def _dates(pattern: Pattern, frame: Frame) -> list[int] | None:
    """The working days after the first; the last one a day off, if the pattern wants it."""
    calendar = frame.calendar
    dates = [calendar.add(frame.day, number) for number in range(1, len(pattern.times) + 1)]
    if pattern.at_closed:
        closed = dates[-2] + 1
        while calendar.is_working(closed):
            closed += 1
        dates[-1] = closed
        if calendar.count(frame.day, closed) > 4:
            return None
    if pattern.late_hall and all(_weekday(day) not in frame.hall.profile.late_hours.weekdays for day in dates):
        return None
    return dates


def _weekday(day: int) -> int:
    return (day - 1) % 7 + 1


def _lines(pattern: Pattern, frame: Frame, dates: list[int], acts: list[list[int]]) -> Iterator[Line]:
    """From the third date on each has its clue, at its third act; a grant at night has its own."""
    subject = officer_subject(frame.hall, frame.officer)
    if pattern.level is None:
        segment = date.fromordinal(dates[-1]).isoformat()
        yield Line(expect="quiet", rule=RULE, subject=subject, segment=segment, name=pattern.name)
        return
    is_night = pattern.decided is not None
    for day, instants in zip(dates, acts, strict=True):
        if not is_night and day in dates[: DATES - 1]:
            continue
        at, segment = instants[0 if is_night else ACTS - 1], date.fromordinal(day).isoformat()
        found = Violation(rule=RULE, level=pattern.level, subject=subject, segment=segment, at=at, origin=Origin.INJECTED)
        yield line_of(found, pattern.name)


def offered(hall: Hall, desk: Desk) -> list[tuple[Offer, Item]]:
    """The desk's items with a first step and a promise that outlasts a pattern."""
    return [
        (offer, item)
        for offer, item in hall.promised
        if hall.desks[offer.department] is desk and in_days(8)(offer) and offer.steps[0] == "handle"
    ]


def _case(pattern: Pattern, frame: Frame, turn: int, at: int, last: int) -> Made:
    """A case of which one act of the officer's happens at that instant: his step, or at night the decision."""
    calendar, chance = frame.calendar, frame.chance
    chosen = chance.choice(offered(frame.hall, frame.desk))
    story = open_case(frame.hall, chosen, frame.day, frame.first_number + turn, chance)
    plain(story)
    story.accepted_at = worked(calendar, calendar.day_start(frame.day), (20 + 3 * turn) * MINUTE_MS + chance.randrange(1, 60_000))
    story.agent = None if pattern.agent is None else frame.hall.profile.agents[pattern.agent]
    story.flags, story.is_denied = pattern.flags, pattern.decided == "denied"
    behind = calendar.add(last, 1)
    story.finish_wd = calendar.count(frame.day, behind) + 1
    if pattern.decided is None:
        made = finish(story, move=lambda told: _by_day(told, frame, at, behind))
        made.story.act(EventType.DECISION_MADE).officer = decider(frame.desk, turn)
        return made
    made = finish(story, move=lambda told: _by_night(told, frame, at))
    made.story.act(EventType.DECISION_MADE).officer = frame.officer
    return made


def decider(desk: Desk, turn: int) -> str:
    """Who enters the decision of a pattern's case: by turns, or so many on one day would be a burst of one person's."""
    deciding = (*desk.approvers, desk.substitute, desk.head)
    return deciding[turn % len(deciding)]


def _by_day(story: Story, frame: Frame, at: int, behind: int) -> None:
    """The officer's step ends at the instant; the others follow from the next working day on."""
    first = story.work[0]
    first.officer, first.since, first.until = frame.officer, at - 25 * MINUTE_MS, at
    opening = frame.calendar.office(behind)[0][0]
    assert story.decided_at is not None
    spread(story, frame.calendar, story.work[1:], opening, story.decided_at)


def _by_night(story: Story, frame: Frame, at: int) -> None:
    """All steps are done by the day before; the decision is made at the instant."""
    calendar = frame.calendar
    spread(story, calendar, story.work, story.accepted_at, calendar.office(frame.day)[-1][1] - 10 * MINUTE_MS)
    story.decided_at = at
    assert story.ended_at is not None
    story.ended_at = max(story.ended_at, worked(calendar, at, 40 * MINUTE_MS))


def _overtime(frame: Frame, day: int) -> Act:
    """Approved in the afternoon, for the evening."""
    start, closes = frame.calendar.day_start(day), frame.hall.profile.closes
    span = {"from": start + closes, "to": start + closes + 3 * HOUR_MS + 30 * MINUTE_MS}
    payload = {"officer_id": frame.officer, "kind": "overtime"} | span
    return Act(kind=EventType.LEAVE_APPROVED, at=start + closes - 140 * MINUTE_MS, payload=payload)
