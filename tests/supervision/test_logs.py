"""Many lines at once are the lines that structlog writes one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from supervision import logs


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was: configuring it is the process's own affair."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


ROWS = [{"alert_id": f"T03Y{number}", "rule": "T03", "words": "超时"} for number in range(3)]


def test_they_have_the_shape_of_single_lines(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", worker=7)
    structlog.get_logger("agents.alert").info("alert", **ROWS[0])
    logs.lines("agents.alert", "alert", ROWS)
    single, *many = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    stamps = [line.pop("timestamp") for line in (single, *many)]
    assert many == [single | row for row in ROWS]
    assert {len(stamp) for stamp in stamps} == {len("2026-01-01T00:00:00.000000Z")}


def test_a_level_above_silences_them(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    logs.lines("agents.alert", "alert", ROWS)
    logs.configure("info")
    logs.lines("agents.alert", "alert", [])
    assert capsys.readouterr().err == ""
