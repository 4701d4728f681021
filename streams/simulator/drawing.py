"""What chance makes of a case before anything is told: who, what, how long. Rates are those of the domain's base figures."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from msgspec import Struct, structs

from streams.simulator import dues, impossible, prolonging, silence
from streams.simulator.catalogue import Offer
from streams.simulator.city import Hall, person_hash
from streams.simulator.combining import by_course, by_record
from streams.simulator.feeds import tell_what_is_told
from streams.simulator.laying import lay, on_day
from streams.simulator.profile import Rates
from streams.simulator.story import Story
from streams.simulator.telling import tell
from streams.simulator.truth import Line, Origin, line_of
from streams.simulator.twist import Twist, near_wd, nothing
from supervision.event import ApplicantType, EventType
from supervision.reference import Item
from supervision.worktime import Unit

# Share of a day's office time that is over, and how busy it is then: the two peaks of morning and afternoon.
BUSY = ((0.0, 0.10, 0.8), (0.10, 0.30, 1.9), (0.30, 0.42, 0.9), (0.42, 0.55, 0.6), (0.55, 0.75, 1.7), (0.75, 0.93, 0.9))
T = TypeVar("T")
SLOW_STEP = 0.1  # of the cases that come near their limit: the time goes in one step


class Made(Struct, frozen=True):
    """A finished story and the lines of truth it leaves."""

    story: Story
    lines: tuple[Line, ...]


def open_case(
    hall: Hall, offered: tuple[Offer, Item], day: int, number: int, chance: random.Random, twists: tuple[Twist, ...] = ()
) -> Story:
    """A case that opens on a working day: drawn and shaped, without instants. `number` is unique for hall and day."""
    (offer, item), profile = offered, hall.profile
    applicant_type = ApplicantType.NATURAL_PERSON if item.item_type in {"20", "05", "07"} else ApplicantType.ENTERPRISE
    story = Story(
        hall=hall,
        offer=offer,
        item=item,
        desk=hall.desks[offer.department],
        case_id=f"{hall.region}-{date.fromordinal(day):%Y%m%d}-{number:05d}",
        chance=chance,
        accepted_at=on_day(hall.calendar, day, moment(chance)),
        acceptor=chance.choice(hall.acceptors),
        window=chance.choice(hall.windows),
        applicant=person_hash(profile, f"applicant/{chance.randrange(5_000_000)}"),
        applicant_type=applicant_type,
        channel=weighted(chance, profile.rates.channels),
        agent=chance.choice(profile.agents) if chance.random() < profile.rates.agents else None,
        twists=twists,
    )
    _plan(story)
    if twists:
        plain(story)
    for twist in by_course(twists):
        twist.shape(story)
    return story


def finish(story: Story, move: Callable[[Story], None] = nothing) -> Made:
    """Give the story its instants, tell it, twist it, and say what must be found in it. `move` changes instants, as a twist's."""
    waits = story.supplement or story.waits_wd
    if waits:  # what was asked for takes days, or the receipt lies; the acceptance waits for it
        calendar = story.hall.calendar
        if story.waits_wd:
            story.received_at = story.accepted_at
        day = calendar.add(calendar.day_of(story.accepted_at), waits)
        story.accepted_at = on_day(calendar, day, moment(story.chance))
    lay(story)
    move(story)
    for twist in reversed(by_course(story.twists)):
        twist.move(story)
    tell(story)
    for twist in by_record(story.twists):
        twist.alter(story)
    tell_what_is_told(story)
    return Made(story, tuple(_lines(story)))


def moment(chance: random.Random) -> float:
    """When in the office time of a day someone comes."""
    start, end, _ = chance.choices(BUSY, [weight * (end - start) for start, end, weight in BUSY])[0]
    return chance.uniform(start, end)


def weighted(chance: random.Random, choices: tuple[tuple[T, float], ...]) -> T:
    return chance.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]


