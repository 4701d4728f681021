"""The decision and what follows it: completion, certificate, delivery, fees, seals, publication, reopening."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from supervision.event import SecrecyClass, Text
from supervision.payloads.base import Count, Fen, Measure, Moment, Payload


class DecisionResult(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    OTHER = "other"


class CompletionResult(StrEnum):
    CERT_ISSUED = "cert_issued"
    DENIED = "denied"
    RETURNED = "returned"
    VOIDED = "voided"
    DELETED = "deleted"
    REPORTED_UP = "reported_up"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    REFUSED = "refused"
    COMPLETED_NO_CERT = "completed_no_cert"


class DeliveryMode(StrEnum):
    PICKUP = "pickup"
    COURIER = "courier"
    ELECTRONIC = "electronic"


class ReopenReason(StrEnum):
    CORRECTION = "correction"
    REVIEW = "review"
    LITIGATION = "litigation"
    OTHER = "other"


class FeeKind(StrEnum):
    OFFICIAL = "official"
    COURIER = "courier"
    THIRD_PARTY = "third_party"


class SealKind(StrEnum):
    ACCEPTANCE = "acceptance"
    APPROVAL = "approval"
    OTHER = "other"


class ScanKind(StrEnum):
    ID_CARD = "id_card"
    MOBILE = "mobile"
    BANK_CARD = "bank_card"
    NAME_ADDRESS = "name_address"
    SECRECY_MARK = "secrecy_mark"


class Verdict(StrEnum):
    """What a reviewer found: the finding, rating or correction stands (`valid`) or not."""

    VALID = "valid"
    INVALID = "invalid"


class Decision(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`decision_made`."""

    decision: DecisionResult | None = None
    approver_officer_id: Text | None = None
    authorization_id: Text | None = None
    doc_no: Text | None = None
    approval_seal_id: Text | None = None
    reason_code: Text | None = None
    reason_text: Text | None = None
    remedy_notice: bool | None = None
    amount_fen: Fen | None = None
    scan_doc_id: Text | None = None
    handover_doc_no: Text | None = None
    bulk_no: Text | None = None


class Completion(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`case_completed`. `time_used_wd`: working days used by the source's own count."""

    completion_result: CompletionResult | None = None
    time_used_wd: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    decided_on_site: bool | None = None
    bulk_no: Text | None = None


class Delivery(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`certificate_made`, `pickup_notified`, `result_delivered`, `result_picked_up`."""

    cert_no_hash: Text | None = None
    cert_kind: Text | None = None
    valid_to: Moment | None = None
    delivery_mode: DeliveryMode | None = None
    courier_no_hash: Text | None = None
    receiver_hash: Text | None = None


class CertificateRegistration(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`certificate_registered`, from the licence register; may come without a case."""

    cert_no_hash: Text | None = None
    issued_at: Moment | None = None


class Reopening(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`case_reopened`."""

    reason: ReopenReason | None = None


class Fee(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`fee_charged`, `fee_paid`, `fee_refunded`; amounts in fen."""

    fee_item_code: Text | None = None
    amount_fen: Fen | None = None
    standard_fen: Fen | None = None
    payee_account_id: Text | None = None
    receipt_no: Text | None = None
    fee_kind: FeeKind | None = None
    quantity: Measure | None = None
    reduction_basis: Text | None = None


class SealUse(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`seal_used`; may come without a case."""

    seal_id: Text | None = None
    seal_kind: SealKind | None = None
    doc_no: Text | None = None
    device_id: Text | None = None
    holder_officer_id: Text | None = None


class ScanFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the publication adapter saw, never the text itself."""

    kind: ScanKind
    field: Text | None = None
    position: Count | None = None
    count: Count = 1


class Publication(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`result_published`, `result_unpublished`; may come without a case. `class_` is `class` on the wire."""

    publication_id: Text | None = None
    site: Text | None = None
    url_hash: Text | None = None
    published_fields: tuple[Text, ...] = ()
    review_record_no: Text | None = None
    class_: SecrecyClass | None = field(default=None, name="class")
    days_since_decision: Count | None = None
    scan_findings: tuple[ScanFinding, ...] = ()
    scan_version: Text | None = None


class ScanReview(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`scan_reviewed`: a security officer's word on scan findings."""

    ref_event_id: Text | None = None
    publication_id: Text | None = None
    approved_by: Text | None = None
    verdict: Verdict | None = None
