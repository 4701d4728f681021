"""The order of a clock: its step is written behind every event that came before it and before every event that comes after it.

Events of one clock go side by side; a step waits for all that came before it, and all that comes later waits for the step. Only
sources on a log clock take turns.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Turn:
    """A place in the order of one clock: `async with` it; what came before that matters has ended inside."""

    def __init__(self, before: list[asyncio.Future[None]], over: asyncio.Future[None]) -> None:
        self._before = before
        self._over = over

    async def __aenter__(self) -> Self:
        try:
            for each in self._before:
                await asyncio.shield(each)
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)


class Order:
    """Turns by clock. Taking one is immediate, so the order is that of taking; whoever takes a turn must enter it."""

    def __init__(self) -> None:
        self._step: dict[str, asyncio.Future[None]] = {}
        self._events: dict[str, set[asyncio.Future[None]]] = {}

    def events(self, clock: str) -> Turn:
        """A turn beside other events, behind the last step."""
        over = self._future()
        beside = self._events.setdefault(clock, set())
        beside.add(over)
        over.add_done_callback(beside.discard)
        step = self._step.get(clock)
        return Turn([] if step is None else [step], over)

    def step(self, clock: str) -> Turn:
        """A turn alone: behind everything taken before it."""
        before = [*self._events.pop(clock, ())]
        if clock in self._step:
            before.append(self._step[clock])
        over = self._step[clock] = self._future()
        over.add_done_callback(lambda done: self._forget(clock, done))
        return Turn(before, over)

    def _forget(self, clock: str, step: asyncio.Future[None]) -> None:
        if self._step.get(clock) is step:
            del self._step[clock]

    @staticmethod
    def _future() -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()
