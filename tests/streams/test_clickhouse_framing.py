"""Blocks are delimited exactly: what clickhouse-driver writes we step over byte for byte, and no bytes break the reader."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver.block import ColumnOrientedBlock
from clickhouse_driver.bufferedwriter import CompressedBufferedWriter
from clickhouse_driver.connection import ServerInfo
from clickhouse_driver.context import Context
from clickhouse_driver.streams.native import BlockOutputStream
from hypothesis import given
from hypothesis import strategies as st

from streams.embedded.native.compression import LZ4, ZSTD, FrameReader, frames
from streams.embedded.native.fault import ProtocolError
from streams.embedded.native.framing import arguments, column, read_block, split_blocks
from streams.embedded.native.wire import Reader, string, varint

NOW = datetime(2026, 3, 2, 11, 30, 15, 123000, tzinfo=UTC)
TYPES: list[tuple[str, list[Any]]] = [
    ("UInt8", [0, 255]),
    ("Int64", [-1, 2**62]),
    ("Int128", [-(2**100), 7]),
    ("UInt256", [2**200, 0]),
    ("Float32", [1.5, -2.0]),
    ("Float64", [1e300, 0.0]),
    ("Bool", [True, False]),
    ("String", ["", "x" * 127]),
    ("String", ["y" * 128, "z" * 70_000]),
    ("FixedString(3)", ["abc", "d"]),
    ("Date", [date(2026, 1, 2), date(1970, 1, 1)]),
    ("Date32", [date(1925, 1, 2), date(2283, 1, 1)]),
    ("DateTime", [NOW, NOW]),
    ("DateTime('Asia/Shanghai')", [NOW, NOW]),
    ("DateTime64(3, 'UTC')", [NOW, NOW]),
    (r"Enum8('a(' = 1, 'b\', ' = 2)", ["a(", "a("]),
    ("Enum16('x' = 1000)", ["x", "x"]),
    ("Decimal(9, 2)", [Decimal("1.25"), Decimal("-1")]),
    ("Decimal(18, 3)", [Decimal("1.25"), Decimal("-1")]),
    ("Decimal(38, 5)", [Decimal("1.25"), Decimal("-1")]),
    ("Decimal(76, 5)", [Decimal("1.25"), Decimal("-1")]),
    ("UUID", [UUID(int=1), UUID(int=2**127)]),
    ("IPv4", [IPv4Address("10.0.0.1"), IPv4Address("0.0.0.0")]),
    ("IPv6", [IPv6Address("::1"), IPv6Address("2001:db8::")]),
    ("Nullable(String)", [None, "a"]),
    ("Nullable(DateTime64(3, 'UTC'))", [None, NOW]),
    ("LowCardinality(String)", ["a", "a"]),
    ("LowCardinality(Nullable(String))", [None, "a"]),
    ("LowCardinality(FixedString(2))", ["ab", "cd"]),
    ("Array(UInt8)", [[], [1, 2, 3]]),
    ("Array(Array(Nullable(String)))", [[[], ["a", None]], []]),
    ("Array(LowCardinality(String))", [["a", "b"], []]),
    ("Array(LowCardinality(String))", [[], []]),
    ("Map(String, UInt8)", [{"a": 1}, {}]),
    ("Map(LowCardinality(String), String)", [{"zh": "一", "en": "one"}, {}]),
    ("Map(String, Array(UInt8))", [{"a": [1, 2]}, {}]),
    ("Tuple(UInt8, String)", [(1, "a"), (2, "b")]),
    ("Tuple(a UInt8, `b c` LowCardinality(String))", [(1, "a"), (2, "b")]),
    ("SimpleAggregateFunction(max, UInt64)", [1, 2]),
    ("Point", [(1.0, 2.0), (3.0, 4.0)]),
    ("Nullable(Nothing)", [None, None]),
]


def written(columns: list[tuple[str, str]], data: list[list[Any]]) -> bytes:
    """A block as the driver writes it, without its info."""
    context = Context()
    context.client_settings = {"strings_as_bytes": False, "use_numpy": False, "strings_encoding": "utf-8"}
    context.settings = {}
    context.server_info = ServerInfo("x", 1, 1, 1, 0, "UTC", "x", 0)
    sink = BytesIO()
    writer = CompressedBufferedWriter(sink, 1 << 16)  # the driver's writer into whatever has `write`
    BlockOutputStream(writer, context).write(ColumnOrientedBlock(columns, [list(values) for values in data]))
    writer.flush()
    return sink.getvalue()


def reader_of(raw: bytes, piece: int = 1 << 16) -> Reader:
    return Reader(fed(raw, piece))


def fed(raw: bytes, piece: int) -> Callable[[], bytes]:
    position = 0

    def more() -> bytes:
        nonlocal position
        if position >= len(raw):
            raise EOFError
        position += piece
        return raw[position - piece : position]

    return more


@pytest.mark.parametrize(("spec", "values"), TYPES, ids=[f"{spec}-{n}" for n, (spec, _) in enumerate(TYPES)])
@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_a_column_of_any_type_ends_where_it_ends(spec: str, values: list[Any], piece: int) -> None:
    raw = written([("v", spec), ("after", "UInt8")], [values, [1, 2]])
    reader = reader_of(raw + b"the next packet", piece)
    block = read_block(reader)
    assert (block.columns, block.rows, block.raw) == ((("v", spec), ("after", "UInt8")), 2, raw)
    assert reader.take(15) == b"the next packet"


@pytest.mark.parametrize(
    "spec", ["AggregateFunction(sum, UInt8)", "JSON", "Variant(String)", "Array()", "FixedString(x)", "", "Foo(Bar"]
)
def test_a_type_of_unknown_length_is_refused(spec: str) -> None:
    with pytest.raises(ProtocolError):
        column(spec)


def test_arguments_are_split_outside_of_brackets_and_quotes() -> None:
    assert arguments("a Array(UInt8), Enum8('x,(' = 1), `b,c` String") == ["a Array(UInt8)", "Enum8('x,(' = 1)", "`b,c` String"]


@given(rows=st.lists(st.tuples(st.text(), st.lists(st.text(max_size=200), max_size=4)), min_size=1, max_size=40))
def test_any_strings_and_arrays_come_back_byte_for_byte(rows: list[tuple[str, list[str]]]) -> None:
    raw = written([("s", "String"), ("a", "Array(String)")], [[row[0] for row in rows], [row[1] for row in rows]])
    assert list(split_blocks(raw + raw)) == [raw, raw]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_block_or_a_clean_refusal(raw: bytes) -> None:
    with suppress(ProtocolError, EOFError):
        read_block(reader_of(raw))


@given(
    spec=st.sampled_from([spec for spec, _ in TYPES]),
    rows=st.integers(1, 2**40),
    tail=st.binary(max_size=200),
)
def test_any_column_of_any_announced_length_is_read_or_refused(spec: str, rows: int, tail: bytes) -> None:
    raw = varint(1) + varint(rows) + string("v") + string(spec) + tail
    with suppress(ProtocolError, EOFError):
        read_block(reader_of(raw))


@given(raw=st.binary(min_size=1, max_size=5_000), method=st.sampled_from([LZ4, ZSTD]), piece=st.integers(1, 999))
def test_compressed_frames_come_back(raw: bytes, method: int, piece: int) -> None:
    inner = FrameReader(reader_of(frames(raw, method), piece))
    assert inner.take(len(raw)) == raw
    assert inner.method == method


@given(st.binary(max_size=200), st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_frame_is_refused(raw: bytes, place: int, byte: int) -> None:
    sealed = bytearray(frames(raw or b"x", LZ4))
    place %= len(sealed)
    if sealed[place] == byte:
        return
    sealed[place] = byte
    with pytest.raises((ProtocolError, EOFError)):
        FrameReader(reader_of(bytes(sealed))).take(1)
