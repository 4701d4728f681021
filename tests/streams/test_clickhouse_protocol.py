"""The embedded ClickHouse as clickhouse-driver sees it: a server like any other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID, uuid4

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.embedded.clickhouse import ClickHouseProcess

pytestmark = pytest.mark.service

Connect = Callable[..., Client]
SHANGHAI = datetime.fromisoformat("2026-03-02T19:30:15.123+08:00")
VALUES: list[tuple[str, list[Any]]] = [
    ("UInt8", [0, 255]),
    ("Int16", [-32768, 32767]),
    ("UInt64", [2**64 - 1, 0]),
    ("Int128", [-(2**127), 5]),
    ("UInt256", [2**256 - 1, 0]),
    ("Float32", [1.5, -0.25]),
    ("Float64", [1e300, -0.0]),
    ("Bool", [True, False]),
    ("String", ["", "办件" * 100]),
    ("FixedString(3)", ["abc", "xyz"]),
    ("Date", [date(2026, 1, 2), date(1970, 1, 1)]),
    ("Date32", [date(1925, 1, 2), date(2283, 1, 1)]),
    ("DateTime('UTC')", [datetime(2026, 3, 2, 11, 30)] * 2),  # the driver gives these without a zone
    ("DateTime64(3, 'Asia/Shanghai')", [SHANGHAI, SHANGHAI]),
    ("Enum8('a' = -1, '中' = 2)", ["a", "中"]),
    ("Enum16('x' = 1000, 'y' = 2)", ["x", "y"]),
    ("Decimal(9, 2)", [Decimal("1.25"), Decimal("-9999999.99")]),
    ("Decimal(18, 4)", [Decimal("1.2500"), Decimal("-0.0001")]),
    ("Decimal(38, 10)", [Decimal("1234567890123456789.0123456789"), Decimal("-1.0000000000")]),
    ("Decimal(76, 2)", [Decimal("1" + "0" * 60 + ".25"), Decimal("-1.00")]),
    ("UUID", [UUID(int=1), uuid4()]),
    ("IPv4", [IPv4Address("10.0.0.1"), IPv4Address("255.255.255.255")]),
    ("IPv6", [IPv6Address("::1"), IPv6Address("2001:db8::1")]),
    ("Nullable(Int32)", [None, 7]),
    ("Nullable(DateTime64(3, 'UTC'))", [None, datetime(2026, 1, 1, tzinfo=UTC)]),
    ("LowCardinality(String)", ["a", "b"]),
    ("LowCardinality(Nullable(String))", [None, "b"]),
    ("Array(Array(Nullable(UInt8)))", [[], [[1, None], []]]),
    ("Array(LowCardinality(String))", [["a", "a"], []]),
    ("Array(UUID)", [[UUID(int=9)], []]),
    ("Map(String, Array(UInt8))", [{"a": [1, 2]}, {}]),
    ("Map(LowCardinality(String), String)", [{"zh": "一"}, {}]),
    ("Tuple(UInt8, Nullable(String), Array(Int8))", [(1, None, [1]), (2, "b", [])]),
    ("Array(Tuple(a UInt8, b String))", [[(1, "x"), (2, "y")], []]),
]


@pytest.fixture
def connect(clickhouse: ClickHouseProcess) -> Iterator[Connect]:
    """Makes clients of a database that exists for one test."""
    name = f"t_{uuid4().hex}"
    clients = [Client("127.0.0.1", port=clickhouse.port, user=clickhouse.user, password=clickhouse.password)]
    clients[0].execute(f"CREATE DATABASE {name}")

    def made(**options: Any) -> Client:
        arguments = {"port": clickhouse.port, "user": clickhouse.user, "password": clickhouse.password, "database": name}
        clients.append(Client("127.0.0.1", **(arguments | options)))
        return clients[-1]

    yield made
    clients[0].execute(f"DROP DATABASE {name}")
    for client in clients:
        client.disconnect()


@pytest.mark.parametrize("compression", [False, "lz4", "zstd"])
def test_every_type_comes_back_as_it_went(connect: Connect, compression: str | bool) -> None:
    client = connect(compression=compression)
    columns = ", ".join(f"c{n} {spec}" for n, (spec, _) in enumerate(VALUES))
    client.execute(f"CREATE TABLE t (n UInt8, {columns}) ENGINE = MergeTree ORDER BY n")
    rows = [(n, *(values[n] for _, values in VALUES)) for n in (0, 1)]
    client.execute("INSERT INTO t VALUES", rows)
    back = client.execute("SELECT * FROM t ORDER BY n")
    for n, (spec, values) in enumerate(VALUES):
        assert (spec, [row[n + 1] for row in back]) == (spec, values)


def test_nothing_and_null_are_answered(connect: Connect) -> None:
    assert connect().execute("SELECT NULL, [], map()") == [(None, [], {})]


@pytest.mark.parametrize("compression", [False, "lz4", "zstd"])
def test_a_result_of_many_blocks_is_whole(connect: Connect, compression: str | bool) -> None:
    client = connect(compression=compression)
    rows = client.execute("SELECT number, repeat('x', number % 100) FROM numbers(300000)")
    assert len(rows) == 300_000
    assert sum(row[0] for row in rows) == 300_000 * 299_999 // 2


def test_columns_are_named_for_a_full_and_for_an_empty_result(connect: Connect) -> None:
    client = connect()
    wanted = [("n", "UInt64"), ("s", "LowCardinality(String)")]
    query = "SELECT number AS n, toLowCardinality('a') AS s FROM numbers(2) WHERE n < {}"
    assert client.execute(query.format(2), with_column_types=True) == ([(0, "a"), (1, "a")], wanted)
    assert client.execute(query.format(0), with_column_types=True) == ([], wanted)


@pytest.mark.parametrize(
    ("user", "password", "database", "code"),
    [
        ("default", "wrong", "", 516),
        ("nobody", "of-the-tests", "", 516),
        ("default", "", "", 516),
        ("default", "of-the-tests", "no", 81),
    ],
)
def test_a_stranger_is_refused(clickhouse: ClickHouseProcess, user: str, password: str, database: str, code: int) -> None:
    client = Client("127.0.0.1", port=clickhouse.port, user=user, password=password, database=database)
    with pytest.raises(ServerException) as refused:
        client.execute("SELECT 1")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("SELECT nope", 47, "nope"),
        ("SELECT * FROM nope", 60, "nope"),
        ("seleqt 1", 62, "Syntax error"),
        ("SELECT throwIf(number = 200000, 'stop here') FROM numbers(1000000)", 395, "stop here"),
        ("DROP TABLE nope", 60, "nope"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 48, "OUTFILE"),
        ("", 62, ""),
    ],
)
def test_an_error_keeps_its_code_and_message(connect: Connect, query: str, code: int, says: str) -> None:
    client = connect()
    with pytest.raises(ServerException) as error:
        client.execute(query)
    assert error.value.code == code
    assert says in error.value.message
    assert client.execute("SELECT 1") == [(1,)]


def test_an_insert_that_fails_leaves_nothing_and_the_client_goes_on(connect: Connect) -> None:
    client = connect()
    client.execute("CREATE TABLE t (a UInt8, CONSTRAINT small CHECK a < 10) ENGINE = MergeTree ORDER BY a")
    with pytest.raises(ServerException) as unknown:
        client.execute("INSERT INTO nope VALUES", [(1,)])
    assert unknown.value.code == 60
    with pytest.raises(ServerException) as violated:
        client.execute("INSERT INTO t VALUES", [(1,), (11,)])
    assert violated.value.code == 469
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_inserts_of_every_form(connect: Connect) -> None:
    client = connect()
    client.execute(
        "CREATE TABLE t (a UInt8, b String DEFAULT 'd', c UInt8 MATERIALIZED a + 1, `e f` UInt8) ENGINE = MergeTree ORDER BY a"
    )
    client.execute("INSERT INTO t VALUES", [(1, "x", 9)])
    client.execute("INSERT INTO t (`e f`, a) VALUES", [(8, 2)])
    client.execute("INSERT INTO t (* EXCEPT(b)) VALUES", [(3, 7)])
    client.execute("INSERT INTO t (a, b) SELECT 4, 'y'")
    client.execute("INSERT INTO t (a, b) VALUES (5, 'z')")
    client.execute("INSERT INTO t (a) VALUES", [])
    rows = client.execute("SELECT a, b, c, `e f` FROM t ORDER BY a")
    assert rows == [(1, "x", 2, 9), (2, "d", 3, 8), (3, "d", 4, 7), (4, "y", 5, 0), (5, "z", 6, 0)]


def test_an_insert_of_several_blocks_is_whole(connect: Connect) -> None:
    client = connect(settings={"insert_block_size": 1000})
    client.execute("CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
    assert client.execute("INSERT INTO t VALUES", [(n, str(n)) for n in range(10_500)]) == 10_500
    assert client.execute("SELECT count(), sum(a) FROM t") == [(10_500, 10_500 * 10_499 // 2)]


def test_a_token_makes_a_repeated_insert_one(connect: Connect) -> None:
    client = connect()
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10")
    for token in ("one", "one", "two"):
        client.execute("INSERT INTO t VALUES", [(1,)], settings={"insert_deduplication_token": token})
    assert client.execute("SELECT count() FROM t") == [(2,)]


def test_settings_hold_for_their_statement_only(connect: Connect) -> None:
    client = connect()
    asked = "SELECT getSetting('max_block_size'), getSetting('max_threads')"
    before = client.execute(asked)
    assert client.execute(asked, settings={"max_block_size": 1234, "max_threads": 1}) == [(1234, 1)]
    assert client.execute(asked) == before
    client.execute("SET max_block_size = 777")
    assert client.execute("SELECT getSetting('max_block_size')", settings={"max_block_size": 1})[0] == (1,)
    assert client.execute("SELECT getSetting('max_block_size')") == [(777,)]


def test_an_unknown_setting_is_left_out_unless_it_is_important(connect: Connect) -> None:
    assert connect().execute("SELECT 1", settings={"no_such_setting": 1}) == [(1,)]
    with pytest.raises(ServerException) as error:
        connect(settings_is_important=True).execute("SELECT 1", settings={"no_such_setting": 1})
    assert error.value.code == 115


def test_parameters_are_put_in_by_the_driver(connect: Connect) -> None:
    rows = connect().execute("SELECT %(text)s, %(many)s, %(at)s", {"text": "it's \\ 一", "many": [1, 2], "at": date(2026, 1, 2)})
    assert rows == [("it's \\ 一", [1, 2], "2026-01-02")]


def test_tables_sent_along_are_there_for_one_query(connect: Connect) -> None:
    client = connect()
    table = {"name": "ids", "structure": [("a", "UInt8"), ("b", "String")], "data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}
    assert client.execute("SELECT sum(a), max(b) FROM ids", external_tables=[table]) == [(3, "y")]
    with pytest.raises(ServerException):
        client.execute("SELECT * FROM ids")


def test_sessions_do_not_see_each_other(connect: Connect) -> None:
    one, other = connect(), connect()
    one.execute("CREATE TEMPORARY TABLE mine (a UInt8)")
    one.execute("USE system")
    with pytest.raises(ServerException):
        other.execute("SELECT * FROM mine")
    assert other.execute("SELECT currentDatabase()") != [("system",)]


def running(client: Client) -> int:
    return int(client.execute("SELECT count() FROM system.processes WHERE query LIKE '%' || 'sip' || 'Hash64%'")[0][0])


def eventually(holds: Callable[[], bool], within_s: float = 20) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it did not come to hold in time"
        time.sleep(0.02)


ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"


def test_cancel_ends_a_running_query_and_the_client_goes_on(connect: Connect) -> None:
    client, watcher = connect(), connect()
    progress = client.execute_with_progress(ENDLESS)
    eventually(lambda: running(watcher) == 1)
    assert client.cancel() == []
    assert running(watcher) == 0
    del progress
    assert client.execute("SELECT 1") == [(1,)]


def test_a_query_whose_client_went_away_is_ended(connect: Connect) -> None:
    client, watcher = connect(), connect()
    client.execute_with_progress(ENDLESS)
    eventually(lambda: running(watcher) == 1)
    client.disconnect()
    eventually(lambda: running(watcher) == 0)


def test_a_result_that_nobody_reads_to_its_end_does_not_hold_up_others(connect: Connect) -> None:
    reader = connect()
    rows = reader.execute_iter("SELECT number, repeat('x', 1000) FROM numbers(10000000)", settings={"max_block_size": 10_000})
    assert next(rows)[0] == 0
    assert connect().execute("SELECT 1") == [(1,)]
    reader.disconnect()


def test_fifty_clients_at_once(connect: Connect) -> None:
    connect().execute("CREATE TABLE t (client UInt8, n UInt32) ENGINE = MergeTree ORDER BY (client, n)")
    clients = [connect() for _ in range(50)]
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(5):
                clients[number].execute("INSERT INTO t VALUES", [(number, n)])
                assert clients[number].execute(f"SELECT count() FROM t WHERE client = {number}") == [(n + 1,)]
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert connect().execute("SELECT count() FROM t") == [(250,)]


def hello(password: str) -> bytes:
    parts = [b"\0", b"\1x", b"\1", b"\1", b"\xad\xa8\x03", b"\0", b"\7default", bytes([len(password)]) + password.encode()]
    return b"".join(parts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.binary(max_size=400), greeted=st.booleans())
def test_no_bytes_bring_the_server_down(clickhouse: ClickHouseProcess, sent: bytes, greeted: bool) -> None:
    with socket.create_connection(("127.0.0.1", clickhouse.port), 5) as client:
        client.sendall((hello(clickhouse.password) if greeted else b"") + sent)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    alive = Client("127.0.0.1", port=clickhouse.port, user=clickhouse.user, password=clickhouse.password)
    assert alive.execute("SELECT 1") == [(1,)]
    alive.disconnect()


@pytest.mark.parametrize("packet", [5, 6, 77])
def test_a_packet_that_is_not_served_is_said_to_be(clickhouse: ClickHouseProcess, packet: int) -> None:
    with socket.create_connection(("127.0.0.1", clickhouse.port), 5) as client:
        client.sendall(hello(clickhouse.password) + bytes([packet]))
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert b"DB::Exception" in answer
