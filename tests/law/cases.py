"""Whole random cases: life from application to reopening, on items and sources of `places`, before mishaps and edges are added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supervision.event import BatchKind, CaseEvent, CaseType, EventType, Flag, PostPlace, Precision, SecrecyClass
from supervision.payload import (
    PAYLOADS,
    Acceptance,
    Completion,
    Decision,
    Delivery,
    Extension,
    Fee,
    SpecialProcedureEnded,
    SpecialProcedureStarted,
    StepCompleted,
    StepStarted,
    Submission,
    SupplementNotice,
)
from supervision.payloads.handling import ApproverPost, ProcedureKind, StepResult
from supervision.payloads.outcome import CompletionResult, DecisionResult, FeeKind
from supervision.worktime import Unit
from tests.law.days import HOUR, MINUTE
from tests.law.draw import DAY, Draw, event, midnight
from tests.law.places import ITEM_CODES, ZONE

SOURCES = ("hall", "batch", "direct", "log-a", "log-a", "log-a", "log-b", "log-c")
OFFICERS = ("O1", "O2", "O2-second-account", "O3", "O4", "O-unregistered")
REGIONS = {"hall": "430111", "batch": "430200", "direct": "440300", "log-a": "430111", "log-b": "430200", "log-c": "990000"}
ENDS = (
    EventType.CASE_COMPLETED,
    EventType.CASE_COMPLETED,
    EventType.CASE_COMPLETED,
    EventType.CASE_RETURNED,
    EventType.CASE_WITHDRAWN,
    EventType.CASE_TERMINATED,
    EventType.CASE_VOIDED,
    EventType.ACCEPTANCE_REFUSED,
)
RECEIPTS = (EventType.APPLICATION_SUBMITTED, EventType.MATERIAL_RECEIVED)
COMPLETIONS = (CompletionResult.CERT_ISSUED, CompletionResult.CERT_ISSUED, CompletionResult.DENIED, None)
HANDED_OUT = (EventType.RESULT_DELIVERED, EventType.RESULT_PICKED_UP, EventType.PICKUP_NOTIFIED)
UNITS = (Unit.WORKING_DAY, Unit.WORKING_DAY, Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.HOUR, Unit.MONTH)
KINDS = tuple(ProcedureKind)
LONG = ((95, Unit.CALENDAR_DAY), (91, Unit.CALENDAR_DAY), (89, Unit.CALENDAR_DAY), (66, Unit.WORKING_DAY))
LAST_LONG = int(datetime(2026, 3, 1, tzinfo=ZONE).timestamp()) * 1000  # so that twice the limit still lies in the calendars
STIRS = (
    EventType.MATERIAL_RECEIVED,
    EventType.CASE_TRANSFERRED,
    EventType.FEE_PAID,
    EventType.RESULT_PUBLISHED,
    EventType.SCAN_REVIEWED,
    EventType.PRE_REVIEW_FAILED,
    EventType.SUPPLEMENT_EXPIRED,
)

RESULTS = (None, None, StepResult.PASS, StepResult.PASS, StepResult.PASS, StepResult.RETURN_BACK, StepResult.OTHER)


def decided(draw: Draw, result: DecisionResult | None) -> Decision:
    """By the actor, or by an approver who is named; of an amount, or of none."""
    approver = draw.one(OFFICERS) if draw.chance(0.3) else None
    amount = draw.one((1, 400, 401, 500, 501, 10**6, 10**6 + 1)) if draw.chance(0.3) else None
    return Decision(decision=result, approver_officer_id=approver, amount_fen=amount)


def fee(draw: Draw) -> Fee:
    """Of one of a few fee items, mostly as the table has it."""
    item, number = draw.one(("F1", "F1", "F2", "F3", "F4", None)), draw.one((1, 1, 3, 0.5))
    amount = {"F1": 1000, "F2": round(115 * number)}.get(item or "", 700)
    return Fee(
        fee_item_code=item,
        amount_fen=draw.one((amount, amount, amount, amount, amount + 1, amount - 1, 0, None)),
        fee_kind=draw.one((FeeKind.OFFICIAL, FeeKind.OFFICIAL, FeeKind.OFFICIAL, FeeKind.COURIER, None)),
        payee_account_id=draw.one((None, "T1", "T1", "P9")),
        receipt_no=draw.one((None, "R1")),
        quantity=number if draw.chance(0.8) else None,
        reduction_basis=draw.one((None, None, "basis")),
    )


class Life:
    """One case while it is being made up."""

    def __init__(self, draw: Draw, number: int, source: str) -> None:
        self.draw, self.source, self.case_id = draw, source, f"c{number}"
        self.events: list[CaseEvent] = []
        self.by_day = source == "log-b" or draw.chance(0.05)
        self.envelope = self._envelope()
        self.everywhere = draw.chance(0.7)
        self.now = midnight(draw.day()) + draw.time_of_day()

    def _envelope(self) -> dict[str, Any]:
        draw = self.draw
        envelope: dict[str, Any] = {"region_code": REGIONS[self.source]} if draw.chance(0.7) else {}
        if draw.chance(0.9):
            name = "item_implement_code" if draw.chance(0.8) else "item_catalog_code"
            envelope[name] = draw.one(ITEM_CODES) if draw.chance(0.95) else "not-in-the-catalogue"
        if draw.chance(0.25):
            envelope["promised_limit"] = draw.randint(1, 12)
            envelope["promised_limit_unit"] = self._unit(envelope["promised_limit"])
        if (
            envelope.get("item_implement_code") != "lawless"
            and envelope.get("item_catalog_code") != "lawless"
            and draw.chance(0.15)
        ):
            envelope["legal_limit"] = draw.randint(1, 25)
            envelope["legal_limit_unit"] = self._unit(envelope["legal_limit"])
        if draw.chance(0.2):
            envelope["item_type"] = draw.one(("01", "01", "02", "20"))
        if draw.chance(0.1):
            envelope["case_type"] = draw.one((CaseType.JOINT, CaseType.PROMISED))
        return envelope

    def _unit(self, value: int) -> Unit:
        unit = self.draw.one(UNITS)
        if (unit is Unit.MONTH and value > 3) or (unit is Unit.HOUR and self.by_day):
            return Unit.WORKING_DAY
        return unit

    def later(self, days: float) -> int:
        """An instant up to so many days on, at a time of its own."""
        return midnight(self.now + int(self.draw.random() * days * DAY)) + self.draw.time_of_day()

    def add(self, kind: EventType, at: int, payload: Any = None, opening: bool = False, **more: Any) -> None:
        draw = self.draw
        envelope = (dict(self.envelope) if opening or self.everywhere else {}) | more
        if draw.chance(0.85):
            envelope["actor_officer_id"] = draw.one(OFFICERS)
        if draw.chance(0.1):
            envelope["actor_person_hash"] = draw.one(("anna", "bo", "someone"))
        if draw.chance(0.02):
            envelope["batch_kind"] = BatchKind.MIGRATION
        if draw.chance(0.003):
            envelope["flags"] = (draw.one((Flag.TEST, Flag.AUTO_APPROVED)),)
        if draw.chance(0.1):
            envelope["actor_post_place"] = draw.one(tuple(PostPlace))
        if self.by_day:
            envelope["time_precision"] = Precision.DAY
        elif draw.chance(0.02):
            envelope["time_precision"] = Precision.MINUTE
        payload = PAYLOADS[kind]() if payload is None else payload
        self.events.append(event(draw, self.source, self.case_id, kind, at, payload, **envelope))

    # -- chapters

    def intake(self) -> None:
        draw = self.draw
        self._receipt()
        if draw.chance(0.2):
            self.supplements()
        kinds = [EventType.CASE_ACCEPTED] if draw.chance(0.9) else []
        if draw.chance(0.1):
            kinds.append(EventType.SUPPLEMENT_ACCEPTED)
        for kind in kinds:
            payload = self._acceptance() if kind is EventType.CASE_ACCEPTED else None
            self.add(kind, self.now if draw.chance(0.9) else self.later(2), payload, opening=True)
        if draw.chance(0.03):
            self.add(EventType.CASE_ACCEPTED, self.later(3), Acceptance(), opening=True)

    def supplements(self) -> None:
        """Notices with numbers that come again, and lists that repeat, add or leave out."""
        draw = self.draw
        numbers = draw.one((("N1", "N2"), ("N1", "N2", "N3"), ("N1", "N1", "N2"), ("N1", None), ("N1",)))
        for number in numbers:
            reason = draw.one((None, "resubmitted_defective", "resubmitted_defective", "other"))
            notice = SupplementNotice(notice_no=number, material_codes=self._codes(), reason_code=reason)
            at = self.now - draw.randrange(-DAY, 4 * DAY, 1000) if draw.chance(0.8) else self.now
            self.add(EventType.SUPPLEMENT_NOTIFIED, at, notice)
            if draw.chance(0.4):
                kind = draw.one((EventType.MATERIAL_RECEIVED, EventType.APPLICATION_SUBMITTED))
                self.add(kind, at + draw.one((-1, 0, 0, 1, -HOUR, HOUR)), Submission(material_codes=self._codes()))

    def _codes(self) -> tuple[str, ...]:
        return tuple(code for code in "ABCD" if self.draw.chance(0.4))

    def _receipt(self) -> None:
        """What comes before the acceptance, now and then days before it, sometimes answered otherwise first."""
        draw = self.draw
        if draw.chance(0.6):
            return
        kinds = draw.one((RECEIPTS, RECEIPTS[:1], RECEIPTS[1:]))
        begun = self.now - draw.one((draw.randrange(0, 3 * DAY, 1000), draw.randrange(0, 14 * DAY, 1000)))
        for kind in kinds:
            self.add(kind, begun + draw.one((0, draw.randrange(0, 2 * DAY, 1000))), Submission(material_codes=self._codes()))
        if draw.chance(0.25):
            kind = draw.one((EventType.SUPPLEMENT_NOTIFIED, EventType.PRE_REVIEW_FAILED, EventType.SUPPLEMENT_SUBMITTED))
            self.add(kind, begun + draw.randrange(0, 12 * DAY, 1000))

    def _acceptance(self) -> Acceptance:
        return Acceptance(promised_due_at=self._moment(0.15), legal_due_at=self._moment(0.08))

    def _moment(self, probability: float) -> int | str | None:
        if not self.draw.chance(probability):
            return None
        at = self.later(14) - (2 * DAY if self.draw.chance(0.1) else 0)
        if self.by_day or self.draw.chance(0.5):
            return datetime.fromtimestamp(at / 1000, ZONE).date().isoformat()
        return at

    def steps(self) -> None:
        draw = self.draw
        codes = ["handle", "review", "approve"] if draw.chance(0.9) else ["site_check", "approve"]
        if draw.chance(0.1):
            codes.append(draw.one(("archive", "unlisted", "site_check", "handle")))
        if draw.chance(0.1):
            draw.shuffle(codes)
        at = self.now
        for code in codes:
            if draw.chance(0.07):
                continue
            at += draw.one((0, MINUTE, MINUTE + 1, draw.randrange(0, 3 * HOUR, 1000), draw.randrange(0, 3 * DAY, 1000)))
            end = at + draw.one((0, 5 * MINUTE, 10 * MINUTE, draw.randrange(0, 5 * HOUR, 1000), draw.randrange(0, 6 * DAY, 1000)))
            self._step(code, at, end)
            at = end if draw.chance(0.9) else at

    def _step(self, code: str, at: int, end: int) -> None:
        draw = self.draw
        instance = f"i{draw.randrange(3)}" if draw.chance(0.2) else None
        limit = draw.randint(1, 5) if draw.chance(0.15) else None
        unit = self._unit(4) if limit is not None else Unit.WORKING_DAY
        if draw.chance(0.75):
            start = StepStarted(step_code=code, step_instance_id=instance, step_limit=limit, step_limit_unit=unit)
            self.add(EventType.STEP_STARTED, at, start)
        if draw.chance(0.93):
            result = draw.one(RESULTS)
            end = at - draw.one((1, HOUR)) if instance is not None and draw.chance(0.15) else end
            self.add(EventType.STEP_COMPLETED, end, StepCompleted(step_code=code, step_instance_id=instance, result=result))

    def pauses(self) -> None:
        draw = self.draw
        for seq in range(1, draw.one((1, 1, 2, 3)) + 1):
            at = self.later(8)
            kind = draw.one(KINDS) if draw.chance(0.95) else None
            declared = None if draw.chance(0.25) else draw.one((1, 2, 3, 4, 5, 8))
            unit = draw.one((Unit.WORKING_DAY, Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.HOUR if not self.by_day else Unit.MONTH))
            unit = Unit.WORKING_DAY if unit is Unit.MONTH and (declared or 0) > 1 else unit
            if draw.chance(0.12) and at < LAST_LONG:
                declared, unit = draw.one(LONG)
            officer = draw.one(OFFICERS) if draw.chance(0.5) else None
            start = SpecialProcedureStarted(
                seq=seq,
                kind=kind,
                declared_limit=declared,
                declared_limit_unit=unit,
                approver_officer_id=officer,
                legal_basis=draw.one((None, "Art. 42", "Art. 45")),
                notified_at=self._told(at),
            )
            self.add(EventType.SPECIAL_PROCEDURE_STARTED, at, start)
            if draw.chance(0.75):
                end = at + draw.one((0, draw.randrange(0, 8 * HOUR, 1000), draw.randrange(0, 25 * DAY, 1000)))
                end -= draw.one((1, 2 * DAY)) if draw.chance(0.05) else 0
                if (declared or 0) > 60:
                    end = at + draw.randrange(80 * DAY, 100 * DAY, 1000)
                self.add(EventType.SPECIAL_PROCEDURE_ENDED, end, SpecialProcedureEnded(seq=seq, kind=kind))

    def extension(self) -> None:
        draw = self.draw
        for _ in range(draw.one((1, 1, 1, 2))):
            post = draw.one(tuple(ApproverPost)) if draw.chance(0.85) else None
            at = self.later(30)
            payload = Extension(
                days=draw.one((None, 3, 5, 10, 10, 12, 20)),
                approver_officer_id=draw.one(OFFICERS),
                approver_post=post if draw.chance(0.6) else ApproverPost.ORGAN_HEAD,
                reason_text=draw.one((None, " ", "hard", "hard", "hard")),
                notified_at=self._told(at),
            )
            self.add(EventType.EXTENSION_APPROVED, at, payload)

    def _told(self, at: int) -> int | None:
        """When the applicant is told: at once, some time, on the edge of a day, or never."""
        draw = self.draw
        return draw.one(
            (None, at, at + draw.randrange(0, 4 * DAY, 1000), midnight(at) + draw.randint(1, 4) * DAY + draw.one((-1, 0)))
        )

    def fees(self) -> None:
        """Charges and payments about the acceptance and about the end, by the table or beside it."""
        draw = self.draw
        times = [each.occurred_at for each in self.events] or [self.now]
        for _ in range(draw.randint(1, 3)):
            at = self.later(8) if draw.chance(0.5) else draw.one(times) + draw.one((-1, 0, 1, -HOUR))
            kind = draw.one((EventType.FEE_CHARGED, EventType.FEE_CHARGED, EventType.FEE_PAID, EventType.FEE_REFUNDED))
            self.add(kind, at, fee(draw))

    def ending(self) -> None:
        draw = self.draw
        if draw.chance(0.75):
            result = draw.one((DecisionResult.GRANTED, DecisionResult.DENIED, None))
            self.add(EventType.DECISION_MADE, self._end_instant(), decided(draw, result), secrecy_class=self._secrecy())
        if draw.chance(0.75):
            kind = draw.one(ENDS)
            payload = Completion(completion_result=draw.one(COMPLETIONS)) if kind is EventType.CASE_COMPLETED else None
            self.add(kind, self._end_instant(), payload, secrecy_class=self._secrecy())

    def _secrecy(self) -> SecrecyClass | None:
        return self.draw.one((SecrecyClass.PUBLIC, SecrecyClass.PUBLIC, SecrecyClass.PUBLIC, SecrecyClass.PERSONAL, None))

    def outcome(self) -> None:
        """What follows an end: a certificate, its delivery, publication."""
        draw = self.draw
        last = max(each.occurred_at for each in self.events) if self.events else self.now
        if draw.chance(0.6):
            made = last + draw.randrange(0, 4 * DAY, 1000)
            self.add(EventType.CERTIFICATE_MADE, made, Delivery(cert_kind=draw.one(("electronic", "electronic", "paper", None))))
        for kind, days, chance in ((draw.one(HANDED_OUT), 18, 0.6), (EventType.RESULT_PUBLISHED, 26, 0.6)):
            if draw.chance(chance):
                self.add(kind, last + draw.randrange(-DAY, days * DAY, 1000))

    def _end_instant(self) -> int:
        """Often the instant of the last step, else some day."""
        done = [each.occurred_at for each in self.events if each.event_type is EventType.STEP_COMPLETED]
        return max(done) if done and self.draw.chance(0.4) else self.later(self.draw.one((5, 15, 40)))

    def stirs(self) -> None:
        """Something else is recorded of the case, now and then long after."""
        draw = self.draw
        for _ in range(draw.one((1, 1, 2, 3))):
            kind = draw.one(STIRS)
            self.add(kind, self.later(draw.one((3, 24, 60))), PAYLOADS[kind]())

    def chapter(self) -> None:
        """What may happen between an acceptance and an end."""
        draw = self.draw
        if draw.chance(0.75):
            self.steps()
        if draw.chance(0.4):
            self.pauses()
        if draw.chance(0.15):
            self.extension()
        if draw.chance(0.2):
            self.stirs()
        self.ending()
        if draw.chance(0.6):
            self.outcome()
        if draw.chance(0.25):
            self.fees()


def make_case(draw: Draw, number: int, source: str | None = None) -> list[CaseEvent]:
    """The events of one case, uncorrected."""
    life = Life(draw, number, source or draw.one(SOURCES))
    life.intake()
    life.chapter()
    while draw.chance(0.1):
        life.now = max(each.occurred_at for each in life.events) + draw.randrange(0, 5 * DAY, 1000) if life.events else life.now
        life.add(EventType.CASE_REOPENED, life.now, None, opening=True)
        if draw.chance(0.3):
            life.add(EventType.CASE_ACCEPTED, life.later(2), Acceptance(), opening=True)
        life.chapter()
    return life.events
