"""Twists on silence: cases in which nothing happens for weeks, and what looks like it (T17). Their truth is in `silence`."""

from __future__ import annotations

from streams.simulator.catalogue import Offer
from streams.simulator.laying import worked
from streams.simulator.story import Story
from streams.simulator.twist import Twist, in_days
from supervision.durations import DAY_MS, HOUR_MS, MINUTE_MS
from supervision.event import EventType

LIMIT_WD = 15


def _stepped(offer: Offer) -> bool:
    return in_days(3, 15)(offer) and len(offer.steps) > 1 and offer.steps[0] == "handle"


def _shelve(story: Story, wd: int) -> None:
    """The first step within an hour of acceptance, all else on the morning so many working days later."""
    calendar, (first, *others) = story.hall.calendar, story.work
    first.since = worked(calendar, story.accepted_at, 10 * MINUTE_MS)
    first.until = worked(calendar, story.accepted_at, 40 * MINUTE_MS)
    at = calendar.office(calendar.add(calendar.day_of(first.until), wd))[0][0]
    for step in others:
        step.since, step.until = at + 20 * MINUTE_MS, at + 45 * MINUTE_MS
        at += 35 * MINUTE_MS
    story.decided_at, story.ended_at = at + 25 * MINUTE_MS, at + 40 * MINUTE_MS


def _shelved(story: Story) -> None:
    _shelve(story, story.chance.randint(LIMIT_WD + 1, 2 * LIMIT_WD - 1))


def _forgotten(story: Story) -> None:
    _shelve(story, story.chance.randint(2 * LIMIT_WD + 1, 2 * LIMIT_WD + 4))


def _on_the_last_day(story: Story) -> None:
    _shelve(story, LIMIT_WD)


def _soon(story: Story) -> None:
    story.finish_wd = 2


def _told_weeks_late(story: Story) -> None:
    """The case went on, but its source was silent: all that came behind the acceptance arrives when weeks are over."""
    calendar = story.hall.calendar
    arrives = calendar.day_start(calendar.add(calendar.day_of(story.accepted_at), LIMIT_WD + 2)) + 10 * HOUR_MS
    for act in story.acts:
        if act.at > story.opening_at:
            act.lag_ms = max(act.lag_ms or 0, arrives - act.at)


def _tested(story: Story) -> None:
    """Weeks at a laboratory, declared and ended in time."""
    story.pause_after_wd, story.pause_wd, story.declared_wd, story.pause_kind, story.finish_wd = 1, 18, 30, "testing", 3


def _publish(story: Story) -> None:
    """Published weeks after the decision, and that is all that happens: it is no handling."""
    at = story.hall.calendar.day_start(story.hall.calendar.day_of(story.accepted_at)) + LIMIT_WD * DAY_MS + 10 * HOUR_MS
    act = story.act(EventType.STEP_COMPLETED)
    copy = type(act)(kind=EventType.RESULT_PUBLISHED, at=at, payload={}, officer=act.officer, role=act.role, place=act.place)
    story.acts.append(copy)


TWISTS: tuple[Twist, ...] = (
    Twist(rule="T17", name="shelved", violates=True, suits=_stepped, shape=_soon, move=_shelved),
    Twist(rule="T17", name="forgotten", violates=True, suits=_stepped, shape=_soon, move=_forgotten),
    Twist(rule="T17", name="only_published", violates=True, suits=_stepped, shape=_soon, move=_shelved, alter=_publish),
    Twist(rule="T17", name="taken_up_on_the_last_day", violates=False, suits=_stepped, shape=_soon, move=_on_the_last_day),
    Twist(rule="T17", name="source_silent", violates=False, suits=_stepped, shape=_soon, alter=_told_weeks_late),
    Twist(rule="T17", name="weeks_at_a_laboratory", violates=False, suits=in_days(7, 15), shape=_tested),
)
