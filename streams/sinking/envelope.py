"""An event read for its columns alone: much faster than the decoder, and only where the decoder would say the same.

What is read here is the plain case: a case event, no field unknown, none blank. All else is for `supervision.decoder` to judge.
`streams.sinking.events` uses it.
"""

from __future__ import annotations

from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw
from msgspec.structs import astuple

from supervision.event import TOPIC_OF, CaseEvent, EventType, Stream
from supervision.payload import PAYLOADS
from supervision.refusal import MAX_BYTES

FIELDS = CaseEvent.__struct_fields__
Values = tuple[Any, ...]  # of all fields in their order; words instead of enumerations, the payload as undecoded bytes

_PAYLOAD = FIELDS.index("payload")


def _plain(kind: Any) -> Any:
    """The same values as words and numbers: an enumeration's member is slow to hash."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Literal[tuple(member.value for member in kind)]
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(_plain(one) for one in get_args(kind))]  # noqa: UP007 - made of a tuple
    if get_origin(kind) is tuple:
        return tuple[_plain(get_args(kind)[0]), ...]  # type: ignore[misc]  # a type made at run time
    return kind


def _value(default: Any) -> Any:
    return default.value if isinstance(default, Enum) else default


def _field(field: msgspec.structs.FieldInfo, kind: Any) -> Any:
    if field.name == "payload":
        return field.name, Raw, Raw(b"{}")
    if field.required:
        return field.name, _plain(kind)
    return field.name, _plain(kind), _value(field.default)


_hints = get_type_hints(CaseEvent, include_extras=True)
_Envelope: Any = msgspec.defstruct(
    "_Envelope",
    [_field(field, _hints[field.name]) for field in msgspec.structs.fields(CaseEvent)],
    kw_only=True,
    forbid_unknown_fields=True,
)
_envelope = msgspec.json.Decoder(_Envelope).decode
_payload = {
    event_type.value: msgspec.json.Decoder(PAYLOADS[event_type]).decode
    for event_type in EventType
    if TOPIC_OF[event_type] is Stream.CASE
}
_ENUMS = tuple(
    place
    for place, name in enumerate(FIELDS)
    if any(isinstance(one, type) and issubclass(one, Enum) for one in (_hints[name], *get_args(_hints[name])))
)


def plain_case_event(raw: bytes | None) -> Values | None:
    """The fields of a case event; None for anything that is not a plain one. Raises nothing.

    The parser sees to the UTF-8 of what it reads; no unknown field is skipped, so only the payload may hide bytes that are none.
    """
    if raw is None or len(raw) > MAX_BYTES:
        return None
    try:
        event = _envelope(raw)
        _payload[event.event_type](event.payload)
        payload = event.payload = bytes(event.payload)
        if not payload.isascii():
            payload.decode()
    except (ValueError, KeyError, RecursionError):
        return None
    return None if event.case_id is None else astuple(event)


def values_of(event: CaseEvent, payload: bytes) -> Values:
    """The same of an event that the decoder read; `payload` as it came."""
    values = list(astuple(event))
    values[_PAYLOAD] = payload
    for place in _ENUMS:
        if values[place] is not None:
            values[place] = _words(values[place])
    return tuple(values)


def _words(value: Any) -> Any:
    return tuple(one.value for one in value) if isinstance(value, tuple) else value.value