def _lines(story: Story) -> list[Line]:
    """A violation is injected where a twist of its rule was to bring it. A twist stays quiet that was to, or whose rule is off or
    silenced; where another twist, or what is not told, leads to a violation all the same, it says nothing."""
    due = list(dues.violations(story))
    own = [*prolonging.violations(story), *silence.violations(story, due), *impossible.violations(story)]
    made = [*due, *own, *(() if story.is_silent else story.found)]
    found = [violation for violation in made if not story.hall.feed.is_off(violation.rule)]
    names = "+".join(twist.name for twist in story.twists) or None
    lines = []
    for violation in found:
        twist = next((twist for twist in story.twists if twist.violates and twist.rule == violation.rule), None)
        origin = Origin.NATURAL if twist is None else Origin.INJECTED
        lines.append(line_of(structs.replace(violation, origin=origin), names if twist is None else twist.name, story.case_id))
    for twist in story.twists:
        is_off = story.is_silent or story.hall.feed.is_off(twist.rule)
        is_alone = len(story.twists) == 1 and story.hall.feed.sends is None
        if is_off or (not twist.violates and (is_alone or all(twist.rule != violation.rule for violation in found))):
            lines.append(Line(expect="quiet", rule=twist.rule, subject=story.subject, name=twist.name, case_id=story.case_id))
    return lines


def plain(story: Story) -> None:
    """A twist begins from a case that goes through without anything else."""
    story.supplement, story.waits_wd, story.ending, story.is_denied = 0, 0, EventType.CASE_COMPLETED, False
    story.pause_after_wd, story.slow = None, None


def _plan(story: Story) -> None:
    chance, promised, rates = story.chance, story.promised, story.hall.profile.rates
    if promised is None:
        story.finish_wd = chance.randint(3, 18)
    elif promised.unit is Unit.HOUR:
        story.finish_share = _share(chance, rates)
    else:
        _plan_days(story, promised.value)
    story.supplement = chance.choice((1, 1, 2, 3)) if chance.random() < rates.supplemented else 0
    story.is_denied = chance.random() < rates.denied
    draw = chance.random()
    if draw < rates.terminated:
        story.ending = EventType.CASE_TERMINATED
    elif draw < rates.terminated + rates.withdrawn:
        story.ending = EventType.CASE_WITHDRAWN


def _share(chance: random.Random, rates: Rates) -> float:
    """Of a limit in hours: how much of it is used."""
    draw = chance.random()
    return (
        chance.uniform(1.05, 2.0)
        if draw < rates.over_promised
        else chance.uniform(0.82, 0.98)
        if draw < rates.near
        else chance.uniform(0.15, 0.75)
    )


def _plan_days(story: Story, limit: int) -> None:
    chance, rates, near = story.chance, story.hall.profile.rates, near_wd(limit)
    draw = chance.random()
    if draw < rates.over_legal and story.offer.legal is not None:
        story.finish_wd = story.offer.legal.value + chance.randint(1, 4)
    elif draw < rates.over_promised:
        story.finish_wd = limit + chance.randint(1, 4)
    elif draw < rates.near and limit > 1:
        story.finish_wd = chance.randint(near, limit)
        story.slow = chance.choice(story.offer.steps) if chance.random() < SLOW_STEP else None
    elif draw < rates.near + rates.early:
        story.finish_wd = int(chance.uniform(0, 0.6) * limit)
    else:
        story.finish_wd = chance.randint(int(0.6 * limit), max(int(0.6 * limit), near - 1))
        story.finish_wd = min(story.finish_wd, max(near - 1, 0))
    if limit >= 5 and len(story.offer.steps) > 1 and chance.random() < rates.paused:
        story.pause_after_wd = chance.randint(0, 2)
        story.pause_wd = min(20, max(2, round(chance.lognormvariate(1.95, 0.5))))
        story.declared_wd = max(1, story.pause_wd + chance.choice((-1, 0, 1, 2, 3, 3, 4, 5, 5, 8)))
        story.pause_kind = chance.choice(("testing", "inspection", "expert_review", "appraisal", "quarantine"))
