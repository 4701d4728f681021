"""From application to acceptance: what was handed in, what was asked for again, how the case began or was turned away."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from supervision.payloads.base import Count, Fen, LimitValue, Measure, Moment, Payload, limit_of
from supervision.worktime import Limit, Unit


class PreReviewResult(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"
    SUPPLEMENT = "supplement"


class Initiator(StrEnum):
    APPLICANT = "applicant"
    OFFICER = "officer"
    SYSTEM = "system"


class Submission(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`application_submitted`, `material_received`: the receipt.

    `material_digests`, `material_vendors` by material code; `contact_hash`, `site_code`, `phase_plan_no` show what
    belongs together.
    """

    material_codes: tuple[str, ...] = ()
    material_digest: str | None = None
    material_digests: dict[str, str] = field(default_factory=dict)
    material_vendors: dict[str, str] = field(default_factory=dict)
    receipt_no: str | None = None
    declared_amount_fen: Fen | None = None
    quantity: Measure | None = None
    area_m2: Measure | None = None
    contact_hash: str | None = None
    site_code: str | None = None
    phase_plan_no: str | None = None
    bulk_no: str | None = None


class PreReview(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`pre_review_passed`, `pre_review_failed`."""

    result: PreReviewResult | None = None
    reason_code: str | None = None
    reason_text: str | None = None


class PlannedStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step a source announces at acceptance."""

    step_code: str
    mandatory: bool = False
    limit: LimitValue | None = None
    unit: Unit = Unit.WORKING_DAY
    role: str | None = None


class Acceptance(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`case_accepted`. The due moments are the source's own; a bare date ends with that day."""

    accept_doc_no: str | None = None
    acceptance_seal_id: str | None = None
    promised_due_at: Moment | None = None
    legal_due_at: Moment | None = None
    workflow_id: str | None = None
    step_plan: tuple[PlannedStep, ...] = ()
    bulk_no: str | None = None


class Closing(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`acceptance_refused`, `case_returned`, `case_withdrawn`, `case_terminated`, `case_voided`: an end without a decision."""

    reason_code: str | None = None
    reason_text: str | None = None
    doc_no: str | None = None
    scan_doc_id: str | None = None
    initiator: Initiator | None = None
    remedy_notice: bool | None = None
    void_kind: str | None = None
    applicant_signed: bool | None = None


class SupplementNotice(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_notified`. `reply_limit` is the applicant's; its unit is calendar days unless named."""

    notice_no: str | None = None
    material_codes: tuple[str, ...] = ()
    reason_code: str | None = None
    free_text: str | None = None
    reply_limit: LimitValue | None = None
    reply_limit_unit: Unit = Unit.CALENDAR_DAY
    ordinal: Count | None = None
    clock_stopped_by_source: bool | None = None

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.reply_limit, self.reply_limit_unit)


class SupplementReply(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_submitted`, `supplement_accepted`, `supplement_expired`."""

    notice_no: str | None = None
    material_codes: tuple[str, ...] = ()
    material_digests: dict[str, str] = field(default_factory=dict)
    material_vendors: dict[str, str] = field(default_factory=dict)
    complete: bool | None = None


class SupplementExtension(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_extension_granted`: the applicant has more time, `until` then."""

    notice_no: str | None = None
    until: Moment | None = None
    approver_officer_id: str | None = None
    reason_text: str | None = None
