"""The embedded ClickHouse: serve it in this process, start it as a child, ask whether it answers.

`supervision clickhouse` serves; `supervision up` and the tests start children. A real server replaces it by settings alone.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from supervision.language import UserError, say

SUBDIRECTORY = "clickhouse"  # of the data directory of the whole stack


def serve(data: Path, port: int, user: str, password: str) -> None:
    """Serve until SIGTERM or SIGINT, then end the running queries and return. `data`: ClickHouse's own directory.

    Raises UserError: a busy port, a directory in use, the engine's wheel missing.
    """
    os.environ["TZ"] = "UTC"  # the engine's time zone, and so that of every column without one of its own
    time.tzset()
    try:
        from streams.embedded.native.server import Server
    except ModuleNotFoundError as missing:
        raise _not_installed(missing.name or "chdb") from None
    try:
        server = Server(data, port, user, password)
    except ModuleNotFoundError as missing:
        raise _not_installed(missing.name or "chdb") from None

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    sys.stdout.write(say(f"ClickHouse 已就绪:127.0.0.1:{server.port}\n", f"ClickHouse ready at 127.0.0.1:{server.port}\n"))
    sys.stdout.flush()
    server.run()


def _not_installed(name: str) -> UserError:
    return UserError(
        say(
            f"缺少软件包 {name}:请执行 pip install 'e-supervision[embedded]',或用 SUPERVISION_CLICKHOUSE_HOST 指向现有服务器。",
            f"package {name} is missing: pip install 'e-supervision[embedded]', or name a server in SUPERVISION_CLICKHOUSE_HOST",
        )
    )


def answers(host: str, port: int, user: str, password: str) -> bool:
    """Does a ClickHouse answer a query there, for this user? False also while it starts."""
    client = Client(host, port=port, user=user, password=password, connect_timeout=2, send_receive_timeout=5)
    try:
        socket.create_connection((host, port), 2).close()  # the driver would log a refused connection with its traceback
        return bool(client.execute("SELECT 1"))
    except (Error, OSError, EOFError):
        return False
    finally:
        client.disconnect()


class ClickHouseProcess:
    """An embedded ClickHouse in a process of its own, serving `data`. Its output goes to `data`/server.log.

    `start` waits until it answers; `stop` asks it to end; `kill` is kill -9. It can be started again on its data.
    """

    def __init__(self, data: Path, port: int, user: str, password: str) -> None:
        self.data = data
        self.port = port
        self.user = user
        self.password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, within_s: float = 60) -> None:
        """Raises UserError with the last lines of its log if it ends or does not answer in time."""
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", __name__, str(self.data), str(self.port), self.user],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(self.password.encode() + b"\n")
        self._process.stdin.close()
        deadline = time.monotonic() + within_s
        while not answers("127.0.0.1", self.port, self.user, self.password):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise UserError(*self._last_words())
            time.sleep(0.05)

    def _last_words(self) -> list[str]:
        path = self.data / "server.log"
        lines = path.read_text("utf-8", "replace").splitlines()[-5:]
        return [say(f"ClickHouse 没有启动,日志 {path}:", f"ClickHouse did not start; its log {path} ends with:"), *lines]

    def stop(self, within_s: float = 20) -> None:
        self._end(signal.SIGTERM, within_s)

    def kill(self) -> None:
        self._end(signal.SIGKILL, 10)

    def _end(self, number: signal.Signals, within_s: float) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _main() -> None:
    data, port, user = sys.argv[1:]
    try:
        serve(Path(data), int(port), user, sys.stdin.readline().strip())
    except UserError as error:
        sys.stderr.write("\n".join(error.lines) + "\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    _main()
