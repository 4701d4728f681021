"""A child process of the embedded stack: its own process group, its own log file, never left behind. Used by Kafka and by Stack."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from supervision.language import UserError, say

LEASH = Path(__file__).with_name("stack_leash.py")
TAIL_LINES = 12
STOP_S = 30.0
KEEP_LOG_BYTES = 16 << 20


def leashed(command: Sequence[str]) -> list[str]:
    """`command` so wrapped that it is killed when this process ends, however it ends."""
    return [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]


def tail(path: Path, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a log file that say anything; empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 65_536))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]


def turn(log: Path, most: int = KEEP_LOG_BYTES) -> None:
    """Begin a log of more bytes than that anew; what it says so far stays as `.log.1`, in place of what lay there.

    The file stays the same, since a process may be appending to it: a line of the moment in which it is emptied is lost.
    """
    with suppress(FileNotFoundError):
        if log.stat().st_size > most:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


class Child:
    """One running command. Leaves with its parent (SIGKILL through the kernel), or by `stop`, or by `kill`.

    Start it from a thread that lives as long as the child is wanted: Linux binds the leash to the thread that started it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        keep_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - the commands are our own
                leashed(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                pass_fds=keep_fds,
            )
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int:
        """Process id, which is the group's too."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the command still runs."""
        return self.process.poll() is None

    def death(self) -> UserError:
        """What to say of a child that has ended unasked: one line, and the end of its log."""
        code = self.process.returncode
        how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        head = say(
            f"{self.name} 意外结束 ({how}); 日志: {self.log}", f"{self.name} ended unexpectedly ({how}); its log: {self.log}"
        )
        return UserError(head, *(f"  {line[:300]}" for line in tail(self.log)))

    def wait(self, seconds: float) -> bool:
        """Whether it ended within that time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, seconds: float = STOP_S) -> None:
        """SIGTERM to the command, and after `seconds` SIGKILL; whatever it left in its group is killed too."""
        if self.is_alive:
            self.process.terminate()
            self.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, at once; harmless if all have ended."""
        with suppress(ProcessLookupError, PermissionError):  # gone already; macOS says "not permitted" of a group of zombies
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
