"""`supervision up` for real: everything answers, nothing outlives it, a second start goes on where the first was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.embedded import stack_background, stack_ready
from streams.embedded.stack import on_free_ports
from streams.embedded.stack_services import FOR_PEOPLE
from supervision.settings import Settings, environment
from tests.streams.test_stack_child import eventually, runs

pytestmark = pytest.mark.service


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings on free ports; what a test leaves running on them is stopped."""
    chosen = on_free_ports(tmp_path / "数据", partitions=2, kafka_heap_mb=320)
    yield chosen
    stack_background.stop(chosen.data)


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    said = {**os.environ, **environment(settings), "SUPERVISION_LANGUAGE": "en"}
    return subprocess.run([sys.executable, "-m", "supervision", *arguments], env=said, capture_output=True, text=True, check=False)


def up(settings: Settings, *, is_again: bool = False) -> dict[str, Any]:
    started = command(settings, "up", "--background", "--no-demo", "--no-city")
    assert started.returncode == 0, started.stderr
    assert ("(shown this once)" in started.stdout) != is_again, "the administrator's password is shown at the first start alone"
    found = stack_background.addresses(settings.data)
    assert found
    return found


def nothing_runs(found: dict[str, Any]) -> bool:
    return not any(runs(pid) for pid in [found["pid"], *found["processes"].values()])


def test_it_answers_refuses_a_second_dies_whole_and_starts_again(settings: Settings) -> None:
    found = up(settings)
    assert list(found["processes"]) == ["kafka", "clickhouse", "agents", "sink", "gateway", "dashboard", "monitor"]
    for service in FOR_PEOPLE:
        assert service.is_ready(settings)
        assert found[service.command] == service.url(settings)
    assert stack_ready.workers(settings).are_enough(settings)
    assert command(settings, "status").returncode == 0
    checked = command(settings, "doctor")
    assert checked.returncode == 0, checked.stdout
    second = command(settings, "up")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert f"process {found['pid']}" in second.stderr

    os.kill(found["pid"], signal.SIGKILL)
    assert eventually(lambda: nothing_runs(found), 30)
    assert command(settings, "status").returncode == 1

    again = up(settings, is_again=True)
    assert command(settings, "topics", "create").stdout == "all topics exist\n"
    assert command(settings, "stop").returncode == 0
    assert nothing_runs(again)


def test_when_a_part_dies_all_stop_with_one_clear_line(settings: Settings) -> None:
    found = up(settings)
    os.kill(found["processes"]["sink"], signal.SIGKILL)
    assert eventually(lambda: nothing_runs(found), 60)
    said = (settings.data / "logs" / "up.log").read_text(encoding="utf-8")
    assert "supervision: sink ended unexpectedly (SIGKILL)" in said
    assert "Traceback" not in said
    assert "shown this once" not in said
    assert stack_background.addresses(settings.data) is None
