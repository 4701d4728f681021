"""Why a message was not taken: a closed list. The same word stands in the log, the metric label and the dead letter."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    EMPTY = "empty"  # no bytes at all
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    VALUE_OUT_OF_RANGE = "value_out_of_range"  # an instant, a length or a number outside what is possible
    NO_SUBJECT = "no_subject"  # neither case_id nor subject, where the type needs one
    PAYLOAD_INVALID = "payload_invalid"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_TOPIC = "wrong_topic"  # a type that does not belong to the topic it was found in
    UNKNOWN_CODEC = "unknown_codec"  # a record batch compressed in a way we cannot read
    CASE_FORGOTTEN = "case_forgotten"  # a fact of a case that left memory long ago


class Refusal(Struct, frozen=True, kw_only=True):
    """`field` is the path of the offending value, empty where there is none; `wanted` says what would have been right."""

    reason: Reason
    field: str = ""
    wanted: str = ""
