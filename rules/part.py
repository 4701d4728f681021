"""A part of a case, from one opening to the next `case_reopened`: its facts by type, where it lies, its limits as they run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rules.fact import CODE_OF, FIELD_CODE, NOTHING, Fact, Where
from rules.limits import Clock, Deemed
from rules.stepbook import STEP_CODES, StepBook
from rules.world import Place
from supervision.event import EventType
from supervision.worktime import CalendarMissing, Limit, Pause, Pauses, Term, Unit, absolute_term, term

if TYPE_CHECKING:
    from rules.case import Case

PROMISED_STOPS = (
    EventType.CASE_COMPLETED,
    EventType.CASE_RETURNED,
    EventType.CASE_WITHDRAWN,
    EventType.CASE_TERMINATED,
    EventType.CASE_VOIDED,
    EventType.ACCEPTANCE_REFUSED,
)
LEGAL_STOPS = (*PROMISED_STOPS, EventType.DECISION_MADE)
ACCEPTANCES = (EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED)
PAUSING = (EventType.SPECIAL_PROCEDURE_STARTED, EventType.SPECIAL_PROCEDURE_ENDED)
CLOCK_EVENTS = (*ACCEPTANCES, *LEGAL_STOPS, *PAUSING, EventType.EXTENSION_APPROVED, EventType.CASE_REOPENED)

_C = FIELD_CODE
_ACCEPTED, _SUPPLEMENTED = (CODE_OF[kind] for kind in ACCEPTANCES)
_STARTED, _ENDED = (CODE_OF[kind] for kind in PAUSING)
_EXTENDED = CODE_OF[EventType.EXTENSION_APPROVED]
ACCEPTANCE_CODES = (_ACCEPTED, _SUPPLEMENTED)  # the first goes before
PROMISED_STOP_CODES = frozenset(CODE_OF[kind] for kind in PROMISED_STOPS)
LEGAL_STOP_CODES = frozenset(CODE_OF[kind] for kind in LEGAL_STOPS)
_DECISION = CODE_OF[EventType.DECISION_MADE]
_PROMISED_DUE, _LEGAL_DUE = _C["payload.promised_due_at"], _C["payload.legal_due_at"]
PROMISED_OF_DAY, LEGAL_OF_DAY = _PROMISED_DUE, _LEGAL_DUE  # where `Place.plans_on` has the clocks of plain parts
_SEQ, _KIND, _DAYS, _POST = (_C[f"payload.{name}"] for name in ("seq", "kind", "days", "approver_post"))
_APPROVER = _C["payload.approver_officer_id"]
_DECLARED, _DECLARED_UNIT = _C["payload.declared_limit"], _C["payload.declared_limit_unit"]


class Part:
    """Judged by itself under its own segment. `opening` is the fact that sets the limits: acceptance, or the reopening."""

    def __init__(self, case: Case, segment: str, facts: list[Fact], reopened: Fact | None) -> None:
        self.case = case
        self.segment = segment
        self.reopened = reopened
        self.facts = facts
        self.by_type: dict[int, list[Fact]] = {}  # but steps: they are in `steps`
        self.promised_stop: Fact | None = None
        self.legal_stop: Fact | None = None
        self._steps: StepBook | None = None
        self._promised: Clock | None = None
        self._legal: Clock | None = None
        for fact in facts:
            self._note(fact)
        self._ground()

    def _note(self, fact: Fact) -> None:
        kind = fact.type
        if kind in STEP_CODES:
            return
        found = self.by_type.get(kind)
        if found is None:
            self.by_type[kind] = [fact]
        else:
            found.append(fact)
        if kind in LEGAL_STOP_CODES:
            if self.legal_stop is None:
                self.legal_stop = fact
            if self.promised_stop is None and kind != _DECISION:
                self.promised_stop = fact

    def _ground(self) -> None:
        """What acceptance, pauses and extensions decide. `is_plain`: the start day alone decides all instants of its limits."""
        case, by_type = self.case, self.by_type
        self.acceptances: list[Fact] = by_type.get(_ACCEPTED) or by_type.get(_SUPPLEMENTED) or []
        self.acceptance: Fact | None = self.acceptances[0] if self.acceptances else None
        self.accepted_at: int | None = self._least_acceptance()
        opening = self.opening = self.acceptance if self.acceptance is not None else self.reopened
        self.start: int | None = self.accepted_at if self.accepted_at is not None else None if opening is None else opening.at
        self.opened_at = self.start if self.start is not None else self.facts[0].at if self.facts else 0
        self.place: Place = case.world.place(case.source, self._context(), self.opened_at)
        self._pairs: list[tuple[Fact, Fact | None]] | None = None
        self._counted: list[tuple[Fact, Fact | None]] | None = None
        self._pauses: Pauses | None = None
        self._has_promised = self._has_legal = False
        self._has_deemed = False
        self._deemed: Deemed | None = None
        self.is_undisturbed = _STARTED not in by_type and _EXTENDED not in by_type
        self.is_plain = (
            opening is not None
            and self.place.is_simple
            and self.is_undisturbed
            and (opening.kept is NOTHING or (_PROMISED_DUE not in opening.kept and _LEGAL_DUE not in opening.kept))
        )
        self.day_plans: dict[int, Any] | None = None
        self.start_day = self.place.calendar.day_of(self.start) if self.is_plain and self.start is not None else 0

    def _least_acceptance(self) -> int | None:
        """The least accepted time over all versions: a clock cannot be reset on paper."""
        if self.acceptance is None:
            return None
        if not self.case.has_versions:
            return self.acceptance.at
        return min(fact.at for head in self.acceptances for fact in self.case.versions(head))

    def _context(self) -> Where:
        """Item, region, centre, limits ...: of the fact that opens the part, else of the case's earliest that names it."""
        case, opening = self.case, self.opening
        if len(case.wheres) == 1:
            return case.wheres[0]
        order = [fact.where for fact in case.heads() or self.facts]
        if opening is not None:
            order.insert(0, opening.where)
        merged: list[Any] = [next((where[place] for where in order if where[place] is not None), None) for place in range(7)]
        for value in (7, 9):
            named = next((where for where in order if where[value] is not None), None)
            merged += (None, Unit.WORKING_DAY) if named is None else (named[value], named[value + 1])
        return case.world.context(tuple(merged))

    # -- facts --------------------------------------------------------------------------------------------------

    def of(self, code: int) -> list[Fact]:
        """Facts in force of the type with this number, in order."""
        if code in STEP_CODES:
            return [fact for fact in self.facts if fact.type == code]
        return self.by_type.get(code, [])

    def first(self, *codes: int) -> Fact | None:
        """The earliest of these types, given by their numbers."""
        return earliest(*(found[0] for code in codes if (found := self.of(code))))

    @property
    def steps(self) -> StepBook:
        """Its steps as begun and completed."""
        book = self._steps
        if book is None:
            book = self._steps = StepBook(fact for fact in self.facts if fact.type in STEP_CODES)
        return book

    @property
    def deemed(self) -> Deemed | None:
        """What makes the legal limit run from the receipt, None: it was answered in time, or accepted before, or nobody asks.

        CalendarMissing where an answer may still be in time in a year without data, or came in it.
        """
        if not self._has_deemed:
            self._deemed = self._find_deemed()
            self._has_deemed = True
        return self._deemed

    def _find_deemed(self) -> Deemed | None:
        deeming, start = self.place.deeming, self.start
        if deeming is None or deeming.receipt_codes.isdisjoint(self.by_type):
            return None
        receipt = self.first(*deeming.receipt_codes)
        assert receipt is not None
        if start is not None and start <= receipt.at:
            return None
        if self.opening is not None and self.opening.get(_LEGAL_DUE) is not None:
            return None
        answer, stop = self.first(*deeming.answer_codes), self.legal_stop
        heard_at = min((fact.at for fact in (answer, stop) if fact is not None), default=None)
        try:
            opens_at = self.place.answer_due(receipt.at) + 1
        except CalendarMissing as missing:
            if heard_at is not None and heard_at < self.place.calendar.year_start(missing.year):
                return None
            raise
        return Deemed(receipt, opens_at, answer is not None) if heard_at is None or heard_at >= opens_at else None

    # -- pauses -------------------------------------------------------------------------------------------------

    @property
    def pause_facts(self) -> list[tuple[Fact, Fact | None]]:
        """Special procedures as (start, end); an extension in disguise is none. The first start and end of each `seq`."""
        if self._pairs is None:
            self._pairs = self._find_pauses() if _STARTED in self.by_type else []
        return self._pairs

    def _find_pauses(self) -> list[tuple[Fact, Fact | None]]:
        ends = self.by_type.get(_ENDED, [])
        pairs: list[tuple[Fact, Fact | None]] = []
        seen: set[Any] = set()
        for start in self.by_type[_STARTED]:
            seq = start.get(_SEQ)
            if start.get(_KIND) == "extension" or seq in seen:
                continue
            seen.add(seq)
            pairs.append((start, end_of(start, [fact for fact in ends if fact.get(_SEQ) == seq])))
        return pairs

    @property
    def counted_pauses(self) -> list[tuple[Fact, Fact | None]]:
        """Those that stop the clock: of Art. 45 or of the item's own excluded kinds."""
        if self._counted is None:
            grounded = (pair for pair in self.pause_facts if pair[0].get(_KIND) in self.place.pause_kinds)
            self._counted = [(start, end) for start, end in grounded if end is None or end.at >= start.at]
        return self._counted

    @property
    def pauses(self) -> Pauses:
        if self._pauses is None:
            self._pauses = self.pauses_of(self.counted_pauses)
        return self._pauses

    def pauses_of(self, pairs: Sequence[tuple[Fact, Fact | None]]) -> Pauses:
        spans = [Pause(s.at, None if e is None else e.at, declared_limit(s)) for s, e in pairs]
        return Pauses.of(self.place.calendar, spans) if spans else Pauses.NONE

    # -- clocks -------------------------------------------------------------------------------------------------

    @property
    def promised(self) -> Clock | None:
        """The promised limit as it runs, or None where there is none."""
        if not self._has_promised:
            clock = self._clock_of_the_day if self.is_plain else self._clock
            self._promised = clock("promised", self.place.promised_limit, _PROMISED_DUE, self.promised_stop, extended=False)
            self._has_promised = True
        return self._promised

    @property
    def legal(self) -> Clock | None:
        """The legal limit with its valid extension, or None where there is none."""
        if not self._has_legal:
            limit, stop, deemed = self.place.legal_limit, self.legal_stop, self.deemed
            if deemed is not None:
                self._legal = self._clock("legal", limit, _LEGAL_DUE, stop, extended=True, deemed=deemed)
            else:
                clock = self._clock_of_the_day if self.is_plain else self._clock
                self._legal = clock("legal", limit, _LEGAL_DUE, stop, extended=True)
            self._has_legal = True
        return self._legal

    def _clock_of_the_day(
        self, name: str, limit: Limit | None, due_field: int, stop: Fact | None, *, extended: bool
    ) -> Clock | None:
        """That of a plain part: all that start on its day have the same term."""
        opening, start = self.opening, self.start
        if limit is None or opening is None or start is None:
            return None
        plans = self.place.plans_on(self.start_day)
        known: Clock | None = plans.get(due_field)
        if known is None:
            known = plans[due_field] = self._clock(name, limit, due_field, None, extended=extended)
            assert known is not None
        return known.started_by(self.place, opening, stop)

    def _clock(
        self, name: str, limit: Limit | None, due_field: int, stop: Fact | None, *, extended: bool, deemed: Deemed | None = None
    ) -> Clock | None:
        opening, start = (self.opening, self.start) if deemed is None else (deemed.receipt, deemed.receipt.at)
        if opening is None or start is None:
            return None
        due = opening.get(due_field)
        if due is None and limit is None:
            return None
        pairs = [pair for pair in self.counted_pauses if due is None or pair[0].at >= opening.at]
        pauses = self.pauses if len(pairs) == len(self.counted_pauses) else self.pauses_of(pairs)
        calendar, mode = self.place.calendar, self.place.mode

        def runs(value: Limit) -> Term:
            return term(calendar, start, value, mode=mode, pauses=pauses)

        def run(extra_wd: int) -> Term:
            if due is not None:
                return absolute_term(calendar, start, due, pauses=pauses, extra_wd=extra_wd)
            assert limit is not None
            return term(calendar, start, limit, mode=mode, pauses=pauses, extra_wd=extra_wd)

        running = run(0)
        own_due_at = running.due_at
        facts: dict[str, Any] = {"limit_source": name, "started_at": start}
        if limit is not None:
            facts |= {"limit": limit.value, "limit_unit": limit.unit.value}
        if deemed is not None:
            facts["unanswered_since_at"] = start
        accepted = () if self.opening is None or deemed is None else (self.opening,)
        evidence = [opening, *accepted, *(fact for pair in pairs for fact in pair if fact is not None)]
        extension = self._extension(running) if extended else None
        if extension is not None:
            fact, days = extension
            running = run(days)
            facts["extension_wd"] = days
            evidence.append(fact)
        if due is not None and limit is not None:
            with suppress(CalendarMissing):  # it may lie in a year without data though the date that counts does not
                facts["due_by_units_at"] = runs(limit).due_at
        excluded = running.excluded()
        if excluded:
            facts |= {"excluded_days": list(excluded), "paused_wd": running.paused_wd()}
        facts["limit_wd"] = running.limit_wd
        opens_at = None if deemed is None else deemed.opens_at
        return Clock(running, limit, runs, opening, tuple(evidence), stop, facts, own_due_at, opens_at)

    def _extension(self, running: Term) -> tuple[Fact, int] | None:
        """The first extension, if it is valid: right post, in time; days beyond the most that may be given do not count."""
        requests = self.extensions
        if not requests or requests[0].at > running.due_at or not self.is_by_the_right_post(requests[0]):
            return None
        days = extension_days(requests[0])
        return (requests[0], min(days, self.most_extension_wd)) if days else None

    @property
    def extensions(self) -> list[Fact]:
        """All of them in order, also those told as a special procedure."""
        disguised = [fact for fact in self.by_type.get(_STARTED, ()) if fact.get(_KIND) == "extension"]
        return sorted([*self.by_type.get(_EXTENDED, ()), *disguised], key=order_of)

    @property
    def most_extension_wd(self) -> int:
        """How many working days may be given."""
        rule, item = self.case.world.extension, self.place.item
        own = None if item is None else item.extension_max_wd
        return own if own is not None else rule.joint_max_wd if self.place.is_joint else rule.max_wd

    def is_by_the_right_post(self, extension: Fact) -> bool:
        """By the post that the event names, else by those of the approver in the register."""
        rule = self.case.world.extension
        posts = rule.joint_posts if self.place.is_joint else rule.posts
        named = extension.get(_POST)
        if named:
            return named in posts
        officer = self.case.officer(extension.get(_APPROVER), extension.at)
        return officer is not None and not set(posts).isdisjoint(officer.posts)


