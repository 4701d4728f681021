"""The clocks of one partition: how far each has come, what is armed on it, and which steps are still to be told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from rules.timers import DueIn, Timers

NEVER = -(2**62)
WALL = "wall"
WALL_STEP_MS = 10_000


class Clocks:
    """One timer queue per clock; a clock only moves forward. A step is told when nothing is due before it any more.

    Log clocks tell every step; the wall clock, which is moved many times a second, only every ten seconds.
    """

    def __init__(self, instant_of: Callable[[str, str], int | None], due_in: Callable[[str], DueIn] | None = None) -> None:
        """`instant_of(clock, key)`: what a key is armed for on a clock by its own state, None: nothing. `due_in`: by clock, see
        `Timers`."""
        self._instant_of = instant_of
        self._due_in = due_in
        self._now: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._timers: dict[str, Timers] = {}
        self.is_changed = False

    def now(self, clock: str) -> int:
        """ms UTC; NEVER for a clock not yet heard of."""
        return self._now.get(clock, NEVER)

    def reached(self) -> dict[str, int]:
        return dict(self._now)

    def advance(self, clock: str, to: int) -> None:
        if to > self.now(clock):
            self._now[clock] = to

    def pending(self) -> list[str]:
        """Clocks that moved since their last told step."""
        return [clock for clock, now in self._now.items() if now > self._told.get(clock, NEVER)]

    def passed(self, clock: str) -> list[int]:
        """The step to tell now, if the clock moved; afterwards it counts as told."""
        now = self.now(clock)
        if now < self._told.get(clock, NEVER) + (WALL_STEP_MS if clock == WALL else 1):
            return []
        self._told[clock] = now
        self.is_changed = True
        return [now]

    def arm(self, clock: str, key: str, instant: int) -> None:
        """The key's instant on this clock has become this one; its own state says so."""
        self.timers(clock).arm(key, instant)

    def timers(self, clock: str) -> Timers:
        """All that is armed on a clock."""
        timers = self._timers.get(clock)
        if timers is None:
            due_in = None if self._due_in is None else self._due_in(clock)
            timers = self._timers[clock] = Timers(partial(self._instant_of, clock), due_in)
        return timers

    def due(self, clock: str, limit: int) -> list[str]:
        timers = self._timers.get(clock)
        return [] if timers is None else timers.due(self.now(clock), limit)

    def oldest(self, clock: str) -> int | None:
        """The earliest instant (ms UTC) among the keys that `due` just gave, if the clock is the wall's: how late it is matters."""
        return self._timers[clock].oldest if clock == WALL and clock in self._timers else None

    def armed(self) -> int:
        """Timer entries of all clocks, those out of date among them."""
        return sum(map(len, self._timers.values()))

    def is_due(self, clock: str) -> bool:
        timers = self._timers.get(clock)
        return timers is not None and timers.is_due(self.now(clock))

    def pack(self) -> bytes:
        """What to keep of the clocks; from now on nothing has changed."""
        self.is_changed = False
        return msgspec.msgpack.encode((self._now, self._told))

    def restore(self, blob: bytes) -> None:
        now, told = msgspec.msgpack.decode(blob, type=tuple[dict[str, int], dict[str, int]])
        self._now.update(now)
        self._told.update(told)
