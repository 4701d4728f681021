"""What the server reads out of a statement's text."""

from __future__ import annotations

import pytest

from streams.embedded.native.statement import Insert, parse


@pytest.mark.parametrize(
    ("text", "insert"),
    [
        ("INSERT INTO t VALUES", Insert("INSERT INTO t", "t", None)),
        ("insert into db.t (a, b) values", Insert("insert into db.t (a, b)", "db.t", "a, b")),
        ("INSERT INTO TABLE `d b`.`t(` (`a,b`) VALUES;", Insert("INSERT INTO TABLE `d b`.`t(` (`a,b`)", "`d b`.`t(`", "`a,b`")),
        ("INSERT INTO t FORMAT Native", Insert("INSERT INTO t", "t", None)),
        ("/* VALUES */ INSERT INTO t -- SELECT\n(a) VALUES", Insert("/* VALUES */ INSERT INTO t -- SELECT\n(a)", "t", "a")),
        (
            "INSERT INTO t (a) SETTINGS async_insert = 0 VALUES",
            Insert("INSERT INTO t (a)", "t", "a", "SETTINGS async_insert = 0"),
        ),
        (
            "INSERT INTO FUNCTION null('a Int8') VALUES",
            Insert("INSERT INTO FUNCTION null('a Int8')", "FUNCTION null('a Int8')", None),
        ),
    ],
)
def test_an_insert_whose_rows_the_client_sends_is_known(text: str, insert: Insert) -> None:
    assert parse(text).insert == insert


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t SELECT 1",
        "INSERT INTO t SELECT a AS values",
        "INSERT INTO t VALUES (1), (2)",
        "INSERT INTO t (a) WITH 1 AS x SELECT x",
        "SELECT 'INSERT INTO t VALUES'",
        "CREATE TABLE t (a Int8) ENGINE = Memory",
        "",
        "   ;  ",
        "(((",
        "INSERT",
        "INSERT INTO VALUES",
    ],
)
def test_an_insert_that_brings_its_rows_takes_none_from_the_client(text: str) -> None:
    found = parse(text).insert
    assert found is None or found.target == ""


@pytest.mark.parametrize(
    ("text", "streams", "sent"),
    [
        ("SELECT 1;", True, "SELECT 1"),
        ("SELECT 1 FORMAT CSV", True, "SELECT 1"),
        ("WITH 1 AS x SELECT x", True, "WITH 1 AS x SELECT x"),
        ("(SELECT 1) UNION ALL (SELECT 2)", True, "(SELECT 1) UNION ALL (SELECT 2)"),
        ("SHOW TABLES", False, "SHOW TABLES"),
        ("SELECT 'a FORMAT CSV'", True, "SELECT 'a FORMAT CSV'"),
        ("DROP TABLE t", False, "DROP TABLE t"),
    ],
)
def test_a_query_streams_and_loses_its_format(text: str, streams: bool, sent: str) -> None:
    statement = parse(text)
    assert (statement.streams, statement.text) == (streams, sent)


def test_a_use_of_files_is_noticed_only_outside_of_quotes() -> None:
    assert parse("SELECT 1 INTO OUTFILE '/tmp/x'").uses_file
    assert parse("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV").uses_file
    assert not parse("SELECT 'INTO OUTFILE'").uses_file
