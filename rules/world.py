"""What a judgement may look up besides facts, and what follows from it for all cases alike: one place per context and time.

Everything here is a function of reference data; it is kept for as long as that data is in force.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Any

from msgspec import Struct

from rules.fact import CASE_TYPE, CATALOG_CODE, CENTRE, CODE_OF, IMPLEMENT_CODE, ITEM_TYPE, LEGAL, PROMISED, REGION, Where
from rules.parameters import Extension, Fallback
from rules.profile import lack
from rules.register import Register
from supervision.calendars import Calendars, calendars_of
from supervision.durations import DAY_MS, HOUR_MS, QUARTER_MS
from supervision.event import EventType, Precision
from supervision.reference import Item, Reference, Source, Step
from supervision.worktime import Limit, Mode, Unit, WorkCalendar
from supervision.worktime.calendar import Spans

ART45 = frozenset({"hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"})
IN_DAYS = frozenset({Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.MONTH})
MOST_PLANS = 10_000
MOST_DAYS = 1_000
FOREVER = 2**62
ZONE_SHIFT_MS = 3 * HOUR_MS  # a day may be shorter by so much where clocks are changed


class Deeming(Struct, frozen=True):
    """When no answer is one: a receipt without any of these answers for `wd` working days counts as accepted on its day."""

    receipts: tuple[EventType, ...]
    answers: tuple[EventType, ...]
    wd: int
    receipt_codes: frozenset[int]
    answer_codes: frozenset[int]

    @classmethod
    def of(cls, receipts: tuple[EventType, ...], answers: tuple[EventType, ...], wd: int) -> Deeming:
        codes = (frozenset(CODE_OF[kind] for kind in kinds) for kinds in (receipts, answers))
        return cls(receipts, answers, wd, *codes)


class Place:
    """The item, calendar, limits and workflow of every case with one context, opened in one span of the reference data.

    `is_automatic`: the machine decides its cases. `has_peers`: some snapshot knows what is usual for it.
    `is_simple`: its limits run in days to the end of a day, so that the day of the start decides all instants; they are kept in
    `plans`, by whoever computed them.
    """

    def __init__(self, world: World, source: Source, where: Where, at: int) -> None:
        reference = world.reference
        codes = (where[IMPLEMENT_CODE], where[CATALOG_CODE])
        found = (reference.item(code, at) for code in codes if code is not None)
        item: Item | None = next((item for item in found if item is not None), None)
        self.source = source
        self.where = where
        self.item = item
        self.item_code: str | None = where[CATALOG_CODE] or where[IMPLEMENT_CODE]
        own_type, own_case_type = where[ITEM_TYPE], where[CASE_TYPE]
        self.item_type: str | None = own_type if own_type is not None else None if item is None else item.item_type
        case_type = own_case_type or (None if item is None else item.case_type)
        self.case_type: str | None = None if case_type is None else str(case_type)
        self.is_joint = self.case_type == "joint"
        self.mode = Mode.DAY_END if item is None else item.deadline_mode
        self.region: str | None = where[REGION] or (None if item is None else item.region_code) or source.region_code
        self.calendar = _calendar(world, self.region, where[CENTRE], at)
        self.promised_limit = _limit(where, PROMISED) or (None if item is None else item.promised_limit)
        self.legal_limit = self._legal_limit(world, where, item)
        self.pause_kinds = ART45 if item is None or not item.excluded_kinds else ART45 | set(item.excluded_kinds)
        workflow = None if item is None else item.workflow
        self.steps: dict[str, Step] = {} if workflow is None else {step.code: step for step in reversed(workflow.steps)}
        self.precedence = () if workflow is None else workflow.precedence
        self.separated = () if workflow is None else workflow.separated
        self.mandatory = () if workflow is None else tuple(step.code for step in workflow.steps if step.mandatory)
        self.separated_steps = frozenset(code for pair in self.separated for code in (pair.first, pair.second))
        self.ordered_steps = frozenset(code for pair in self.precedence for code in (pair.first, pair.second)) | {*self.mandatory}
        limits = (self.promised_limit, self.legal_limit)
        self.clock = source.clock
        self.is_exact = source.precision is Precision.SECOND  # the source tells seconds
        self.is_automatic = item is not None and item.auto_approval
        self.has_peers = self.item_code is not None and reference.has_peers(self.item_code, self.region)
        self.is_simple = self.mode is Mode.DAY_END and all(limit is None or limit.unit in IN_DAYS for limit in limits)
        deeming = world.deeming
        is_told = deeming is not None and not lack((frozenset(deeming.receipts), frozenset(deeming.answers)), (), source)
        self.deeming = deeming if is_told else None
        self.asked: dict[tuple[int, str | None], Any] = {}  # the engine's: rules by event type and step
        promise = self.promised_limit
        self.has_even_promise = promise is None or promise.unit is Unit.WORKING_DAY  # the same working days whenever it starts
        self.outlooks: dict[tuple[bytes, bytes], Any] = {}  # the shortcut's: what a history that many cases share leads to
        self.calm: dict[str, set[int]] = {}  # by officer: `World.calm_of` where they were last
        self.known: dict[Any, tuple[int, int, Any]] = {}  # by whoever put it there, and the span of time it holds for
        self._days: dict[int, dict[int, Any]] = {}
        self._plans: dict[tuple[int, ...], Any] = {}

    def _legal_limit(self, world: World, where: Where, item: Item | None) -> Limit | None:
        if item is not None and not item.has_legal_limit:
            return None
        named = _limit(where, LEGAL) or (None if item is None else item.legal_limit)
        if named is not None:
            return named
        for fallback in world.fallbacks:
            if fallback.item_type in {None, self.item_type} and fallback.case_type in {None, self.case_type}:
                return fallback.limit
        return None

    def answer_due(self, received_at: int) -> int:
        """The last instant at which a receipt is answered in time, else it counts as accepted."""
        assert self.deeming is not None
        return self.calendar.due_end(self.calendar.add(self.calendar.day_of(received_at), self.deeming.wd))

    def is_answered_in_time(self, received_at: int, answered_at: int) -> bool:
        """By a bound that needs no calendar first: so many working days are nearly as many days at least."""
        assert self.deeming is not None
        if answered_at - received_at < (self.deeming.wd - 1) * DAY_MS - ZONE_SHIFT_MS:
            return True
        return answered_at <= self.answer_due(received_at)

    def plans_on(self, day: int) -> dict[int, Any]:
        """What is kept for limits that start on this day, by whoever put it there."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            found = self._days[day] = {}
        return found

    def is_calm(self, officer_id: str, at: int) -> bool:
        """Whether the quarter of an hour of this instant is known to be calm for this officer."""
        return at // QUARTER_MS in self.calm.get(officer_id, ())

    def keep_calm(self, officer_id: str, calm: set[int]) -> None:
        if len(self.calm) >= MOST_PLANS:
            self.calm.clear()
        self.calm[officer_id] = calm

    def know(self, key: Any, what: tuple[int, int, Any]) -> None:
        """Keep it in `known`."""
        if len(self.known) >= MOST_PLANS:
            self.known.clear()
        self.known[key] = what

    def plan(self, key: tuple[int, ...]) -> Any:
        """What was kept under this key, else None."""
        return self._plans.get(key)

    def keep_plan(self, key: tuple[int, ...], plan: Any) -> None:
        if len(self._plans) >= MOST_PLANS:
            self._plans.clear()
        self._plans[key] = plan


