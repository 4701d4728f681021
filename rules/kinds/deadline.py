"""Kind `deadline`: a clock with pauses that runs out, on a case's promised or legal limit: T02 T03 T04. For spans see `spans`.

Every verdict names the instant from which it stands; if a stop is already known to lie behind the limit it stands at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from rules.case import CLOCK_EVENTS, PAUSING, CaseView, Clock, Part
from rules.clocks import WALL
from rules.memory import Fact
from rules.parameters import After, Deadline, Late, LimitOf, Mark, Near, Passed, Times
from rules.reading import ACTOR, DECLARED, DUE_DATES, Reads, merged, reads, responsible
from rules.verdict import AT_ONCE, Verdict
from supervision.alert import Level
from supervision.event import EventType
from supervision.worktime import Limit, Term

CASE_CLOCK: Reads = merged(
    reads(CLOCK_EVENTS, ACTOR),
    reads((EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED), DUE_DATES),
    reads(PAUSING, DECLARED, frozenset({"payload.seq", "payload.kind", "payload.approver_officer_id"})),
    reads((EventType.EXTENSION_APPROVED,), frozenset({"payload.days", "payload.approver_post", "payload.approver_officer_id"})),
)


class Running(Struct, frozen=True):
    """One clock under judgement. `runs` gives the term another limit would have from the same start, with the same pauses.

    `settle` moves an instant out of the pauses that silence it; `promise` is the case's promised limit in working days or minutes.
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
    promise: Limit | None = None
    undeclared: bool = False
    step: str | None = None


class Reached(Struct, frozen=True):
    """A mark's instant and the end that had to be passed; a warning comes before that end, all others after."""

    instant: int
    end: int
    late_wd: int | None = None
    is_warning: bool = False


def grace_of(view: CaseView) -> int:
    """How long a verdict that rests on an absent fact waits, ms; a log clock moves when its log is complete, so not at all."""
    return view.source.late_grace_s * 1000 if view.source.clock == WALL else 0


def stands_from(view: CaseView, instant: int, stop: Fact | None) -> int:
    """A known stop behind the limit completes the verdict; its absence is waited for until the grace is over."""
    return AT_ONCE if stop is not None else instant + grace_of(view)


def reach(mark: Mark, running: Running) -> Reached | None:
    """When this mark is reached, or None: never."""
    if isinstance(mark, After):
        if mark.undeclared and not running.undeclared:
            return None
        other = running.runs(Limit(mark.wd))
        return Reached(other.alert_at(), other.due_at, 1)
    if running.undeclared:
        return None
    if isinstance(mark, Near):
        instant = running.term.near_at(mark.remaining_wd, mark.used_share, mark.share_from_wd, mark.skip_up_to_wd)
        return None if instant is None else Reached(instant, running.term.due_at, is_warning=True)
    if isinstance(mark, Late):
        wd = mark.wd if mark.limit_up_to_wd is None else max(mark.wd, min(running.term.limit_wd, mark.limit_up_to_wd))
        return Reached(running.term.late_wd_at(wd), running.term.due_at, wd)
    return _passed(mark, running)


def _passed(mark: Passed | Times, running: Running) -> Reached | None:
    ends = running.term
    if isinstance(mark, Times):
        if running.limit is None:
            return None
        ends = running.runs(Limit(running.limit.value * mark.factor, running.limit.unit))
    elif mark.over_promised_share is not None:
        promise = running.promise
        if promise is None:
            return None
        share = running.runs(Limit(int(promise.value * mark.over_promised_share), promise.unit))
        ends = max(ends, share, key=lambda term: term.due_at)
    return Reached(ends.alert_at(), ends.due_at, 1)


def verdicts(view: CaseView, part: Part, marks: dict[Level, tuple[Mark, ...]], running: Running) -> Iterable[Verdict]:
    """For each level the first of its marks that is reached, unless a stop was in time for it."""
    for level, choices in marks.items():
        reached = [found for mark in choices if (found := reach(mark, running)) is not None]
        if reached:
            verdict = _verdict(view, part, level, running, min(reached, key=lambda found: found.instant))
            if verdict is not None:
                yield verdict


def _verdict(view: CaseView, part: Part, level: Level, running: Running, reached: Reached) -> Verdict | None:
    """Late if and only if the stop lies behind the end; a stop inside the pause that moved the instant is when it shows."""
    stop = running.stop
    instant = running.settle(max(reached.instant, running.opening.at))
    facts, evidence = dict(running.facts), running.evidence
    if reached.is_warning:
        if instant > reached.end or (stop is not None and stop.at <= instant):
            return None
        facts |= {"used_wd": running.term.used_wd(instant), "remaining_wd": running.term.remaining_wd(instant)}
    else:
        late_wd = reached.late_wd or 1
        facts["late_wd"] = late_wd
        if stop is not None:
            if stop.at <= reached.end or (late_wd > 1 and running.term.late_wd(stop.at) < late_wd):
                return None
            if stop.at < instant:
                evidence = (*evidence, stop)
            instant = max(min(instant, stop.at), running.opening.at)
    return Verdict(
        part=part,
        level=level,
        subject=running.subject,
        segment=part.segment,
        detected_at=instant,
        stands_from=stands_from(view, instant, None if reached.is_warning else stop),
        trigger=running.opening,
        facts=facts,
        evidence=evidence,
        due_at=reached.end if running.undeclared else running.term.due_at,
        step=running.step,
        officers=responsible(running.opening),
    )


class CaseDeadline:
    """The deadline on a case's promised or legal limit. `spoken` are the delivered rules to which a level may yield."""

    reads = CASE_CLOCK

    def __init__(self, parameters: Deadline, yields: dict[Level, tuple[CaseDeadline, ...]], *, is_silent_where_equal: bool) -> None:
        self.parameters = parameters
        self.yields = yields
        self.silent_limit = parameters.silent_where_equal if is_silent_where_equal else None

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            yield from self.judge_part(view, part)

    def judge_part(self, view: CaseView, part: Part) -> Iterable[Verdict]:
        clock = _clock(part, self.parameters.limit)
        if clock is None:
            return
        other = None if self.silent_limit is None else _clock(part, self.silent_limit)
        if other is not None and other.term.due_at == clock.term.due_at:
            return
        for verdict in verdicts(view, part, self.parameters.at, _on_case(view, clock)):
            if not self._yields(view, part, verdict):
                yield verdict

    def _yields(self, view: CaseView, part: Part, verdict: Verdict) -> bool:
        """Whether a rule that goes before has spoken by then; decided on the facts, so order cannot matter."""
        before = self.yields.get(verdict.level, ())
        return any(other.detected_at <= verdict.detected_at for rule in before for other in rule.judge_part(view, part))


def _clock(part: Part, limit: LimitOf) -> Clock | None:
    return part.promised if limit is LimitOf.PROMISED else part.legal


def _on_case(view: CaseView, clock: Clock) -> Running:
    return Running(
        subject=view.subject,
        opening=clock.opening,
        stop=clock.stop,
        term=clock.term,
        limit=clock.limit,
        runs=clock.runs,
        facts=clock.facts,
        evidence=clock.evidence,
        settle=clock.term.settled,
    )
