"""Columns as we write them are, byte for byte or value by value, what clickhouse-driver writes; and the quick reading says what the
decoder says."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver.block import ColumnOrientedBlock
from clickhouse_driver.bufferedreader import BufferedReader
from clickhouse_driver.bufferedwriter import CompressedBufferedWriter
from clickhouse_driver.connection import ServerInfo
from clickhouse_driver.context import Context
from clickhouse_driver.streams.native import BlockInputStream, BlockOutputStream
from hypothesis import given
from hypothesis import strategies as st

from streams.sinking.envelope import FIELDS, plain_case_event, values_of
from streams.store.columns import encoded
from streams.store.insertion import block
from supervision.decoder import decode
from supervision.event import CaseEvent, Stream
from supervision.subject import stream_of

ENUM = "Enum8('event' = 1, 'control' = 2, 'refused' = -3)"
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["", "a" * 127, "b" * 128, "办件" * 50, "c" * 20_000]))
OURS: dict[str, st.SearchStrategy[Any]] = {
    "String": TEXTS,
    "Nullable(String)": st.one_of(st.none(), TEXTS),
    "LowCardinality(String)": TEXTS,
    "UUID": st.uuids(),
    "Nullable(UUID)": st.one_of(st.none(), st.uuids()),
    "Int8": st.integers(-128, 127),
    "UInt16": st.integers(0, 2**16 - 1),
    "Int32": st.integers(-(2**31), 2**31 - 1),
    "Nullable(Int32)": st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)),
    "UInt64": st.integers(0, 2**64 - 1),
    "DateTime64(3, 'UTC')": st.integers(-(2**40), 2**43),
    "Nullable(DateTime64(3, 'UTC'))": st.one_of(st.none(), st.integers(-(2**40), 2**43)),
    ENUM: st.sampled_from(["event", "control", "refused"]),
}


def context(revision: int = 1) -> Context:
    made = Context()
    made.client_settings = {"strings_as_bytes": False, "use_numpy": False, "strings_encoding": "utf-8"}
    made.settings = {}
    made.server_info = ServerInfo("x", 1, 1, 1, revision, "UTC", "x", revision)
    return made


def by_driver(columns: list[tuple[str, str]], data: list[list[Any]]) -> bytes:
    sink = BytesIO()
    writer = CompressedBufferedWriter(sink, 1 << 16)
    BlockOutputStream(writer, context()).write(ColumnOrientedBlock(columns, [list(values) for values in data]))
    writer.flush()
    return sink.getvalue()


@given(st.data(), st.sampled_from([spec for spec in OURS if not spec.startswith("LowCardinality")]))
def test_a_column_is_what_the_driver_writes(data: st.DataObject, spec: str) -> None:
    values = data.draw(st.lists(OURS[spec], min_size=1, max_size=30))
    assert encoded(spec, values) is not None
    assert b"".join(block(context(), [("v", spec)], [values])) == by_driver([("v", spec)], [values])


@given(st.lists(TEXTS, min_size=1, max_size=30))
def test_a_column_of_few_different_texts_has_each_once_and_every_place(values: list[str]) -> None:
    assert _read_back(values) == values


@pytest.mark.parametrize("count", [1, 2, 256, 257, 65_536, 65_537])
def test_a_dictionary_of_any_size_is_numbered_wide_enough(count: int) -> None:
    values = [str(number) for number in range(count)] * 2
    assert _read_back(values) == values


class _Bytes(BufferedReader):  # type: ignore[misc]  # the driver has no types
    """The driver's reader over bytes that are all there."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(len(raw))
        self.buffer[:] = raw
        self.current_buffer_size = len(raw)


def _read_back(values: list[str]) -> list[str]:
    raw = b"".join(block(context(), [("v", "LowCardinality(String)")], [values]))
    return list(BlockInputStream(_Bytes(raw), context()).read().data[0])


def test_an_absent_text_is_an_empty_one() -> None:
    assert encoded("String", ["a", None]) == encoded("String", ["a", ""])
    assert encoded("LowCardinality(String)", [None, "a"]) == encoded("LowCardinality(String)", ["", "a"])


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ("Map(String, String)", [{}]),
        ("UInt8", [300]),
        ("Int8", ["x"]),
        (ENUM, ["nonsense"]),
        ("Enum8('a\\'' = 1)", ["a'"]),
        ("UUID", [str(UUID(int=1))]),
    ],
)
def test_what_is_not_plain_is_left_to_the_driver(spec: str, values: list[Any]) -> None:
    assert encoded(spec, values) is None


def test_columns_of_different_lengths_are_no_block() -> None:
    with pytest.raises(ValueError, match="rows"):
        list(block(context(), [("a", "UInt8"), ("b", "UInt8")], [[1], [1, 2]]))


EVENT = {
    "event_id": str(UUID(int=5)),
    "event_type": "case_accepted",
    "occurred_at": 1_767_225_600_000,
    "source_system": "hall",
    "case_id": "c1",
    "payload": {"accept_doc_no": "受字"},
}
CHANGES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from([*FIELDS, "unknown"]),
    st.one_of(
        st.none(), st.just(""), st.integers(-3, 12), st.just(1.0), st.text(max_size=6), st.just({}), st.just({"x": "é"}),
        st.sampled_from(["member", "window", "step_started", "queue_called", "seal_used", "working_day", "hall", str(UUID(int=9))]),
        st.just(["test"]), st.just(["test", "nonsense"]),
    ),
    max_size=4,
)  # fmt: skip


def _same_as_decoded(raw: bytes) -> bool:
    """Whether the quick way read it; if it did, the decoder reads the same."""
    found = plain_case_event(raw)
    if found is None:
        return False
    event = decode(raw)
    assert isinstance(event, CaseEvent)
    assert stream_of(event) is Stream.CASE
    assert found == values_of(event, found[FIELDS.index("payload")])
    return True


@given(CHANGES, st.integers(0, 400), st.integers(-1, 255))
def test_what_is_read_quickly_is_what_the_decoder_reads(changes: dict[str, Any], place: int, byte: int) -> None:
    raw = bytearray(json.dumps(EVENT | changes, ensure_ascii=False).encode())
    if byte >= 0:
        raw[place % len(raw)] = byte
    _same_as_decoded(bytes(raw))


def test_a_full_event_is_read_quickly() -> None:
    full = EVENT | {"channel": 2, "flags": ["test"], "case_type": "promised", "secrecy_class": "public"}
    raw = json.dumps(full, ensure_ascii=False).encode()
    assert _same_as_decoded(raw)
    assert not _same_as_decoded(raw.replace("受".encode(), b"\xff"))
    assert not _same_as_decoded(raw.replace(b'"accept_doc_no"', b'"\xff"'))
