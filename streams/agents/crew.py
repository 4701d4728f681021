"""A crew of worker processes under one parent: `supervision agents --workers N`.

A worker that ends unasked is started again, after a pause that grows while it keeps failing. One that ends with exit code 2 has
said what a person must mend, so the whole crew stops. If the parent is killed, the kernel kills the workers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from msgspec import Struct, field

from streams.embedded.stack_child import leashed
from supervision.language import UserError, say

log = structlog.get_logger("agents.crew")
MENDABLE_BY_PEOPLE = 2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
STOP_S = 30.0


class Member(Struct):
    """One worker's place in the crew. `due_at`: when to start it (again), by the monotonic clock; None while it runs."""

    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at: float | None = field(default_factory=time.monotonic)


class Crew:
    """Start with `keep` again and again (`run_until_stopped`), end with `stop`. From the thread that outlives the workers."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self.members = [Member(command) for command in commands]

    def keep(self) -> None:
        """One look at every worker. Raises UserError when one ended for people to mend."""
        now = time.monotonic()
        for number, member in enumerate(self.members):
            if member.process is not None and member.process.poll() is not None:
                self._ended(number, member, now)
            if member.due_at is not None and member.due_at <= now:
                self._start(number, member, now)

    def _start(self, number: int, member: Member, now: float) -> None:
        member.process = subprocess.Popen(leashed(member.command), start_new_session=True)  # noqa: S603 - our own command
        member.started_at, member.due_at = now, None
        log.info("worker started", number=number, pid=member.process.pid)

    def _ended(self, number: int, member: Member, now: float) -> None:
        assert member.process is not None
        code = member.process.returncode
        member.process = None
        if code == MENDABLE_BY_PEOPLE:
            raise UserError(
                say(
                    f"代理进程 {number} 停下了, 原因见上, 重启也无济于事; 全部代理已停止",
                    f"worker {number} stopped for the reason above, which a restart cannot mend; all workers were stopped",
                )
            )
        if now - member.started_at > STEADY_S:
            member.pause_s = FIRST_PAUSE_S
        member.due_at = now + member.pause_s
        log.error("worker ended", number=number, code=code, again_in_s=member.pause_s)
        member.pause_s = min(member.pause_s * 2, LONGEST_PAUSE_S)

    def stop(self, seconds: float = STOP_S) -> None:
        """SIGTERM to all, so that each finishes its transactions and leaves the group; after `seconds` SIGKILL."""
        running = [member.process for member in self.members if member.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + seconds
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def worker_command(index: int, arguments: Sequence[str]) -> list[str]:
    """The command line of worker `index`, with the parent's own arguments."""
    return [sys.executable, "-m", "supervision", "agents", "--worker", str(index), *arguments]
