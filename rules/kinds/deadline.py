"""Kind `deadline`: a clock with pauses that runs out, on a case's promised or legal limit: T02 T03 T04. For spans see `spans`."""

from __future__ import annotations

from msgspec.structs import replace

from rules.bell import Bell
from rules.case import Case
from rules.fact import Fact
from rules.kinds.levels import (
    Reached,
    Running,
    all_beyond,
    ended,
    in_time,
    next_of,
    plan_of,
    stays_warned,
    telling,
    verdict_of,
    verdicts,
    waiting,
)
from rules.limits import Clock, Deemed
from rules.outline import LOUD, UNTOUCHED, Daily, Look, Outline, Outlook, Scene
from rules.parameters import Deadline, LimitOf
from rules.part import (
    ACCEPTANCE_CODES,
    ACCEPTANCES,
    CLOCK_EVENTS,
    LEGAL_OF_DAY,
    LEGAL_STOP_CODES,
    PAUSING,
    PROMISED_OF_DAY,
    PROMISED_STOP_CODES,
    Part,
)
from rules.profile import Awaits
from rules.reading import ACTOR, DECLARED, DUE_DATES, Reads, merged, reads
from rules.verdict import FAR, Verdict
from rules.world import Deeming, Place
from supervision.alert import Level
from supervision.event import EventType
from supervision.worktime import CalendarMissing

CASE_CLOCK: Reads = merged(
    reads(CLOCK_EVENTS, ACTOR),
    reads(ACCEPTANCES, DUE_DATES),
    reads(PAUSING, DECLARED, frozenset({"payload.seq", "payload.kind", "payload.approver_officer_id"})),
    reads((EventType.EXTENSION_APPROVED,), frozenset({"payload.days", "payload.approver_post", "payload.approver_officer_id"})),
)


OPENINGS = frozenset({*ACCEPTANCES, EventType.CASE_REOPENED})
PROMISED_END = frozenset({EventType.CASE_COMPLETED})  # what a case comes to as a rule; other stops are rare
LEGAL_END = frozenset({EventType.CASE_COMPLETED, EventType.DECISION_MADE})


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
        try:
            return self._judge_part(case, part)
        except CalendarMissing as missing:
            stop = part.promised_stop if self._is_promised else part.legal_stop
            return waiting(case, part, self.parameters.at, missing, part.opening, stop)

    def _judge_part(self, case: Case, part: Part) -> list[Verdict]:
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
        try:
            clock = self._speaking_clock(part)
        except CalendarMissing as missing:
            return all_beyond(self.parameters.at, missing, part.place.calendar)
        return () if clock is None else plan_of(self.parameters.at, _running(case.subject, clock))

    def _speaking_clock(self, part: Part) -> Clock | None:
        """None too where another limit ends at the same instant and its rule speaks."""
        clock = _clock(part, self.parameters.limit)
        if clock is None or self.silent_limit is None:
            return clock
        try:
            other = _clock(part, self.silent_limit)
        except CalendarMissing:  # it ends in a year without data, so not when this one does
            return clock
        return None if other is not None and other.term.due_at == clock.term.due_at else clock

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
            return Daily(self._stops, self._stops_warned) if place.is_simple else None
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
        plan: tuple[Reached, ...] | None = scene.plans.get(self._key)
        if plan is None:
            return LOUD
        until = scene.plans.get(self._in_time_key)
        if until is None:
            until = scene.plans[self._in_time_key] = in_time(plan)
        return FAR if scene.at <= until else ended(plan, scene)

    def _stops_warned(self, scene: Scene, _rule: bytes) -> int:
        """Where all that the card can say is a warning, a stop behind it leaves it as it is."""
        plan: tuple[Reached, ...] | None = scene.plans.get(self._key)
        return FAR if plan is not None and len(plan) == 1 and stays_warned(plan[0], scene) else LOUD

    def ring(self, bell: Bell) -> bool:
        """All levels that the clock has reached, by the plan of the day; where a stop came too late, only judging can tell."""
        plans, opening = bell.place.plans_on(bell.start_day), bell.opening
        plan: tuple[Reached, ...] | None = plans.get(self._key)
        clock: Clock | None = plans.get(PROMISED_OF_DAY if self._is_promised else LEGAL_OF_DAY)
        if plan is None or clock is None or not bell.place.is_simple:
            return False
        stopped_at = bell.first_at(PROMISED_STOP_CODES if self._is_promised else LEGAL_STOP_CODES)
        for reached in plan:
            if reached.lacks is not None:  # the case goes on waiting for that year
                return False
            instant = max(reached.instant, opening.at)
            if reached.is_averted(instant, stopped_at):
                continue
            if stopped_at != FAR and not reached.is_warning:
                return False
            if not bell.reaches(instant):
                continue
            if self.yields.get(reached.level):
                return False
            running = _running(bell.subject, clock.started_by(bell.place, opening, None))
            bell.say(reached.level, instant, telling(bell.segment, reached, instant, None, running))
        return True

    def _with_precedence(self, case: Case, verdict: Verdict) -> Verdict:
        before = self.yields.get(verdict.level)
        if not before or verdict.lacks is not None:
            return verdict
        part, at = verdict.part, verdict.detected_at

        def has_spoken() -> bool:
            others = (other for rule in before for other in rule.judge_part(case, part))
            return any(other.detected_at <= at and other.lacks is None for other in others)

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
