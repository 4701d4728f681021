"""Records of the event topics as rows of `events_raw` and `event_positions`.

An event that the agents refuse is no row of `events_raw`: the same decoder and the same rule of topics decide here. Its bytes are
in the dead letters. The payload is stored as it came, not as it was understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import is_
from typing import Any
from uuid import UUID

import msgspec

from streams.sinking.envelope import FIELDS, Values, plain_case_event, values_of
from streams.sinking.record import Record, Rows
from supervision.decoder import decode
from supervision.event import CaseEvent, Stream
from supervision.refusal import Refusal
from supervision.signal import is_packed
from supervision.subject import stream_of

_NO_ID = UUID(int=0)
_PLACE = ("topic", "partition", "offset", "broker_at")
COLUMNS = (*FIELDS, *_PLACE)
POSITION_COLUMNS = (*_PLACE, "kind", "event_id")

_AT_ONCE = 128  # events turned into columns together: so few are still in the processor's cache, half a microsecond each
_EVENT_ID, _FLAGS = FIELDS.index("event_id"), FIELDS.index("flags")


class _Payload(msgspec.Struct):
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_payload = msgspec.json.Decoder(_Payload).decode


def event_rows(records: Sequence[Record], stream: Stream) -> list[Rows]:
    """Rows of both tables for records of one topic. Packets of signals are neither: they are derived."""
    events: list[list[Any]] = [[] for _ in COLUMNS]
    positions: list[list[Any]] = [[] for _ in POSITION_COLUMNS]
    for start in range(0, len(records), _AT_ONCE):
        _translate(records[start : start + _AT_ONCE], stream, events, positions)
    return [_filled(events), Rows("event_positions", POSITION_COLUMNS, positions if positions[0] else [])]


def _translate(records: Sequence[Record], stream: Stream, events: list[list[Any]], positions: list[list[Any]]) -> None:
    """Append a few records to the columns of both tables."""
    found: list[Values] = []
    places: list[Record] = []
    seen: list[Record] = []
    kinds: list[str] = []
    ids: list[UUID] = []
    is_case = stream is Stream.CASE
    for record in records:
        values = plain_case_event(record.value) if is_case else None
        kind = "event"
        if values is None:
            if not is_case and record.value is not None and is_packed(record.value):
                continue
            kind, values = _with_care(record.value, stream)
        if values is not None:
            found.append(values)
            places.append(record)
        seen.append(record)
        kinds.append(kind)
        ids.append(_NO_ID if values is None else values[_EVENT_ID])
    _extend(events, [*zip(*found, strict=True), *_columns_of(places)] if found else [])
    _extend(positions, [*_columns_of(seen), kinds, ids] if seen else [])


def _extend(columns: list[list[Any]], more: Sequence[Sequence[Any]]) -> None:
    for column, values in zip(columns, more, strict=False):
        column.extend(values)


def _columns_of(records: Sequence[Record]) -> list[tuple[Any, ...]]:
    """Topic, partition, offset and timestamp, which come first in a record."""
    return list(zip(*records, strict=True))[: len(_PLACE)]


def _with_care(raw: bytes | None, stream: Stream) -> tuple[str, Values | None]:
    """What the agents' decoder says of it, and the event's values if it is one of this stream."""
    item = decode(raw)
    if isinstance(item, CaseEvent):
        return ("event", values_of(item, _payload_text(raw))) if stream_of(item) is stream else ("refused", None)
    return ("refused" if isinstance(item, Refusal) else "control"), None


def _filled(columns: list[list[Any]]) -> Rows:
    """The rows of events; fields that none of them has are left to the columns' defaults, which are the same and cost nothing."""
    if not columns[0]:
        return Rows("events_raw", COLUMNS, [])
    if not any(columns[_FLAGS]):
        columns[_FLAGS] = [None] * len(columns[0])
    kept = [(name, column) for name, column in zip(COLUMNS, columns, strict=True) if not all(map(is_, column, repeat(None)))]
    return Rows("events_raw", tuple(name for name, _ in kept), [column for _, column in kept])


def _payload_text(value: bytes | None) -> bytes:
    """The payload's own bytes; `{}` where there is none."""
    raw = bytes(_payload(value or b"{}").payload)
    return b"{}" if raw == b"null" else raw
