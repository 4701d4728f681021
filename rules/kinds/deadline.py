"""Kind `deadline`: a clock with pauses that runs out, on a case's promised or legal limit: T02 T03 T04. For spans see `spans`.

Every verdict names the instant from which it stands; if a stop is already known to lie behind the limit it stands at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.bell import Bell
from rules.case import Case
from rules.fact import Fact
from rules.outline import LOUD, UNTOUCHED, Daily, Look, Outline, Outlook, Scene
from rules.parameters import After, Deadline, Late, LimitOf, Mark, Near, Passed, PausedFor, Times
from rules.part import (
    ACCEPTANCE_CODES,
    ACCEPTANCES,
    CLOCK_EVENTS,
    LEGAL_OF_DAY,
    LEGAL_STOP_CODES,
    PAUSING,
    PROMISED_OF_DAY,
    PROMISED_STOP_CODES,
    Clock,
    Deemed,
    Part,
)
from rules.profile import Awaits
from rules.reading import ACTOR, DECLARED, DUE_DATES, Reads, grace_of, merged, reads, responsible
from rules.verdict import AT_ONCE, FAR, Telling, Verdict
from rules.world import Deeming, Place
from supervision.alert import Level
from supervision.event import EventType
from supervision.worktime import Limit, Term

CASE_CLOCK: Reads = merged(
    reads(CLOCK_EVENTS, ACTOR),
    reads(ACCEPTANCES, DUE_DATES),
    reads(PAUSING, DECLARED, frozenset({"payload.seq", "payload.kind", "payload.approver_officer_id"})),
    reads((EventType.EXTENSION_APPROVED,), frozenset({"payload.days", "payload.approver_post", "payload.approver_officer_id"})),
)


OPENINGS = frozenset({*ACCEPTANCES, EventType.CASE_REOPENED})
PROMISED_END = frozenset({EventType.CASE_COMPLETED})  # what a case comes to as a rule; other stops are rare
LEGAL_END = frozenset({EventType.CASE_COMPLETED, EventType.DECISION_MADE})


class Running(Struct, frozen=True):
    """One clock under judgement. `runs` gives the term another limit would have from the same start, with the same pauses.

    `settle` moves an instant out of the pauses that silence it; `promise` is the case's promised limit in working days or minutes;
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
    promise: Limit | None = None
    undeclared: bool = False
    step: str | None = None
    segment: str = ""
    opens_at: int | None = None

    @property
    def from_(self) -> int:
        """The instant before which nothing of it shows."""
        return self.opening.at if self.opens_at is None else self.opens_at


class Reached(Struct, frozen=True, gc=False):
    """A level's instant and the end that had to be passed; a warning comes before that end, all others after."""

    level: Level
    instant: int
    end: int
    late_wd: int = 1
    is_warning: bool = False


def reach(level: Level, mark: Mark, running: Running) -> Reached | None:
    """When this mark is reached, or None: never."""
    if isinstance(mark, After):
        if mark.undeclared and not running.undeclared:
            return None
        other = running.runs(Limit(mark.wd))
        return Reached(level, other.alert_at(), other.due_at)
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
        promise = running.promise
        if promise is None:
            return None
        share = running.runs(Limit(int(promise.value * mark.over_promised_share), promise.unit))
        ends = max(ends, share, key=lambda term: term.due_at)
    return Reached(level, ends.alert_at(), ends.due_at)


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
    for reached in plan_of(marks, running):
        instant = running.settle(max(reached.instant, running.from_))
        verdict = verdict_of(case, part, reached, instant, running.opening, running.stop, lambda: running, running.from_)
        if verdict is not None:
            found.append(verdict)
    return found


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
    if reached.is_warning:
        if instant > reached.end or (stop is not None and stop.at <= instant):
            return None
        stands_from = instant + grace_of(case)
    elif stop is None:
        stands_from = instant + grace_of(case)
    else:
        if stop.at <= reached.end:
            return None
        if reached.late_wd > 1 and running().term.late_wd(stop.at) < reached.late_wd:
            return None
        stands_from = AT_ONCE

    def tell() -> Telling:
        return _tell(part.segment, reached, instant, stop, running())

    from_ = opening.at if opens_at is None else opens_at
    at = instant if stop is None or reached.is_warning else max(min(instant, stop.at), from_)
    return Verdict(part, reached.level, at, stands_from, opening, tell)


def _tell(segment: str, reached: Reached, instant: int, stop: Fact | None, running: Running) -> Telling:
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
        instant = reached.instant if reached.instant > start else start
        if reached.is_warning and instant > reached.end:
            continue
        stands_from = instant + grace
        if stands_from <= now:
            return LOUD
        if stands_from < wake:
            wake = stands_from
    return wake


