"""The case event: one fact at one time, as it travels on the wire. Shapes: the national exchange standard and the field's usage.

Times are int64 milliseconds since the epoch, UTC. Corrections are new events with a higher `data_version`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from msgspec import Meta, Raw, Struct

from supervision.worktime import Unit


class EventType(StrEnum):
    """Every kind of fact a window system can report. Order is part of the snapshot format: append only."""

    __hash__ = str.__hash__  # Enum's own is Python code, and every event is looked up by its type

    APPLICATION_SUBMITTED = "application_submitted"
    MATERIAL_RECEIVED = "material_received"
    PRE_REVIEW_PASSED = "pre_review_passed"
    PRE_REVIEW_FAILED = "pre_review_failed"
    CASE_ACCEPTED = "case_accepted"
    ACCEPTANCE_REFUSED = "acceptance_refused"
    SUPPLEMENT_NOTIFIED = "supplement_notified"
    SUPPLEMENT_SUBMITTED = "supplement_submitted"
    SUPPLEMENT_ACCEPTED = "supplement_accepted"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    STEP_STARTED = "step_started"
    STEP_COMPLETED = "step_completed"
    SPECIAL_PROCEDURE_STARTED = "special_procedure_started"
    SPECIAL_PROCEDURE_ENDED = "special_procedure_ended"
    EXTENSION_APPROVED = "extension_approved"
    CASE_TRANSFERRED = "case_transferred"
    CASE_REPORTED_UP = "case_reported_up"
    SUPERIOR_DECIDED = "superior_decided"
    SUPERIOR_RETURNED = "superior_returned"
    JOINT_DISPATCHED = "joint_dispatched"
    JOINT_OPINION_SUBMITTED = "joint_opinion_submitted"
    DECISION_MADE = "decision_made"
    CASE_COMPLETED = "case_completed"
    CERTIFICATE_MADE = "certificate_made"
    PICKUP_NOTIFIED = "pickup_notified"
    RESULT_DELIVERED = "result_delivered"
    RESULT_PICKED_UP = "result_picked_up"
    CASE_RETURNED = "case_returned"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_TERMINATED = "case_terminated"
    CASE_VOIDED = "case_voided"
    CASE_REOPENED = "case_reopened"
    FEE_CHARGED = "fee_charged"
    FEE_PAID = "fee_paid"
    FEE_REFUNDED = "fee_refunded"
    SEAL_USED = "seal_used"
    RESULT_PUBLISHED = "result_published"
    RESULT_UNPUBLISHED = "result_unpublished"
    RATING_INVITED = "rating_invited"
    RATING_SUBMITTED = "rating_submitted"
    BAD_RATING_FOLLOWED_UP = "bad_rating_followed_up"
    BAD_RATING_RECTIFIED = "bad_rating_rectified"
    COMPLAINT_FILED = "complaint_filed"
    COMPLAINT_ACCEPTED = "complaint_accepted"
    COMPLAINT_RESOLVED = "complaint_resolved"
    CONSULTATION_ASKED = "consultation_asked"
    CONSULTATION_REPLIED = "consultation_replied"
    QUEUE_TICKET_TAKEN = "queue_ticket_taken"
    QUEUE_CALLED = "queue_called"
    QUEUE_SKIPPED = "queue_skipped"
    SERVICE_STARTED = "service_started"
    SERVICE_ENDED = "service_ended"
    ATTENDANCE_PUNCHED = "attendance_punched"
    LEAVE_APPROVED = "leave_approved"
    WINDOW_LOGIN = "window_login"
    WINDOW_LOGOUT = "window_logout"
    WINDOW_OPENED = "window_opened"
    WINDOW_PAUSED = "window_paused"
    DISCIPLINE_RECORDED = "discipline_recorded"
    ITEM_CHANGED = "item_changed"
    AUTHORIZATION_CHANGED = "authorization_changed"
    OFFICER_POST_CHANGED = "officer_post_changed"
    DISCLOSURE_REQUESTED = "disclosure_requested"
    DISCLOSURE_SUPPLEMENT_NOTIFIED = "disclosure_supplement_notified"
    DISCLOSURE_EXTENDED = "disclosure_extended"
    DISCLOSURE_REPLIED = "disclosure_replied"
    LEADER_RECEPTION_SCHEDULED = "leader_reception_scheduled"
    LEADER_RECEPTION_HELD = "leader_reception_held"
    TECHNICIANS_ASSIGNED = "technicians_assigned"
    HEARING_NOTIFIED = "hearing_notified"
    HEARING_REQUESTED = "hearing_requested"
    HEARING_WAIVED = "hearing_waived"
    HEARING_HELD = "hearing_held"
    SUPPLEMENT_EXTENSION_GRANTED = "supplement_extension_granted"
    EXPEDITE_APPROVED = "expedite_approved"
    ATTENDANCE_CORRECTED = "attendance_corrected"
    RATING_REVIEWED = "rating_reviewed"
    JOINT_PHASE_STARTED = "joint_phase_started"
    JOINT_PHASE_COMPLETED = "joint_phase_completed"
    COMPLAINT_TRANSFERRED_OUT = "complaint_transferred_out"
    CERTIFICATE_REGISTERED = "certificate_registered"
    RECUSAL_RECORDED = "recusal_recorded"
    IDENTITY_VIEWED = "identity_viewed"
    SCAN_REVIEWED = "scan_reviewed"
    DISCLOSURE_SUPPLEMENT_SUBMITTED = "disclosure_supplement_submitted"
    DISCLOSURE_THIRD_PARTY_STARTED = "disclosure_third_party_started"
    DISCLOSURE_THIRD_PARTY_ENDED = "disclosure_third_party_ended"
    RECEPTION_MATTER_RECEIVED = "reception_matter_received"
    RECEPTION_MATTER_ANSWERED = "reception_matter_answered"


class Stream(StrEnum):
    """What an event belongs to: a case, a subject of activity, or the reference data. `supervision.topics` names the topics."""

    CASE = "case"
    ACTIVITY = "activity"
    REFERENCE = "reference"  # entries of `supervision.reference`; no event type of its own


_ACTIVITY = """
    rating_invited rating_submitted bad_rating_followed_up bad_rating_rectified rating_reviewed
    complaint_filed complaint_accepted complaint_resolved complaint_transferred_out consultation_asked consultation_replied
    identity_viewed queue_ticket_taken queue_called queue_skipped service_started service_ended
    attendance_punched attendance_corrected leave_approved window_login window_logout window_opened window_paused
    discipline_recorded item_changed authorization_changed officer_post_changed
    disclosure_requested disclosure_supplement_notified disclosure_supplement_submitted disclosure_extended disclosure_replied
    disclosure_third_party_started disclosure_third_party_ended
    leader_reception_scheduled leader_reception_held reception_matter_received reception_matter_answered
