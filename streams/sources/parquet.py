"""Rows of a Parquet file, a thousand at a time: every value as the text it would be in a CSV, so one mapping serves both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

from streams.sources.row import Opened, RefusedRow, Row, RowReason, Value, shown
from supervision.language import UserError, say

_AT_ONCE = 1_000


def rows(file: Opened) -> Iterator[Row | RefusedRow]:
    """The rows in the order of the file; `line` is the number of the row. Fields of a struct are called `<column>/<field>`.

    Instants are ISO 8601, with offset where the column has a zone; whole floating-point numbers have no point (tables with
    gaps store integers so); a list is the tuple of its values. Raises UserError for a file that is no Parquet or is damaged.
    """
    try:
        table = pq.ParquetFile(file.stream)
        names = table.schema_arrow.names
        if len(set(names)) < len(names):
            twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
            raise UserError(say(f"{file.path}: 列名重复: {twice}", f"{file.path}: columns named twice: {twice}"))
        number = 0
        for batch in table.iter_batches(_AT_ONCE, use_threads=False):
            columns = [_values(batch.column(position)) for position in range(len(names))]
            for cells in zip(*columns, strict=True):
                number += 1
                yield _row(number, names, cells)
    except (pa.ArrowException, OSError) as error:
        why = shown(str(error).partition("\n")[0], 200)
        raise UserError(
            say(f"{file.path}: 不是完好的 Parquet 文件({why})", f"{file.path}: no sound Parquet file ({why})")
        ) from None


def _values(column: Any) -> list[Any]:
    """A column's Python values; instants cut to microseconds, which is what Python has."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _row(number: int, names: list[str], cells: tuple[Any, ...]) -> Row | RefusedRow:
    values: dict[str, Value] = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            _put(values, name, cell)
        except UnicodeDecodeError:
            return RefusedRow(number, RowReason.NOT_DECODABLE, name, shown(cell))
    return Row(number, values)


def _put(values: dict[str, Value], name: str, cell: Any) -> None:
    if isinstance(cell, dict):
        for inner, value in cell.items():
            _put(values, f"{name}/{inner}", value)
    elif isinstance(cell, list):
        values[name] = tuple(text for each in cell if (text := _text(each)))
    else:
        values[name] = _text(cell)


def _text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.decode("utf-8")
    return str(cell)
