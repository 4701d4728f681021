"""Where a block ends. The protocol does not say how long a block is: it has to be read column by column, by type.

Only lengths are looked at, so the block reaches the engine byte for byte as the client wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from msgspec import Struct

from streams.embedded.native.fault import NOT_IMPLEMENTED, TOO_LARGE, ProtocolError
from streams.embedded.native.wire import LARGEST, Reader

Skip = Callable[[Reader, int], None]

_WIDTHS = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing", "Null"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Date", "Enum16", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Date32", "DateTime", "Float32", "IPv4", "Decimal32", "Time"), 4),
    **dict.fromkeys(("UInt64", "Int64", "DateTime64", "Float64", "Decimal64", "Time64"), 8),
    **dict.fromkeys(("UInt128", "Int128", "UUID", "IPv6", "Decimal128"), 16),
    **dict.fromkeys(("UInt256", "Int256", "Decimal256"), 32),
    **{f"Interval{unit}": 8 for unit in ("Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year")},
}
_ALIASES = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}
_PIECES = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|[(), ]|[^'`\"(), ]+")
_MOST_COLUMNS = 10_000


class Column(Struct, frozen=True):
    """`prefix`: bytes that stand once before the column's data; `skip` steps over that many values."""

    skip: Skip
    prefix: int = 0


class Block(Struct, frozen=True):
    """One block: its columns as (name, type), its number of rows, and its bytes as they came (without block info)."""

    columns: tuple[tuple[str, str], ...]
    rows: int
    raw: bytes


def arguments(text: str) -> list[str]:
    """The comma separated parts at depth 0: "UInt8, Array(String)" -> ["UInt8", "Array(String)"]."""
    parts = [""]
    depth = 0
    for piece in _PIECES.findall(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def _without_name(element: str) -> str:
    """An element of a Tuple, with or without its name -> its type."""
    depth = taken = 0
    for piece in _PIECES.findall(element):
        depth += (piece == "(") - (piece == ")")
        taken += len(piece)
        if piece == " " and depth == 0:
            return element[taken:].strip()
    return element


def _fixed(width: int) -> Column:
    return Column(lambda reader, count: reader.skip(width * count))


def _array(element: Column) -> Column:
    def skip(reader: Reader, count: int) -> None:
        if count:
            reader.skip(8 * (count - 1))
            total = reader.unsigned(8)
            if total > LARGEST:
                raise ProtocolError(TOO_LARGE, f"an array column of {total} elements")
            element.skip(reader, total)

    return Column(skip, element.prefix)


def _tuple(elements: list[Column]) -> Column:
    def skip(reader: Reader, count: int) -> None:
        for element in elements:
            element.skip(reader, count)

    return Column(skip, sum(element.prefix for element in elements))


def _nullable(element: Column) -> Column:
    def skip(reader: Reader, count: int) -> None:
        reader.skip(count)
        element.skip(reader, count)

    return Column(skip, element.prefix)


def _low_cardinality(spec: str) -> Column:
    keys = column(spec.removeprefix("Nullable(").removesuffix(")") if spec.startswith("Nullable(") else spec)

    def skip(reader: Reader, count: int) -> None:
        if not count:
            return
        width = 1 << (reader.unsigned(8) & 0xF)
        if width > 8:
            raise ProtocolError(NOT_IMPLEMENTED, f"LowCardinality keys of {width} bytes")
        keys.skip(reader, _bounded(reader.unsigned(8)))
        reader.skip(width * _bounded(reader.unsigned(8)))

    return Column(skip, 8)


def _bounded(count: int) -> int:
    if count > LARGEST:
        raise ProtocolError(TOO_LARGE, f"{count} values in one column")
    return count


def _decimal(precision: int) -> Column:
    return _fixed(next(width for limit, width in ((9, 4), (18, 8), (38, 16), (10_000, 32)) if precision <= limit))


@lru_cache(maxsize=4096)
def column(spec: str) -> Column:
    """How to step over a column of type `spec`. ProtocolError: one of unknown length (AggregateFunction, JSON ...)."""
    base, _, rest = spec.strip().partition("(")
    inner = rest.strip().removesuffix(")")
    if base in _WIDTHS:
        return _fixed(_WIDTHS[base])
    if base in _ALIASES:
        return column(_ALIASES[base])
    try:
        return _composed(base, arguments(inner))
    except (IndexError, ValueError, RecursionError):
        raise ProtocolError(NOT_IMPLEMENTED, f"columns of type {spec[:200]} cannot be read") from None


def _composed(base: str, inner: list[str]) -> Column:
    match base:
        case "String":
            return Column(lambda reader, count: reader.skip_strings(count))
        case "FixedString":
            return _fixed(int(inner[0]))
        case "Decimal":
            return _decimal(int(inner[0]))
        case "Nullable":
            return _nullable(column(inner[0]))
        case "LowCardinality":
            return _low_cardinality(inner[0])
        case "Array":
            return _array(column(inner[0]))
        case "Map":
            return _array(_tuple([column(inner[0]), column(inner[1])]))
        case "Tuple":
            return _tuple([column(_without_name(element)) for element in inner])
        case "Nested":
            return _array(_tuple([column(_without_name(element)) for element in inner]))
        case "SimpleAggregateFunction":
            return column(inner[1])
        case _:
            raise ValueError(base)


def read_block(reader: Reader) -> Block:
    """One block in Native form. Raises ProtocolError for one that cannot be delimited."""
    reader.mark()
    width, rows = reader.varint(), reader.varint()
    if width > _MOST_COLUMNS:
        raise ProtocolError(TOO_LARGE, f"a block of {width} columns")
    columns = []
    for _ in range(width):
        name, spec = reader.text(), reader.text()
        columns.append((name, spec))
        if rows:
            how = column(spec)
            reader.skip(how.prefix)
            how.skip(reader, rows)
    return Block(tuple(columns), rows, reader.since())


def header_of(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Names and types of a whole block's columns."""
    reader = Reader(iter([raw]).__next__)
    return read_block(reader).columns


def split_blocks(raw: bytes) -> Iterator[bytes]:
    """The blocks of a whole Native result, one by one."""
    rest = [raw] if raw else []

    def more() -> bytes:
        if not rest:
            raise EOFError
        return rest.pop()

    reader = Reader(more)
    while True:
        try:
            yield read_block(reader).raw
        except EOFError:
            return
