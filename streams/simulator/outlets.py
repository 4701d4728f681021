"""Where a made-up city goes: a file that replay and import read, Kafka, or the gateway; its registers go before it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec import Struct

from streams import admin
from streams.gateway import keys
from streams.gateway.client import Courier, Gateway
from streams.importer import EVENT_TOPICS, Importer, Journal, Sender, Sent, topic_ids
from streams.reference import publish, wait_until_used
from streams.simulator.city import City
from supervision.decoder import encode
from supervision.event import ClockAdvanced
from supervision.language import UserError, say
from supervision.loading import DEFAULT_ZONE, FORMAT_VERSION, SECTIONS
from supervision.reference import Entry, Hours, Item
from supervision.settings import Settings
from supervision.worktime import Limit

WAIT_S = 120.0
KNOWN_S = 1.0  # a running gateway looks at its keys twice a second


def write_file(path: Path, items: Iterable[Sent]) -> int:
    """The city's events and clock as JSON lines, as they arrive; returns the number of events."""
    events = 0
    with path.open("wb") as file:
        for item in items:
            is_step = isinstance(item, ClockAdvanced)
            events += not is_step
            file.write((encode(item) if isinstance(item, ClockAdvanced) else item[1]) + b"\n")
    return events


_SPAN = frozenset(("valid_from", "valid_to"))


def write_catalogue(path: Path, entries: Iterable[Entry]) -> None:
    """The registers as a catalogue file, for `supervision replay` and `import`."""
    content: dict[str, Any] = {"format_version": FORMAT_VERSION}
    sections = {struct: name for name, struct in SECTIONS.items()}
    for entry in entries:
        content.setdefault(sections[type(entry)], []).append(_written(entry))
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    path.write_text(yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False, width=200), "utf-8")


def _written(entry: Entry) -> dict[str, Any]:
    """An entry as people write it: limits, hours and the span of validity as text."""
    found = {name: value for name, value in msgspec.structs.asdict(entry).items() if value != getattr(_blank(entry), name, None)}
    if isinstance(entry, Item) and not entry.has_legal_limit:
        found = {name: value for name, value in found.items() if name != "has_legal_limit"} | {"legal_limit": "none"}
    return {name: _instant(value) if name in _SPAN else _plain(value) for name, value in found.items()}


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=ZoneInfo(DEFAULT_ZONE)).isoformat()


def _blank(entry: Entry) -> Struct:
    """An entry of the same kind that says nothing: what it has need not be written."""
    required: dict[str, Any] = {field.name: "" for field in msgspec.structs.fields(entry) if field.required}
    return type(entry)(**required)


def _plain(value: Any) -> Any:
    if isinstance(value, Limit):
        return f"{value.value} {value.unit.value}"
    if isinstance(value, Hours):
        spans = ", ".join(f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}" for start, end in value.spans)
        return {"spans": spans} | ({"weekdays": list(value.weekdays)} if value.weekdays else {})
    if isinstance(value, Struct):
        if type(value).__struct_config__.array_like:
            return [_plain(each) for each in msgspec.structs.astuple(value)]
        return {name: _plain(inner) for name, inner in msgspec.structs.asdict(value).items() if inner not in (None, (), "")}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return msgspec.to_builtins(value)


def introduce(settings: Settings, city: City) -> dict[str, int]:
    """Publish the city's registers and wait until the agents judge by them; returns the partitions of the event topics.

    Raises UserError if Kafka or the agents do not answer in time.
    """
    found = admin.check(settings)
    counts = {topic.name: found[topic.name] for topic in EVENT_TOPICS}
    wait_until_used(settings, publish(settings, city.entries), counts, WAIT_S)
    return counts


def sender(
    settings: Settings, counts: dict[str, int], journal: Journal, gateway: tuple[str, str] | None, *, note_every_s: float = 2.0
) -> Sender:
    """What sends the city's items, to Kafka or through a gateway (its address and key); `run` it."""
    topics = topic_ids(settings)
    if gateway is None:
        return Importer(settings, counts, journal, topics, note_every_s=note_every_s)
    return Courier(Gateway(*gateway), journal, topics, note_every_s)


def refused(sender: Sender) -> dict[str, int]:
    """What a gateway did not accept, by reason."""
    return dict(sender.refused) if isinstance(sender, Courier) else {}


def gateway(settings: Settings, city: City, url: str | None, key_file: Path | None) -> tuple[str, str]:
    """Address and key. Without a key file, a key is made and kept in the data directory, where a gateway here finds it."""
    address = url or f"http://{settings.gateway_host}:{settings.gateway_port}"
    path = key_file or settings.data / f"simulator-{city.source}.key"
    try:
        if key_file is None and not path.exists():
            _keep(path, keys.add(settings.gateway_keys, city.source, (), (), city.clock, None))
            time.sleep(KNOWN_S)
        return address, path.read_text("utf-8").strip()
    except OSError as error:
        raise UserError(say(f"{path}: 读不了: {error.strerror}", f"{path}: cannot be read: {error.strerror}")) from None


def _keep(path: Path, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key + "\n")
