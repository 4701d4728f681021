"""Reference judgement of T02, T03, T04, T05 and T08: limits that run out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from supervision.alert import Level
from supervision.event import EventType
from supervision.payload import SpecialProcedureStarted
from supervision.worktime import Limit, Mode, Unit
from tests.law.answers import unanswered
from tests.law.days import NOT_PAUSED, Missing, Paused, limit_end, moved_end, office_time, rolls
from tests.law.facts import Fact, Known
from tests.law.pauses import end_of, extension_days, paused_time, pauses
from tests.law.watch import CLOSED, DECIDED, Verdict, Watch, told


def judge_deadlines(known: Known) -> Iterator[Verdict]:
    """A level that needs a year which the calendar lacks waits, and no other for it."""
    paused = paused_time(known)
    yield from _of_case(known, paused)
    yield from _t05(known, paused)
    yield from _t08(known)


def _of_case(known: Known, paused: Paused) -> Iterator[Verdict]:
    is_open = False  # whether nobody knows which limit runs
    legal = None
    try:
        unanswered(known)
    except Missing:
        is_open = True
    with suppress(Missing):  # where it ends in that year
        legal = _legal_watch(known, _of_limit(known, "legal", paused))
    if legal is not None:
        yield from told(lambda: legal.passed(known, Level.RED, legal.due_at))
    try:
        promised = _promised_watch(known, _of_limit(known, "promised", paused))
    except Missing:
        return
    if promised is not None:
        yield from told(lambda: _t02(known, promised))
        if not is_open and (legal is None or legal.due_at != promised.due_at):
            yield from _t03(known, replace(promised, rule="T03"))


def _of_limit(known: Known, kind: str, paused: Paused) -> Paused:
    """The pauses of one limit: an absolute date was set in knowledge of those begun before."""
    if known.opening is None or known.absolute(f"{kind}_due_at") is None:
        return paused
    return paused_time(known, behind=known.opening.at)


def first_of(known: Known, types: tuple[EventType, ...]) -> int | None:
    fact = known.part.first(*types)
    return None if fact is None else fact.at


# -- limits


def _due(known: Known, kind: str, start: int, paused: Paused, more: int = 0) -> int | None:
    moment = known.absolute(f"{kind}_due_at")
    if moment is not None:
        return moved_end(known.days, start, moment, paused, more)
    limit = known.limit(kind)
    return None if limit is None else limit_end(known.days, start, limit, known.mode, paused, more)


def _in_office_time(known: Known, kind: str) -> bool:
    limit = known.limit(kind)
    return known.absolute(f"{kind}_due_at") is None and limit is not None and rolls(limit, known.mode)


def limit_in_days(known: Known, start: int, limit: Limit | None, moment: int | str | None, paused: Paused) -> int:
    """A limit in working days: its own number, else the working, not paused days from its start to its end."""
    if moment is None and limit is not None and limit.unit is Unit.WORKING_DAY:
        return limit.value
    if moment is not None:
        end = moved_end(known.days, start, moment, paused)
    else:
        assert limit is not None
        end = limit_end(known.days, start, limit, known.mode, paused)
    return known.days.count(known.days.day_of(start), known.days.day_of(end), paused)


def legal_ends(known: Known) -> tuple[int, int] | None:
    """The end of the legal limit without and with the first extension, if that is valid."""
    paused = _of_limit(known, "legal", paused_time(known))
    by_itself = unanswered(known)
    start = known.start if by_itself is None else by_itself[0].at
    if start is None or (end := _due(known, "legal", start, paused)) is None:
        return None
    due = _due(known, "legal", start, paused, extension_days(known, end))
    assert due is not None
    return end, due


def _legal_watch(known: Known, paused: Paused) -> Watch | None:
    """From the receipt, if it was not answered in time; else from the acceptance."""
    by_itself, ends = unanswered(known), legal_ends(known)
    opening = known.opening if by_itself is None else by_itself[0]
    if opening is None or ends is None:
        return None
    _, due = ends
    return Watch(
        "T04",
        f"case:{known.case.key}",
        known.part.segment,
        opening,
        first_of(known, DECIDED),
        due,
        paused,
        _in_office_time(known, "legal"),
        None if by_itself is None else by_itself[1],
    )


def _promised_watch(known: Known, paused: Paused) -> Watch | None:
    if known.opening is None or known.start is None or (due := _due(known, "promised", known.start, paused)) is None:
        return None
    return Watch(
        "T02",
        f"case:{known.case.key}",
        known.part.segment,
        known.opening,
        first_of(known, CLOSED),
        due,
        paused,
        _in_office_time(known, "promised"),
    )


def _t02(known: Known, watch: Watch) -> Verdict | None:
    assert known.start is not None
    moment, limit = known.absolute("promised_due_at"), known.limit("promised")
    first = known.days.day_of(known.start)
    size = limit_in_days(known, known.start, limit, moment, watch.paused)
    if moment is None and limit is not None and limit.unit in (Unit.HOUR, Unit.MINUTE):
        at = known.days.roll(known.start, office_time(known.days, limit) * 4 // 5, watch.paused)
    elif size <= 1:
        return None
    elif moment is not None:
        day = known.days.day_of(watch.due_at) - 1
        while not known.days.working(day):
            day -= 1
        at = known.days.midnight(day)
    else:
        used = min(size - 1, -(-size * 8 // 10)) if size >= 3 else size - 1
        at = known.days.midnight(known.days.forward(first, used, watch.paused))
    return watch.near(known, Level.NOTICE, at)


def _t03(known: Known, watch: Watch) -> Iterator[Verdict]:
    start = known.start
    assert start is not None

    def red() -> Verdict | None:
        size = limit_in_days(known, start, known.limit("promised"), known.absolute("promised_due_at"), watch.paused)
        day = known.days.forward(known.days.day_of(watch.due_at), max(2, min(size, 11)), watch.paused)
        return watch.passed(known, Level.RED, known.days.midnight(day) - 1)

    yield from told(lambda: watch.passed(known, Level.YELLOW, watch.due_at))
    yield from told(red)


# -- steps


def _t05(known: Known, paused: Paused) -> Iterator[Verdict]:
    seen: set[str] = set()
    for fact in known.part.of(EventType.STEP_STARTED):
        payload = fact.event.payload
        instance = payload.step_instance_id or payload.step_code
        step = None if known.item is None else known.item.workflow.step(payload.step_code)
        limit = payload.limit or (None if step is None else step.limit)
        if instance in seen:
            continue
        seen.add(instance)
        if limit is None or (step is not None and not step.key_step):
            continue
        done = end_of(fact, [stop for stop in known.part.of(EventType.STEP_COMPLETED) if _instance(stop) == instance])
        stops = [at for at in (done, first_of(known, DECIDED)) if at is not None]
        try:
            due = limit_end(known.days, fact.at, limit, known.mode, paused)
        except Missing:
            continue
        subject = f"step:{known.case.key}/{instance}"
        yield from _t05_levels(
            known,
            Watch("T05", subject, known.part.segment, fact, min(stops, default=None), due, paused, rolls(limit, known.mode)),
            limit,
        )


def _instance(fact: Fact) -> str:
    return str(fact.event.payload.step_instance_id or fact.event.payload.step_code)


def _t05_levels(known: Known, watch: Watch, limit: Limit) -> Iterator[Verdict]:
    yield from told(lambda: watch.passed(known, Level.NOTICE, watch.due_at))
    yield from told(lambda: None if (edge := _t05_edge(known, watch, limit)) is None else watch.passed(known, Level.YELLOW, edge))


def _t05_edge(known: Known, watch: Watch, limit: Limit) -> int | None:
    """The earlier of twice the limit and half the promise, for which any day behind the limit will do while nobody knows how many
    days are promised. None: it lies in a year that the calendar lacks, or may do so."""
    ends = []
    with suppress(Missing):
        ends.append(limit_end(known.days, watch.opening.at, Limit(limit.value * 2, limit.unit), known.mode, watch.paused))
    try:
        half = _half_of_promise(known, watch)
    except Missing:
        return watch.due_at if watch.due_at in ends else None
    with suppress(Missing):
        if half is not None:
            ends.append(max(half(), watch.due_at))
    return min(ends, default=None)


def _half_of_promise(known: Known, watch: Watch) -> Callable[[], int] | None:
    """What gives the end of half the promised limit, working days rounded down, run from the step's start; None: nothing is
    promised."""
    moment, limit = known.absolute("promised_due_at"), known.limit("promised")
    if moment is None and limit is None:
        return None
    if moment is None and limit is not None and limit.unit in (Unit.HOUR, Unit.MINUTE):
        half_ms = office_time(known.days, limit) // 2
        return lambda: known.days.roll(watch.opening.at, half_ms, watch.paused)
    if known.start is None and (limit is None or limit.unit is not Unit.WORKING_DAY):
        return None
    size = limit_in_days(known, known.start or 0, limit, moment, watch.paused)
    return lambda: limit_end(known.days, watch.opening.at, Limit(size // 2), known.mode, watch.paused)


# -- special procedures


def _t08(known: Known) -> Iterator[Verdict]:
    closed = first_of(known, CLOSED)
    for fact, end in pauses(known):
        start: SpecialProcedureStarted = fact.event.payload
        stops = [at for at in (end, closed) if at is not None]
        limit = start.limit or Limit(10)
        try:
            due = limit_end(known.days, fact.at, limit, Mode.DAY_END, NOT_PAUSED)
        except Missing:
            continue
        subject = f"pause:{known.case.key}/{start.seq}"
        watch = Watch("T08", subject, known.part.segment, fact, min(stops, default=None), due, paused_time(known, but=fact))
        yield from _t08_undeclared(known, watch) if start.limit is None else _t08_levels(known, watch, start.limit)


def _t08_undeclared(known: Known, watch: Watch) -> Iterator[Verdict]:
    yield from told(lambda: watch.passed(known, Level.RED, watch.due_at))


def _t08_levels(known: Known, watch: Watch, limit: Limit) -> Iterator[Verdict]:
    size = limit_in_days(known, watch.opening.at, limit, None, NOT_PAUSED)
    if size > 2:
        day = known.days.forward(known.days.day_of(watch.opening.at), size - 2)
        yield from told(lambda: watch.near(known, Level.NOTICE, known.days.midnight(day)))

    def red() -> Verdict | None:
        twice = limit_end(known.days, watch.opening.at, Limit(limit.value * 2, limit.unit), Mode.DAY_END, NOT_PAUSED)
        return watch.passed(known, Level.RED, twice)

    yield from told(lambda: watch.passed(known, Level.YELLOW, watch.due_at))
    yield from told(red)