"""
_CASE = """
    application_submitted material_received pre_review_passed pre_review_failed case_accepted acceptance_refused
    supplement_notified supplement_submitted supplement_accepted supplement_expired supplement_extension_granted
    step_started step_completed special_procedure_started special_procedure_ended extension_approved
    case_transferred case_reported_up superior_decided superior_returned
    joint_dispatched joint_opinion_submitted joint_phase_started joint_phase_completed
    decision_made case_completed certificate_made certificate_registered pickup_notified result_delivered result_picked_up
    case_returned case_withdrawn case_terminated case_voided case_reopened fee_charged fee_paid fee_refunded seal_used
    result_published result_unpublished scan_reviewed technicians_assigned recusal_recorded
    hearing_notified hearing_requested hearing_waived hearing_held expedite_approved
"""
TOPIC_OF: dict[EventType, Stream] = {
    EventType(word): stream for stream, words in ((Stream.CASE, _CASE), (Stream.ACTIVITY, _ACTIVITY)) for word in words.split()
}

# Facts of a case by nature that a register may report without naming one; then they are activity of a seal or an item.
WITHOUT_CASE = frozenset(
    {
        EventType.SEAL_USED,
        EventType.RESULT_PUBLISHED,
        EventType.RESULT_UNPUBLISHED,
        EventType.SCAN_REVIEWED,
        EventType.CERTIFICATE_REGISTERED,
    }
)


class SourceOp(StrEnum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class BatchKind(StrEnum):
    REALTIME = "realtime"
    BATCH = "batch"
    VERTICAL_SYNC = "vertical_sync"
    MIGRATION = "migration"
    HISTORY = "history"


class Precision(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


class CaseRole(StrEnum):
    SINGLE = "single"
    PARENT = "parent"
    MEMBER = "member"
    UPPER = "upper"
    LOWER = "lower"


class CaseType(StrEnum):
    INSTANT = "instant"
    PROMISED = "promised"
    JOINT = "joint"
    REPORT_UP = "report_up"
    OTHER = "other"


class PostPlace(StrEnum):
    WINDOW = "window"
    BACK_OFFICE = "back_office"
    HOME_DEPARTMENT = "home_department"
    REMOTE = "remote"
    SYSTEM = "system"


class NetworkZone(StrEnum):
    HALL = "hall"
    OFFICE = "office"
    VPN = "vpn"
    INTERNET = "internet"


class SecrecyClass(StrEnum):
    PUBLIC = "public"
    ON_REQUEST = "on_request"
    INTERNAL = "internal"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a class of secrecy, not a password
    PERSONAL = "personal"
    STATE_SECRET = "state_secret"  # noqa: S105 - a class of secrecy, not a password


class Flag(StrEnum):
    AUTO_APPROVED = "auto_approved"
    COMMITMENT_BASED = "commitment_based"
    TOLERANT_ACCEPTANCE = "tolerant_acceptance"
    EXPEDITED = "expedited"
    REMOTE_CHECK = "remote_check"
    TEST = "test"


class ApplicantType(IntEnum):
    NATURAL_PERSON = 1
    ENTERPRISE = 2
    PUBLIC_INSTITUTION = 3
    SOCIAL_ORGANISATION = 4
    ADMINISTRATIVE_ORGAN = 5
    OTHER = 6


class Channel(IntEnum):
    WINDOW = 1
    WEB = 2
    MOBILE = 3
    COURIER = 4
    OTHER = 9


# The years an instant may lie in: 1900-01-01 .. 2199-12-31 UTC. Sentinels such as 1753-01-01 fall outside.
Millis = Annotated[int, Meta(ge=-2208988800000, lt=7258118400000)]
# No string is empty: the decoder takes an empty one as an absent field.
Text = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
CaseId = Annotated[str, Meta(min_length=1, max_length=50)]


# `supervision.decoder` reads the payload by the event's type; until then it is undecoded bytes.
if TYPE_CHECKING:
    Undecoded = Any
else:
    Undecoded = Raw


class CaseEvent(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One fact. `payload` is the typed struct of `supervision.payload` for `event_type`.

    `occurred_at` business time, `recorded_at` when it was typed in, `received_at` when it reached us; ms UTC.
    """

    event_id: UUID
    event_type: EventType
    occurred_at: Millis
    source_system: Id
    case_id: CaseId | None = None
    subject: Id | None = None
    payload: Undecoded = None
    schema_version: Annotated[int, Meta(ge=1, le=32767)] = 1
    recorded_at: Millis | None = None
    received_at: Millis | None = None
    time_precision: Precision = Precision.SECOND
    source_seq: Text | None = None
    data_version: Annotated[int, Meta(ge=1, le=2147483647)] = 1
    source_op: SourceOp = SourceOp.INSERT
    supersedes_event_id: UUID | None = None
    batch_id: Text | None = None
    batch_kind: BatchKind = BatchKind.REALTIME
    parent_case_id: CaseId | None = None
    root_case_id: CaseId | None = None
    parent_source_system: Id | None = None
    root_source_system: Id | None = None
    case_role: CaseRole = CaseRole.SINGLE
    item_catalog_code: Annotated[str, Meta(min_length=1, max_length=36)] | None = None
    item_implement_code: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    item_version: Annotated[int, Meta(ge=0, le=2147483647)] | None = None
    item_type: Annotated[str, Meta(min_length=1, max_length=4)] | None = None
    case_type: CaseType | None = None
    legal_limit: Annotated[int, Meta(ge=0, le=100000)] | None = None
    legal_limit_unit: Unit = Unit.WORKING_DAY
    promised_limit: Annotated[int, Meta(ge=0, le=100000)] | None = None
    promised_limit_unit: Unit = Unit.WORKING_DAY
    region_code: Annotated[str, Meta(min_length=1, max_length=12)] | None = None
    region_level: Annotated[int, Meta(ge=1, le=7)] | None = None
    matter_region_code: Annotated[str, Meta(min_length=1, max_length=12)] | None = None
    centre_id: Text | None = None
    window_id: Text | None = None
    department_id: Text | None = None
    actor_officer_id: Text | None = None
    actor_person_hash: Text | None = None
    actor_role: Text | None = None
    actor_post_place: PostPlace | None = None
    recorded_by: Text | None = None
    device_id: Text | None = None
    network_zone: NetworkZone | None = None
    applicant_hash: Text | None = None
    applicant_type: ApplicantType | None = None
    agent_person_hash: Text | None = None
    agent_org_id: Text | None = None
    channel: Channel | None = None
    queue_ticket_no: Text | None = None
    project_code: Text | None = None
    flags: tuple[Flag, ...] = ()
    secrecy_class: SecrecyClass | None = None


class ClockAdvanced(Struct, frozen=True, kw_only=True, tag_field="event_type", tag="clock_advanced"):
    """A control record: the log clock `clock` has reached `to` (ms UTC). Written to every partition by its importer."""

    clock: Id
    to: Millis


def root_key(event: CaseEvent) -> str:
    """`<root source>/<root case>`: the key of topic `case-events`, so joint and cross-level cases stay together."""
    if event.root_case_id is not None:
        return f"{event.root_source_system or event.source_system}/{event.root_case_id}"
    if event.parent_case_id is not None:
        return f"{event.parent_source_system or event.source_system}/{event.parent_case_id}"
    return f"{event.source_system}/{event.case_id}"
