"""JSON Schema (2020-12) of what travels and of what people write, made from the types; beside it AsyncAPI.

The files in `supervision/schemas` are for other programs and for editors; `supervision schema write` makes them, a test compares.
"""

from __future__ import annotations

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from supervision import asyncapi
from supervision.alert import Alert
from supervision.event import TOPIC_OF, WITHOUT_CASE, CaseEvent, ClockAdvanced, EventType, Stream
from supervision.loading import FORMAT_VERSION, SECTIONS
from supervision.payload import PAYLOADS
from supervision.signal import Packet
from supervision.written import LIMIT_PATTERN, SPANS_PATTERN

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "schemas"
_FIRST_INSTANT = -2208988800000
_REF = "#/$defs/{name}"


def schemas() -> dict[str, Schema]:
    """The schemas by name; `<name>.schema.json` is the file of each."""
    return {"event": event(), "alert": alert(), "signals": signals(), "catalogue": catalogue()}


def files() -> dict[Path, str]:
    """What each file should hold."""
    documents = {f"{name}.schema.json": schema for name, schema in schemas().items()} | {asyncapi.FILE: asyncapi.document()}
    return {
        FOLDER / name: json.dumps(with_even_words(value), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        for name, value in documents.items()
    }


def with_even_words(value: Any) -> Any:
    """A schema whose descriptions stand as written, without the indentation that docstrings have before Python 3.13."""
    if isinstance(value, dict):
        return {
            name: cleandoc(inner) if name == "description" and isinstance(inner, str) else with_even_words(inner)
            for name, inner in value.items()
        }
    return [with_even_words(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def event() -> Schema:
    """A message of case-events or activity-events: the envelope with the payload of its type, or a control record."""
    structs = list(dict.fromkeys(PAYLOADS.values()))
    parts, definitions = msgspec.json.schema_components([CaseEvent, ClockAdvanced, *structs], ref_template=_REF)
    envelope = definitions["CaseEvent"]
    envelope["properties"]["event_type"] = {"type": "string"}
    definitions.pop("EventType", None)
    payloads = dict(zip(structs, parts[2:], strict=True))
    kinds = [_kind(event_type, payloads[PAYLOADS[event_type]], definitions) for event_type in EventType]
    return _document("event", {"oneOf": [*kinds, parts[1]]}, definitions)


def _kind(event_type: EventType, payload: Schema, definitions: dict[str, Schema]) -> Schema:
    """One type of event: the envelope, its payload, and what this type must carry."""
    required = ["event_type"]
    if TOPIC_OF[event_type] is Stream.CASE and event_type not in WITHOUT_CASE:
        required.append("case_id")
    if definitions[payload["$ref"].rpartition("/")[2]].get("required"):
        required.append("payload")
    return {
        "title": event_type.value,
        "allOf": [{"$ref": "#/$defs/CaseEvent"}],
        "properties": {"event_type": {"const": event_type.value}, "payload": payload},
        "required": required,
    }


def alert() -> Schema:
    (part,), definitions = msgspec.json.schema_components([Alert], ref_template=_REF)
    return _document("alert", part, definitions)


def signals() -> Schema:
    (part,), definitions = msgspec.json.schema_components([Packet], ref_template=_REF)
    return _document("signals", part, definitions)


def catalogue() -> Schema:
    """A catalogue file, with its values as people write them."""
    parts, definitions = msgspec.json.schema_components(list(SECTIONS.values()), ref_template=_REF)
    definitions = {name: _as_written(definition) for name, definition in definitions.items()}
    _let_short_forms(definitions)
    sections = {name: {"type": ["array", "null"], "items": part} for name, part in zip(SECTIONS, parts, strict=True)}
    head = {"format_version": {"const": FORMAT_VERSION}, "time_zone": {"type": "string"}}
    body = {"type": "object", "properties": head | sections, "required": ["format_version"], "additionalProperties": False}
    return _document("catalogue", body, definitions)


def _let_short_forms(definitions: dict[str, Schema]) -> None:
    """Limits, hours, pairs and steps may be written short, `supervision.reading` knows how."""
    units = definitions.pop("Unit")
    long_limit = {
        "type": "object",
        "properties": {"value": {"type": "integer", "minimum": 0}, "unit": units},
        "required": ["value"],
    }
    definitions["Limit"] = {"anyOf": [{"type": "string", "pattern": LIMIT_PATTERN}, {**long_limit, "additionalProperties": False}]}
    spans = {"type": "string", "pattern": SPANS_PATTERN}
    definitions["Hours"]["properties"]["spans"] = spans
    for name, short in (("Hours", spans), ("Step", {"type": ["string", "integer"]})):
        definitions[name] = {"anyOf": [short, definitions[name]]}
    for field in ("hours", "extended_hours"):
        hours = definitions["Centre"]["properties"][field]
        definitions["Centre"]["properties"][field] = {"anyOf": [spans, hours]}
    calendar = definitions["CalendarData"]["properties"]
    calendar["hours"] = {"anyOf": [spans, calendar["hours"]]}
    pair = definitions["Pair"]
    named = {"type": "object", "properties": dict(zip(("first", "second"), pair["prefixItems"], strict=True))}
    definitions["Pair"] = {"anyOf": [pair, {**named, "required": ["first", "second"], "additionalProperties": False}]}
    item = definitions["Item"]["properties"]
    item["legal_limit"] = {"anyOf": [{"enum": ["none", "无"]}, *item["legal_limit"]["anyOf"]]}


def _as_written(schema: Any) -> Any:
    """Instants as text, codes also without quotes, no key that does not exist."""
    if isinstance(schema, list):
        return [_as_written(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("minimum") == _FIRST_INSTANT:
        return {"type": "string", "description": "ISO 8601 with offset, or a date"}
    written = {key: inner if key in {"default", "enum", "required"} else _as_written(inner) for key, inner in schema.items()}
    if written.get("type") == "string" and not {"enum", "pattern"} & written.keys():
        written["type"] = ["string", "integer"]
    if "properties" in written:
        written["additionalProperties"] = False
    return written


def _document(name: str, body: Schema, definitions: dict[str, Schema]) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:e-supervision:{name}:1", "title": name, **body, "$defs": definitions}
