"""Between acceptance and decision: steps, pauses, extensions, hand-overs, joint handling, hearings, technicians."""

from __future__ import annotations

from enum import StrEnum

from supervision.event import Millis, Text
from supervision.payloads.base import Count, Fen, Key, LimitValue, Payload, Point, RegionLevel, limit_of
from supervision.worktime import Limit, Unit


class StepResult(StrEnum):
    PASS = "pass"  # noqa: S105 - a result, not a password
    RETURN_BACK = "return_back"
    OTHER = "other"


class CheckMode(StrEnum):
    ONSITE = "onsite"
    REMOTE = "remote"


class ProcedureKind(StrEnum):
    """The eight kinds of Administrative Licensing Law Art.45 first, then those an item may exclude besides."""

    HEARING = "hearing"
    TENDER = "tender"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    PUBLIC_NOTICE = "public_notice"
    SITE_SURVEY = "site_survey"
    COUNTERSIGN_EXTERNAL = "countersign_external"
    EXTENSION = "extension"
    TECH_QUERY = "tech_query"  # derived by the engine, never sent
    OTHER = "other"


class ApproverPost(StrEnum):
    ORGAN_HEAD = "organ_head"
    GOVERNMENT_HEAD = "government_head"
    OTHER = "other"


class Opinion(StrEnum):
    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_INVOLVED = "not_involved"
    TIMEOUT = "timeout"


class CheckKind(StrEnum):
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"


class StepStarted(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`step_started`. Without `step_instance_id` the case has one instance of the step."""

    step_code: Key
    step_instance_id: Text | None = None
    step_name: Text | None = None
    step_limit: LimitValue | None = None
    step_limit_unit: Unit = Unit.WORKING_DAY

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.step_limit, self.step_limit_unit)


class StepCompleted(StepStarted, frozen=True, kw_only=True, omit_defaults=True):
    """`step_completed`. The last fields belong to site checks; `participants` are officer ids."""

    result: StepResult | None = None
    opinion_text_hash: Text | None = None
    opinion_len: Count | None = None
    opened_attachments: Count | None = None
    participants: tuple[Text, ...] = ()
    geo: Point | None = None
    object_geo: Point | None = None
    check_mode: CheckMode | None = None
    record_no: Text | None = None


class SpecialProcedureStarted(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`special_procedure_started`: a pause. `seq` ties start and end together within the case."""

    seq: Count
    kind: ProcedureKind | None = None
    kind_name: Text | None = None
    legal_basis: Text | None = None
    approver_officer_id: Text | None = None
    declared_limit: LimitValue | None = None
    declared_limit_unit: Unit = Unit.WORKING_DAY
    notice_doc_no: Text | None = None
    notified_at: Millis | None = None
    vendor_id: Text | None = None

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.declared_limit, self.declared_limit_unit)


class SpecialProcedureEnded(SpecialProcedureStarted, frozen=True, kw_only=True, omit_defaults=True):
    """`special_procedure_ended`."""

    result: Text | None = None
    fee_fen: Fen | None = None


class Extension(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`extension_approved`: so many working days more on the legal limit."""

    days: Count | None = None
    approver_officer_id: Text | None = None
    approver_post: ApproverPost | None = None
    reason_text: Text | None = None
    notified_at: Millis | None = None


class Handover(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`case_transferred`, `case_reported_up`, `superior_decided`, `superior_returned`. Levels 1 national .. 6 village, 7 graded."""

    from_unit: Text | None = None
    to_unit: Text | None = None
    from_level: RegionLevel | None = None
    to_level: RegionLevel | None = None
    reason: Text | None = None
    handover_doc_no: Text | None = None
    material_codes: tuple[Text, ...] = ()


class JointPhase(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`joint_phase_started`, `joint_phase_completed`, on the parent case."""

    joint_phase: Count
    promised_limit: LimitValue | None = None
    promised_limit_unit: Unit = Unit.WORKING_DAY
    legal_limit: LimitValue | None = None
    legal_limit_unit: Unit = Unit.WORKING_DAY

    @property
    def promised(self) -> Limit | None:
        return limit_of(self.promised_limit, self.promised_limit_unit)

    @property
    def legal(self) -> Limit | None:
        return limit_of(self.legal_limit, self.legal_limit_unit)


class JointDispatch(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`joint_dispatched`: one event per member."""

    member_department_id: Key
    member_limit: LimitValue | None = None
    member_limit_unit: Unit = Unit.WORKING_DAY
    materials_complete_at: Millis | None = None
    silence_means_consent: bool = False
    joint_phase: Count = 1
    mandatory: bool = True

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.member_limit, self.member_limit_unit)


class JointOpinion(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`joint_opinion_submitted`. `dispatch_event_id` None: the member's first unanswered dispatch."""

    member_department_id: Key
    opinion: Opinion | None = None
    joint_phase: Count = 1
    dispatch_event_id: Text | None = None


class TechnicianAssignment(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`technicians_assigned`."""

    technician_ids: tuple[Text, ...] = ()
    vendor_id: Text | None = None
    kind: CheckKind | None = None


class Hearing(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`hearing_notified`, `hearing_requested`, `hearing_waived`, `hearing_held`."""

    hearing_id: Text | None = None
    requested_at: Millis | None = None
    notice_served_at: Millis | None = None
    held_at: Millis | None = None
    host_officer_id: Text | None = None
    record_signed_at: Millis | None = None


class Expedite(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`expedite_approved`."""

    approver_officer_id: Text | None = None
    reason_text: Text | None = None


class Recusal(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`recusal_recorded`: `officer_id` keeps out of this case."""

    officer_id: Key
    approved_by: Text | None = None
    reason_text: Text | None = None
