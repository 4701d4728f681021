"""From application to acceptance: what was handed in, what was asked for again, how the case began or was turned away."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from supervision.event import Text
from supervision.payloads.base import Count, Fen, Key, LimitValue, Measure, Moment, Payload, limit_of
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

    material_codes: tuple[Text, ...] = ()
    material_digest: Text | None = None
    material_digests: dict[str, Text] = field(default_factory=dict)
    material_vendors: dict[str, Text] = field(default_factory=dict)
    receipt_no: Text | None = None
    declared_amount_fen: Fen | None = None
    quantity: Measure | None = None
    area_m2: Measure | None = None
    contact_hash: Text | None = None
    site_code: Text | None = None
    phase_plan_no: Text | None = None
    bulk_no: Text | None = None


class PreReview(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`pre_review_passed`, `pre_review_failed`."""

    result: PreReviewResult | None = None
    reason_code: Text | None = None
    reason_text: Text | None = None


class PlannedStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step a source announces at acceptance."""

    step_code: Key
    mandatory: bool = False
    limit: LimitValue | None = None
    unit: Unit = Unit.WORKING_DAY
    role: Text | None = None


class Acceptance(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`case_accepted`. The due moments are the source's own; a bare date ends with that day."""

    accept_doc_no: Text | None = None
    acceptance_seal_id: Text | None = None
    promised_due_at: Moment | None = None
    legal_due_at: Moment | None = None
    workflow_id: Text | None = None
    step_plan: tuple[PlannedStep, ...] = ()
    bulk_no: Text | None = None


class Closing(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`acceptance_refused`, `case_returned`, `case_withdrawn`, `case_terminated`, `case_voided`: an end without a decision."""

    reason_code: Text | None = None
    reason_text: Text | None = None
    doc_no: Text | None = None
    scan_doc_id: Text | None = None
    initiator: Initiator | None = None
    remedy_notice: bool | None = None
    void_kind: Text | None = None
    applicant_signed: bool | None = None


class SupplementNotice(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_notified`. `reply_limit` is the applicant's; its unit is calendar days unless named."""

    notice_no: Text | None = None
    material_codes: tuple[Text, ...] = ()
    reason_code: Text | None = None
    free_text: Text | None = None
    reply_limit: LimitValue | None = None
    reply_limit_unit: Unit = Unit.CALENDAR_DAY
    ordinal: Count | None = None
    clock_stopped_by_source: bool | None = None

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.reply_limit, self.reply_limit_unit)


class SupplementReply(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_submitted`, `supplement_accepted`, `supplement_expired`."""

    notice_no: Text | None = None
    material_codes: tuple[Text, ...] = ()
    material_digests: dict[str, Text] = field(default_factory=dict)
    material_vendors: dict[str, Text] = field(default_factory=dict)
    complete: bool | None = None


class SupplementExtension(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`supplement_extension_granted`: the applicant has more time, `until` then."""

    notice_no: Text | None = None
    until: Moment | None = None
    approver_officer_id: Text | None = None
    reason_text: Text | None = None
