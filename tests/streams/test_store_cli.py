"""`supervision db` and the refusals of `supervision clickhouse` and `supervision sink`, as a person meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.stack_lock import free_ports
from streams.store.client import Address, Store
from streams.store.migration import shipped
from supervision.cli import app
from supervision.language import UserError

TITLES = [migration.title for migration in shipped()]


@pytest.fixture
def settings(clickhouse: ClickHouseProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    database = f"cli_{uuid4().hex}"
    said = {"DATA": tmp_path, "CLICKHOUSE_HOST": "127.0.0.1", "CLICKHOUSE_PORT": clickhouse.port, "CLICKHOUSE_DATABASE": database}
    for name, value in (said | {"CLICKHOUSE_PASSWORD": clickhouse.password, "LANGUAGE": "en"}).items():
        monkeypatch.setenv(f"SUPERVISION_{name}", str(value))
    yield database
    store = Store(Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, ""))
    store.execute(f"DROP DATABASE IF EXISTS {database}")
    store.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.service
def test_migrate_says_what_it_did_and_status_what_there_is(settings: str) -> None:
    before = run("db", "status")
    assert (before.exit_code, before.stdout.count("\n")) == (1, len(TITLES))
    assert run("db", "migrate").stdout.split() == TITLES
    assert run("db", "migrate").exit_code == 0
    after = run("db", "status")
    assert after.exit_code == 0
    assert [line.split()[0] for line in after.stdout.splitlines()] == [*TITLES, "events", "alerts", "clues", "dead_letters"]
    assert settings.startswith("cli_")


@pytest.mark.service
def test_the_sink_refuses_a_database_that_is_behind(settings: str) -> None:
    result = run("sink")
    assert isinstance(result.exception, UserError)
    assert "db migrate" in str(result.exception)
    assert settings in str(result.exception)


def test_the_embedded_server_is_not_started_beside_a_named_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUPERVISION_CLICKHOUSE_HOST", "elsewhere")
    result = run("clickhouse", "--data", str(tmp_path), "--port", str(free_ports(1)))
    assert isinstance(result.exception, UserError)
    assert "elsewhere" in str(result.exception)


@pytest.mark.parametrize("command", [("clickhouse",), ("db", "migrate"), ("db", "status"), ("sink",)], ids=" ".join)
def test_help_says_what_a_command_is_for(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout) > 200
