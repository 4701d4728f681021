"""A case drawn: where its clocks began, stood still and end, from its facts alone, as the engine reads them. For pages.

Used by the board; pure. It asks the same parts, limits and rules that judge, so that a picture and a verdict cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from msgspec import Struct

from rules.book import Rulebook
from rules.case import Case
from rules.fact import CODE_OF, FIELD_CODE, TYPES, Fact
from rules.limits import Clock
from rules.part import Part
from rules.vocabulary import Vocabulary
from rules.world import World
from supervision.alert import Level
from supervision.event import CaseEvent, EventType
from supervision.reference import Item, Reference
from supervision.worktime import CalendarMissing, Pauses, WorkCalendar

WARNING = "T02"  # the rule whose instant is the notice on the ruler
_KIND, _DAYS = FIELD_CODE["payload.kind"], FIELD_CODE["payload.days"]
_EXTENDED, _DECIDED = CODE_OF[EventType.EXTENSION_APPROVED], CODE_OF[EventType.DECISION_MADE]


class PauseDrawn(Struct, frozen=True):
    """A special procedure. `counted_until`: when the clock ran again; the start itself if it never stood still."""

    start: int
    end: int | None
    kind: str
    counted_until: int


class Picture(Struct, frozen=True):
    """One part of a case, instants in ms. `opened_at`: the acceptance, or the receipt that counts as it, None: nothing set a limit
    yet; `promised_due_at`, `legal_due_at` None: no such limit, or in a year without calendar; `stop_type`: what ended it."""

    calendar: WorkCalendar
    item: Item | None
    item_code: str | None
    region: str | None
    begins_at: int
    opened_at: int | None
    notice_at: int | None
    promised_due_at: int | None
    legal_due_at: int | None
    decided_at: int | None
    stopped_at: int | None
    stop_type: str | None
    pauses: tuple[PauseDrawn, ...]
    extensions: tuple[tuple[int, int], ...]


def picture(
    book: Rulebook, reference: Reference, events: Iterable[CaseEvent], source: str, case_id: str, segment: str | None = None
) -> Picture | None:
    """Of the part under `segment`, else the last one; None: no such case, or its calendar lacks a year that it needs."""
    case = _case(book, reference, events, source, case_id)
    if not case.facts:
        return None
    try:
        parts = case.parts()
        part = next((each for each in parts if each.segment == segment), parts[-1])
        return _drawn(book, case, part)
    except CalendarMissing:
        return None


def _case(book: Rulebook, reference: Reference, events: Iterable[CaseEvent], source: str, case_id: str) -> Case:
    case = Case(_world(book, reference), reference.source(source), case_id, Vocabulary())
    for event in events:
        if event.source_system == source and event.case_id == case_id and not case.knows(event.event_id):
            case.take(event, book.keeper.plans[event.event_type])
    return case


@lru_cache(maxsize=2)
def _world(book: Rulebook, reference: Reference) -> World:
    return World(reference, book.fallbacks, book.extension, book.deeming)


def _drawn(book: Rulebook, case: Case, part: Part) -> Picture:
    place, stop = part.place, part.promised_stop
    decided = part.first(_DECIDED)
    return Picture(
        calendar=place.calendar,
        item=place.item,
        item_code=place.item_code,
        region=place.region,
        begins_at=part.facts[0].at if part.facts else part.opened_at,
        opened_at=_opened_at(part),
        notice_at=_notice(book, case, part),
        promised_due_at=_end(lambda: part.promised),
        legal_due_at=_end(lambda: part.legal),
        decided_at=None if decided is None else decided.at,
        stopped_at=None if stop is None else stop.at,
        stop_type=None if stop is None else TYPES[stop.type].value,
        pauses=tuple(_pause(part, start, end) for start, end in part.pause_facts),
        extensions=tuple((fact.at, int(fact.get(_DAYS) or 0)) for fact in part.of(_EXTENDED)),
    )


def _opened_at(part: Part) -> int | None:
    try:
        return part.start if part.deemed is None else part.deemed.receipt.at
    except CalendarMissing:  # nobody knows yet whether the receipt counts
        return part.start


def _end(clock: Callable[[], Clock | None]) -> int | None:
    try:
        runs = clock()
    except CalendarMissing:
        return None
    return None if runs is None else runs.term.due_at


def _notice(book: Rulebook, case: Case, part: Part) -> int | None:
    rule = book.by_id.get(WARNING)
    verdicts = () if rule is None else rule.judge(case)
    return min(
        (each.detected_at for each in verdicts if each.part is part and each.level is Level.NOTICE and each.lacks is None),
        default=None,
    )


def _pause(part: Part, start: Fact, end: Fact | None) -> PauseDrawn:
    counts = any(counted is start for counted, _ in part.counted_pauses)
    pauses = part.pauses_of([(start, end)]) if counts else Pauses.NONE
    if pauses.lacks is not None:
        raise CalendarMissing(*pauses.lacks)
    spans = pauses.instants
    return PauseDrawn(start.at, None if end is None else end.at, str(start.get(_KIND) or ""), spans[0][1] if spans else start.at)
