"""Values that many ask for and that cost something: computed by one, for all, and the more they cost the longer they hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

SHARE = 20.0  # a value holds twenty times as long as it took, so one figure takes a twentieth of a core at most


class _Entry(Generic[Value]):
    __slots__ = ("busy", "until", "value")

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.until = 0.0
        self.value: Value | None = None


class Shared(Generic[Value]):
    """By key. A value that is out of date is given once more while somebody computes the new one."""

    def __init__(self, compute: Callable[..., Value], least_s: float, most: int = 64) -> None:
        self._compute = compute
        self._least_s = least_s
        self._most = most
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._lock = threading.Lock()

    def get(self, *key: Hashable) -> Value:
        """What `compute(*key)` gave not long ago. Raises what it raises if there is nothing to give."""
        with self._lock:
            if key not in self._entries and len(self._entries) >= self._most:
                self._entries.pop(next(iter(self._entries)))
            entry = self._entries.setdefault(key, _Entry())
        if entry.value is not None and time.monotonic() < entry.until:
            return entry.value
        if not entry.busy.acquire(blocking=entry.value is None):
            assert entry.value is not None
            return entry.value
        try:
            if entry.value is None or time.monotonic() >= entry.until:
                began = time.monotonic()
                entry.value = self._compute(*key)
                ended = time.monotonic()
                entry.until = ended + max(self._least_s, (ended - began) * SHARE)
            return entry.value
        finally:
            entry.busy.release()
