"""The clocks that events live on: how far each has come, and how fast it goes. Log clocks by what the workers say of themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from dashboards.contract import Clock
from dashboards.names import Names

WALL = "wall"
SPAN_MS = 60_000
LEAST_MS = 3_000


class Clocks:
    """Instants are ms UTC; `wall` is given by whoever asks."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[tuple[int, int]]] = {}

    def hear(self, reached: Iterable[Mapping[str, int]], wall: int) -> None:
        """What every worker says now: a clock is where the slowest has it."""
        slowest: dict[str, int] = {}
        for clocks in reached:
            for name, now in clocks.items():
                slowest[name] = min(now, slowest.get(name, now))
        for name, now in slowest.items():
            samples = self._samples.setdefault(name, deque())
            samples.append((wall, max(now, samples[-1][1]) if samples else now))
            while samples[0][0] < wall - SPAN_MS and len(samples) > 2:
                samples.popleft()

    def now(self, name: str, wall: int) -> int | None:
        """None: nobody has said it."""
        if name == WALL:
            return wall
        samples = self._samples.get(name)
        return samples[-1][1] if samples else None

    def judged(self, name: str) -> int | None:
        """How far the workers have come, on the wall clock too."""
        samples = self._samples.get(name)
        return samples[-1][1] if samples else None

    def rate(self, name: str) -> float | None:
        """Seconds of it a second of wall time, over the last minute; None: it stands, or is not known long enough."""
        if name == WALL:
            return 1.0
        samples = self._samples.get(name)
        if not samples or samples[-1][0] - samples[0][0] < LEAST_MS or samples[-1][1] == samples[0][1]:
            return None
        return round((samples[-1][1] - samples[0][1]) / (samples[-1][0] - samples[0][0]), 2)

    def names(self) -> set[str]:
        return set(self._samples)

    def shown(self, name: str, names: Names, wall: int, otherwise: int) -> Clock:
        """`otherwise`: where it is taken to be when nobody has said it."""
        now = self.now(name, wall)
        now = otherwise if now is None else now
        return Clock(name, now, names.is_simulated(name), names.zone_of(name, now), self.rate(name))
