"""The server around the engine: one data directory under a lock, one listening socket on the loopback, a thread per client."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hmac
import os
import socket
import threading
from pathlib import Path

import structlog

from streams.embedded.native.connection import Connection, House, database_exists
from streams.embedded.native.engine import Session
from streams.embedded.native.watch import Watcher
from supervision.language import UserError, say

_GRACE_S = 10.0  # how long running queries may go on after the order to stop
_log = structlog.get_logger("clickhouse")


class DataLock:
    """One process owns a data directory: the engine would destroy it if two did."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._file = (data / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip() or "?"
            self._file.close()
            raise UserError(
                say(
                    f"数据目录 {data} 正被进程 {owner} 使用:请先停止它,或换一个 --data 目录。",
                    f"data directory {data} is in use by process {owner}: stop it first, or choose another --data directory",
                )
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def listen(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
    except OSError as error:
        server.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise UserError(
            say(
                f"端口 {port} 不可用({error.strerror}):请用 --port 另选一个。",
                f"port {port} cannot be used ({error.strerror}): choose another with --port",
            )
        ) from None
    server.listen(256)
    return server


class Server:
    """`run` serves until `stop`, which may be called from a signal handler."""

    def __init__(self, data: Path, port: int, user: str, password: str) -> None:
        self._lock = DataLock(data)
        try:
            self._socket = listen(port)
        except UserError:
            self._lock.release()
            raise
        self._user = user
        self._password = password
        self._directory = data / "engine"
        self._admin = Session(self._directory, "server")
        self._asking = threading.Lock()
        self._killer = Session(self._directory, "watcher")
        self._watcher = Watcher(self._killer.kill)
        self._connections: dict[Connection, tuple[threading.Thread, socket.socket]] = {}
        self._changing = threading.Lock()
        self._stopping = False
        self._house = self._open_house()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _open_house(self) -> House:
        version, zone = self._admin.rows("SELECT version(), timezone()")[0]
        major, minor, patch = (int(part) for part in version.split(".")[:3])
        return House(self._directory, (major, minor, patch), zone, self._admits, self._knows, self._watcher)

    def _admits(self, user: str, password: str) -> bool:
        right = hmac.compare_digest(password.encode(), self._password.encode())
        return right and user == self._user

    def _knows(self, database: str) -> bool:
        with self._asking:
            return database_exists(self._admin, database)

    def run(self) -> None:
        number = 0
        while not self._stopping:
            try:
                client, _ = self._socket.accept()
            except OSError:
                break
            number += 1
            self._welcome(client, number)
        self._close()

    def _welcome(self, client: socket.socket, number: int) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client, number, self._house)
        thread = threading.Thread(target=self._serve, args=(connection, client), name=f"connection-{number}", daemon=True)
        with self._changing:
            self._connections[connection] = (thread, client)
        thread.start()

    def _serve(self, connection: Connection, client: socket.socket) -> None:
        try:
            connection.run()
        except Exception:  # noqa: BLE001 - a fault of ours: this client loses its connection, the others go on
            _log.exception("connection_failed")
        finally:
            client.close()
            with self._changing:
                del self._connections[connection]

    def stop(self) -> None:
        """Take no more clients. `run` ends when the running queries have, at most ten seconds later."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        self._socket.close()
        with self._changing:
            connections = dict(self._connections)
        for connection, (_, client) in connections.items():
            if not connection.busy:
                _hang_up(client)
        self._finish(connections, _GRACE_S)
        self._watcher.cancel_all()
        self._finish(connections, 2.0)
        self._watcher.stop()
        self._killer.close()
        self._admin.close()
        self._lock.release()

    def _finish(self, connections: dict[Connection, tuple[threading.Thread, socket.socket]], within_s: float) -> None:
        """Wait for the busy ones; as soon as one is idle, its client is sent away."""
        deadline = threading.Event()
        timer = threading.Timer(within_s, deadline.set)
        timer.start()
        while connections and not deadline.wait(0.02):
            for connection, (thread, client) in list(connections.items()):
                if not connection.busy:
                    _hang_up(client)
                if not thread.is_alive():
                    del connections[connection]
        timer.cancel()


def _hang_up(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
