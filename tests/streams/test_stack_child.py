"""Children of the stack: never left behind, and a dead one tells why. Locks, ports and signals beside them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from streams.embedded.stack_child import Child, tail, turn
from streams.embedded.stack_lock import DirectoryLock, free_ports, holder, is_free, require_free
from streams.embedded.stack_progress import Show
from streams.embedded.stack_signals import run_until_stopped, stoppable
from supervision.language import UserError

FOREVER = "import time; time.sleep(600)"


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def runs(pid: int) -> bool:
    """Whether the process is there and not a zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def python(*code: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(code)]


def test_a_dead_child_tells_how_it_ended_and_its_last_words(tmp_path: Path) -> None:
    child = Child("agents", python("print('all is lost')", "raise SystemExit(3)"), tmp_path / "logs" / "agents.log")
    assert child.wait(15)
    assert not child.is_alive
    told = child.death().lines
    assert "agents" in told[0]
    assert "3" in told[0]
    assert "agents.log" in told[0]
    assert told[1:] == ("  all is lost",)


def test_a_log_that_grew_long_begins_anew_while_it_is_written(tmp_path: Path) -> None:
    log, before = tmp_path / "agents.log", tmp_path / "agents.log.1"
    code = ("import time", "for n in range(10**6):", "    print('line', n, flush=True)", "    time.sleep(0.001)")
    child = Child("agents", python(*code), log)
    try:
        assert eventually(lambda: log.exists() and log.stat().st_size > 200)
        turn(log, 10**9)
        assert not before.exists()
        turn(log, 200)
        assert before.read_text(encoding="utf-8").startswith("line 0\nline 1\n")
        assert eventually(lambda: log.stat().st_size > 200)
        first, *lines, _ = log.read_text(encoding="utf-8").splitlines()
        assert int(lines[0].removeprefix("line ")) > int(before.read_text(encoding="utf-8").splitlines()[-2].removeprefix("line "))
        assert "\0" not in first
    finally:
        child.kill()
    turn(tmp_path / "nothing.log", 0)


def test_a_child_killed_by_a_signal_is_told_by_the_signals_name(tmp_path: Path) -> None:
    child = Child("sink", python(FOREVER), tmp_path / "sink.log")
    child.kill()
    assert "SIGKILL" in child.death().lines[0]


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child("x", ["no-such-command"], tmp_path / "x.log")
    assert child.wait(15)
    assert "no-such-command" in child.death().lines[1]


def test_stopping_a_child_ends_what_it_started_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time",
        f"p = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])",
        "print(p.pid, flush=True)",
    )
    child = Child("agents", python(*code, "time.sleep(600)"), tmp_path / "log")
    assert eventually(lambda: bool(tail(tmp_path / "log")))
    grandchild = int(tail(tmp_path / "log")[0])
    child.stop()
    assert eventually(lambda: not runs(grandchild))


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = python("import signal", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", "print('deaf', flush=True)", FOREVER)
    child = Child("deaf", deaf, tmp_path / "log")
    assert eventually(lambda: tail(tmp_path / "log") == ["deaf"])
    child.stop(0.1)
    assert not child.is_alive


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from streams.embedded.stack_child import Child",
        f"print(Child('x', [sys.executable, '-c', {FOREVER!r}], Path({str(tmp_path / 'log')!r})).pid, flush=True)",
        FOREVER,
    )
    parent = subprocess.Popen(python(*code), stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert runs(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not runs(child))


def test_the_tail_of_a_log_is_its_last_lines_that_say_anything(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == []
    log.write_bytes(b"x" * 100_000 + b"\none\n\ntwo \xff\n\n")
    assert tail(log, 2) == ["one", "two \ufffd"]


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path / "data", "lock", "supervision up")
    assert holder(tmp_path / "data", "lock") == os.getpid()
    with pytest.raises(UserError, match=str(os.getpid())) as refused:
        DirectoryLock(tmp_path / "data", "lock", "supervision up")
    assert len(refused.value.lines) == 1
    lock.release()
    assert holder(tmp_path / "data", "lock") is None
    DirectoryLock(tmp_path / "data", "lock", "supervision up").release()


def test_a_lock_lasts_as_long_as_a_child_that_was_handed_it(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path, "lock", "Kafka")
    child = Child("kafka", python(FOREVER), tmp_path / "log", keep_fds=(lock.fd,))
    lock.release()
    with pytest.raises(UserError):
        DirectoryLock(tmp_path, "lock", "Kafka")
    child.kill()
    DirectoryLock(tmp_path, "lock", "Kafka").release()


def test_nobody_holds_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "none", "lock") is None


def test_a_busy_port_is_one_line_with_the_setting_that_helps() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(UserError, match="SUPERVISION_CLICKHOUSE_PORT") as refused:
            require_free(port, "ClickHouse", "SUPERVISION_CLICKHOUSE_PORT")
    assert len(refused.value.lines) == 1
    assert str(port) in refused.value.lines[0]


def test_free_ports_are_free_and_in_a_row() -> None:
    first = free_ports(3)
    assert all(is_free(first + n) for n in range(3))


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["ctrl-c", "sigterm", "sighup"])
def test_each_way_of_asking_ends_the_run_quietly_after_cleaning(asked: signal.Signals) -> None:
    cleaned = []
    with stoppable() as hold:
        try:
            run_until_stopped(lambda: os.kill(os.getpid(), asked))
        finally:
            hold()
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN


def test_without_a_terminal_each_step_is_one_line() -> None:
    written = StringIO()
    with Show(Console(file=written)).step("Kafka") as step:
        step.report(1, 2)
        step.detail = "127.0.0.1:1"
    assert written.getvalue().startswith("✓ Kafka")
    assert "127.0.0.1:1" in written.getvalue()
    assert written.getvalue().count("\n") == 1
