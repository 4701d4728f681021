"""Records of the event topics as rows of `events_raw` and `event_positions`.

An event that the agents refuse is no row of `events_raw`: the same decoder and the same rule of topics decide here. Its bytes are
in the dead letters. The payload is stored as it came, not as it was understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from streams.sinking.record import Record, Rows, turned
from supervision.decoder import decode
from supervision.event import CaseEvent, Stream
from supervision.refusal import Refusal
from supervision.signal import is_packed
from supervision.subject import stream_of

_NO_ID = UUID(int=0)
_PLACE = ("topic", "partition", "offset", "broker_at")
ENVELOPE = tuple(name for name in CaseEvent.__struct_fields__ if name != "payload")
COLUMNS = (*ENVELOPE, "payload", *_PLACE)
POSITION_COLUMNS = ("topic", "partition", "offset", "broker_at", "kind", "event_id")

_NUMBERS_AND_IDS = frozenset(
    {"event_id", "occurred_at", "recorded_at", "received_at", "schema_version", "data_version", "supersedes_event_id"}
    | {"item_version", "legal_limit", "promised_limit", "region_level", "applicant_type", "channel"}
)


class _Payload(msgspec.Struct):
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_payload = msgspec.json.Decoder(_Payload).decode


def event_rows(records: Sequence[Record], stream: Stream) -> list[Rows]:
    """Rows of both tables for records of one topic. Packets of signals are neither: they are derived."""
    events: list[CaseEvent] = []
    kept: list[Record] = []
    positions: list[tuple[Any, ...]] = []
    for record in records:
        if record.value is not None and is_packed(record.value) and stream is Stream.ACTIVITY:
            continue
        item = decode(record.value)
        kind, event_id = "refused", _NO_ID
        if isinstance(item, CaseEvent):
            if stream_of(item) is stream:
                kind, event_id = "event", item.event_id
                events.append(item)
                kept.append(record)
        elif not isinstance(item, Refusal):
            kind = "control"
        positions.append((*_place(record), kind, event_id))
    return [_events(events, kept), turned("event_positions", POSITION_COLUMNS, positions)]


def _events(events: list[CaseEvent], records: list[Record]) -> Rows:
    """The rows; fields that none of them has are left to the columns' defaults, which are the same and cost nothing."""
    if not events:
        return Rows("events_raw", COLUMNS, [])
    by_name = {name: column for name in ENVELOPE if (column := _column(name, events)) is not None}
    by_name["payload"] = [_payload_text(record.value) for record in records]
    by_name |= {name: list(column) for name, column in zip(_PLACE, zip(*map(_place, records), strict=True), strict=True)}
    return Rows("events_raw", tuple(by_name), list(by_name.values()))


def _place(record: Record) -> tuple[str, int, int, int]:
    return record.topic, record.partition, record.offset, record.timestamp


def _column(name: str, events: list[CaseEvent]) -> list[Any] | None:
    """One envelope field of all events, as its column takes it: an absent text is ''. None: no event has it."""
    values = list(map(attrgetter(name), events))
    if name in _NUMBERS_AND_IDS:
        return None if values.count(None) == len(values) else values  # an IntEnum is written as the number it is
    if not any(values):
        return None
    if name == "flags":
        return [[flag.value for flag in flags] for flags in values]
    return [value or "" for value in values]


def _payload_text(value: bytes | None) -> bytes:
    """The payload's own bytes; `{}` where there is none."""
    raw = bytes(_payload(value or b"{}").payload)
    return b"{}" if raw == b"null" else raw
