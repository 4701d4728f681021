"""Whom an event is about and where it travels: the stream and the key, in one place.

Case events are keyed by their root case. Activity events are keyed by the subject under supervision, so that one agent sees all
of it: an officer, a hall (queues and windows are told apart in its state), a complaint or rating of one source, an item, a seal.
"""

from __future__ import annotations

from collections.abc import Callable

from supervision.event import TOPIC_OF, WITHOUT_CASE, CaseEvent, EventType, Stream


def key(kind: str, *parts: object) -> str:
    """A subject key: `case:<source>/<case id>`, `step:<source>/<case id>/<instance>`, `officer:<id>` and so on, one spelling."""
    return f"{kind}:{'/'.join(map(str, parts))}"


def on_clock(subject: str, clock: str) -> str:
    """Subjects that name no source carry the clock when it is not the wall."""
    return subject if clock == "wall" else f"{subject}@{clock}"


def without_clock(subject: str, clock: str) -> str:
    """The subject as events name it, which know no clock: the inverse of `on_clock`."""
    return subject.removesuffix(f"@{clock}")


def stream_of(event: CaseEvent) -> Stream:
    """A fact that a register reports without a case is activity, whatever its type's own stream is."""
    if event.case_id is None and event.event_type in WITHOUT_CASE:
        return Stream.ACTIVITY
    return TOPIC_OF[event.event_type]


def subject_of(event: CaseEvent) -> str | None:
    """The subject given, else the one its fields name; None: they name none, and the event cannot be placed."""
    if event.subject is not None:
        return event.subject
    derive = _DERIVE.get(event.event_type)
    return None if derive is None else derive(event)


def wanted_for(event_type: EventType) -> str:
    """Which fields would have placed an event of this type."""
    if event_type in WITHOUT_CASE:
        return f"case_id, subject, or {_NEEDS[_DERIVE[event_type]]}"
    if TOPIC_OF[event_type] is Stream.CASE:
        return "case_id"
    return f"subject, or {_NEEDS[_DERIVE[event_type]]}"


def _officer(event: CaseEvent) -> str | None:
    officer = event.payload.officer_id or event.actor_officer_id
    return None if officer is None else key("officer", officer)


def _hall(event: CaseEvent) -> str | None:
    return None if event.centre_id is None else key("hall", event.centre_id)


def _officer_or_hall(event: CaseEvent) -> str | None:
    return _officer(event) or _hall(event)


def _rating(event: CaseEvent) -> str | None:
    rating = event.payload.rating_id or event.case_id
    return None if rating is None else key("rating", event.source_system, rating)


def _complaint(event: CaseEvent) -> str | None:
    return key("complaint", event.source_system, event.payload.complaint_id)


def _consultation(event: CaseEvent) -> str | None:
    number = event.payload.complaint_id
    return _hall(event) if number is None else key("consultation", event.source_system, number)


def _identity(event: CaseEvent) -> str | None:
    view = event.payload
    if view.complaint_id is not None:
        return _complaint(event)
    return None if view.rating_id is None else _rating(event)


def _request(event: CaseEvent) -> str | None:
    return key("request", event.source_system, event.payload.request_id)


def _department(event: CaseEvent) -> str | None:
    department = event.payload.department_id or event.department_id
    return None if department is None else key("department", department)


def _item(event: CaseEvent) -> str | None:
    item = event.item_implement_code or event.item_catalog_code
    return None if item is None else key("item", item)


def _seal(event: CaseEvent) -> str | None:
    seal = event.payload.seal_id
    return None if seal is None else key("seal", seal)


def _department_item(event: CaseEvent) -> str | None:
    item = event.item_implement_code or event.item_catalog_code
    return None if item is None or event.department_id is None else key("department_item", event.department_id, item)


Derive = Callable[[CaseEvent], str | None]

_NEEDS: dict[Derive, str] = {
    _officer: "officer_id",
    _hall: "centre_id",
    _officer_or_hall: "officer_id or centre_id",
    _rating: "rating_id or case_id",
    _complaint: "complaint_id",
    _consultation: "complaint_id or centre_id",
    _identity: "complaint_id or rating_id",
    _request: "request_id",
    _department: "department_id",
    _item: "item_implement_code or item_catalog_code",
    _seal: "seal_id",
    _department_item: "department_id and an item code",
}
_WORDS: dict[Derive, str] = {
    _officer: "attendance_punched attendance_corrected leave_approved authorization_changed officer_post_changed",
    _officer_or_hall: "discipline_recorded",
    _hall: "queue_ticket_taken queue_called queue_skipped service_started service_ended "
    "window_login window_logout window_opened window_paused",
    _rating: "rating_invited rating_submitted bad_rating_followed_up bad_rating_rectified rating_reviewed",
    _complaint: "complaint_filed complaint_accepted complaint_resolved complaint_transferred_out",
    _consultation: "consultation_asked consultation_replied",
    _identity: "identity_viewed",
    _request: "disclosure_requested disclosure_supplement_notified disclosure_supplement_submitted disclosure_extended "
    "disclosure_replied disclosure_third_party_started disclosure_third_party_ended",
    _department: "leader_reception_scheduled leader_reception_held reception_matter_received reception_matter_answered",
    _item: "item_changed",
    _seal: "seal_used",
    _department_item: "result_published result_unpublished scan_reviewed certificate_registered",
}
_DERIVE: dict[EventType, Derive] = {EventType(word): derive for derive, words in _WORDS.items() for word in words.split()}
