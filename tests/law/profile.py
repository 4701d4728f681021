"""Where the silence of a source says nothing: which rules its feed profile leaves on. Reference only (domain.md 7, trap 1)."""

from __future__ import annotations

from supervision.event import EventType
from supervision.reference import Source

E = EventType
OPENED = {E.CASE_ACCEPTED, E.SUPPLEMENT_ACCEPTED, E.CASE_REOPENED}
ACTS = {
    E.CASE_ACCEPTED,
    E.SUPPLEMENT_ACCEPTED,
    E.ACCEPTANCE_REFUSED,
    E.SUPPLEMENT_NOTIFIED,
    E.STEP_COMPLETED,
    E.DECISION_MADE,
    E.CASE_RETURNED,
    E.CASE_COMPLETED,
}
RECEIVED = {E.APPLICATION_SUBMITTED, E.MATERIAL_RECEIVED}
ANSWERED = {
    E.CASE_ACCEPTED,
    E.SUPPLEMENT_ACCEPTED,
    E.ACCEPTANCE_REFUSED,
    E.SUPPLEMENT_NOTIFIED,
    E.PRE_REVIEW_FAILED,
    E.CASE_RETURNED,
    E.CASE_WITHDRAWN,
    E.CASE_VOIDED,
}
GRANTED = {E.DECISION_MADE, E.CASE_COMPLETED}
AWAITED: dict[str, list[set[EventType]]] = {
    "T01": [RECEIVED, ANSWERED],
    "T02": [OPENED, {E.CASE_COMPLETED}],
    "T03": [OPENED, {E.CASE_COMPLETED}],
    "T04": [OPENED, {E.CASE_COMPLETED, E.DECISION_MADE}],
    "T05": [{E.STEP_STARTED}, {E.STEP_COMPLETED}],
    "T08": [{E.SPECIAL_PROCEDURE_STARTED}, {E.SPECIAL_PROCEDURE_ENDED}],
    "T09": [{E.EXTENSION_APPROVED, E.SPECIAL_PROCEDURE_STARTED, E.SPECIAL_PROCEDURE_ENDED}],
    "T13": [GRANTED, {E.RESULT_DELIVERED, E.RESULT_PICKED_UP, E.PICKUP_NOTIFIED}],
    "T17": [{E.CASE_COMPLETED}, {E.STEP_STARTED, E.STEP_COMPLETED}],
    "D14": [GRANTED, {E.RESULT_PUBLISHED}],
    "P01": [{E.STEP_COMPLETED}],
    "P02": [{E.STEP_STARTED, E.STEP_COMPLETED}],
    "P03": [{E.DECISION_MADE, E.STEP_COMPLETED}],
    "P04": [{E.SUPPLEMENT_NOTIFIED}],
    "P06": [{E.CASE_ACCEPTED, E.SUPPLEMENT_ACCEPTED}],
    "P09": [{E.FEE_CHARGED, E.FEE_PAID}],
    "M01": [{E.STEP_COMPLETED, E.CASE_COMPLETED}],
    "M02": [ACTS],
    "M10": [{E.DECISION_MADE}],
}
"""Of each set the source must send one type."""
FIELDS: dict[str, list[set[str]]] = {
    "T13": [{"payload.decision", "payload.completion_result"}],
    "D14": [{"secrecy_class"}, {"payload.decision", "payload.completion_result"}],
    "P02": [{"actor_officer_id", "actor_person_hash"}],
    "P03": [{"payload.approver_officer_id", "actor_officer_id"}],
    "P04": [{"payload.notice_no"}],
    "P09": [{"payload.fee_kind"}],
    "M01": [{"actor_officer_id"}],
    "M02": [{"actor_officer_id"}],
    "M10": [{"actor_officer_id"}, {"payload.decision"}],
}
"""Of each set the source must fill one field."""


def is_on(rule: str, source: Source) -> bool:
    sends, fills = source.sends, source.fills
    awaited = sends is None or all(group & set(sends) for group in AWAITED.get(rule, []))
    return awaited and (fills is None or all(names & set(fills) for names in FIELDS.get(rule, [])))
