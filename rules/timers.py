"""Wake-up instants per clock: one entry a key, its earliest. A heap with lazy removal; nothing here asks the time."""

from __future__ import annotations

from heapq import heappop, heappush


class Timers:
    """Keys to be judged again when a clock reaches an instant (ms UTC)."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._armed: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._armed)

    def arm(self, key: str, instant: int | None) -> None:
        """Set the key's only instant; None disarms it."""
        if instant is None:
            self._armed.pop(key, None)
        elif self._armed.get(key) != instant:
            self._armed[key] = instant
            heappush(self._heap, (instant, key))

    def due(self, to: int, limit: int) -> list[str]:
        """At most `limit` keys whose instant is at or before `to`, earliest first; they are disarmed."""
        keys: list[str] = []
        while self._heap and self._heap[0][0] <= to and len(keys) < limit:
            instant, key = heappop(self._heap)
            if self._armed.get(key) == instant:
                del self._armed[key]
                keys.append(key)
        return keys

    def is_due(self, to: int) -> bool:
        """Whether any key is left that `due` would give."""
        while self._heap and self._armed.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return bool(self._heap) and self._heap[0][0] <= to
