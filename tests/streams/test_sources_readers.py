"""Readers give every row of a file or a refusal for it, whatever the file does."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.sources import delimited, xes
from streams.sources.delimited import sniff
from streams.sources.row import RefusedRow, Row, opened
from supervision.language import UserError

XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="trace"><string key="enddate" value="1970-01-01"/></global>
  <trace>
    <string key="concept:name" value="案1"/>
    <string key="office" value="甲"><int key="floor" value="3"/></string>
    <event>
      <string key="concept:name" value="受理"/>
      <list key="materials"><values><string key="m" value="a"/><string key="m" value="b"/></values></list>
    </event>
    <event><string key="concept:name" value="办结"/><list key="materials"><string key="m" value="c"/></list></event>
  </trace>
  <event><string key="concept:name" value="stray"/></event>
  <trace><string key="concept:name" value="案2"/></trace>
</log>
"""


def written(folder: Path, content: bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def table(
    path: Path, encoding: str = "utf-8", delimiter: str | None = None, columns: tuple[str, ...] = ()
) -> list[Row | RefusedRow]:
    with opened(path) as file:
        return list(delimited.rows(file, encoding, delimiter, columns))


def trace_rows(path: Path) -> list[Row | RefusedRow]:
    with opened(path) as file:
        return list(xes.rows(file))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param("案号,环节\n1,受理\n".encode(), "utf-8", id="utf-8"),
        pytest.param("案号,环节\n1,受理\n".encode("utf-8-sig"), "utf-8", id="byte-order-mark"),
        pytest.param("案号,环节\r\n1,受理\r\n".encode("gb18030"), "gb18030", id="gb18030"),
        pytest.param("案号;环节\n1;受理".encode(), "utf-8", id="semicolon-and-no-last-line-end"),
        pytest.param("案号\t环节\n\n1\t受理\n\n".encode(), "utf-8", id="tab-and-blank-lines"),
        pytest.param(gzip.compress("案号,环节\n1,受理\n".encode()), "utf-8", id="gzip-whatever-its-name"),
    ],
)
def test_a_table_is_read_whatever_its_encoding_and_delimiter(tmp_path: Path, content: bytes, encoding: str) -> None:
    (row,) = table(written(tmp_path, content), encoding)
    assert isinstance(row, Row)
    assert row.values == {"案号": "1", "环节": "受理"}


@pytest.mark.parametrize(
    ("content", "reasons", "kept"),
    [
        pytest.param(b"a,b\n1\n2,2\n", [(2, "too_few_columns")], 1, id="too-few"),
        pytest.param(b"a,b\n1,1,1\n2,2\n", [(2, "too_many_columns")], 1, id="too-many"),
        pytest.param(b"a,b\n1,\xff\n2,2\n", [(2, "not_decodable")], 1, id="not-decodable"),
        pytest.param(b'a,b\n1,"open\n2,2\n3,3\n', [(2, "broken_row")], 2, id="a-quote-never-closed-swallows-nothing"),
        pytest.param(b'a,b\n"1"x,1\n2,2\n', [(2, "broken_row")], 1, id="text-after-a-quote"),
        pytest.param(b'a,b\n1,"two\nlines"\n2\n', [(4, "too_few_columns")], 1, id="lines-count-inside-quotes"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_others_are_kept(
    tmp_path: Path, content: bytes, reasons: list[tuple[int, str]], kept: int
) -> None:
    rows = table(written(tmp_path, content))
    assert [(row.line, row.reason) for row in rows if isinstance(row, RefusedRow)] == reasons
    assert sum(isinstance(row, Row) for row in rows) == kept


def test_a_quoted_value_may_span_lines(tmp_path: Path) -> None:
    (row,) = table(written(tmp_path, b'a,b\n1,"two\r\nlines, ""quoted"""\n'))
    assert isinstance(row, Row)
    assert row.values["b"] == 'two\r\nlines, "quoted"'


def test_a_table_without_header_takes_its_names_from_the_mapping(tmp_path: Path) -> None:
    rows = table(written(tmp_path, b"1;x\n2;y\n"), columns=("id", "step"))
    assert [row.values for row in rows if isinstance(row, Row)] == [{"id": "1", "step": "x"}, {"id": "2", "step": "y"}]


def test_the_delimiter_outside_quotes_counts() -> None:
    assert sniff('"a,b,c";d;e') == ";"
    assert sniff("single") == ","


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("案号,环节\n".encode("gb18030"), "encoding", id="wrong-encoding"),
        pytest.param(b"a,a\n", "twice", id="a-column-named-twice"),
        pytest.param(b"", "no header", id="empty-file"),
        pytest.param(gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "damaged", id="cut-off-gzip"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UserError, match=said) as error:
        table(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing"):
        table(tmp_path / "nothing.csv")


def test_a_trace_gives_its_own_row_and_one_for_each_event(tmp_path: Path) -> None:
    rows = trace_rows(written(tmp_path, gzip.compress(XES.encode()), "log.xes.gz"))
    case, first, second = (row for row in rows[:3] if isinstance(row, Row))
    assert case.values == {"case:concept:name": "案1", "case:office": "甲", "case:office/floor": "3"}
    assert (case.tells_case, case.tells_event) == (True, False)
    assert first.values["materials"] == ("a", "b")
    assert first.values["case:concept:name"] == "案1"
    assert second.values["materials"] == ("c",)
    assert (second.tells_case, second.tells_event) == (False, True)
    assert first.line == 7


def test_an_event_outside_every_trace_is_refused(tmp_path: Path) -> None:
    refused = [row for row in trace_rows(written(tmp_path, XES.encode())) if isinstance(row, RefusedRow)]
    assert [(row.line, row.reason) for row in refused] == [(13, "no_case")]


def test_global_defaults_of_the_log_are_not_filled_in(tmp_path: Path) -> None:
    rows = trace_rows(written(tmp_path, XES.encode()))
    assert all("case:enddate" not in row.values for row in rows if isinstance(row, Row))


def test_broken_xml_names_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, XES.replace("</trace>", "</tracce>", 1).encode(), "log.xes")
    with pytest.raises(UserError, match=r"log\.xes:12"):
        trace_rows(path)


def test_entities_of_an_xml_file_are_not_resolved(tmp_path: Path) -> None:
    secret = written(tmp_path, b"secret", "secret.txt")
    text = XES.replace("<log", f'<!DOCTYPE log [<!ENTITY e SYSTEM "file://{secret}">]><log', 1).replace("案1", "&e;")
    path = written(tmp_path, text.encode(), "log.xes")
    try:
        rows = trace_rows(path)
    except UserError:
        return
    assert "secret" not in str(rows)


cells = st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8), min_size=2, max_size=2)


@settings(max_examples=50, deadline=None)
@given(st.lists(cells, max_size=8))
def test_what_a_csv_writer_writes_is_what_the_reader_reads(
    tmp_path_factory: pytest.TempPathFactory, table_rows: list[list[str]]
) -> None:

    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b"])
    writer.writerows(table_rows)
    path = written(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    assert [list(row.values.values()) for row in table(path) if isinstance(row, Row)] == table_rows
