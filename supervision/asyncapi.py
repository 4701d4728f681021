"""The AsyncAPI 3.0 document of the topics: address, key, partitions, retention, and what the records hold. Made from the types.

`supervision schema write` writes it beside the JSON Schemas that it refers to. Topics that only our own processes use are
marked `x-internal`: their records are no promise.
"""

from __future__ import annotations

from typing import Any

import msgspec

from supervision.entries import ENTRY_TYPES
from supervision.refusal import EXPLANATIONS
from supervision.topics import (
    ACTIVITY_EVENTS,
    ALERT_ACTIONS,
    ALERTS,
    ALL,
    CASE_EVENTS,
    CLUES,
    DEAD_LETTERS,
    LIBRDKAFKA_PARTITIONER,
    REFERENCE,
    Topic,
)

Document = dict[str, Any]
FILE = "asyncapi.json"
_SCHEMA = "application/schema+json;version=draft-2020-12"
_TEXT: Document = {"type": "string"}
_TRACE: Document = {"type": "string", "description": "W3C Trace Context of the request or import it came by"}

# (what it is, messages, whether others write it) of the topics that are open to others.
_OPEN: dict[str, tuple[str, tuple[str, ...], bool]] = {
    CASE_EVENTS.name: ("What happens to cases. A step of a log clock lies on every partition.", ("event",), True),
    ACTIVITY_EVENTS.name: (
        "What happens around officers, halls, ratings, complaints. Case agents write signals between.",
        ("event", "signals"),
        True,
    ),
    REFERENCE.name: (
        "Sources, items, officers, calendars and what else rules look up; no value takes an entry out.",
        ("entry",),
        True,
    ),
    ALERTS.name: ("Cards, each revision a record.", ("alert",), False),
    CLUES.name: ("Restricted: patterns of an officer's conduct, as alerts.", ("alert",), False),
    DEAD_LETTERS.name: (
        "What could not be taken, with the reason, as it came; from the gateway without persons' numbers.",
        ("letter",),
        False,
    ),
}


def document(version: str = "1") -> Document:
    """The document as a value. `version` is that of the formats, not of the product."""
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:e-supervision:topics:{version}",
        "info": {"title": "e-supervision topics", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in ALL},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": {"entry": _entry()}},
    }


_ABOUT = (
    "Times are milliseconds since 1970, UTC. Partitions are chosen by Kafka's default partitioner over the key (murmur2;"
    f" librdkafka: partitioner={LIBRDKAFKA_PARTITIONER}). A deployment may put a prefix before every address and choose the"
    " partitions of the topics that scale. Readers see committed records only (isolation.level=read_committed)."
)


def _channel(topic: Topic) -> Document:
    described = _OPEN.get(topic.name)
    names = described[1] if described else ()
    words = described[0] if described else "Read and written by the product alone; its format may change."
    if topic is ALERT_ACTIONS:
        words = "What people do about alerts. Nothing reads or writes it yet."
    channel: Document = {
        "address": topic.name,
        "description": f"{words} Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": _binding(topic)},
    }
    return channel if described else channel | {"x-internal": True}


def _binding(topic: Topic) -> Document:
    config = topic.config()
    return {
        "topic": topic.name,
        "partitions": topic.count(),
        "topicConfiguration": {
            "cleanup.policy": [config["cleanup.policy"]],
            "retention.ms": topic.retention_ms,
            "max.message.bytes": topic.max_message_bytes,
        },
        "bindingVersion": "0.5.0",
    }


def _operations() -> Document:
    """From the product's own side: it receives what others write, and sends what others read."""
    return {
        f"{'receive' if comes_in else 'send'}-{name}": {
            "action": "receive" if comes_in else "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{message}"} for message in messages if message != "signals"],
        }
        for name, (_, messages, comes_in) in _OPEN.items()
    }


def _messages() -> Document:
    return {
        "event": _message(
            "A case or activity event, or a step of a log clock", _file("event"), {"traceparent": _TRACE, "source": _TEXT}
        ),
        "signals": _message("What one batch of a case partition tells subjects", _file("signals"), {}) | {"x-internal": True},
        "alert": _message(
            "One revision of an alert", _file("alert"), {"traceparent": _TRACE, "occurred-at": _TEXT, "received-at": _TEXT}
        ),
        "entry": _message("One entry of the reference data", {"$ref": "#/components/schemas/entry"}, {}),
        "letter": _message("A record that was not taken", {}, _letter_headers()) | {"contentType": "application/octet-stream"},
    }


def _message(title: str, schema: Document, headers: Document) -> Document:
    told: Document = {"title": title, "payload": {"schemaFormat": _SCHEMA, "schema": schema}}
    if headers:
        told["headers"] = {"type": "object", "properties": headers}
    return told | {"bindings": {"kafka": {"key": _TEXT, "bindingVersion": "0.5.0"}}}


def _file(name: str) -> Document:
    return {"$ref": f"{name}.schema.json"}


def _letter_headers() -> Document:
    """As `streams.agents.deadletter` and the gateway write them."""
    reasons = {"type": "string", "enum": [reason.value for reason in EXPLANATIONS]}
    words = (
        "dead-field",
        "dead-wanted",
        "dead-topic",
        "dead-partition",
        "dead-offset",
        "dead-timestamp",
        "dead-length",
        "dead-sha256",
    )
    told = {
        "dead-for": {"type": "string", "description": "the topic a quarantined event of the gateway that is about no case is for"}
    }
    return {"dead-reason": reasons, **dict.fromkeys(words, _TEXT), **told, "traceparent": _TRACE, "source": _TEXT}


def _entry() -> Document:
    """A record of the reference topic: `kind` says which fields it has."""
    parts, definitions = msgspec.json.schema_components(
        list(ENTRY_TYPES.values()), ref_template="#/components/schemas/entry/$defs/{name}"
    )
    kinds = [
        {"title": kind, "allOf": [part], "properties": {"kind": {"const": kind}}, "required": ["kind"]}
        for kind, part in zip(ENTRY_TYPES, parts, strict=True)
    ]
    return {"oneOf": kinds, "$defs": definitions}
