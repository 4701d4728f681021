"""Why a message was not taken: a closed list. The same word stands in the log, the metric label and the dead letter.

`supervision.decoder` and `supervision.signal` make refusals with `precheck` and `refuse`; people read `explain`.
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, inspect

from supervision.language import say
from supervision.text import is_utf8

MAX_BYTES = 1_000_000  # a message of the default Kafka size; anything longer is no event


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
    NOT_PERMITTED = "not_permitted"  # the sender's key is not for this source, region, type or clock
    IN_THE_FUTURE = "in_the_future"  # occurred later than it was received: quarantined until corrected (P16)


EXPLANATIONS: dict[Reason, tuple[str, str]] = {
    Reason.EMPTY: ("消息为空", "The message has no bytes."),
    Reason.NOT_UTF8: ("消息不是 UTF-8 编码", "The message is not UTF-8 text."),
    Reason.NOT_JSON: ("消息不是合法的 JSON", "The message is not valid JSON."),
    Reason.NOT_AN_OBJECT: ("消息不是 JSON 对象", "The message is JSON, but not an object."),
    Reason.MISSING_FIELD: ("缺少必填字段", "A required field is missing."),
    Reason.WRONG_TYPE: ("字段类型不符", "A field has the wrong type."),
    Reason.UNKNOWN_EVENT_TYPE: ("事件类型不在目录中", "The event type is not in the list of types."),
    Reason.VALUE_OUT_OF_RANGE: ("字段值超出允许范围", "A value lies outside what is possible."),
    Reason.NO_SUBJECT: ("既无办件编号,也无法确定监察对象", "There is neither a case nor a subject that the event could belong to."),
    Reason.PAYLOAD_INVALID: ("业务内容与事件类型不符", "The payload does not fit the event type."),
    Reason.TOO_LARGE: ("消息过大", "The message is too large."),
    Reason.TOO_DEEP: ("消息嵌套过深", "The message is nested too deeply."),
    Reason.WRONG_TOPIC: ("事件类型不属于该主题", "The event type does not belong to the topic it was found in."),
    Reason.UNKNOWN_CODEC: ("无法识别的压缩格式", "The record batch is compressed in a way that cannot be read here."),
    Reason.CASE_FORGOTTEN: (
        "办件早已移出内存,由历史任务重新研判",
        "The case left memory long ago; the history job judges it.",
    ),
    Reason.NOT_PERMITTED: ("密钥无权报送该来源、区域、类型或时钟", "The key is not for this source, region, event type or clock."),
    Reason.IN_THE_FUTURE: (
        "发生时间晚于收到时间,已隔离,报来更正版本后生效",
        "It says that it occurred later than it was received; it is kept apart until a correction says a possible time.",
    ),
}


class Refusal(Struct, frozen=True, kw_only=True):
    """`field` is the path of the offending value, empty where there is none; `wanted` says what would have been right."""

    reason: Reason
    field: str = ""
    wanted: str = ""


def explain(reason: Reason) -> str:
    """One sentence for people, in the user's language."""
    return say(*EXPLANATIONS[reason])


def precheck(raw: bytes | None) -> Refusal | None:
    """What can be said of the bytes without parsing them: empty, too large, not UTF-8."""
    if not raw:
        return Refusal(reason=Reason.EMPTY, wanted="a JSON object")
    if len(raw) > MAX_BYTES:
        return Refusal(reason=Reason.TOO_LARGE, wanted=f"at most {MAX_BYTES} bytes")
    if not is_utf8(raw):
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            return Refusal(reason=Reason.NOT_UTF8, wanted=f"UTF-8 text; byte {error.start} is none")
    return None


_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(.*)`$")
_EXPECTED = re.compile(r"^Expected `([^`]*)`(?P<got>, got `(.*)`)?(?P<bound>.*)$", re.DOTALL)


def refuse(error: Exception, wanted: type[Struct], within: str = "") -> Refusal:
    """Translate what msgspec says of a message read as `wanted`; `within` is the field that holds it (`payload`)."""
    if isinstance(error, RecursionError):
        return Refusal(reason=Reason.TOO_DEEP, field=within, wanted="fewer nested levels")
    if isinstance(error, UnicodeDecodeError):
        return Refusal(reason=Reason.NOT_UTF8, field=within, wanted="UTF-8 text")
    if not isinstance(error, msgspec.ValidationError):
        return Refusal(reason=Reason.NOT_JSON, field=within, wanted=f"JSON: {error}")
    reason, path, words = _read_message(str(error), wanted)
    if within:
        joined = within + (path if path.startswith("[") else f".{path}") if path else within
        return Refusal(reason=Reason.PAYLOAD_INVALID, field=joined, wanted=words)
    return Refusal(reason=reason, field=path, wanted=words)


def _read_message(message: str, struct: type[Struct]) -> tuple[Reason, str, str]:
    """(reason, path, what was wanted) of one message of msgspec."""
    found = _AT.match(message)
    what, path = (message, "") if found is None else (found["what"], (found["path"] or "").lstrip("."))
    if missing := _MISSING.match(what):
        return Reason.MISSING_FIELD, f"{path}.{missing[1]}".lstrip("."), "a value"
    if what.startswith("Invalid enum value"):
        if path == "event_type":
            return Reason.UNKNOWN_EVENT_TYPE, path, "a type of the list of event types"
        return Reason.VALUE_OUT_OF_RANGE, path, _choices(struct, path)
    if what == "Invalid UUID":
        return Reason.WRONG_TYPE, path, "a UUID"
    if expected := _EXPECTED.match(what):
        if expected["got"]:
            return Reason.WRONG_TYPE if path else Reason.NOT_AN_OBJECT, path, expected[1].replace(" | null", "")
        if "regex" in what:
            return Reason.VALUE_OUT_OF_RANGE, path, "a date YYYY-MM-DD of the years 1900 to 2199"
        return Reason.VALUE_OUT_OF_RANGE, path, f"{expected[1]}{expected['bound']}"
    return Reason.VALUE_OUT_OF_RANGE, path, what


@lru_cache(maxsize=1024)
def _choices(struct: type[Struct], path: str) -> str:
    """The words an enumeration takes, e.g. `one of in, out`."""
    node: Any = inspect.type_info(struct)
    for part in re.sub(r"\[[^\]]*\]", ".[]", path).strip(".").split("."):
        node = _inside(node, part)
    kinds = node.types if isinstance(node, inspect.UnionType) else (node,)
    enums = [kind.cls for kind in kinds if isinstance(kind, inspect.EnumType)]
    return "one of " + ", ".join(str(member.value) for enum in enums for member in _members(enum))


def _members(enum: type[Enum]) -> list[Enum]:
    return list(enum)


def _inside(node: Any, part: str) -> Any:
    """The type under one step of a path: a field's name, or `[]` for an item of an array or a value of an object."""
    for kind in node.types if isinstance(node, inspect.UnionType) else (node,):
        if isinstance(kind, inspect.StructType):
            for field in kind.fields:
                if field.encode_name == part:
                    return field.type
        elif isinstance(kind, inspect.VarTupleType | inspect.ListType):
            return kind.item_type
        elif isinstance(kind, inspect.DictType):
            return kind.value_type
    return node
