"""The levels of a limit that runs: when each mark of a card is reached, and the verdicts that follow. For whatever runs out.

Every verdict names the instant from which it stands; if a stop is already known to lie behind the limit it stands at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.case import Case
from rules.fact import Fact
from rules.outline import LOUD, Scene
from rules.parameters import After, Late, Mark, Near, Passed, PausedFor, Times
from rules.part import Part
from rules.reading import grace_of, responsible
from rules.verdict import AT_ONCE, FAR, UNDATED, Telling, Verdict, undated
from supervision.alert import Level
from supervision.worktime import CalendarMissing, Limit, Term, WorkCalendar


def _nothing_promised() -> Limit | None:
    return None


class Running(Struct, frozen=True):
    """One clock under judgement. `runs` gives the term another limit would have from the same start, with the same pauses.

    `settle` moves an instant out of the pauses that silence it; `promise`: the case's promised limit in working days or minutes;
    `segment`: its own, behind that of the part; `opens_at`: when it is known to run, None: with its opening fact.
    """

    subject: str
    opening: Fact
    stop: Fact | None
    term: Term
    limit: Limit | None
    runs: Callable[[Limit], Term]
    facts: dict[str, Any]
    evidence: tuple[Fact, ...]
    settle: Callable[[int], int]
    promise: Callable[[], Limit | None] = _nothing_promised
    undeclared: bool = False
    step: str | None = None
    segment: str = ""
    opens_at: int | None = None

    @property
    def from_(self) -> int:
        """The instant before which nothing of it shows."""
        return self.opening.at if self.opens_at is None else self.opens_at


class Reached(Struct, frozen=True, gc=False):
    """A level's instant and the end that had to be passed; a warning comes before that end, all others after.

    `lacks`: the calendar year for want of which there is no instant (UNDATED). Its `end` is the last instant at which a stop is
    surely in time; `is_end_known`: it is the end itself, and only pauses hide the instant.
    """

    level: Level
    instant: int
    end: int
    late_wd: int = 1
    is_warning: bool = False
    lacks: CalendarMissing | None = None
    is_end_known: bool = False

    def is_averted(self, instant: int, stopped_at: int) -> bool:
        """Whether a stop at this time leaves nothing to be said at `instant`, where opening and pauses move its own; nor is there
        anything to warn of behind the end."""
        if self.is_warning:
            return stopped_at <= instant or instant > self.end
        return stopped_at <= self.end


def beyond(level: Level, lacks: CalendarMissing, calendar: WorkCalendar, *, warns: bool = False) -> Reached:
    """A level that is reached in a year without data. A warning may come before it: its end alone is known to lie there."""
    return Reached(level, UNDATED, AT_ONCE if warns else calendar.year_start(lacks.year) - 1, lacks=lacks.with_traceback(None))


def all_beyond(marks: dict[Level, tuple[Mark, ...]], lacks: CalendarMissing, calendar: WorkCalendar) -> tuple[Reached, ...]:
    """The plan of a limit that ends in a year without data."""
    warn = {level: any(isinstance(mark, Near) for mark in choices) for level, choices in marks.items()}
    return tuple(beyond(level, lacks, calendar, warns=warns) for level, warns in warn.items())


def over(level: Level, ends: Term) -> Reached:
    """The level that is reached when this term is over."""
    try:
        return Reached(level, ends.alert_at(), ends.due_at)
    except CalendarMissing as missing:
        return Reached(level, UNDATED, ends.due_at, lacks=missing.with_traceback(None), is_end_known=True)


def shown(reached: Reached, from_: int, settle: Callable[[int], int]) -> Reached | None:
    """With the instant at which it shows: not before `from_`, and out of the pauses that silence it. None: never."""
    if reached.lacks is not None:
        return reached
    try:
        return replace(reached, instant=settle(max(reached.instant, from_)))
    except CalendarMissing as missing:
        return (
            None if reached.is_warning else replace(reached, instant=UNDATED, lacks=missing.with_traceback(None), is_end_known=True)
        )


def reach(level: Level, mark: Mark, running: Running) -> Reached | None:
    """When this mark is reached, or None: never."""
    try:
        return _reach(level, mark, running)
    except CalendarMissing as missing:
        warns, calendar = isinstance(mark, Near), running.term.calendar
        if warns and calendar.year_start(missing.year) > running.term.due_at:
            return None
        return beyond(level, missing, calendar, warns=warns)


def _reach(level: Level, mark: Mark, running: Running) -> Reached | None:
    if isinstance(mark, After):
        if mark.undeclared and not running.undeclared:
            return None
        return over(level, running.runs(Limit(mark.wd)))
    if running.undeclared or isinstance(mark, PausedFor):
        return None
    if isinstance(mark, Near):
        instant = running.term.near_at(mark.remaining_wd, mark.used_share, mark.share_from_wd, mark.skip_up_to_wd)
        return None if instant is None else Reached(level, instant, running.term.due_at, is_warning=True)
    if isinstance(mark, Late):
        wd = mark.wd if mark.limit_up_to_wd is None else max(mark.wd, min(running.term.limit_wd, mark.limit_up_to_wd))
        return Reached(level, running.term.late_wd_at(wd), running.term.due_at, wd)
    return _passed(level, mark, running)


def _passed(level: Level, mark: Passed | Times, running: Running) -> Reached | None:
    ends = running.term
    if isinstance(mark, Times):
        if running.limit is None:
            return None
        ends = running.runs(Limit(running.limit.value * mark.factor, running.limit.unit))
    elif mark.over_promised_share is not None:
        try:
            promise = running.promise()
        except CalendarMissing as missing:  # its share may be shorter than the limit itself, and lie in a year with data
            return Reached(level, UNDATED, ends.due_at, lacks=missing.with_traceback(None))
        if promise is None:
            return None
        share = running.runs(Limit(int(promise.value * mark.over_promised_share), promise.unit))
        ends = max(ends, share, key=lambda term: term.due_at)
    return over(level, ends)


def plan_of(marks: dict[Level, tuple[Mark, ...]], running: Running) -> tuple[Reached, ...]:
    """For each level that of its marks whose end is passed first; a pause may then move its instant behind that of another."""
    found: list[Reached] = []
    for level, choices in marks.items():
        reached = [one for mark in choices if (one := reach(level, mark, running)) is not None]
        if reached:
            found.append(min(reached, key=lambda one: (one.end, one.instant)))
    return tuple(found)


def verdicts(case: Case, part: Part, marks: dict[Level, tuple[Mark, ...]], running: Running) -> list[Verdict]:
    """For each level of these marks, unless a stop was in time for it."""
    found: list[Verdict] = []
    for planned in plan_of(marks, running):
        reached = shown(planned, running.from_, running.settle)
        if reached is None:
            continue
        instant = reached.instant
        verdict = verdict_of(case, part, reached, instant, running.opening, running.stop, lambda: running, running.from_)
        if verdict is not None:
            found.append(verdict)
    return found


def waiting(
    case: Case, part: Part, marks: dict[Level, tuple[Mark, ...]], lacks: CalendarMissing, opening: Fact | None, stop: Fact | None
) -> list[Verdict]:
    """For each level of these marks, of a limit whose end cannot be dated, unless a stop was surely in time for it."""
    trigger = opening or part.reopened or next(iter(part.facts), None)
    if trigger is None:
        return []
    plan = all_beyond(marks, lacks, part.place.calendar)
    told = [verdict_of(case, part, reached, UNDATED, trigger, stop, _unknown) for reached in plan]
    return [verdict for verdict in told if verdict is not None]


def _unknown() -> Running:
    raise AssertionError("asked of a limit that cannot be dated")


def verdict_of(
    case: Case,
    part: Part,
    reached: Reached,
    instant: int,
    opening: Fact,
    stop: Fact | None,
    running: Callable[[], Running],
    opens_at: int | None = None,
) -> Verdict | None:
    """Late if and only if the stop lies behind the end; a stop inside the pause that moved the instant is when it shows.

    `instant`: where `reached.instant` is moved to by opening and pauses. `running` is asked only if needed. `opens_at`: `from_`.
    """
    lacks = reached.lacks
    if lacks is not None and (
        stop is None or (stop.at > reached.end and not (reached.is_end_known and stop.at < _year_of(part, lacks)))
    ):
        return undated(part, reached.level, opening, lacks)
    if reached.is_warning:
        if instant > reached.end or (stop is not None and stop.at <= instant):
            return None
        stands_from = instant + grace_of(case)
    elif stop is None:
        stands_from = instant + grace_of(case)
    else:
        if stop.at <= reached.end:
            return None
        if reached.late_wd > 1 and not _is_so_late(running().term, stop.at, reached.late_wd):
            return None
        stands_from = AT_ONCE

    def tell() -> Telling:
        return telling(part.segment, reached, instant, stop, running())

    from_ = opening.at if opens_at is None else opens_at
    at = instant if stop is None or reached.is_warning else max(min(instant, stop.at), from_)
    return Verdict(part, reached.level, at, stands_from, opening, tell)


def _is_so_late(term: Term, at: int, wd: int) -> bool:
    try:
        return term.late_wd(at) >= wd
    except CalendarMissing:  # the day on which it was so late is known, so it lies before that year
        return True


def _year_of(part: Part, lacks: CalendarMissing) -> int:
    return part.place.calendar.year_start(lacks.year)


def telling(segment: str, reached: Reached, instant: int, stop: Fact | None, running: Running) -> Telling:
    """What is said of a level that was reached."""
    facts, evidence = dict(running.facts), running.evidence
    if reached.is_warning:
        facts |= {"used_wd": running.term.used_wd(instant), "remaining_wd": running.term.remaining_wd(instant)}
    else:
        facts["late_wd"] = reached.late_wd
        if stop is not None and stop.at < instant:
            evidence = (*evidence, stop)
    return Telling(
        subject=running.subject,
        segment=f"{segment}/{running.segment}" if running.segment else segment,
        facts=facts,
        evidence=evidence,
        due_at=reached.end if running.undeclared else running.term.due_at,
        step=running.step,
        officers=responsible(running.opening),
    )


def next_of(plan: tuple[Reached, ...], start: int, scene: Scene) -> int:
    """When the clock that started so makes its case wake, if nothing stops it; LOUD: it has already come to stand."""
    wake, now, grace = FAR, scene.now, scene.grace
    for reached in plan:
        if reached.lacks is not None:
            return LOUD
        instant = reached.instant if reached.instant > start else start
        if reached.is_warning and instant > reached.end:
            continue
        stands_from = instant + grace
        if stands_from <= now:
            return LOUD
        if stands_from < wake:
            wake = stands_from
    return wake


def ended(plan: tuple[Reached, ...], scene: Scene) -> int:
    """When the clock that the act at hand ends makes its case wake all the same: for a warning that came before. LOUD: for more."""
    wake = FAR
    for reached in plan:
        instant = max(reached.instant, scene.start)
        if reached.lacks is None and reached.is_averted(instant, scene.at):
            continue
        stands_from = instant + scene.grace
        if reached.lacks is not None or not reached.is_warning or stands_from <= scene.now:
            return LOUD
        wake = min(wake, stands_from)
    return wake


def stays_warned(reached: Reached, scene: Scene) -> bool:
    """Whether this is a warning that was given before the act at hand, which ends its clock."""
    instant = max(reached.instant, scene.start)
    is_given = reached.is_warning and reached.lacks is None and instant + scene.grace <= scene.now
    return is_given and not reached.is_averted(instant, scene.at)


def in_time(plan: tuple[Reached, ...]) -> int:
    """The last instant at which a stop leaves nothing of the plan to be said."""
    return min([reached.instant if reached.is_warning else reached.end for reached in plan], default=FAR)