def in_time(plan: tuple[Reached, ...]) -> int:
    """The last instant at which a stop leaves nothing of the plan to be said."""
    return min([reached.instant if reached.is_warning else reached.end for reached in plan], default=FAR)


class CaseDeadline:
    """The deadline on a case's promised or legal limit. `yields`: the delivered rules to which a level may yield."""

    def __init__(
        self,
        parameters: Deadline,
        yields: dict[Level, tuple[CaseDeadline, ...]],
        *,
        is_silent_where_equal: bool,
        deeming: Deeming | None = None,
    ) -> None:
        self.parameters = parameters
        self.yields = yields
        self.silent_limit = parameters.silent_where_equal if is_silent_where_equal else None
        self._key = id(self)
        self._in_time_key = -self._key
        self._receipt_key = id(parameters)
        self._is_promised = parameters.limit is LimitOf.PROMISED
        self.awaits: Awaits = (OPENINGS, PROMISED_END if self._is_promised else LEGAL_END)
        self._reads_legal = not self._is_promised or self.silent_limit is LimitOf.LEGAL or bool(yields)
        self.reads = CASE_CLOCK
        if deeming is not None and self._reads_legal:
            self.reads = merged(CASE_CLOCK, reads((*deeming.receipts, *deeming.answers), ACTOR))

    def judge(self, case: Case) -> list[Verdict]:
        parts = case.parts()
        found = self.judge_part(case, parts[0])
        for part in parts[1:]:
            found = found + self.judge_part(case, part)
        if self.yields and found:
            found = [self._with_precedence(case, verdict) for verdict in found]
        return found

    def judge_part(self, case: Case, part: Part) -> list[Verdict]:
        """What holds of one part, whoever goes before."""
        if self._reads_legal and part.deemed is not None:
            return self._judge_deemed(case, part, part.deemed)
        if not part.is_plain:
            return self._judge_clock(case, part)
        plans = part.day_plans
        if plans is None:
            plans = part.day_plans = part.place.plans_on(part.start_day)
        plan: tuple[Reached, ...] | None = plans.get(self._key)
        if plan is None:
            plan = plans[self._key] = self._plan(case, part)
        if not plan:
            return []
        stop, opening = part.promised_stop if self._is_promised else part.legal_stop, part.opening
        assert opening is not None
        found: list[Verdict] = []
        for reached in plan:
            if stop is not None and stop.at <= (reached.instant if reached.is_warning else reached.end):
                continue
            instant = max(reached.instant, opening.at)
            verdict = verdict_of(case, part, reached, instant, opening, stop, lambda: self._of_part(case, part))
            if verdict is not None:
                found.append(verdict)
        return found

    def _judge_clock(self, case: Case, part: Part) -> list[Verdict]:
        clock = self._speaking_clock(part)
        return [] if clock is None else verdicts(case, part, self.parameters.at, _running(case.subject, clock))

    def _judge_deemed(self, case: Case, part: Part, deemed: Deemed) -> list[Verdict]:
        """Of a part that nobody answered in time: its legal limit runs from the receipt. Keeps the plan of that day for looks."""
        if not self._is_promised and part.place.is_simple:
            plans = part.place.plans_on(part.place.calendar.day_of(deemed.receipt.at))
            if self._receipt_key not in plans and part.is_undisturbed:
                legal = part.legal
                plan = () if legal is None else plan_of(self.parameters.at, _running(case.subject, legal))
                plans[self._receipt_key] = tuple(replace(one, instant=max(one.instant, deemed.opens_at)) for one in plan)
        return self._judge_clock(case, part)

    def _plan(self, case: Case, part: Part) -> tuple[Reached, ...]:
        """The instants of every case of this place that starts on this day and knows neither pause nor extension."""
        clock = self._speaking_clock(part)
        return () if clock is None else plan_of(self.parameters.at, _running(case.subject, clock))

    def _speaking_clock(self, part: Part) -> Clock | None:
        """None too where another limit ends at the same instant and its rule speaks."""
        clock = _clock(part, self.parameters.limit)
        other = None if clock is None or self.silent_limit is None else _clock(part, self.silent_limit)
        return None if clock is None or (other is not None and other.term.due_at == clock.term.due_at) else clock

    def _of_part(self, case: Case, part: Part) -> Running:
        clock = _clock(part, self.parameters.limit)
        assert clock is not None
        return _running(case.subject, clock)

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """An acceptance starts the clock, the first stop ends it; where limits run in days, the plan of the start day tells."""
        stop = outline.promised_stop if self._is_promised else outline.legal_stop
        if act.type in ACCEPTANCE_CODES:
            if not place.is_simple or outline.is_open or stop is not None:
                return None
            starts = Daily(self._starts)
            return self._answered(place, outline, starts, is_acceptance=True) if self._reads_legal else starts
        if act.type in (PROMISED_STOP_CODES if self._is_promised else LEGAL_STOP_CODES):
            if not outline.is_open:
                return None
            if stop is not None:
                return UNTOUCHED
            return Daily(self._stops) if place.is_simple else None
        return self._of_receipt(place, outline, act)

    def _of_receipt(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """Until it is answered, the first receipt lets the legal limit run by itself. A plain case was never answered too late."""
        deeming = place.deeming
        if deeming is None or self._is_promised or place.legal_limit is None or outline.is_open:
            return UNTOUCHED
        is_receipt = act.type in deeming.receipt_codes
        if not is_receipt and act.type not in deeming.answer_codes:
            return UNTOUCHED
        if not place.is_simple or outline.legal_stop is not None:
            return None
        if outline.first(deeming.answer_codes) is not None:
            return UNTOUCHED
        if not is_receipt:
            return self._answered(place, outline, lambda _scene, _rule: FAR, is_acceptance=False)
        return UNTOUCHED if outline.first(deeming.receipt_codes) is not None else Daily(self._received)

    def _answered(self, place: Place, outline: Outline, look: Look, *, is_acceptance: bool) -> Look:
        """The look of an act that answers a receipt, if it does so in time."""
        deeming = place.deeming
        receipt = None if deeming is None else outline.first(deeming.receipt_codes)
        if deeming is None or receipt is None or outline.first(deeming.answer_codes) is not None:
            return look
        received = receipt.at

        def answer(scene: Scene, rule: bytes) -> int:
            return look(scene, rule) if scene.place.is_answered_in_time(scene.at_of(received), scene.at) else LOUD

        return Daily(answer) if is_acceptance and received == 0 else answer

    def _received(self, scene: Scene, _rule: bytes) -> int:
        place = scene.place
        plan: tuple[Reached, ...] | None = place.plans_on(place.calendar.day_of(scene.at)).get(self._receipt_key)
        return LOUD if plan is None else next_of(plan, scene.at, scene)

    def _starts(self, scene: Scene, _rule: bytes) -> int:
        plan: tuple[Reached, ...] | None = scene.plans.get(self._key)
        return LOUD if plan is None else next_of(plan, scene.at, scene)

    def _stops(self, scene: Scene, _rule: bytes) -> int:
        until = scene.plans.get(self._in_time_key)
        if until is None:
            plan: tuple[Reached, ...] | None = scene.plans.get(self._key)
            if plan is None:
                return LOUD
            until = scene.plans[self._in_time_key] = in_time(plan)
        return FAR if scene.at <= until else LOUD

    def ring(self, bell: Bell) -> bool:
        """All levels of an open case that the clock has reached, by the plan of its day."""
        plans, opening = bell.place.plans_on(bell.start_day), bell.opening
        plan: tuple[Reached, ...] | None = plans.get(self._key)
        clock: Clock | None = plans.get(PROMISED_OF_DAY if self._is_promised else LEGAL_OF_DAY)
        if plan is None or clock is None or not bell.place.is_simple:
            return False
        for reached in plan:
            instant = max(reached.instant, opening.at)
            if reached.is_warning and instant > reached.end:
                continue
            if not bell.reaches(instant):
                continue
            if self.yields.get(reached.level):
                return False
            running = _running(bell.subject, clock.started_by(bell.place, opening, None))
            bell.say(reached.level, instant, _tell(bell.segment, reached, instant, None, running))
        return True

    def _with_precedence(self, case: Case, verdict: Verdict) -> Verdict:
        before = self.yields.get(verdict.level)
        if not before:
            return verdict
        part, at = verdict.part, verdict.detected_at

        def has_spoken() -> bool:
            return any(other.detected_at <= at for rule in before for other in rule.judge_part(case, part))

        return Verdict(part, verdict.level, at, verdict.stands_from, verdict.trigger, verdict.tell, has_spoken)


def _clock(part: Part, limit: LimitOf) -> Clock | None:
    return part.promised if limit is LimitOf.PROMISED else part.legal


def _running(subject: str, clock: Clock) -> Running:
    return Running(
        subject=subject,
        opening=clock.opening,
        stop=clock.stop,
        term=clock.term,
        limit=clock.limit,
        runs=clock.runs,
        facts=clock.facts,
        evidence=clock.evidence,
        settle=clock.term.settled,
        opens_at=clock.opens_at,
    )
