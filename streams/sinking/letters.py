"""Records of the dead-letter topic as rows of `dead_letters_raw`: the original bytes and where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streams.sinking.record import Record, Rows, turned
from supervision.refusal import Reason

COLUMNS = (
    *("origin_topic", "origin_partition", "origin_offset", "reason", "field", "wanted"),
    *("key", "value", "headers", "topic", "partition", "offset", "broker_at"),
)
_MOST_PARTITION, _MOST_OFFSET = 2**16 - 1, 2**63 - 1


def letter_rows(records: Sequence[Record]) -> list[Rows]:
    return [turned("dead_letters_raw", COLUMNS, [_row(record) for record in records])]


def unreadable(record: Record, why: str) -> tuple[Any, ...]:
    """A row for a record that the sink itself cannot read; it came from where it lies."""
    origin = (record.topic, record.partition, record.offset)
    return (*origin, Reason.WRONG_TYPE.value, "", why, *_content(record))


def _row(record: Record) -> tuple[Any, ...]:
    """`streams.agents.deadletter` names the headers. A letter that lacks them came from elsewhere and stands for itself."""
    told = {name: (content or b"").decode("utf-8", "replace") for name, content in record.headers or ()}
    topic, partition, offset = told.get("dead-topic"), told.get("dead-partition"), told.get("dead-offset")
    origin: tuple[str, int, int] = (record.topic, record.partition, record.offset)
    if topic and _within(partition, _MOST_PARTITION) and _within(offset, _MOST_OFFSET):
        origin = (topic, int(partition or 0), int(offset or 0))
    said = (told.get("dead-reason", ""), told.get("dead-field", ""), told.get("dead-wanted", ""))
    return (*origin, *said, *_content(record))


def _within(text: str | None, most: int) -> bool:
    return bool(text) and str(text).isascii() and str(text).isdigit() and len(str(text)) < 20 and int(str(text)) <= most


def _content(record: Record) -> tuple[Any, ...]:
    headers = {name: content or b"" for name, content in record.headers or ()}
    place = (record.topic, record.partition, record.offset, record.timestamp)
    return (record.key or b"", record.value or b"", headers, *place)
