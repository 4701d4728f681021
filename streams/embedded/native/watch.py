"""Watches the clients whose queries run: a Cancel packet, or a client that went away, ends the query. One thread for all.

It looks at the sockets at intervals instead of being told of each query: most queries are over before the first look.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

_CANCEL = b"\x03"
_LOOK_S = 0.05


class Watch:
    """One running query. `cancelled` becomes True when its client asked for its end or left."""

    def __init__(self, client: socket.socket, mark: str) -> None:
        self.mark = mark
        self.cancelled = False
        self._client = client
        self._ended = False
        self._lock = threading.Lock()

    def end(self) -> None:
        """The query is over. When this returns, no kill meant for it is under way that could hit the next one."""
        with self._lock:
            self._ended = True

    def look(self, kill: Callable[[str], bool]) -> None:
        """Kill the query if its client wants that; again at the next look, in case it had not started yet."""
        self.cancelled = self.cancelled or self._asks_for_end()
        if self.cancelled:
            with self._lock:
                if not self._ended:
                    kill(self.mark)

    def _asks_for_end(self) -> bool:
        try:
            return self._client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) in (b"", _CANCEL)
        except BlockingIOError:
            return False
        except OSError:
            return True


class Watcher:
    """`kill(mark)` ends what runs under a mark; it is called on the watcher's thread only."""

    def __init__(self, kill: Callable[[str], bool]) -> None:
        self._kill = kill
        self._watches: set[Watch] = set()
        self._lock = threading.Lock()
        self._busy = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def begin(self, client: socket.socket, mark: str) -> Watch:
        watch = Watch(client, mark)
        with self._lock:
            self._watches.add(watch)
            self._busy.set()
        return watch

    def end(self, watch: Watch) -> None:
        watch.end()
        with self._lock:
            self._watches.discard(watch)
            if not self._watches:
                self._busy.clear()

    def cancel_all(self) -> None:
        with self._lock:
            for watch in self._watches:
                watch.cancelled = True

    def stop(self) -> None:
        self._stop.set()
        self._busy.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._busy.wait()
            if self._stop.wait(_LOOK_S):
                return
            with self._lock:
                watches = list(self._watches)
            for watch in watches:
                watch.look(self._kill)
