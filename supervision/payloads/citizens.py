"""What citizens say and ask: ratings, complaints, consultations, disclosure requests, receptions by leaders."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from supervision.event import Millis, Text
from supervision.payloads.base import Count, Key, LimitValue, Moment, Payload, limit_of
from supervision.payloads.outcome import Verdict
from supervision.worktime import Limit, Unit


class RatingOutcome(StrEnum):
    RECTIFIED = "rectified"
    EXPLAINED = "explained"


class ComplaintObject(StrEnum):
    OFFICER = "officer"
    WINDOW = "window"
    DEPARTMENT = "department"
    ITEM = "item"


class ComplaintKind(StrEnum):
    SERVICE = "service"
    EFFICIENCY = "efficiency"
    FEE = "fee"
    INTEGRITY = "integrity"
    OTHER = "other"


class Complexity(StrEnum):
    SIMPLE = "simple"
    COMPLEX = "complex"


class Addressee(StrEnum):
    CENTRE = "centre"
    DEPARTMENT = "department"
    SUPERVISION = "supervision"
    HOTLINE = "hotline"


class ComplaintResult(StrEnum):
    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"
    WITHDRAWN = "withdrawn"
    TRANSFERRED_OUT = "transferred_out"


class DisclosureResult(StrEnum):
    """The answers of the Open Government Information Regulations Art.36, and the ends without an answer."""

    DISCLOSED = "disclosed"
    PARTLY_DISCLOSED = "partly_disclosed"
    REFUSED = "refused"
    NOT_HELD = "not_held"
    UNREASONABLE = "unreasonable"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    OTHER = "other"


class ReceptionPost(StrEnum):
    HEAD = "head"
    DEPUTY = "deputy"
    OTHER = "other"


class Rating(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`rating_invited`, `rating_submitted`. The matter is the envelope's case, else `ticket_no`. 5 stars is best."""

    rating_id: Text | None = None
    stars: Annotated[int, Meta(ge=1, le=5)] | None = None
    source_satisfaction_code: Text | None = None
    labels: tuple[Text, ...] = ()
    rating_channel: Text | None = None
    device_id: Text | None = None
    is_real_name: bool | None = None
    text_hash: Text | None = None
    text_len: Count | None = None
    submit_error: Text | None = None
    ticket_no: Text | None = None
    rated_officer_id: Text | None = None
    rater_hash: Text | None = None


class RatingFollowUp(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`bad_rating_followed_up`, `bad_rating_rectified`."""

    rating_id: Text | None = None
    ticket_no: Text | None = None
    rated_officer_id: Text | None = None
    rater_hash: Text | None = None
    outcome: RatingOutcome | None = None
    text_hash: Text | None = None
    text_len: Count | None = None


class RatingReview(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`rating_reviewed`: `invalid` takes the rating out."""

    rating_id: Text | None = None
    ticket_no: Text | None = None
    ref_event_id: Text | None = None
    approved_by: Text | None = None
    verdict: Verdict | None = None
    reason_text: Text | None = None
    reviewer_unit_id: Text | None = None


class Complaint(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`complaint_filed`, `complaint_accepted`, `complaint_resolved`, `complaint_transferred_out`.

    `department_id` is the object's department; `matter_case_id` the case it is about; `applicant_hash` the
    complainant as applicant.
    """

    complaint_id: Key
    object_type: ComplaintObject | None = None
    object_id: Text | None = None
    kind: ComplaintKind | None = None
    complexity: Complexity | None = None
    addressed_to: Addressee | None = None
    contactable: bool = True
    upheld: bool | None = None
    result: ComplaintResult | None = None
    reply_limit: LimitValue | None = None
    reply_limit_unit: Unit = Unit.WORKING_DAY
    complainant_hash: Text | None = None
    applicant_hash: Text | None = None
    matter_case_id: Text | None = None
    department_id: Text | None = None
    to_unit: Text | None = None
    reason: Text | None = None

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.reply_limit, self.reply_limit_unit)


class Consultation(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`consultation_asked`, `consultation_replied`; its own number stands in `complaint_id`."""

    complaint_id: Text | None = None
    object_type: ComplaintObject | None = None
    object_id: Text | None = None
    kind: ComplaintKind | None = None
    complexity: Complexity | None = None
    reply_limit: LimitValue | None = None
    reply_limit_unit: Unit = Unit.WORKING_DAY

    @property
    def limit(self) -> Limit | None:
        return limit_of(self.reply_limit, self.reply_limit_unit)


class IdentityView(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`identity_viewed`: an account opened a complainant's or a rater's identity. One of the two ids."""

    viewer_officer_id: Key
    complaint_id: Text | None = None
    rating_id: Text | None = None


class Disclosure(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """All `disclosure_*` events of one request."""

    request_id: Key
    extension_days: Count | None = None
    approver_officer_id: Text | None = None
    notified_at: Millis | None = None
    result: DisclosureResult | None = None


class Reception(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`leader_reception_scheduled`, `leader_reception_held`. `reschedules` is the reception this one replaces."""

    reception_id: Text | None = None
    department_id: Text | None = None
    planned_at: Moment | None = None
    reschedules: Text | None = None
    held_by_post: ReceptionPost | None = None
    held_by_officer_id: Text | None = None
    matters: Count | None = None


class ReceptionMatter(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`reception_matter_received`, `reception_matter_answered`."""

    reception_id: Key
    matter_id: Key
    department_id: Text | None = None
