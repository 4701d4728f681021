"""The city day by day, and all its days in the order of arrival. What a day brings depends on seed and date alone.

So a city can be taken up anywhere: the days before are made anew, and only what had not arrived by then is sent.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from streams.simulator import conduct, patterns, twists
from streams.simulator.catalogue import Offer
from streams.simulator.city import City, Desk, Hall
from streams.simulator.combining import go_together
from streams.simulator.drawing import Made, finish, open_case
from streams.simulator.feeds import reported, tell_what_is_told
from streams.simulator.story import Act, Story
from streams.simulator.truth import Line
from streams.simulator.twist import Twist
from streams.simulator.walkin import punches, tell_at_once
from streams.simulator.wire import Arrival, Faults, Writer
from supervision.reference import Item
from supervision.worktime import WorkCalendar

EVENTS_A_CASE = 10.0
LONGEST_DAYS = 75  # calendar days after which no event of a case is still to come
COMBINED = 0.35  # of the cases with a twist: they have another one, and of these as many a third
PATTERN_EVERY_WD = 14  # the least working days between two patterns of one officer
TWISTED, AGAIN, PATTERNS = 60_000, 70_000, 80_000  # first numbers of such cases of a day
MOST_CASES = 60  # of one pattern

Offered = tuple[Offer, Item]


class Load(Struct, frozen=True):
    """`rate`: events a second of office time, the whole city; `injected`: share of promised cases that get a twist."""

    rate: float
    injected: float = 0.06
    faults: Faults = Faults()


class Days:
    """A city's days, drawn by its seed. `first`: ordinal of the first day; `injected_from`: of the first one on which twists are
    dealt and patterns played, the days before are as they come (None: from the first on)."""

    def __init__(self, city: City, load: Load, first: int, injected_from: int | None = None) -> None:
        self.city = city
        self._injected_from = first if injected_from is None else injected_from
        self.first = first
        self._load = load
        self._writer = Writer(load.faults)
        self._weight = sum(hall.weight for hall in city.halls)
        self._cases = load.rate * city.profile.work_ms / 1000 / EVENTS_A_CASE
        self._twists = max(1, round(self._cases * city.profile.rates.promised * load.injected)) if load.injected > 0 else 0

    @property
    def calendar(self) -> WorkCalendar:
        return self.city.halls[0].calendar

    # -- in order ----------------------------------------------------------------------------------------------------

    def arrivals(
        self,
        last: int | None,
        after: int | None = None,
        note: Callable[[Iterable[Line]], None] = lambda lines: None,
        only_promised_until: int = 0,
    ) -> Iterator[Arrival]:
        """Everything by the instant it arrives, from the first day to `last` (None: for ever) and what comes of it.

        `after` (ms UTC): what arrived by then is left out. `note` is told the truth of each day. Days before
        `only_promised_until` bring no case that is done at once.
        """
        pending: list[tuple[int, bytes]] = []
        floor = -1 if after is None else after
        day = self.first if after is None else max(self.first, self.calendar.day_of(after) - LONGEST_DAYS)
        while last is None or day <= last:
            is_past = after is not None and self.calendar.day_start(day + 2) < after
            for arrival in self._day(day, note, promised_only=is_past or day < only_promised_until, floor=floor):
                if arrival[0] > floor:
                    heapq.heappush(pending, arrival)
            morning = self.calendar.day_start(day + 1)
            while pending and pending[0][0] < morning:
                yield heapq.heappop(pending)
            day += 1
        while pending:
            yield heapq.heappop(pending)

    def _day(self, day: int, note: Callable[[Iterable[Line]], None], *, promised_only: bool, floor: int) -> Iterator[Arrival]:
        """All that is told of the cases that open on this day, whenever it arrives."""
        if not self.calendar.is_working(day):
            return
        for story in self._ordinary(day, promised_only=promised_only):
            if self._is_over(story, floor):
                continue
            yield from self._finished(story, note)
        if day >= self._injected_from:
            for story in self._twisted(day):
                yield from self._finished(story, note)
            yield from self._conduct(day, note)
        if not promised_only:
            for number, hall in enumerate(self.city.halls):
                if not hall.feed.is_complete:
                    continue
                acts = punches(hall, day, self._chance(day, "punches", number))
                yield from self._loose(hall, acts, f"punches/{day}/{number}")

    def _finished(self, story: Story, note: Callable[[Iterable[Line]], None]) -> Iterator[Arrival]:
        if story.offer.steps:
            note(finish(story).lines)
        else:
            tell_at_once(story)
            tell_what_is_told(story)
        yield from self._writer.story(story)

    def _loose(self, hall: Hall, acts: Iterable[Act], name: str) -> Iterator[Arrival]:
        told = reported(hall.feed, hall.calendar, acts, self._chance(name, "reported"))
        yield from self._writer.loose(hall, told, name)

    def _is_over(self, story: Story, floor: int) -> bool:
        """Whether all of a case has arrived by `floor`, by a bound that is quick to see."""
        if floor < 0:
            return False
        longest = 2 * (story.finish_wd + story.pause_wd) + 24
        return self.calendar.day_start(self.calendar.day_of(story.accepted_at) + longest) < floor

    # -- a day -------------------------------------------------------------------------------------------------------

    def _chance(self, *names: object) -> random.Random:
        return random.Random("/".join(map(str, (self.city.source, *names))))  # noqa: S311 - a city, not a secret

    def _ordinary(self, day: int, *, promised_only: bool) -> Iterator[Story]:
        """A busier day is one after a day off."""
        busy = 1.15 if not self.calendar.is_working(day - 1) else 0.96
        for number, hall in enumerate(self.city.halls):
            count = max(1, round(self._cases * busy * hall.weight / self._weight))
            rates = hall.profile.rates
            share = rates.promised if hall.region_level < 5 else rates.promised_in_towns
            kinds = self._chance(day, number)
            for case in range(1, count + 1):
                is_promised = kinds.random() < share
                if is_promised or not promised_only:
                    yield self._case(hall, hall.promised if is_promised else hall.instant, day, case, (day, number, case))

    def _case(self, hall: Hall, offers: tuple[Offered, ...], day: int, number: int, names: tuple[object, ...]) -> Story:
        chance = self._chance(*names)
        offered = chance.choices(offers, [offer.weight for offer, _ in offers])[0]
        return open_case(hall, offered, day, number, chance)

    def _twisted(self, day: int) -> Iterator[Story]:
        for number in range(self._twists):
            story = self._twist(day, number)
            if story is None:
                continue
            yield story
            for twist in story.twists:
                if twist.again_wd is not None:
                    yield self._again(story, day, number, twist.again_wd)

    def _twist(self, day: int, number: int) -> Story | None:
        """The case of the day's twist of this number, some with more; None where no centre has an item for it."""
        twist = self._dealt(self.calendar.count(self._injected_from - 1, day) * self._twists + number)
        chance = self._chance(day, "twist", number)
        suiting = [(hall, [each for each in hall.promised if twist.suits(each[0])]) for hall in self.city.halls]
        suiting = [(hall, offers) for hall, offers in suiting if offers]
        if not suiting:
            return None
        hall, offers = chance.choices(suiting, [hall.weight for hall, _ in suiting])[0]
        offered = chance.choice(offers)
        played: tuple[Twist, ...] = (twist,)
        while chance.random() < COMBINED:
            others = [each for each in twists.ALL if each.suits(offered[0]) and all(go_together(each, one) for one in played)]
            if not others:
                break
            played = (*played, chance.choice(others))
        return open_case(hall, offered, day, TWISTED + number, chance, played)

    def _again(self, story: Story, day: int, number: int, wd: int) -> Story:
        """The same applicant files the same thing anew."""
        later = self.calendar.add(day, wd)
        again = open_case(story.hall, (story.offer, story.item), later, AGAIN + number, self._chance(day, "again", number))
        again.applicant = story.applicant
        return again

    def _dealt(self, place: int) -> Twist:
        """Twists come like cards from a pack that is shuffled anew when it is used up: none stays out for long."""
        turn, card = divmod(place, len(twists.ALL))
        return self._chance("pack", turn).sample(twists.ALL, len(twists.ALL))[card]

    # -- patterns ----------------------------------------------------------------------------------------------------

    @cached_property
    def _pools(self) -> dict[bool, list[tuple[Hall, Desk, str]]]:
        return {late: conduct.pool(self.city, late_hall=late) for late in (False, True)}

    def _conduct(self, day: int, note: Callable[[Iterable[Line]], None]) -> Iterator[Arrival]:
        a_day = min(max(3, self._twists // 10), len(self._pools[False]) // PATTERN_EVERY_WD) if self._twists else 0
        for number in range(a_day):
            place = self.calendar.count(self._injected_from - 1, day) * a_day + number
            turn, which = divmod(place, len(patterns.ALL))
            pattern = patterns.ALL[which]
            people = self._pools[pattern.late_hall]
            if not people:
                continue
            hall, desk, officer = people[(turn if pattern.late_hall else place) % len(people)]
            chance = self._chance(day, "pattern", number)
            played = pattern.play(conduct.Frame(hall, desk, officer, day, PATTERNS + number * MOST_CASES, chance))
            if played is not None:
                yield from self._played(played, hall, f"pattern/{day}/{number}", note)

    def _played(self, played: conduct.Played, hall: Hall, name: str, note: Callable[[Iterable[Line]], None]) -> Iterator[Arrival]:
        note(played.lines)
        for made in played.cases:
            yield from self._told(made, note)
        yield from self._loose(hall, played.loose, name)

    def _told(self, made: Made, note: Callable[[Iterable[Line]], None]) -> Iterator[Arrival]:
        note(made.lines)
        yield from self._writer.story(made.story)
