"""The outline of a plain case: which acts happened in which order, without their times and persons. Many cases share one.

A detector says once per outline what one more act can mean for it (`CaseDetector.outlook`): nothing, something that times and
persons of the case decide (a `Look` at the `Scene`), or more than it can tell so. `rules.shortcut` asks and keeps the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from rules.annex import start_in
from rules.fact import INSTANCE, NOTHING, NOWHERE, OFFICER, PERSON, Actor, Fact
from rules.packing import instant_at
from rules.part import ACCEPTANCE_CODES, LEGAL_STOP_CODES, PROMISED_STOP_CODES
from rules.plain import ACTOR_AT, AT, DEVICE_AT, FACT_SIZE, HEAD, told_in, wake_of
from rules.said import Draft
from rules.stepbook import STEP_CODE, STEP_CODES, StepBook
from rules.verdict import FAR

if TYPE_CHECKING:
    from rules.vocabulary import Vocabulary
    from rules.world import Place, World
    from supervision.event import CaseEvent

LOUD: Final = -(2**62)  # what a look says when verdicts may come or go: judge the whole case
SAME: Final = LOUD - 1  # what a look says when its rule goes on waiting for the instant that it waits for
ACCEPTANCE_BYTES = tuple(bytes((code,)) for code in ACCEPTANCE_CODES)  # the first there is sets the limits, else the second


class Untouched(Enum):
    """One more act leaves a detector's verdicts, and what each would say, as they are."""

    UNTOUCHED = "untouched"


UNTOUCHED: Final = Untouched.UNTOUCHED


class Scene:
    """What a look may ask of the case at hand. `at` and `actor` are those of the new act, which comes after `number` others, `told`
    the names and numbers it tells (`rules.fact.MANY_VALUED`), `event` all of it.

    `drafts`: signals that looks have to send, should the event go the short way. `wakes`: packed. `start`: the acceptance, else the
    first act.
    """

    __slots__ = (
        "_day",
        "_persons",
        "_plans",
        "actor",
        "apart",
        "at",
        "drafts",
        "event",
        "facts",
        "grace",
        "now",
        "number",
        "place",
        "start",
        "told",
        "vocabulary",
        "wakes",
        "world",
    )

    def __init__(self, world: World, vocabulary: Vocabulary) -> None:
        self.world = world
        self.vocabulary = vocabulary
        self._persons: dict[bytes, str] = {}
        self.drafts: list[Draft] = []

    def set(
        self,
        place: Place,
        start: int,
        event: CaseEvent,
        at: int,
        actor: Actor | None,
        told: dict[int, Any],
        number: int,
        facts: bytes,
        apart: bytes,
        now: int,
        grace: int,
        wakes: bytes,
    ) -> None:
        """`facts`: those before the new act, packed, `apart`: what they keep of names and numbers;
        `now`: of the case's clock; `grace`: for what is absent, ms."""
        if self.drafts:
            self.drafts = []
        self.event = event
        self.place = place
        self.start = start
        self.at = at
        self.actor = actor
        self.told = told
        self.number = number
        self.facts = facts
        self.apart = apart
        self.now = now
        self.grace = grace
        self.wakes = wakes
        self._day: int | None = None
        self._plans: dict[int, Any] | None = None

    @property
    def event_id(self) -> int:
        return self.event.event_id.int

    def wake_of(self, rule: bytes) -> int:
        """What a rule wakes at so far, FAR: never."""
        return wake_of(self.wakes, rule)

    @property
    def start_day(self) -> int:
        if self._day is None:
            self._day = self.place.calendar.day_of(self.start)
        return self._day

    @property
    def plans(self) -> dict[int, Any]:
        """What is known of limits that start on the day of `start`."""
        if self._plans is None:
            self._plans = self.place.plans_on(self.start_day)
        return self._plans

    def at_of(self, position: int) -> int:
        """The time of an act by its place in the outline."""
        if position == self.number:
            return self.at
        return instant_at(self.facts, position * FACT_SIZE + AT)

    def told_by(self, position: int) -> dict[int, Any]:
        """The names and numbers that an act told, by its place in the outline."""
        return self.told if position == self.number else told_in(self.apart, position)

    def person_of(self, position: int) -> str | None:
        """The natural person who did it, as `Case.person` finds them."""
        if position == self.number:
            return self._person(self.actor, self.at)
        place = position * FACT_SIZE + ACTOR_AT
        code = self.facts[place : place + 3]
        person = self._persons.get(code)
        if person is None:
            actor = self.vocabulary.actors.value(int.from_bytes(code, "big"))
            person = self._person(actor, self.at_of(position))
            if person is not None and person == actor[PERSON]:
                self._persons[code] = person  # their own word, whenever it was
        return person

    def _person(self, actor: Actor | None, at: int) -> str | None:
        if actor is None:
            return None
        own, officer_id = actor[PERSON], actor[OFFICER]
        if own or not officer_id:
            return own or officer_id
        registered = self.world.reference.officer(officer_id, at)
        return registered.person_hash if registered is not None and registered.person_hash else officer_id


class Typed:
    """A look whose type says what its answer rests on: who knows the type need not ask it."""

    __slots__ = ("look",)

    def __init__(self, look: Callable[[Scene, bytes], int]) -> None:
        self.look = look

    def __call__(self, scene: Scene, rule: bytes) -> int:
        return self.look(scene, rule)