def order_of(fact: Fact) -> tuple[int, int]:
    """Facts are ordered by their time, then by their id."""
    return fact.at, fact.id


def end_of(start: Fact, ends: Sequence[Fact]) -> Fact | None:
    """The first end at or after a start; one known only from before it ended it all the same: clocks are fed what there is."""
    return next((end for end in ends if end.at >= start.at), ends[0] if ends else None)


def earliest(*facts: Fact | None) -> Fact | None:
    return min((fact for fact in facts if fact is not None), key=order_of, default=None)


def declared_limit(fact: Fact) -> Limit | None:
    """The limit a special procedure declares."""
    return limit_of(fact, _DECLARED, _DECLARED_UNIT)


def extension_days(fact: Fact) -> int | None:
    """The working days that an extension asks for; None: it names none."""
    days = fact.get(_DAYS)
    if days is not None:
        return int(days)
    declared = declared_limit(fact)
    return declared.value if declared is not None and declared.unit is Unit.WORKING_DAY else None


def limit_of(fact: Fact, value_field: int, unit_field: int) -> Limit | None:
    """The limit a fact names by a value and a unit field; a missing unit is working days."""
    value = fact.get(value_field)
    if value is None:
        return None
    unit = fact.get(unit_field)
    return Limit(int(value), Unit.WORKING_DAY if unit is None else Unit(unit))


def named_once(facts: Iterable[Fact | None]) -> tuple[Fact, ...]:
    """The facts there are, each once, in order."""
    return tuple({fact.id: fact for fact in facts if fact is not None}.values())