class Office:
    """The hours of one place on one date: [open, close) spans and approved ones beside them, and the breaks between; in ms."""

    def __init__(self, calendar: WorkCalendar, spans: Spans, extended: Spans) -> None:
        self.calendar = calendar
        self.spans = spans
        self.extended = extended
        self.breaks = tuple((end, start) for (_, end), (start, _) in pairwise(spans))


class World:
    """Reference data with the lookups of a judgement. `fallbacks` and `extension` are those of the card on the legal limit,
    `deeming` that of the card on the answer to a receipt."""

    def __init__(
        self,
        reference: Reference,
        fallbacks: tuple[Fallback, ...] = (),
        extension: Extension | None = None,
        deeming: Deeming | None = None,
    ) -> None:
        self.reference = reference
        self.deeming = deeming
        self.calendars: Calendars = calendars_of(reference)
        self.fallbacks = fallbacks
        self.extension = extension or Extension()
        edges = {edge for entry in reference.entries for edge in (entry.valid_from, entry.valid_to) if edge is not None}
        self._cuts = sorted(edges | set(self.calendars.cuts))
        self._registers: dict[str, Register] = {}
        self._contexts: dict[Where, Where] = {}
        self._places: dict[tuple[int, int, str], Place] = {}
        self._of_hall: dict[tuple[str | None, str | None, int], WorkCalendar] = {}
        self._calm: dict[tuple[str | None, str | None, int], set[int]] = {}
        self._offices: dict[tuple[str | None, str | None, int, int], Office] = {}
        self.by_day: dict[tuple[int, ...], tuple[int, int, Any]] = {}  # by detector, calendar (which a place keeps) and day

    def place(self, source: Source, where: Where, at: int) -> Place:
        """`where` is known by its identity: it must be one that stays, of the vocabulary or of `context`."""
        key = (id(where), bisect_right(self._cuts, at), source.name)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = Place(self, source, where, at)
        return found

    def keep_day(self, key: tuple[int, ...], what: tuple[int, int, Any]) -> None:
        """Keep it in `by_day`."""
        if len(self.by_day) >= MOST_PLANS:
            self.by_day.clear()
        self.by_day[key] = what

    def span(self, at: int) -> tuple[int, int]:
        """The instants [since, until) around this one between which the reference data is the same."""
        place = bisect_right(self._cuts, at)
        return self._cuts[place - 1] if place else -FOREVER, self._cuts[place] if place < len(self._cuts) else FOREVER

    def register(self, power: str) -> Register:
        """Who has this power over what."""
        found = self._registers.get(power)
        if found is None:
            found = self._registers[power] = Register(self.reference, power)
        return found

    def calm_of(self, centre: str | None, region: str | None, since: int) -> set[int]:
        """Quarters of an hour known to lie in the office hours there, and in the span of the data in force from `since` on."""
        return self._calm.setdefault((centre, region, since), set())

    def context(self, where: Where) -> Where:
        """The one object equal to this context, for `place`."""
        return self._contexts.setdefault(where, where)

    def hall(self, centre: str | None, region: str | None, at: int) -> WorkCalendar:
        """The calendar of a centre, else of the region."""
        key = (centre, region, bisect_right(self._cuts, at))
        found = self._of_hall.get(key)
        if found is None:
            own = self.calendars.of_centre(centre, at) if centre else None
            found = self._of_hall[key] = own or self.calendars.of_region(region, at)
        return found

    def office(self, centre: str | None, region: str | None, at: int) -> tuple[int, Office]:
        """The local date of an instant, and the hours there: of the centre, else of the region."""
        epoch = bisect_right(self._cuts, at)
        calendar = self.hall(centre, region, at)
        day = calendar.day_of(at)
        key = (centre, region, epoch, day)
        found = self._offices.get(key)
        if found is None:
            spans = (self.calendars.centre_office(centre, day, at) if centre else None) or calendar.office(day)
            found = Office(calendar, spans, self.calendars.centre_extended(centre, day, at) if centre else ())
            if len(self._offices) >= MOST_PLANS:
                self._offices.clear()
            self._offices[key] = found
        return day, found


def _calendar(world: World, region: str | None, centre_id: str | None, at: int) -> WorkCalendar:
    """The calendar of the case's region, with the office hours of its centre where that has its own."""
    calendar = world.calendars.of_region(region, at)
    centre = None if centre_id is None else world.reference.centre(centre_id, at)
    return calendar if centre is None or not centre.hours else calendar.with_hours(centre.hours)


def _limit(where: Where, place: int) -> Limit | None:
    """The limit of the two fields from `place` on."""
    value: Any = where[place]
    unit: Any = where[place + 1]
    return None if value is None else Limit(int(value), Unit(unit))
