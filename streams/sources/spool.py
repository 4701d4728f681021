"""Sorting more than fits in memory: (key, value) pairs in, the same pairs ordered by key and value out."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from typing import IO

Pair = tuple[bytes, bytes]
_IN_MEMORY = 64 * 1024 * 1024
_OVERHEAD = 150  # bytes Python spends on a pair beside its contents


class Spool:
    """Pairs are held in memory up to `limit` bytes, then in sorted temporary files, which vanish with the process."""

    def __init__(self, limit: int = _IN_MEMORY) -> None:
        self._limit = limit
        self._held: list[Pair] = []
        self._bytes = 0
        self._runs: list[IO[bytes]] = []
        self.count = 0

    def add(self, key: bytes, value: bytes) -> None:
        self._held.append((key, value))
        self._bytes += len(key) + len(value) + _OVERHEAD
        self.count += 1
        if self._bytes > self._limit:
            self._spill()

    def __iter__(self) -> Iterator[Pair]:
        """All pairs in order; may be gone through several times, one after the other."""
        self._held.sort()
        if not self._runs:
            return iter(self._held)
        return heapq.merge(*(_read(run) for run in self._runs), self._held)

    def close(self) -> None:
        for run in self._runs:
            run.close()
        self._runs.clear()
        self._held.clear()

    def _spill(self) -> None:
        self._held.sort()
        run = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the spool, which closes it
        for key, value in self._held:
            run.write(len(key).to_bytes(4, "big") + len(value).to_bytes(4, "big") + key + value)
        self._runs.append(run)
        self._held = []
        self._bytes = 0


def _read(run: IO[bytes]) -> Iterator[Pair]:
    """The pairs of one run; it keeps its own place, so that several readings do not disturb one another."""
    place = 0
    while True:
        run.seek(place)
        sizes = run.read(8)
        if not sizes:
            return
        key_size, value_size = int.from_bytes(sizes[:4], "big"), int.from_bytes(sizes[4:], "big")
        pair = run.read(key_size + value_size)
        place += 8 + len(pair)
        yield pair[:key_size], pair[key_size:]
