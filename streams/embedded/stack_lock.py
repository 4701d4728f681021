"""One owner per data directory, and ports that are free. Used by Kafka and Stack before they start anything."""

from __future__ import annotations

import fcntl
import os
import random
import socket
from pathlib import Path

from supervision.language import UserError, say
from supervision.settings import LOOPBACK

# Below Linux's range for outgoing connections (32768 and up), so that none of those takes a port between choice and use.
CHOOSE_FROM = range(20_000, 32_000)


class DirectoryLock:
    """A lock on a directory, held until `release` or until this process, and every child that was handed `fd`, has ended."""

    def __init__(self, directory: Path, name: str, owner: str) -> None:
        """Take the lock `name` in `directory`, made if need be, for `owner` (a word for the message).

        Raises UserError if another process holds it.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / name
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self.fd, 32).decode("ascii", "replace").strip() or "?"
            os.close(self.fd)
            raise UserError(
                say(
                    f"{directory}: 已有 {owner} 在用 (进程 {holder}); 先停掉它 (supervision stop), 或用 --data 换一个目录",
                    f"{directory} is in use by another {owner} (process {holder}): stop that one (`supervision stop`)"
                    " or choose another directory with --data",
                )
            ) from None
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, empty."""
        if self.fd >= 0:
            os.ftruncate(self.fd, 0)
            os.close(self.fd)
            self.fd = -1


def holder(directory: Path, name: str) -> int | None:
    """Process id of who holds the lock; None if nobody does."""
    try:
        fd = os.open(directory / name, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(fd, 32).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else None
    else:
        return None
    finally:
        os.close(fd)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int, owner: str, setting: str) -> None:
    """Raises UserError, naming the setting that moves `owner` elsewhere, if the port is taken."""
    if not is_free(port):
        raise UserError(
            say(
                f"端口 {port} 被占用, {owner} 起不来: 停掉占用它的程序, 或用 {setting} 换一个端口",
                f"port {port} is busy, so {owner} cannot start: stop what listens there or choose another port with {setting}",
            )
        )


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row; random, so that stacks started together seldom ask for the same."""
    chooser = random.SystemRandom()
    while True:
        first = chooser.choice(CHOOSE_FROM)
        if all(is_free(first + n) for n in range(count)):
            return first
