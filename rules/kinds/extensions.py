"""Check `extensions` of kind `require`. T09: an extension that comes too late, or without right, reason or word to anybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct

from rules.case import Case
from rules.fact import CODE_OF, FIELD_CODE, OFFICER, Fact
from rules.kinds.deadline import CASE_CLOCK
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.part import PAUSING, Part, extension_days, named_once
from rules.reading import ACTOR, grace_of, merged, reads
from rules.requirements import Extensions
from rules.verdict import AT_ONCE, Telling, Verdict, undated
from rules.world import Deeming, Place
from supervision.alert import Level
from supervision.event import EventType
from supervision.worktime import CalendarMissing

_EXTENDED = CODE_OF[EventType.EXTENSION_APPROVED]
_REASON, _BASIS, _TOLD, _APPROVER, _POST = (
    FIELD_CODE[f"payload.{name}"] for name in ("reason_text", "legal_basis", "notified_at", "approver_officer_id", "approver_post")
)


class Request(Struct, frozen=True):
    """One extension: those before it, the legal end there was before (None: no limit, or `lacks`), until when to tell the applicant
    (None: in the year `lacks`, for which the calendar has no data)."""

    fact: Fact
    earlier: tuple[Fact, ...]
    end: int | None
    told_by: int | None
    lacks: CalendarMissing | None = None


class Extended:
    """T09: each extension of a part under its own segment, the first version of its fact."""

    awaits = (frozenset({EventType.EXTENSION_APPROVED, *PAUSING}),)

    def __init__(self, check: Extensions, deeming: Deeming | None) -> None:
        self.check = check
        self.reads = merged(
            CASE_CLOCK,
            reads((EventType.EXTENSION_APPROVED,), frozenset({"payload.notified_at", "payload.reason_text"})),
            reads((EventType.SPECIAL_PROCEDURE_STARTED,), frozenset({"payload.notified_at", "payload.legal_basis"})),
            *(() if deeming is None else (reads((*deeming.receipts, *deeming.answers), ACTOR),)),
        )

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            requests = part.extensions
            for number, fact in enumerate(requests):
                try:
                    request = self._request(part, fact, tuple(requests[:number]))
                except CalendarMissing as missing:
                    found += [undated(part, level, fact, missing) for level in (self.check.level, self.check.late)]
                else:
                    found += self._judge(case, part, request)
        return found

    def outlook(self, _place: Place, _outline: Outline, _act: Fact) -> Outlook:
        """A plain case knows no extension."""
        return UNTOUCHED

    def _request(self, part: Part, fact: Fact, earlier: tuple[Fact, ...]) -> Request:
        """Only the first extension lengthens, if it does, so the end before any other is the end in force. An end in a year without
        data that begins behind the extension was not passed. Raises CalendarMissing."""
        calendar = part.place.calendar
        end: int | None = None
        part.deemed  # noqa: B018 - it may leave open which limit runs
        try:
            legal = part.legal
            end = None if legal is None else legal.term.due_at if earlier else legal.own_due_at
        except CalendarMissing as missing:
            if fact.at >= calendar.year_start(missing.year):
                raise
        try:
            told_by = calendar.due_end(calendar.add(calendar.day_of(fact.at), self.check.told_within_wd))
        except CalendarMissing as missing:
            return Request(fact, earlier, end, None, missing)
        return Request(fact, earlier, end, told_by)

    def _judge(self, case: Case, part: Part, request: Request) -> list[Verdict]:
        """What the extension itself shows stands at once; that nobody told the applicant joins it on the same card when the time
        for it is over, since the later of two verdicts under one id is the one that is said."""
        fact, check = request.fact, self.check
        is_late = request.end is not None and fact.at > request.end
        level, faults = (check.late, ["after_the_end"]) if is_late else (check.level, [])
        faults += self._faults(part, request)
        told_at = fact.get(_TOLD)
        lacks, told_by = request.lacks, request.told_by
        if lacks is not None or told_by is None:
            assert lacks is not None
            found = [self._verdict(case, part, request, level, faults, fact.at, AT_ONCE)] if faults else []
            is_in_time = told_at is not None and told_at < part.place.calendar.year_start(lacks.year)
            return found if is_in_time else [*found, undated(part, level, fact, lacks)]
        is_told_late = told_at is not None and told_at > told_by
        if told_at is not None and not is_told_late:
            return [self._verdict(case, part, request, level, faults, fact.at, AT_ONCE)] if faults else []
        from_ = AT_ONCE if is_told_late else told_by + 1 + grace_of(case)
        if not faults:
            return [self._verdict(case, part, request, level, ["not_told"], told_by + 1, from_)]
        at_once = [] if is_told_late else [self._verdict(case, part, request, level, faults, fact.at, AT_ONCE)]
        return [*at_once, self._verdict(case, part, request, level, [*faults, "not_told"], fact.at, from_)]

    @staticmethod
    def _faults(part: Part, request: Request) -> list[str]:
        fact = request.fact
        days = extension_days(fact)
        reason = fact.get(_REASON if fact.type == _EXTENDED else _BASIS)  # a special procedure has no other field for it
        faults = {
            "too_many_days": days is not None and days > part.most_extension_wd,
            "second_extension": bool(request.earlier),
            "wrong_post": not part.is_by_the_right_post(fact),
            "no_reason": not (reason or "").strip(),
        }
        return [name for name, is_so in faults.items() if is_so]

    def _verdict(
        self, case: Case, part: Part, request: Request, level: Level, faults: list[str], at: int, stands_from: int
    ) -> Verdict:
        fact = request.fact

        def tell() -> Telling:
            approver = fact.get(_APPROVER) or fact.actor[OFFICER]
            facts: dict[str, Any] = {
                "faults": faults,
                "approved_at": fact.at,
                "days": extension_days(fact),
                "most_wd": part.most_extension_wd,
                "approver": approver,
                "approver_post": fact.get(_POST),
                "told_by_at": request.told_by,
                "told_at": fact.get(_TOLD),
                "legal_end_at": request.end,
            }
            return Telling(
                subject=case.subject,
                segment=f"{part.segment}/{UUID(int=case.first_id(fact))}",
                facts={name: value for name, value in facts.items() if value is not None},
                evidence=named_once((part.opening, *request.earlier, fact)),
                due_at=request.end if level is self.check.late else None,
                officers=(approver,) if approver else (),
            )

        return Verdict(part, level, at, stands_from, fact, tell)
