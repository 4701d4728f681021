"""The hall and its people: queue, service, windows, attendance, leave, discipline; and changes of registers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from supervision.event import Millis, Text
from supervision.payloads.base import Count, Fen, IsoDate, Key, Moment, Payload, Point, Points
from supervision.payloads.outcome import Verdict


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class PunchMode(StrEnum):
    TERMINAL = "terminal"
    MOBILE = "mobile"


class LeaveKind(StrEnum):
    ANNUAL = "annual"
    SICK = "sick"
    PRIVATE = "private"
    ERRAND = "errand"
    TRAINING = "training"
    OVERTIME = "overtime"


class AuthMethod(StrEnum):
    PASSWORD = "password"  # noqa: S105 - a way to log in, not a password
    CARD = "card"
    FACE = "face"
    OTP = "otp"


class PauseReason(StrEnum):
    BACK_OFFICE_CHECK = "back_office_check"
    SHORT_BREAK = "short_break"
    SYSTEM_FAULT = "system_fault"
    CLOSED_FOR_DAY = "closed_for_day"
    OTHER = "other"


class DisciplineSource(StrEnum):
    PATROL = "patrol"
    VIDEO = "video"
    INSPECTION = "inspection"
    MYSTERY_VISITOR = "mystery_visitor"


class DisciplineKind(StrEnum):
    NO_BADGE = "no_badge"
    UNRELATED_ACTIVITY = "unrelated_activity"
    CHATTING = "chatting"
    SLEEPING = "sleeping"
    SMOKING = "smoking"
    EATING = "eating"
    STRANGER_INSIDE = "stranger_inside"
    QUARREL = "quarrel"
    DRINKING = "drinking"
    OFF_POST = "off_post"
    GIFT = "gift"
    SOLICITATION = "solicitation"
    OTHER = "other"


class Power(StrEnum):
    DECIDE = "decide"
    PRE_REVIEW_DISPOSE = "pre_review_dispose"
    SPECIAL_DISPOSE = "special_dispose"


class Ticket(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`queue_*` and `service_*`. `ticket_no` is unique per (centre, date); centre, window and case stand in the envelope."""

    queue_id: Text | None = None
    ticket_no: Text | None = None
    priority_class: Text | None = None
    waiting_count: Count | None = None
    appointment_slot: Millis | None = None


class Punch(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`attendance_punched`."""

    officer_id: Key
    direction: Direction
    device_id: Text | None = None
    face_score: Annotated[float, Meta(ge=0, le=1)] | None = None
    geo: Point | None = None
    geo_accuracy_m: Count | None = None
    mode: PunchMode | None = None


class PunchCorrection(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`attendance_corrected`. A forgotten punch has no `ref_event_id`: `date`, `edge` (or `direction`) and `at` say which one."""

    officer_id: Key
    ref_event_id: Text | None = None
    date: IsoDate | None = None
    edge: Direction | None = None
    direction: Direction | None = None
    at: Millis | None = None
    approved_by: Text | None = None
    verdict: Verdict | None = None
    reason_text: Text | None = None


class Leave(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`leave_approved`: a leave cancelled or cut short is a new version. `from_`, `to` are `from`, `to` on the wire."""

    officer_id: Key
    kind: LeaveKind | None = None
    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None
    leave_id: Text | None = None
    approved_by: Text | None = None


class WindowChange(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`window_login`, `window_logout`, `window_opened`."""

    officer_id: Text | None = None
    reason: Text | None = None
    auth_method: AuthMethod | None = None


class WindowPause(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`window_paused`."""

    officer_id: Text | None = None
    reason: PauseReason | None = None


class DisciplineRecord(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`discipline_recorded`. Without `officer_id` the record is the window's. `source` is how it was seen, not the source system.

    `kind` is a word of `DisciplineKind`, or the centre's own, which counts as unknown.
    """

    officer_id: Text | None = None
    kind: Text | None = None
    points: Points | None = None
    source: DisciplineSource | None = None
    evidence_id: Text | None = None
    confirmed_by: Text | None = None


class ItemChange(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`item_changed`: one field of the catalogue entry that the envelope names; values as text."""

    field: Text | None = None
    old: Text | None = None
    new: Text | None = None
    approval_no: Text | None = None
    effective_from: Moment | None = None


class AuthorizationChange(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`authorization_changed`. `from_`, `to` are `from`, `to` on the wire."""

    officer_id: Key
    authorization_id: Text | None = None
    items: tuple[Text, ...] = ()
    amount_max_fen: Fen | None = None
    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None
    powers: tuple[Power, ...] = ()


class PostChange(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`officer_post_changed`; the officer is `officer_id`, else the envelope's actor."""

    officer_id: Text | None = None
    old_post: Text | None = None
    new_post: Text | None = None
    announced_at: Moment | None = None
    effective_from: Moment | None = None
