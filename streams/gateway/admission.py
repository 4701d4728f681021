"""Who is let in: so many requests and bytes at once, of one source no more than half, and no source faster than its key allows.

What is not let in is told to come back, before it costs memory.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streams.gateway.faults import Fault, RefusedError
from streams.gateway.keys import Key

SHORTLY_S = 1.0


class Bytes:
    """The memory that all requests share; each takes as it grows, and gives all back at its end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, count: int) -> None:
        """Raises RefusedError (BUSY) if there is not so much left."""
        if self.held + count > self._most:
            raise RefusedError(Fault.BUSY, SHORTLY_S)
        self.held += count

    def give_back(self, count: int) -> None:
        self.held -= count


class Rate:
    """A bucket of one second's events. A batch may go beyond what is in it; the next one waits until that is made up for."""

    def __init__(self, per_s: int, now: Callable[[], float]) -> None:
        self._per_s = per_s
        self._now = now
        self._left = float(per_s)
        self._at = now()

    def wait_s(self) -> float:
        """How long until something may be sent; 0: now."""
        now = self._now()
        self._left = min(float(self._per_s), self._left + (now - self._at) * self._per_s)
        self._at = now
        return 0.0 if self._left > 0 else -self._left / self._per_s + 0.001

    def spend(self, events: int) -> None:
        self._left -= events


class Admission:
    """Counts requests as a whole and by source. `requests`: how many there may be at once."""

    def __init__(self, requests: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = requests
        self._most_of_one = max(1, requests // 2)
        self._now = now
        self.inside = 0
        self._of: Counter[str] = Counter()
        self._rates: dict[str, tuple[int, Rate]] = {}

    @contextmanager
    def admitted(self, key: Key) -> Iterator[Rate | None]:
        """Raises RefusedError instead of letting in; gives the key's rate, to be told of the events."""
        if self.inside >= self._most:
            raise RefusedError(Fault.BUSY, SHORTLY_S)
        if self._of[key.source] >= self._most_of_one:
            raise RefusedError(Fault.TOO_MANY_REQUESTS, SHORTLY_S)
        rate = self._rate(key)
        if rate is not None and (wait_s := rate.wait_s()) > 0:
            raise RefusedError(Fault.TOO_FAST, wait_s)
        self.inside += 1
        self._of[key.source] += 1
        try:
            yield rate
        finally:
            self.inside -= 1
            self._of[key.source] -= 1

    def _rate(self, key: Key) -> Rate | None:
        if key.events_per_s is None:
            return None
        known = self._rates.get(key.key_id)
        if known is None or known[0] != key.events_per_s:
            known = self._rates[key.key_id] = (key.events_per_s, Rate(key.events_per_s, self._now))
        return known[1]
