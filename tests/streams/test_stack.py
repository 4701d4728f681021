"""The stack's order and its end, with stand-ins for the parts: what starts when, what stops when, what a failure leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.embedded import clickhouse, stack, stack_background, stack_ready
from streams.embedded.stack import Stack
from streams.embedded.stack_ready import Workers
from supervision.cli import app
from supervision.language import UserError
from supervision.settings import load
from tests.streams.test_stack_child import eventually, runs

# A part: notes that it began, runs until SIGTERM, notes that it ended. One in FAILS ends at once; db and topics are done at once.
PART = """
import os, signal, sys, time
name, diary = sys.argv[1], os.environ["SUPERVISION_DATA"] + "/diary"
def note(word):
    with open(diary, "a") as file: file.write(f"{word} {name}\\n")
def end(*_):
    note("end"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("begin")
if name in FAILS: sys.exit(f"{name} has no luck")
if name in ("db", "topics"): sys.exit(0)
time.sleep(600)
"""


def diary(data: Path) -> list[str]:
    return (data / "diary").read_text(encoding="ascii").splitlines()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    """A stack on `tmp_path` whose servers are elsewhere and answer, and whose parts are `PART`."""
    return stand_in_failing(monkeypatch, tmp_path, ())


def stand_in_failing(monkeypatch: pytest.MonkeyPatch, data: Path, fails: tuple[str, ...]) -> Stack:
    code = PART.replace("FAILS", repr(fails))
    monkeypatch.setattr(stack, "_command", lambda *arguments: [sys.executable, "-c", code, *arguments])
    monkeypatch.setattr(stack_ready, "kafka", lambda _: True)
    monkeypatch.setattr(clickhouse, "answers", lambda *_: True)
    monkeypatch.setattr(stack_ready, "workers", lambda *_: Workers(9, 99) if "begin agents" in diary(data) else Workers(0, 0))
    return Stack(load(data=data, kafka_bootstrap="kafka.example:9092", clickhouse_host="ch.example"))


def test_parts_start_in_the_order_of_the_flow_and_stop_in_the_reverse(stand_in: Stack) -> None:
    with stand_in:
        assert eventually(lambda: "begin sink" in diary(stand_in.data))
        stand_in.check()
    assert diary(stand_in.data) == ["begin db", "begin topics", "begin agents", "begin sink", "end sink", "end agents"]


def test_addresses_are_written_while_it_runs(stand_in: Stack) -> None:
    with stand_in:
        found = json.loads((stand_in.data / "addresses.json").read_text(encoding="utf-8"))
        assert found == stack_background.addresses(stand_in.data)
        assert (found["kafka"], found["clickhouse"]) == ("kafka.example:9092", "ch.example:9000")
        assert "kafka_port" not in found
        assert [(part.name, part.is_alive) for part in stack_background.parts(found)] == [
            ("up", True),
            ("agents", True),
            ("sink", True),
        ]
    assert stack_background.addresses(stand_in.data) is None


def test_a_part_that_dies_is_told_with_the_end_of_its_log(stand_in: Stack) -> None:
    with stand_in:
        stand_in.children["sink"].kill()
        with pytest.raises(UserError, match="sink"):
            stand_in.check()
        agents = stand_in.children["agents"].pid
    assert not runs(agents)


def test_a_part_that_dies_while_starting_stops_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = stand_in_failing(monkeypatch, tmp_path, ("agents",))
    monkeypatch.setattr(stack_ready, "workers", lambda *_: Workers(0, 0))
    with pytest.raises(UserError) as refused:
        broken.start()
    assert refused.value.lines[-1] == "  agents has no luck"
    assert not broken.children
    assert not (tmp_path / "addresses.json").exists()
    stand_in_failing(monkeypatch, tmp_path, ()).start().stop()


def test_a_step_that_fails_is_told_with_what_it_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = stand_in_failing(monkeypatch, tmp_path, ("db",))
    with pytest.raises(UserError) as refused:
        broken.start()
    assert "supervision db migrate" in refused.value.lines[0]
    assert refused.value.lines[1:] == ("  db has no luck",)
    assert diary(tmp_path) == ["begin db"]


def test_a_part_that_never_answers_is_told_with_the_end_of_its_log(stand_in: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_ready, "workers", lambda *_: Workers(0, 24))
    monkeypatch.setattr(stack, "READY_S", 0.5)
    with pytest.raises(UserError, match="agents"):
        stand_in.start()
    assert not stand_in.children


@pytest.mark.parametrize(
    ("ready", "partitions", "enough"),
    [(2, 6, True), (1, 6, False), (2, 5, False)],
    ids=["all ready", "a worker missing", "a partition nobody's"],
)
def test_agents_are_ready_when_every_worker_is_and_every_partition_is_somebodys(ready: int, partitions: int, enough: bool) -> None:
    assert Workers(ready, partitions).are_enough(load(workers=2, partitions=3)) is enough


def test_two_stacks_on_one_directory_refuse(stand_in: Stack) -> None:
    with stand_in:
        with pytest.raises(UserError, match="supervision up"):
            Stack(stand_in.settings).start()
        stand_in.check()
        assert stack_background.addresses(stand_in.data)


def test_a_part_can_be_killed_and_started_again(stand_in: Stack) -> None:
    with stand_in:
        stand_in.children["agents"].kill()
        stand_in.launch("agents")
        stand_in.check()


def test_nothing_to_stop_is_no_fault(tmp_path: Path) -> None:
    assert not stack_background.stop(tmp_path)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param([], ["--city"], id="the first start decides on the example, as in the foreground"),
        pytest.param(["--demo", "--no-city"], ["--demo", "--no-city"], id="the example again"),
        pytest.param(["--no-demo"], ["--no-demo", "--city"], id="never"),
    ],
)
def test_what_is_asked_of_a_background_start_is_what_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: list[str], told: list[str]
) -> None:
    passed_on: list[str] = []

    def start(_data: Path, arguments: list[str]) -> dict[str, object]:
        passed_on.extend(arguments)
        return {}

    monkeypatch.setattr(stack_background, "start", start)
    result = CliRunner().invoke(app, ["up", "--background", "--data", str(tmp_path), *asked])
    assert result.exit_code == 0, result.output
    assert passed_on == ["--data", str(tmp_path), "--workers", "1", *told]
