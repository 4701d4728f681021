"""The parent of the workers, with children that are small Python programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from streams.agents.crew import Crew
from supervision.language import UserError

PATIENCE_S = 30.0


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def keep_until(crew: Crew, path: Path, lines: int) -> None:
    """Look after the crew until its members have written so many lines."""
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        crew.keep()
        assert time.monotonic() < deadline, "the crew did not do its work"
        time.sleep(0.02)


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


def test_a_worker_that_fails_is_started_again_after_pauses_that_grow(diary: Path) -> None:
    crew = Crew([program(f"open({str(diary)!r}, 'a').write('born\\n'); raise SystemExit(1)")])
    keep_until(crew, diary, 3)
    assert crew.members[0].pause_s >= 2.0
    crew.stop()


def test_what_a_person_must_mend_ends_the_whole_crew(diary: Path) -> None:
    forever = program(f"import time; open({str(diary)!r}, 'a').write('born\\n'); time.sleep(600)")
    crew = Crew([forever, program("raise SystemExit(2)")])
    try:
        with pytest.raises(UserError, match="worker 1"):
            keep_until(crew, diary, 99)
    finally:
        crew.stop(5)
    assert all(member.process is None or member.process.poll() is not None for member in crew.members)


def test_a_stop_lets_workers_finish_and_waits_for_no_one_for_ever(diary: Path) -> None:
    orderly = f"""
import signal, sys, time
def end(*_):
    open({str(diary)!r}, 'a').write('finished\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open({str(diary)!r}, 'a').write('born\\n')
time.sleep(600)
"""
    deaf = f"""
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(diary)!r}, 'a').write('born\\n')
time.sleep(600)
"""
    crew = Crew([program(orderly), program(deaf)])
    keep_until(crew, diary, 2)
    processes = [member.process for member in crew.members]
    crew.stop(1)
    assert "finished" in diary.read_text()
    assert [process.returncode for process in processes if process is not None] == [0, -9]
