"""Kind `deadline` with `limit: fixed`: from the first of some facts of a case to the first of others, levels after so many days.

An answer, a delivery or a publication that is due so many working days after a fact: T01 T13 D14, and most of a bureau's own cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from rules.case import Case
from rules.fact import CODE_OF, FIELD_CODE, Fact
from rules.kinds.deadline import CASE_CLOCK
from rules.kinds.levels import Reached, Running, beyond, in_time, next_of, over, shown, verdict_of
from rules.outline import LOUD, UNTOUCHED, Daily, Look, Outline, Outlook, Scene
from rules.parameters import After, Deadline, Errand, Happening, Mark, Occurrence
from rules.part import ACCEPTANCE_CODES, ACCEPTANCES, Part, named_once, order_of
from rules.profile import Awaits, Needs
from rules.reading import ACTOR, Reads, merged, reads
from rules.verdict import FAR, Verdict
from rules.world import IN_DAYS, Place
from supervision.alert import Level
from supervision.event import EventType
from supervision.worktime import CalendarMissing, Limit, Pauses, Term, term

FactsOf = Callable[[int], list[Fact]]  # by the number of a type, in order


class Plan(Struct, frozen=True):
    """The instants of every clock of a place that starts on one day, where nothing pauses it; `in_time`: the last at which a stop
    leaves nothing to say."""

    reached: tuple[Reached, ...]
    limits: tuple[Limit, ...]
    in_time: int


class Sign:
    """A happening (`rules.parameters.Occurrence`) as it is looked for."""

    def __init__(self, happening: Happening) -> None:
        told = happening if isinstance(happening, Occurrence) else Occurrence(event=happening)
        self.event = told.event
        self.code = CODE_OF[told.event]
        self.fields = frozenset(told.among)
        self.wanted = frozenset(name for name, values in told.among.items() if None not in values)
        self._among = tuple((FIELD_CODE[name], frozenset(values)) for name, values in told.among.items())
        self._item_types = frozenset(told.item_types)

    def is_of(self, place: Place) -> bool:
        return not self._item_types or place.item_type in self._item_types

    def shows(self, fact: Fact) -> bool:
        return not self._among or all(fact.kept.get(field) in values for field, values in self._among)


class Watch:
    """One thing that is due: by its own segment, from the earliest of its starts, else of `otherwise`, to its first stop. A stop
    before the start stops it too: what is due was done."""

    def __init__(self, told: Deadline | Errand, *, is_paused: bool) -> None:
        self.at = told.at
        self.segment = told.segment if isinstance(told, Errand) else ""
        self.starts = tuple(map(Sign, told.start))
        self.otherwise = tuple(map(Sign, told.otherwise))
        self.stops = tuple(map(Sign, told.stops))
        self._item_flag = told.item_flag if isinstance(told, Errand) else None
        self._is_paused = is_paused
        self._key = id(self)

    @property
    def signs(self) -> Iterator[Sign]:
        yield from (*self.starts, *self.otherwise, *self.stops)

    def is_on(self, place: Place) -> bool:
        return self._item_flag is None or (place.item is not None and bool(getattr(place.item, self._item_flag)))

    def start_of(self, place: Place, of: FactsOf) -> Fact | None:
        return _first(self.starts, place, of) or _first(self.otherwise, place, of)

    def stop_of(self, place: Place, of: FactsOf) -> Fact | None:
        return _first(self.stops, place, of)

    def judge(self, case: Case, part: Part, found: list[Verdict]) -> None:
        place = part.place
        started = self.start_of(place, part.of) if self.is_on(place) else None
        if started is None:
            return
        stop, pauses = self.stop_of(place, part.of), part.pauses if self._is_paused else Pauses.NONE
        plan = self._of_day(place, started.at) if pauses is Pauses.NONE else None
        if plan is None:
            plan = self._planned(place, started.at, pauses)
        for planned, limit in zip(plan.reached, plan.limits, strict=True):
            reached: Reached | None = planned
            if stop is not None and stop.at <= planned.end:
                continue
            if pauses is not Pauses.NONE and planned.lacks is None:
                reached = shown(planned, started.at, _term(place, started.at, limit, pauses).settled)
            if reached is None:
                continue

            def running(limit: Limit = limit) -> Running:
                return self._running(case, part, started, stop, limit, pauses)

            verdict = verdict_of(case, part, reached, max(reached.instant, started.at), started, stop, running)
            if verdict is not None:
                found.append(verdict)

    def _of_day(self, place: Place, started_at: int) -> Plan | None:
        """That of all clocks of the place that start on this day; None: the day alone does not decide."""
        plans = place.plans_on(place.calendar.day_of(started_at))
        plan: Plan | None = plans.get(self._key)
        if plan is None and self.runs_in_days(place):
            plan = plans[self._key] = self._planned(place, started_at, Pauses.NONE)
        return plan

    def _planned(self, place: Place, started_at: int, pauses: Pauses) -> Plan:
        """Of each level the mark whose end is passed first."""
        firsts: list[tuple[Reached, Limit]] = []
        for level, marks in self.at.items():
            limits = [limit_in(place, mark) for mark in marks]
            ends = [(_end(place, level, started_at, limit, pauses), limit) for limit in limits]
            firsts.append(min(ends, key=lambda one: one[0].end))
        found = tuple(reached for reached, _ in firsts)
        return Plan(found, tuple(limit for _, limit in firsts), in_time(found))

    def runs_in_days(self, place: Place) -> bool:
        """Whether the day of the start decides all instants."""
        return all(limit_in(place, mark).unit in IN_DAYS for marks in self.at.values() for mark in marks)

    def _running(self, case: Case, part: Part, started: Fact, stop: Fact | None, limit: Limit, pauses: Pauses) -> Running:
        own = _term(part.place, started.at, limit, pauses)
        return Running(
            subject=case.subject,
            opening=started,
            stop=stop,
            term=own,
            limit=limit,
            runs=lambda other: _term(part.place, started.at, other, pauses),
            settle=own.settled,
            facts={"started_at": started.at, "limit": limit.value, "limit_unit": limit.unit.value},
            evidence=named_once((_before(part.opening, started), started)),
            undeclared=True,
            segment=self.segment,
        )

    # -- of plain cases -----------------------------------------------------------------------------------------

    def ends_in_time(self, scene: Scene, started_at: int, stopped_at: int) -> bool:
        plan = self._of_day(scene.place, started_at)
        return plan is not None and stopped_at <= plan.in_time

    def wake(self, scene: Scene, started_at: int) -> int:
        plan = self._of_day(scene.place, started_at)
        return LOUD if plan is None else next_of(plan.reached, started_at, scene)


class FixedDeadline:
    """The watches of a card over the parts of a case."""

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters
        told: tuple[Deadline | Errand, ...] = (parameters, *parameters.also)
        self.watches = tuple(Watch(each, is_paused=parameters.pauses) for each in told)
        self._codes = frozenset(sign.code for watch in self.watches for sign in watch.signs)
        own = [reads((sign.event,), ACTOR, sign.fields) for watch in self.watches for sign in watch.signs]
        opened = reads((*ACCEPTANCES, EventType.CASE_REOPENED), ACTOR)
        self.reads: Reads = merged(opened, *own, *((CASE_CLOCK,) if parameters.pauses else ()))
        main = self.watches[0]
        begins = (*main.starts, *main.otherwise)
        self.awaits: Awaits = (frozenset(sign.event for sign in begins), frozenset(sign.event for sign in main.stops))
        self.needs_fields = _needed(begins)

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            for watch in self.watches:
                watch.judge(case, part, found)
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """It begins a clock, ends one or moves its start. An acceptance may make another place, whose calendar then counts."""
        is_acceptance = act.type in ACCEPTANCE_CODES
        if act.type not in self._codes and not is_acceptance:
            return UNTOUCHED
        running: list[tuple[Watch, int]] = []
        ended: list[tuple[Watch, int, int]] = []
        is_touched = False
        for watch in self.watches:
            if not watch.is_on(place):
                continue
            before, after = _state(watch, place, outline.facts), _state(watch, place, [*outline.facts, act])
            started, stopped = after
            if started is None:
                continue
            is_new = before != after or is_acceptance
            is_touched = is_touched or is_new
            if not watch.runs_in_days(place):
                return None
            if stopped is None:
                running.append((watch, started))
            elif is_new:
                ended.append((watch, started, stopped))
        if not is_touched:
            return UNTOUCHED
        look = _look_at(running, ended)
        now = len(outline.facts)
        is_of_act = all(started == now for _, started in running)
        is_of_days = not is_acceptance or all(place in {0, now} for _, *places in ended for place in places)
        return Daily(look) if is_of_act and is_of_days else look


def _look_at(running: list[tuple[Watch, int]], ended: list[tuple[Watch, int, int]]) -> Look:
    """Clocks that run, by the place of their start in the outline, and such as may have ended, with the place of their stop."""
    if len(running) == 1 and not ended:
        ((only, begun),) = running
        return lambda scene, _rule: only.wake(scene, scene.at_of(begun))

    def look(scene: Scene, _rule: bytes) -> int:
        for watch, started, stopped in ended:
            if not watch.ends_in_time(scene, scene.at_of(started), scene.at_of(stopped)):
                return LOUD
        return min([watch.wake(scene, scene.at_of(started)) for watch, started in running]) if running else FAR

    return look


def _needed(signs: tuple[Sign, ...]) -> Needs:
    """The fields without which nothing begins: those that every sign asks for, and of the others one."""
    always = frozenset.intersection(*(sign.wanted for sign in signs))
    others = [sign.wanted - always for sign in signs]
    return (*sorted(always), *(["|".join(sorted(frozenset.union(*others)))] if all(others) else []))


def _state(watch: Watch, place: Place, facts: list[Fact]) -> tuple[int | None, int | None]:
    """The places of the start and the stop among the facts of an outline."""

    def of(code: int) -> list[Fact]:
        return [fact for fact in facts if fact.type == code]

    started, stopped = watch.start_of(place, of), watch.stop_of(place, of)
    return None if started is None else started.at, None if stopped is None else stopped.at


def _first(signs: tuple[Sign, ...], place: Place, of: FactsOf) -> Fact | None:
    """The earliest fact that is one of these."""
    found: Fact | None = None
    for sign in signs:
        for fact in of(sign.code) if sign.is_of(place) else ():
            if sign.shows(fact):
                if found is None or order_of(fact) < order_of(found):
                    found = fact
                break
    return found


def limit_in(place: Place, mark: Mark) -> Limit:
    """The limit of a mark: the item's own where it names one."""
    assert isinstance(mark, After), "the card was checked"
    own = None if mark.item_limit is None or place.item is None else getattr(place.item, mark.item_limit.value)
    return own if isinstance(own, Limit) else Limit(mark.wd)


def _term(place: Place, started_at: int, limit: Limit, pauses: Pauses) -> Term:
    return term(place.calendar, started_at, limit, pauses=pauses)


def _end(place: Place, level: Level, started_at: int, limit: Limit, pauses: Pauses) -> Reached:
    try:
        return over(level, _term(place, started_at, limit, pauses))
    except CalendarMissing as missing:
        return beyond(level, missing, place.calendar)


def _before(opening: Fact | None, started: Fact) -> Fact | None:
    """What opened the case, unless that is the answer that was waited for."""
    return opening if opening is not None and order_of(opening) <= order_of(started) else None
