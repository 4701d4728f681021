"""The partitions a worker has: made when assigned, parked when revoked, closed when they went elsewhere.

In a rebalance Kafka takes all partitions away and gives most of them back. A parked partition keeps its engine, so that those
come back at once; if another worker had one in between, its producer is fenced and the state is read anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from faust.types import TP

from streams.agents.partition import Partition, Phase
from streams.agents.transport import Batch

log = structlog.get_logger("agents.assignment")


class Assignment:
    """Implements `streams.agents.transport.Partitions`. `make` builds a partition's runtime; `died` is told why one ended."""

    def __init__(self, topics: frozenset[str], make: Callable[[TP], Partition], died: Callable[[BaseException], None]) -> None:
        self._topics = topics
        self._make = make
        self._died = died
        self._partitions: dict[TP, Partition] = {}
        self._tasks: dict[TP, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.has_joined = False
        self.ours: frozenset[TP] = frozenset()

    @property
    def is_ready(self) -> bool:
        """In the group, and every partition of ours is being judged."""
        return self.has_joined and all(self._partitions[tp].phase is Phase.RUNNING for tp in self.ours)

    @property
    def reference_offset(self) -> int | None:
        """The oldest reference data that a partition of ours judges by; None while one has none yet."""
        offsets = [self._partitions[tp].reference_offset for tp in self.ours]
        return None if None in offsets else min((offset for offset in offsets if offset is not None), default=None)

    @property
    def clocks(self) -> dict[str, int]:
        """How far each clock has come in all partitions of ours that know it, ms UTC."""
        found: dict[str, int] = {}
        for tp in self.ours:
            for clock, now in self._partitions[tp].clocks.items():
                found[clock] = min(now, found.get(clock, now))
        return found

    async def offer(self, batch: Batch) -> None:
        """Hand a batch to its partition; dropped if that is gone."""
        partition = self._partitions.get(batch.tp)
        if partition is not None:
            await partition.offer(batch)

    # -- what the transport tells -------------------------------------------------------------------------------

    async def revoked(self, tps: set[TP]) -> None:
        """All steps at hand have ended when this returns."""
        self.has_joined = False
        await asyncio.gather(*(self._partitions[tp].park() for tp in tps if tp in self._partitions))

    def assigned(self, tps: set[TP]) -> None:
        """Start what is new, go on with what came back, close what is gone."""
        ours = {tp for tp in tps if tp.topic in self._topics}
        for tp in self._partitions.keys() - ours:
            self._close(tp)
        for tp in ours:
            if tp not in self._partitions:
                self._partitions[tp] = self._make(tp)
                self._tasks[tp] = asyncio.create_task(self._watch(self._partitions[tp]), name=f"{tp.topic}/{tp.partition}")
            self._partitions[tp].take()
        self.ours = frozenset(ours)
        self.has_joined = True
        log.info("partitions assigned", partitions=[f"{tp.topic}/{tp.partition}" for tp in sorted(ours)])

    def next_offsets(self) -> Mapping[TP, int]:
        placed = ((tp, partition.shown) for tp, partition in self._partitions.items() if partition.is_running)
        return {tp: shown for tp, shown in placed if shown is not None}

    # -- life ---------------------------------------------------------------------------------------------------

    async def _watch(self, partition: Partition) -> None:
        try:
            await partition.run()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._died(error)
            raise

    def _close(self, tp: TP) -> None:
        task = asyncio.create_task(self._end(self._partitions.pop(tp), self._tasks.pop(tp)))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _end(self, partition: Partition, task: asyncio.Task[None]) -> None:
        await partition.park()
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):  # why it ended has been told already
            await task
        await partition.close()

    async def close(self) -> None:
        """End all partitions; each finishes its transaction first."""
        self.has_joined = False
        for tp in list(self._partitions):
            self._close(tp)
        await asyncio.gather(*self._closing, return_exceptions=True)
