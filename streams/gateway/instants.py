"""Instants as people and most systems write them, ISO 8601 with offset, as the milliseconds of the wire.

Which fields are instants follows from the types; a text without offset is refused, because nobody can know what it meant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import inspect

from streams.sources.values import millis
from supervision.event import CaseEvent, ClockAdvanced
from supervision.payload import PAYLOADS
from supervision.refusal import Reason, Refusal

WANTED = "milliseconds since 1970 UTC, or ISO 8601 with offset such as 2026-03-02T09:12:30+08:00"
_FIRST = -2208988800000  # the lower bound that makes an int an instant (`supervision.event.Millis`)

# By field: True for an instant, a date too where `_MOMENT`, or the fields of the struct (or of each struct of a list) in it.
Tree = dict[str, Any]
_INSTANT, _MOMENT = "instant", "moment"


def _tree(struct: inspect.StructType) -> Tree:
    found = {field.encode_name: _kind(field.type) for field in struct.fields}
    return {name: kind for name, kind in found.items() if kind}


def _kind(node: inspect.Type) -> Any:
    if isinstance(node, inspect.Metadata):
        return _kind(node.type)
    if isinstance(node, inspect.UnionType):
        kinds = [kind for each in node.types if (kind := _kind(each))]
        dated = any(isinstance(each, inspect.StrType) for each in node.types)
        return _MOMENT if _INSTANT in kinds and dated else next(iter(kinds), None)
    if isinstance(node, inspect.IntType):
        return _INSTANT if node.ge == _FIRST else None
    if isinstance(node, inspect.StructType):
        return _tree(node)
    if isinstance(node, inspect.VarTupleType | inspect.ListType):
        return _kind(node.item_type)
    return None


def _of(struct: type) -> Tree:
    node = inspect.type_info(struct)
    assert isinstance(node, inspect.StructType)
    return _tree(node)


_ENVELOPE = _of(CaseEvent)
_CONTROL = _of(ClockAdvanced)
_PAYLOADS: dict[str, Tree] = {event_type.value: _of(struct) for event_type, struct in PAYLOADS.items()}
_CONTROL_TYPE = str(ClockAdvanced.__struct_config__.tag)


def mend(message: dict[str, Any]) -> Refusal | None:
    """Turn every instant written as text into milliseconds, in place. What is no instant by its type is left alone."""
    event_type = message.get("event_type")
    if event_type == _CONTROL_TYPE:
        return _mend(message, _CONTROL, "")
    refused = _mend(message, _ENVELOPE, "")
    payload = message.get("payload")
    if refused is None and isinstance(event_type, str) and isinstance(payload, dict):
        refused = _mend(payload, _PAYLOADS.get(event_type, {}), "payload")
    return refused


def _mend(value: dict[str, Any], tree: Tree, within: str) -> Refusal | None:
    for name, kind in tree.items():
        found, path = value.get(name), f"{within}.{name}".lstrip(".")
        if isinstance(kind, dict):
            for position, each in enumerate(found if isinstance(found, list) else [found]):
                place = f"{path}[{position}]" if isinstance(found, list) else path
                if isinstance(each, dict) and (refused := _mend(each, kind, place)):
                    return refused
        elif isinstance(found, list):
            value[name] = [_millis(each) if isinstance(each, str) else each for each in found]
        elif isinstance(found, str) and found and not (kind == _MOMENT and len(found) <= 10):
            at = _millis(found)
            if at is None:
                return Refusal(reason=Reason.PAYLOAD_INVALID if within else Reason.WRONG_TYPE, field=path, wanted=WANTED)
            value[name] = at
    return None


def _millis(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else millis(moment)
    except (ValueError, OverflowError):
        return None
