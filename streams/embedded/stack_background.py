"""A running stack seen from another process: start one in the background, find its parts, stop it. For `up`, `status`, `stop`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from streams.embedded.stack import LOCK, READY_S
from streams.embedded.stack_child import tail
from streams.embedded.stack_lock import holder
from supervision.language import UserError, say
from supervision.settings import ADDRESSES

LOOK_EVERY_S = 0.1
STOP_S = 120.0


class Part(Struct, frozen=True):
    """One process of a running stack."""

    name: str
    pid: int
    is_alive: bool
    resident_mb: int | None


def addresses(data: Path) -> dict[str, Any] | None:
    """What the running stack wrote to `addresses.json`; None if none runs or it is still starting."""
    pid = holder(data, LOCK)
    try:
        found: dict[str, Any] = json.loads((data / ADDRESSES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if pid is not None and found.get("pid") == pid else None


def parts(found: dict[str, Any]) -> list[Part]:
    """The processes of a running stack, its supervisor first."""
    return [_part(name, pid) for name, pid in {"up": found["pid"], **found["processes"]}.items()]


def _part(name: str, pid: int) -> Part:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return Part(name, pid, _answers_signals(pid), None)
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    memory = fields.get("VmRSS", "").split()
    return Part(name, pid, not fields["State"].startswith("Z"), int(memory[0]) // 1024 if memory else None)


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start(data: Path, arguments: list[str]) -> dict[str, Any]:
    """Run `supervision up ARGUMENTS` by itself and return its addresses once all of it answers. Raises UserError with its words."""
    log = data / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "supervision", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + 4 * READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise UserError(*(line.removeprefix("supervision: ") for line in tail(log) if not line.startswith("✓")))
        found = addresses(data)
        if found and found["pid"] == process.pid:
            return found
        time.sleep(LOOK_EVERY_S)
    process.terminate()
    raise UserError(say(f"没有起来; 日志: {log}", f"it did not start in time; its log: {log}"))


def stop(data: Path) -> bool:
    """Ask the stack of `data` to stop and wait until it has; False if none runs. Raises UserError if it does not end."""
    pid = holder(data, LOCK)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + STOP_S
    while holder(data, LOCK) is not None or _part("up", pid).is_alive:
        if time.monotonic() > until:
            raise UserError(say(f"进程 {pid} 没有结束", f"process {pid} does not end: kill -9 {pid} stops it and all its parts"))
        time.sleep(LOOK_EVERY_S)
    return True