class Daily(Typed):
    """A look whose answer goes for all acts of one local day, but for its first instant, that come before the case wakes: it rests
    on the place, the outline, that day, and what the case waits for, that of an acceptance on the day of the first act too, if that
    was at the same place; on nothing else of the case. Asked once for all such acts.

    `spoken` is asked, for each act, where one alert of its rule stands: whether it goes on to stand as it is (else LOUD).
    """

    __slots__ = ("spoken",)

    def __init__(self, look: Callable[[Scene, bytes], int], spoken: Callable[[Scene, bytes], int] | None = None) -> None:
        super().__init__(look)
        self.spoken = spoken


class Calm(Typed):
    """A look that has nothing to say of what an officer does in a quarter of an hour that is known to be calm at the place
    (`Place.calm`), and of what no officer does: asked about the rest alone."""

    __slots__ = ()

    def __call__(self, scene: Scene, rule: bytes) -> int:
        officer_id = None if scene.actor is None else scene.actor[OFFICER]
        return FAR if not officer_id or scene.place.is_calm(officer_id, scene.at) else self.look(scene, rule)


class Cleared(Typed):
    """A look that has nothing to say of the plain act of an officer who is known to have this power at the place (`Place.known`, by
    the power and the officer): asked about the rest alone."""

    __slots__ = ("power",)

    def __init__(self, look: Callable[[Scene, bytes], int], power: str) -> None:
        super().__init__(look)
        self.power = power


class Tells(Typed):
    """A look that signals the same of every act of an officer at the place, but of none that a system did, while it is known what
    (`Place.known`, by `name`, the officer, `kind` and the day: a span, and subject, data and their digest, or None): asked where it
    is not. It wakes at nothing."""

    __slots__ = ("kind", "name")

    def __init__(self, look: Callable[[Scene, bytes], int], name: str, kind: object) -> None:
        super().__init__(look)
        self.name = name
        self.kind = kind


class Ends(Typed):
    """A look that has nothing to say of an act that ends clocks in time: asked where that is not known (`Place.known`, by the name
    of a clock and the day it began: the span of instants in time). `clocks`: names, and the places of the acts that began them."""

    __slots__ = ("clocks",)

    def __init__(self, look: Callable[[Scene, bytes], int], clocks: Sequence[tuple[object, int]]) -> None:
        super().__init__(look)
        self.clocks = tuple(clocks)


class Apart:
    """A look that says LOUD where one person did both of acts that two should do, else nothing. `pairs`: by their places, those of
    one kind and of the other. `meetings`: the same, each act of one kind with each of the other, by where their actors lie in the
    packed state of a case to which the new act comes; None: it is this act. `is_old`: this act is in none of them, and all
    of them were asked about with the act before."""

    __slots__ = ("is_old", "meetings", "pairs")

    def __init__(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], new: int, *, is_old: bool = False) -> None:
        """`new`: the place of the new act."""
        self.is_old = is_old
        self.pairs = tuple((tuple(first), tuple(second)) for first, second in pairs)
        places = [(one, other) for first, second in self.pairs for one in first for other in second]
        self.meetings = tuple((_lies_at(one, new), _lies_at(other, new)) for one, other in places)

    def __call__(self, scene: Scene, _rule: bytes) -> int:
        for first, second in self.pairs:
            persons = [scene.person_of(position) for position in first]
            for position in second:
                person = scene.person_of(position)
                if person and person in persons:
                    return LOUD
        return FAR


Look = Callable[[Scene, bytes], int]  # by the id of its rule: the next instant that wakes at, FAR: none; SAME; LOUD
Outlook = Untouched | Look | None  # None: only judging the whole case can tell


class Outline:
    """Acts in their order. The facts here are none of a case: the time of each is its place, and an instance goes by a number."""

    def __init__(self, types: bytes, kept: list[dict[int, Any] | None]) -> None:
        self.facts = [
            Fact(place, kind, place, NOWHERE, kept=_named(of)) for place, (kind, of) in enumerate(zip(types, kept, strict=True))
        ]
        self.steps = StepBook(fact for fact in self.facts if fact.type in STEP_CODES)
        self.legal_stop = self.first(LEGAL_STOP_CODES)
        self.promised_stop = self.first(PROMISED_STOP_CODES)
        self.is_open = self.first(ACCEPTANCE_CODES) is not None  # it was accepted

    def first(self, codes: Collection[int]) -> Fact | None:
        """The first act of one of these types."""
        return next((fact for fact in self.facts if fact.type in codes), None)

    @property
    def bare_steps(self) -> frozenset[str]:
        """The codes of steps that name no instance."""
        return frozenset(fact.kept[STEP_CODE] for fact in self.facts if STEP_CODE in fact.kept and INSTANCE not in fact.kept)


def opening_of(types: bytes) -> int:
    """The place of the act that opens a case, by the types of all of them."""
    accepted, supplemented = map(types.find, ACCEPTANCE_BYTES)
    return accepted if accepted >= 0 else max(supplemented, 0)


def start_of(types: bytes, at: int, blob: bytes, annex_at: int, annex_end: int) -> int:
    """When the limits of a case start with an act of that instant behind those in its packed state; `types`: of all of them."""
    opening = opening_of(types)
    if opening == len(types) - 1:
        return at
    start = start_in(blob, annex_at) if annex_at < annex_end else None
    return instant_at(blob, HEAD.size + opening * FACT_SIZE + AT) if start is None else start


def _lies_at(place: int, new: int) -> slice | None:
    at = HEAD.size + place * FACT_SIZE + ACTOR_AT
    return None if place == new else slice(at, at + DEVICE_AT - ACTOR_AT)


def _named(kept: dict[int, Any] | None) -> dict[int, Any]:
    """An instance by the number of its name, in a form that no step code has."""
    if kept is None:
        return NOTHING
    return {**kept, INSTANCE: (kept[INSTANCE],)} if INSTANCE in kept else kept
