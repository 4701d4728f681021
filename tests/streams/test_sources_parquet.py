"""A Parquet file gives the rows that the same table gives as CSV, whatever types its columns have."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from pyarrow import parquet as pq

from streams.sources import delimited, parquet
from streams.sources.loading import load_mapping
from streams.sources.log import Log
from streams.sources.mapping import File
from streams.sources.row import RefusedRow, Row, opened
from supervision.language import UserError
from tests.streams.case_log import ROOT

DEMO = ROOT / "examples" / "demo"


def written(folder: Path, table: Any, name: str = "log.parquet", **how: Any) -> Path:
    path = folder / name
    pq.write_table(table, path, **how)
    return path


def read(path: Path) -> list[Row | RefusedRow]:
    with opened(path) as file:
        return list(parquet.rows(file))


def values(folder: Path, column: Any) -> list[Any]:
    rows = read(written(folder, pa.table({"x": column})))
    return [row.values["x"] if isinstance(row, Row) else row for row in rows]


def events_of(path: Path) -> list[tuple[int, bytes]]:
    log, mapping = Log(), load_mapping(DEMO / "mapping.yaml")
    log.read(path, structs.replace(mapping, file=File()))
    try:
        return list(log)
    finally:
        log.close()


@pytest.mark.parametrize("size", [1, 7, 10_000], ids="row groups of {}".format)
def test_the_demo_log_gives_the_events_that_it_gives_as_csv(tmp_path: Path, size: int) -> None:
    with (DEMO / "log.csv").open(encoding="utf-8", newline="") as file:
        table = pa.Table.from_pylist(list(csv.DictReader(file)))
    assert events_of(written(tmp_path, table, row_group_size=size)) == events_of(DEMO / "log.csv")


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array(["受理", None, ""]), ["受理", "", ""]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([1, None, -3]), ["1", "", "-3"]),
        (pa.array([1.0, None, 2.5, float("nan")]), ["1", "", "2.5", ""]),
        (pa.array([True, False, None]), ["true", "false", ""]),
        (pa.array([Decimal("12.50"), None]), ["12.50", ""]),
        (pa.array([date(2026, 3, 2)]), ["2026-03-02"]),
        (pa.array([datetime(2026, 3, 2, 9, 12)]), ["2026-03-02T09:12:00"]),
        (pa.array([datetime(2026, 3, 2, 9, 12, tzinfo=UTC)], pa.timestamp("ms", "Asia/Shanghai")), ["2026-03-02T17:12:00+08:00"]),
        (pa.array([1772442750123456789], pa.timestamp("ns")), ["2026-03-02T09:12:30.123456"]),
        (pa.array([["a", None, "b"], [], None]), [("a", "b"), (), ""]),
        (pa.array([b"abc"]), ["abc"]),
    ],
    ids=str,
)
def test_every_type_becomes_the_text_of_a_csv(tmp_path: Path, column: Any, wanted: list[Any]) -> None:
    assert values(tmp_path, column) == wanted


def test_fields_of_a_struct_are_columns(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, pa.table({"a": [{"b": 1, "c": {"d": "x"}}]})))
    assert isinstance(row, Row)
    assert row.values == {"a/b": "1", "a/c/d": "x"}


def test_bytes_that_are_no_text_refuse_their_row_only(tmp_path: Path) -> None:
    rows = read(written(tmp_path, pa.table({"x": [b"a", b"\xff", b"c"]})))
    assert [type(row) for row in rows] == [Row, RefusedRow, Row]
    assert [row.line for row in rows] == [1, 2, 3]


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, pa.table({"x": ["a"]}))
    packed = tmp_path / "log.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert len(read(packed)) == 1


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"a,b\n1,2\n", b"PAR1" + bytes(100) + b"PAR1"], ids=["empty", "short", "a CSV", "broken"]
)
def test_what_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.parquet"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"log\.parquet"):
        read(path)


def test_a_file_cut_off_in_the_middle_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, pa.table({"x": [str(number) for number in range(5000)]}), row_group_size=100, compression="none")
    whole = path.read_bytes()
    path.write_bytes(whole[:2000] + bytes(2000) + whole[4000:])
    with pytest.raises(UserError, match=r"log\.parquet"):
        read(path)


def test_a_column_that_the_mapping_names_and_the_file_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no column|没有映射"):
        events_of(written(tmp_path, pa.table({"x": ["a"]})))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1, max_size=20))
def test_texts_come_out_as_from_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("texts")
    with (folder / "log.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["x", "y"], *([text, "1"] for text in texts)])
    with opened(folder / "log.csv") as file:
        wanted = [row.values for row in delimited.rows(file) if isinstance(row, Row)]
    rows = read(written(folder, pa.table({"x": texts, "y": ["1"] * len(texts)})))
    assert [row.values for row in rows if isinstance(row, Row)] == wanted
