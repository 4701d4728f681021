"""Values that many ask for and that cost something: computed once, for all, and the more they cost the longer they hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger("board.figures")

Value = TypeVar("Value")

SHARE = 20.0  # a value holds twenty times as long as it took, so one figure takes a twentieth of a core at most
AT_ONCE = 2
MOST = 64


class _Entry(Generic[Value]):
    __slots__ = ("busy", "is_refreshing", "until", "value")

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.is_refreshing = False
        self.until = 0.0
        self.value: Value | None = None


class Shared(Generic[Value]):
    """By key. Only the first to ask for a key waits; later a value out of date is given while a new one is made in `pool`."""

    def __init__(
        self, compute: Callable[..., Value], least_s: float, pool: Executor, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._compute = compute
        self._least_s = least_s
        self._pool = pool
        self._now = now
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._lock = threading.Lock()

    def get(self, *key: Hashable) -> Value:
        """What `compute(*key)` gave not long ago. Raises what it raises if there is nothing to give."""
        with self._lock:
            if key not in self._entries and len(self._entries) >= MOST:
                self._entries.pop(next(iter(self._entries)))
            entry = self._entries.setdefault(key, _Entry())
            value = entry.value
            if value is not None:
                if self._now() >= entry.until and not entry.is_refreshing:
                    entry.is_refreshing = True
                    self._pool.submit(self._refresh, entry, key)
                return value
        with entry.busy:
            if entry.value is None:
                self._make(entry, key)
            assert entry.value is not None
            return entry.value

    def _make(self, entry: _Entry[Value], key: tuple[Hashable, ...]) -> None:
        began = self._now()
        entry.value = self._compute(*key)
        ended = self._now()
        entry.until = ended + max(self._least_s, (ended - began) * SHARE)

    def _refresh(self, entry: _Entry[Value], key: tuple[Hashable, ...]) -> None:
        try:
            self._make(entry, key)
        except Exception as error:  # noqa: BLE001 - the edge of the pool's thread: the old value stays, the next who asks tries again
            log.warning("figure not refreshed", key=key, because=str(error))
        finally:
            entry.is_refreshing = False
