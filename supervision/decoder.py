"""Bytes to events and back. Every message of case-events and activity-events that is no packet of signals passes `decode`.

An event is read in two steps, envelope and then payload by its type; the result is whole and typed, or a refusal, never an
exception.

* Unknown fields are ignored, so an older worker reads newer events.
* An empty string is an absent field, in the envelope and anywhere in the payload: sources write "" where they have nothing to say.
* A payload that is absent or null is the empty payload of its type, where the type has no required field.
* `subject` of an activity event is filled in from its fields when it is not given (`supervision.subject`).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import force_setattr

from supervision.event import TOPIC_OF, CaseEvent, ClockAdvanced, Stream
from supervision.payload import PAYLOADS, Payload
from supervision.refusal import MAX_BYTES, Reason, Refusal, precheck, refuse
from supervision.subject import stream_of, subject_of, wanted_for
from supervision.text import is_utf8

_envelope = msgspec.json.Decoder(CaseEvent).decode
_control = msgspec.json.Decoder(ClockAdvanced).decode
_anything = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


def _empty(struct: type[Payload]) -> Payload | None:
    """The payload without a word, where the type takes one; payloads are frozen, so one serves all events."""
    try:
        return msgspec.convert({}, struct)
    except msgspec.ValidationError:
        return None


# By event type: how its payload is read, the empty one, and whether it is of a case.
readers = {
    kind: (msgspec.json.Decoder(struct).decode, _empty(struct), TOPIC_OF[kind] is Stream.CASE) for kind, struct in PAYLOADS.items()
}
_CONTROL = ClockAdvanced.__struct_config__.tag


def decode(raw: bytes | None) -> CaseEvent | ClockAdvanced | Refusal:
    """The event or control record in `raw`, or why there is none. Takes any bytes; raises nothing."""
    if not raw or len(raw) > MAX_BYTES or not is_utf8(raw):
        refused = precheck(raw)
        if refused is not None:
            return refused
        assert raw is not None
    try:
        event = _envelope(raw)
        payload = event.payload
        read, empty, is_of_a_case = readers[event.event_type]
        if empty is None or (payload is not None and payload != b"{}"):
            empty = read(b"{}" if payload is None else payload)
        force_setattr(event, "payload", empty)
    except (ValueError, RecursionError):
        return _read_with_care(raw)
    if is_of_a_case and event.case_id is not None:
        return event
    return _place(event)


def encode(event: CaseEvent | ClockAdvanced) -> bytes:
    """The wire form. `decode(encode(event)) == event` for every event that `decode` gives."""
    return _write(event)


def _read_with_care(raw: bytes) -> CaseEvent | ClockAdvanced | Refusal:
    """The slow way, for what the quick one stumbled over: control records, blanks, a null payload, and what is refused."""
    try:
        message = _drop_blanks(_anything(raw))
        if not isinstance(message, dict):
            return Refusal(reason=Reason.NOT_AN_OBJECT, wanted="a JSON object")
        if message.get("event_type") == _CONTROL:
            return _control(raw)
        content = message.pop("payload", {})
        event = msgspec.convert(message, CaseEvent)
    except (ValueError, RecursionError) as error:
        return refuse(error, CaseEvent)
    wanted = PAYLOADS[event.event_type]
    try:
        force_setattr(event, "payload", msgspec.convert({} if content is None else content, wanted))
    except (ValueError, RecursionError) as error:
        return refuse(error, wanted, "payload")
    return _place(event)


def _drop_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop_blanks(item) for key, item in value.items() if item != ""}
    if isinstance(value, list):
        return [_drop_blanks(item) for item in value if item != ""]
    return value


def _place(event: CaseEvent) -> CaseEvent | Refusal:
    """Fill in the subject of an activity event; refuse an event that belongs nowhere."""
    if stream_of(event) is Stream.CASE:
        if event.case_id is not None:
            return event
        return Refusal(reason=Reason.NO_SUBJECT, field="case_id", wanted="case_id")
    subject = subject_of(event)
    if subject is None:
        return Refusal(reason=Reason.NO_SUBJECT, field="subject", wanted=wanted_for(event.event_type))
    if event.subject is None:
        force_setattr(event, "subject", subject)
    return event
