"""The OpenAPI 3.1 document of the gateway, made from the types of the events: for generators of clients, and for people."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from streams.gateway.body import Limits
from streams.gateway.faults import Fault
from streams.gateway.intake import Outcome
from streams.gateway.samples import SAMPLES, Sample
from supervision.refusal import Reason
from supervision.schema import event, with_even_words

Schema = dict[str, Any]
_FIRST_INSTANT = -2208988800000
_TEXT: Schema = {"type": "string"}
_WORDS: Schema = {"type": "object", "properties": {"zh": _TEXT, "en": _TEXT}, "required": ["zh", "en"]}


def document(limits: Limits) -> Schema:
    """The document as a value."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "e-supervision gateway · 电子监察事件网关",
            "version": version("e-supervision"),
            "description": _description(limits),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{"key": []}],
        "paths": {
            "/v1/events": {"post": _post()},
            "/healthz": {"get": _plain("alive", "The process lives.")},
            "/readyz": {"get": _plain("ready", "Kafka answers; 503 while it does not.")},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "supervision gateway-key add SOURCE"}},
            "schemas": _schemas(),
        },
    }


def text(limits: Limits) -> str:
    """The document as JSON."""
    return json.dumps(with_even_words(document(limits)), ensure_ascii=False, indent=1) + "\n"


def _description(limits: Limits) -> str:
    return (
        f"At most {limits.events} events and {limits.body_bytes} bytes (unpacked) a request, arriving within {limits.body_s:g} s. "
        "202 means: every replica of Kafka has what is said to be accepted. Sent twice, an event counts once, so after a 503 or a "
        "broken connection send the same again. Fields `<who>_id_no` and `<who>_phone` (applicant, agent, actor; in payloads "
        "complainant, rater, contact, receiver) take a person's number and are kept as `<who>_hash` only. "
        "A header `traceparent` (W3C) is carried along; `Prefer: return=minimal` leaves accepted events out of the results."
    )


def _post() -> Schema:
    one: Schema = {"$ref": "#/components/schemas/Event"}
    several: Schema = {"type": "array", "items": one, "minItems": 1}
    whole = {sample.name: _example(sample) for sample in SAMPLES if not sample.is_lines}
    lines = {sample.name: _example(sample) for sample in SAMPLES if sample.is_lines}
    return {
        "operationId": "postEvents",
        "summary": "Post events · 报送事件",
        "parameters": [
            {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip"]}},
            {"name": "traceparent", "in": "header", "schema": _TEXT},
            {"name": "Prefer", "in": "header", "schema": {"enum": ["return=minimal"]}},
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [one, several]}, "examples": whole},
                "application/x-ndjson": {"schema": _TEXT, "examples": lines},
            },
        },
        "responses": _responses(),
    }


def _example(sample: Sample) -> Schema:
    value = "\n".join(json.dumps(each, ensure_ascii=False) for each in sample.body) if sample.is_lines else sample.body
    return {"summary": f"{sample.zh} · {sample.en}", "value": value}


def _responses() -> Schema:
    told: Schema = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
    found: Schema = {"202": {"description": "Taken; see results for each event.", "content": told}}
    for fault in Fault:
        status = str(fault.status)
        if status in {"404", "405"}:
            continue
        words = f"`{fault.word}`: {fault.body()['message']['en']}"
        if status in found:
            found[status]["description"] += f" {words}"
            continue
        found[status] = {"description": words, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}}
        if status in {"429", "503"}:
            found[status]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return dict(sorted(found.items()))


def _plain(operation: str, words: str) -> Schema:
    return {"operationId": operation, "security": [], "summary": words, "responses": {"200": {"description": words}}}


def _schemas() -> Schema:
    body = event()
    schemas: Schema = {name: _posted(value) for name, value in body["$defs"].items()}
    schemas["Event"] = {"oneOf": [_posted(each) for each in body["oneOf"]]}
    result: Schema = {
        "type": "object",
        "properties": {
            "index": {"type": "integer"},
            "status": {"enum": [outcome.value for outcome in Outcome]},
            "event_id": {"type": "string", "format": "uuid"},
            "reason": {"enum": [reason.value for reason in Reason]},
            "field": _TEXT,
            "wanted": _TEXT,
            "message": _WORDS,
        },
        "required": ["index", "status"],
    }
    counts: Schema = {outcome.value: {"type": "integer"} for outcome in Outcome}
    schemas["Answer"] = {
        "type": "object",
        "properties": counts | {"results": {"type": "array", "items": result}},
        "required": [*counts, "results"],
    }
    words = sorted({fault.word for fault in Fault})
    more: Schema = {"error": {"enum": words}, "message": _WORDS, "wanted": _TEXT}
    schemas["Fault"] = {
        "type": "object",
        "properties": more | schemas["Answer"]["properties"],
        "required": ["error", "message"],
    }
    return schemas


def _posted(value: Any) -> Any:
    """A part of the wire's schema as it may be posted: instants as text too, references within this document."""
    if isinstance(value, list):
        return [_posted(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("minimum") == _FIRST_INSTANT:
        more = {name: inner for name, inner in value.items() if name in {"default", "description"}}
        whole = {name: inner for name, inner in value.items() if name not in more}
        return {"anyOf": [whole, {"type": "string", "format": "date-time"}], **more}
    return {
        name: inner.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _posted(inner)
        for name, inner in value.items()
    }
