"""Settings: what outweighs what, every mistake at once, the password nobody has to choose."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from supervision.language import UserError
from supervision.settings import (
    METRICS_OFFSETS,
    PASSWORD_FILE,
    Settings,
    clickhouse_password,
    env_names,
    environment,
    load,
    metrics_port_of,
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if (name.startswith("SUPERVISION_") and name != "SUPERVISION_TEST_DATA") or name == "KAFKA_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_with_nothing_said_everything_is_embedded() -> None:
    settings = load()
    assert settings.kafka_address == "127.0.0.1:19092"
    assert settings.clickhouse_address == ("127.0.0.1", 19000)


def test_the_command_line_outweighs_the_environment_and_that_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written(Path("data/supervision.toml"), "partitions = 1\nworkers = 1\nbatch_events = 1\n")
    monkeypatch.setenv("SUPERVISION_WORKERS", "2")
    monkeypatch.setenv("SUPERVISION_BATCH_EVENTS", "2")
    settings = load(batch_events=3, workers=None)
    assert (settings.partitions, settings.workers, settings.batch_events) == (1, 2, 3)


def test_every_mistake_is_told_together_with_where_it_was_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = written(tmp_path / "s.toml", 'partitions = 0\ntopic_prefx = "x"\n')
    monkeypatch.setenv("SUPERVISION_CONFIG", str(file))
    monkeypatch.setenv("SUPERVISION_KAFKA_BOOTSTRAP", "kafka.example")
    monkeypatch.setenv("SUPERVISION_FETCH_MAX_WAIT_MS", "soon")
    with pytest.raises(UserError) as refused:
        load(workers=0)
    assert sorted(line.split(" = ")[0].split(": there")[0] for line in refused.value.lines) == [
        "--workers",
        f"{file}: partitions",
        f"{file}: topic_prefx",
        "SUPERVISION_FETCH_MAX_WAIT_MS",
        "SUPERVISION_KAFKA_BOOTSTRAP",
    ]
    assert any("host:port wanted, 'kafka.example' found" in line for line in refused.value.lines)


@pytest.mark.parametrize("text", ["partitions = ", "\udcff"], ids=["not toml", "not utf-8"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("SUPERVISION_CONFIG", str(file))
    with pytest.raises(UserError, match=r"s\.toml"):
        load()


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_CONFIG", "nowhere.toml")
    with pytest.raises(UserError, match=r"nowhere\.toml"):
        load()


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_CLICKHOUSE_PASSWORD", "hush")
    assert "hush" not in repr(load())
    written(Path("data/supervision.toml"), "clickhouse_password = 12345\n")
    monkeypatch.delenv("SUPERVISION_CLICKHOUSE_PASSWORD")
    with pytest.raises(UserError) as refused:
        load()
    assert "12345" not in str(refused.value)


def test_kafka_home_is_taken_under_its_own_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", "/opt/kafka")
    assert load().kafka_home == Path("/opt/kafka")
    monkeypatch.setenv("SUPERVISION_KAFKA_HOME", "/opt/other")
    assert load().kafka_home == Path("/opt/other")


def test_the_ports_of_a_running_stack_are_found_unless_something_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    written(Path("data/addresses.json"), json.dumps({"kafka_port": 21000, "clickhouse_port": 21002, "pid": 1}))
    assert (load().kafka_port, load().clickhouse_port) == (21000, 21002)
    monkeypatch.setenv("SUPERVISION_KAFKA_PORT", "22000")
    assert load().kafka_port == 22000
    assert load(clickhouse_host="ch.example").clickhouse_address == ("ch.example", 9000)


def test_a_torn_address_file_is_as_good_as_none() -> None:
    written(Path("data/addresses.json"), '{"kafka_port": 2')
    assert load().kafka_port == 19092


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().workers = 2


def test_the_embedded_password_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = load(data=tmp_path / "d")
    first = clickhouse_password(settings)
    assert len(first) >= 24
    assert clickhouse_password(settings) == first
    assert stat.S_IMODE((tmp_path / "d" / PASSWORD_FILE).stat().st_mode) == 0o600


def test_a_password_comes_from_its_file_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_CLICKHOUSE_PASSWORD", "from-env")
    assert clickhouse_password(load()) == "from-env"
    secret = written(tmp_path / "secret", "from-file\n")
    assert clickhouse_password(load(clickhouse_password_file=secret)) == "from-file"
    with pytest.raises(UserError, match="PASSWORD_FILE"):
        clickhouse_password(load(clickhouse_password_file=tmp_path / "none"))


def test_every_setting_has_words_for_the_documentation() -> None:
    rows = list(env_names())
    assert len(rows) == len(Settings.model_fields)
    assert all(name.startswith("SUPERVISION_") and words for name, _, words in rows)


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = load(data=Path("here"), partitions=3, clickhouse_password=SecretStr("hush"), kafka_home=tmp_path)
    for name, value in environment(told).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    again = load()
    assert again.model_dump() == {**told.model_dump(), "data": tmp_path / "here"}


def test_no_two_processes_share_a_metrics_port() -> None:
    settings = load(metrics_port=9400)
    alone = [metrics_port_of(settings, process) for process in METRICS_OFFSETS if process != "agents"]
    crew = [metrics_port_of(settings, "agents", index) for index in range(256)]
    assert len({*alone, *crew}) == len(alone) + len(crew)
    assert metrics_port_of(settings, "sink") == 9400


def test_metrics_that_are_off_are_off_for_all() -> None:
    assert {metrics_port_of(load(metrics_port=0), process, 3) for process in METRICS_OFFSETS} == {0}


def test_a_first_metrics_port_too_high_for_the_last_worker_is_said() -> None:
    with pytest.raises(UserError, match="METRICS_PORT = 65500"):
        metrics_port_of(load(metrics_port=65500), "agents", 100)
