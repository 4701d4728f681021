"""The store on a real server: migrations, views that are exact before merges, a client that waits and one that does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from clickhouse_driver.errors import ServerException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.stack_lock import free_ports
from streams.sinking.alerts import alert_rows
from streams.sinking.events import event_rows
from streams.sinking.record import Record
from streams.store import queries
from streams.store.client import Address, Patience, Stopped, Store
from streams.store.migration import Migration, migrate, require_current, shipped, statements, status
from supervision.alert import Alert
from supervision.decoder import encode
from supervision.event import CaseEvent, Stream
from supervision.language import UserError
from tests.supervision.strategies import any_event, struct_of

service = pytest.mark.service
AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def address(clickhouse: ClickHouseProcess) -> Iterator[Address]:
    found = Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, f"s_{uuid4().hex}")
    yield found
    store = Store(Address(found.host, found.port, found.user, found.password, ""))
    store.execute(f"DROP DATABASE IF EXISTS {found.database}")
    store.close()


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    migrate(address)
    opened = Store(address)
    yield opened
    opened.close()


def put(store: Store, table: str, **columns: list[Any]) -> None:
    store.insert(table, list(columns), list(columns.values()), uuid4().hex)


def test_statements_end_at_a_semicolon_at_a_lines_end() -> None:
    assert statements("-- one; two\nSELECT ';';\n\nSELECT\n  2;  \n-- end\n") == ["SELECT ';'", "SELECT\n  2"]


def test_shipped_migrations_are_numbered_without_a_hole() -> None:
    assert [migration.version for migration in shipped()] == list(range(1, len(shipped()) + 1))


@service
def test_a_new_database_is_brought_up_once(address: Address) -> None:
    titles = [migration.title for migration in shipped()]
    assert [entry.applied_at for entry in status(address)] == [None] * len(titles)
    with pytest.raises(UserError, match=titles[0]):
        require_current(address)
    assert migrate(address) == titles
    assert migrate(address) == []
    require_current(address)
    assert all(entry.applied_at for entry in status(address))


@service
def test_every_migration_can_be_repeated(address: Address, store: Store) -> None:
    put(store, "dead_letters_raw", origin_topic=["t"], origin_partition=[0], origin_offset=[1], reason=["empty"])
    store.execute("TRUNCATE TABLE schema_migrations")
    assert len(migrate(address)) == len(shipped())
    assert queries.dead_letters_by_reason(store) == {"empty": 1}


@service
def test_a_changed_migration_and_a_newer_database_are_refused_by_name(address: Address, store: Store) -> None:
    first = shipped()[0]
    changed = [Migration(first.version, first.name, first.sql + "\n-- more"), *shipped()[1:-1]]
    with pytest.raises(UserError) as refused:
        migrate(address, changed)
    assert len(refused.value.lines) == 2
    assert first.title in refused.value.lines[0]
    assert shipped()[-1].title in refused.value.lines[1]


@service
def test_two_runners_at_once_do_no_harm(address: Address) -> None:
    done: list[str] = []
    runners = [threading.Thread(target=lambda: done.extend(migrate(address))) for _ in range(3)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert sorted(done) == [migration.title for migration in shipped()]


@service
def test_an_event_counts_once_and_the_first_arrival_stays(store: Store) -> None:
    one, other = UUID(int=1), UUID(int=2)
    for offset, topic_source in ((7, "late"), (3, "first"), (9, "later")):
        put(
            store,
            "events_raw",
            event_id=[one, other],
            occurred_at=[AT, datetime(2025, offset, 1, tzinfo=UTC)],
            source_system=["s", "s"],
            case_id=["c", "c"],
            source_seq=[topic_source] * 2,
            topic=["t", "t"],
            partition=[0, 0],
            offset=[offset, offset + 100],
        )
    assert store.execute("SELECT event_id, source_seq FROM events ORDER BY event_id") == [(one, "first"), (other, "first")]
    assert (queries.event_count(store), queries.event_count(store, "s"), queries.event_count(store, "x")) == (2, 2, 0)
    assert queries.doubled_events(store) == []
    assert queries.missing_events(store, [one, UUID(int=3)]) == [UUID(int=3)]
    store.execute("OPTIMIZE TABLE events_raw FINAL")
    assert store.execute("SELECT count(), any(source_seq) FROM events") == [(2, "first")]


@service
@pytest.mark.parametrize("name", ["alerts", "clues"])
def test_an_alert_is_its_last_emission(store: Store, name: str) -> None:
    for offset, state in ((5, "issued"), (8, "revoked"), (6, "issued")):
        put(
            store,
            f"{name}_raw",
            alert_id=["T03YA", f"T03YB{offset}"],
            rule_id=["T03"] * 2,
            level=["yellow"] * 2,
            state=[state, "withheld"],
            detected_at=[AT] * 2,
            topic=[name] * 2,
            partition=[1] * 2,
            offset=[offset, offset + 1000],
        )
    assert store.execute(f"SELECT alert_id, state FROM {name} WHERE alert_id = 'T03YA'") == [("T03YA", "revoked")]
    assert store.execute(f"SELECT count() FROM {name}_raw") == [(6,)]
    standing = queries.standing_alerts(store) if name == "alerts" else queries.standing_clues(store)
    assert [alert.alert_id for alert in standing] == ["T03YB5", "T03YB6", "T03YB8"]
    assert queries.doubled_alerts(store) == []


@service
def test_a_hole_between_ranges_is_a_gap_until_it_is_accepted(store: Store) -> None:
    put(
        store,
        "offset_ranges",
        consumer=["sink"] * 4,
        topic=["t"] * 4,
        partition=[0, 0, 0, 1],
        first=[0, 5, 20, 0],
        last=[9, 12, 29, 3],
        rows=[1] * 4,
    )
    assert queries.next_offsets(store, "sink") == {("t", 0): 30, ("t", 1): 4}
    assert queries.gaps(store, "sink") == [queries.Gap("t", 0, 13, 19)]
    put(store, "offset_losses", consumer=["sink"], topic=["t"], partition=[0], first=[13], last=[19])
    assert queries.gaps(store, "sink") == []
    assert queries.next_offsets(store, "another") == {}


@service
def test_a_repeated_insert_under_one_token_changes_nothing(store: Store) -> None:
    columns = ("alert_id", "rule_id", "level", "topic", "offset")
    data: list[list[Any]] = [["A"], ["T03"], ["red"], ["t"], [1]]
    for _ in range(3):
        store.insert("alerts_raw", columns, data, "one token")
    assert store.execute("SELECT count() FROM alerts_raw") == [(1,)]
    assert store.execute("SELECT count() FROM alerts_last") == [(1,)]
    assert data == [["A"], ["T03"], ["red"], ["t"], [1]]


@service
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_event(), min_size=1, max_size=30, unique_by=lambda event: event.event_id))
def test_every_event_that_can_be_decoded_can_be_stored(store: Store, events: list[CaseEvent]) -> None:
    """One that could not would stop the sink for ever."""
    for table in ("events_raw", "event_positions"):
        store.execute(f"TRUNCATE TABLE {table}")
    records = [Record("t", 0, n, 0, None, encode(event)) for n, event in enumerate(events)]
    wanted = 0
    for stream in (Stream.CASE, Stream.ACTIVITY):
        for rows in event_rows(records, stream):
            if len(rows):
                store.insert(rows.table, rows.columns, rows.data, uuid4().hex)
                wanted += len(rows) if rows.table == "events_raw" else 0
    found = store.execute("SELECT count(), uniqExact(event_id) FROM events")
    assert found == [(wanted, wanted)]


@service
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(struct_of(Alert), min_size=1, max_size=20))
def test_every_alert_is_stored_or_a_dead_letter(store: Store, alerts: list[Alert]) -> None:
    for table in ("alerts_raw", "alerts_last", "dead_letters_raw"):
        store.execute(f"TRUNCATE TABLE {table}")
    records = [Record("alerts", 0, n, 0, None, msgspec.json.encode(alert)) for n, alert in enumerate(alerts)]
    for rows in alert_rows(records, "alerts_raw"):
        if len(rows):
            store.insert(rows.table, rows.columns, rows.data, uuid4().hex)
    stored = store.execute("SELECT (SELECT count() FROM alerts_raw FINAL) + (SELECT count() FROM dead_letters)")
    assert stored == [(len(alerts),)]


@service
def test_a_real_error_is_raised_at_once(store: Store) -> None:
    with pytest.raises(ServerException) as error:
        store.execute("SELECT nope")
    assert error.value.code == 47


@service
def test_a_wrong_password_or_a_missing_database_is_a_users_mistake(address: Address) -> None:
    with pytest.raises(UserError, match="SUPERVISION_CLICKHOUSE_USER"):
        Store(Address(address.host, address.port, address.user, "wrong")).execute("SELECT 1")
    with pytest.raises(UserError, match="db migrate"):
        Store(Address(address.host, address.port, address.user, address.password, "missing")).execute("SELECT 1")


def test_patience_ends_with_what_to_do() -> None:
    nowhere = Address("127.0.0.1", free_ports(1))
    tried: list[Exception] = []
    impatient = Store(nowhere, Patience(first_s=0.01, longest_s=0.02, total_s=0.1), on_retry=tried.append)
    with pytest.raises(UserError, match=str(nowhere.port)):
        impatient.execute("SELECT 1")
    assert len(tried) > 1


def test_waiting_ends_when_the_caller_stops() -> None:
    with pytest.raises(Stopped):
        Store(Address("127.0.0.1", free_ports(1)), Patience(total_s=None), should_stop=lambda: True).execute("SELECT 1")


@service
def test_a_server_killed_and_started_again_is_waited_for(tmp_path: Path) -> None:
    server = ClickHouseProcess(tmp_path / "clickhouse", free_ports(1), "default", "p")
    server.start()
    address = Address("127.0.0.1", server.port, "default", "p")
    migrate(address)
    store = Store(address, Patience(total_s=None))
    try:
        put(store, "alerts_raw", alert_id=["A"], level=["red"], offset=[1])
        server.kill()
        restart = threading.Thread(target=server.start)
        restart.start()
        put(store, "alerts_raw", alert_id=["B"], level=["red"], offset=[2])
        restart.join()
        assert store.execute("SELECT count() FROM alerts") == [(2,)]
    finally:
        store.close()
        server.kill()
