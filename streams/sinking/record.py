"""A record as the sink reads it, and rows as it writes them: the shapes between Kafka and ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

Headers = Sequence[tuple[str, bytes | None]]


class Record(NamedTuple):
    """One Kafka record. `timestamp`: the broker's, ms UTC."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None


class Rows(Struct, frozen=True):
    """Rows for one table, by column."""

    table: str
    columns: tuple[str, ...]
    data: list[list[Any]]

    def __len__(self) -> int:
        return len(self.data[0]) if self.data else 0


def turned(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Rows:
    """Rows given one by one, turned into columns."""
    return Rows(table, columns, [list(column) for column in zip(*rows, strict=True)] if rows else [])
