"""The AsyncAPI document names every topic as declared, and everything it refers to is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from supervision import asyncapi
from supervision.reference import Item, Source, to_record
from supervision.schema import FOLDER
from supervision.topics import ALL, CASE_EVENTS, Topic

DOCUMENT = json.loads((FOLDER / asyncapi.FILE).read_text("utf-8"))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_what_is_referred_to_is_there(reference: str) -> None:
    file, _, path = reference.partition("#")
    found = json.loads((FOLDER / file).read_text("utf-8")) if file else DOCUMENT
    for step in path.strip("/").split("/") if path else ():
        found = found[step]
    assert found


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_topic_is_described_as_declared(topic: Topic) -> None:
    channel = DOCUMENT["channels"][topic.name]
    kafka = channel["bindings"]["kafka"]
    assert (channel["address"], kafka["partitions"]) == (topic.name, topic.count())
    assert kafka["topicConfiguration"]["retention.ms"] == topic.retention_ms
    assert topic.key in channel["description"]
    assert channel.get("x-internal") or channel["messages"]


def test_no_channel_is_of_no_topic() -> None:
    assert set(DOCUMENT["channels"]) == {topic.name for topic in ALL}


def test_operations_are_of_channels_and_their_messages() -> None:
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        name = operation["channel"]["$ref"].rpartition("/")[2]
        assert {each["$ref"].rpartition("/")[2] for each in operation["messages"]} <= set(DOCUMENT["channels"][name]["messages"])
    assert DOCUMENT["operations"][f"receive-{CASE_EVENTS.name}"]["action"] == "receive"


def test_an_entry_of_the_reference_topic_fits_and_another_does_not() -> None:
    schema = {"$ref": "#/components/schemas/entry", "components": DOCUMENT["components"]}
    for entry in (Source(name="s"), Item(code="A")):
        jsonschema.validate(msgspec.json.decode(to_record(entry)[1]), schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid({"kind": "source"})
    assert not jsonschema.Draft202012Validator(schema).is_valid({"kind": "moon", "name": "s"})
