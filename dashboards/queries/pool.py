"""A few connections to ClickHouse, lent to one question at a time, so that many people at once do not make it slow for all."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from streams.store.client import Address, Patience, Store
from supervision import metrics
from supervision.language import UserError, say

PATIENCE = Patience(first_s=0.1, longest_s=0.5, total_s=4.0)  # a person waits
WAIT_S = 15.0


class Pool:
    def __init__(self, address: Address, connections: int = 4) -> None:
        self._free: queue.LifoQueue[Store] = queue.LifoQueue()
        self._stores = [Store(address, PATIENCE) for _ in range(connections)]
        for store in self._stores:
            self._free.put(store)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A connection of one's own for a while. Raises UserError if none is free for long."""
        try:
            store = self._free.get(timeout=WAIT_S)
        except queue.Empty:
            raise UserError(say("查询太多, 请稍后再试", "too many questions at once, try again in a moment")) from None
        try:
            yield store
        finally:
            self._free.put(store)

    def ask(self, figure: str, query: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows; the time it took is counted under `figure`. Raises UserError if ClickHouse does not answer."""
        with self.store() as store:
            began = time.perf_counter()
            try:
                return store.execute(query, values or {})
            finally:
                metrics.BOARD_SECONDS.labels(figure).observe(time.perf_counter() - began)

    def close(self) -> None:
        for store in self._stores:
            store.close()
