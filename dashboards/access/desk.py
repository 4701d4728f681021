"""Where passwords are looked at: each costs a core for a while, so a few at a time; when too many wait the next is sent away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dashboards.access.passwords import AT_ONCE

MOST_WAITING = 40

Result = TypeVar("Result")


class BusyError(Exception):
    """Too many are waiting."""


class Desk:
    """Threads of its own: whoever floods it holds up nobody but those who come to it too."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    async def run(self, act: Callable[[], Result]) -> Result:
        """What `act` gives, from a thread. Raises BusyError, and what it raises."""
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, act)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
