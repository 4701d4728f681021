"""One browser that watches: what it missed, then what comes, until it leaves, is too slow, or is told to go.

Nobody waits for it: it reads the ring at its own pace, and when it falls far behind it is told `bye slow` and comes back with its
last id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from confluent_kafka import KafkaException
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from dashboards.access.rights import Scope
from dashboards.live.hub import Hub
from dashboards.live.resume import Missed, events, is_ahead, missed_in_ring, start_of
from dashboards.live.ring import STEP
from streams.feed import GoneError, Position, text_of
from supervision import metrics

log = structlog.get_logger("board.watcher")

MOST_BEHIND = 4_000  # alerts
STUCK_S = 20.0  # a browser that takes nothing for so long is given up
QUIET_S = 15.0  # then a comment goes out, so that proxies keep the line
AHEAD_S = 3.0  # another server may be a moment ahead
CHUNK = 256 * 1024

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Watcher:
    """An ASGI answer. `asked`: the position of the id it gave, None if it gave none; `is_alive`: whether its session still is."""

    def __init__(
        self, hub: Hub, scope: Scope, session_id: str, asked: Position | None, is_resuming: bool, is_alive: Callable[[], bool]
    ) -> None:
        self._hub = hub
        self._scope = scope
        self._session_id = session_id
        self._asked = asked
        self._is_resuming = is_resuming
        self._is_alive = is_alive
        self._send: Send | None = None

    async def __call__(self, _asgi: Asgi, receive: Receive, send: Send) -> None:
        self._send = send
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        self._hub.watchers += 1
        metrics.BOARD_WATCHERS.set(self._hub.watchers)
        watching = asyncio.create_task(self._watch())
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait([watching, leaving], return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        except (TimeoutError, OSError):
            metrics.BOARD_DROPPED.labels("stuck").inc()
        finally:
            watching.cancel()
            leaving.cancel()
            self._hub.watchers -= 1
            metrics.BOARD_WATCHERS.set(self._hub.watchers)

    async def _watch(self) -> None:
        at = await self._catch_up()
        pulse = -1
        looked_at = sent_at = time.monotonic()
        while True:
            ring = self._hub.ring
            why = self._why_to_leave(at)
            if why is not None:
                metrics.BOARD_DROPPED.labels(why).inc()
                await self._put(_event("bye", {"why": why}))
                await self._end()
                return
            end = min(ring.end, at + STEP)
            piece = ring.piece(self._scope, at, end) if at != end else b""
            at = end
            if pulse != self._hub.pulse_number:
                pulse = self._hub.pulse_number
                piece += self._hub.pulse(self._scope)
            now = time.monotonic()
            if not piece and now - sent_at >= QUIET_S:
                piece = b": quiet\n\n"
            if piece:
                await self._put(piece)
                sent_at = time.monotonic()
            if now - looked_at >= QUIET_S:
                looked_at = now
                if not await asyncio.to_thread(self._is_alive):
                    self._hub.end([self._session_id])
            if at == ring.end:
                await self._hub.more(QUIET_S)

    def _why_to_leave(self, at: int) -> str | None:
        ring = self._hub.ring
        if self._hub.is_closing:
            return "shutdown"
        if self._hub.has_ended(self._session_id):
            return "logout"
        return "slow" if at < ring.first or ring.end - at > MOST_BEHIND else None

    async def _catch_up(self) -> int:
        """Say hello and what was missed; the number in the ring to go on from."""
        ring = self._hub.ring
        position = start_of(self._asked, ring, self._scope)
        if position is not None:
            until = time.monotonic() + AHEAD_S
            while is_ahead(position, ring) and time.monotonic() < until:
                await self._hub.more(0.2)
        end, reached = ring.end, list(ring.position)
        missed: list[Missed] | None = None
        if position is not None and not is_ahead(position, ring):
            missed = await self._missed(position, end, reached)
        if position is None or missed is None:
            here = reached if self._scope.sees_clues else reached[: ring.narrow]
            await self._put(_event("hello", {"id": text_of(here), "missed": self._is_resuming}, text_of(here)))
            return end
        await self._put(_event("hello", {"id": text_of(position), "missed": False}, text_of(position)))
        waiting = bytearray()
        for event in events(missed, position, self._scope):
            waiting += event
            if len(waiting) > CHUNK:
                await self._put(bytes(waiting))
                waiting.clear()
        if waiting:
            await self._put(bytes(waiting))
        return end

    async def _missed(self, position: list[int], end: int, reached: list[int]) -> list[Missed] | None:
        """None: the log no longer has it, or cannot be asked now."""
        if self._hub.ring.holds_since(position):
            return missed_in_ring(position, self._hub.ring, end)
        try:
            return await self._hub.read_back(position, reached)
        except GoneError:
            return None
        except KafkaException as raised:
            log.warning("what a watcher missed could not be read", because=str(raised.args[0]))
            return None

    async def _put(self, piece: bytes) -> None:
        assert self._send is not None
        sending: Awaitable[None] = self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.wait_for(sending, STUCK_S)

    async def _end(self) -> None:
        assert self._send is not None
        await asyncio.wait_for(self._send({"type": "http.response.body", "body": b"", "more_body": False}), STUCK_S)


def _event(name: str, data: object, event_id: str | None = None) -> bytes:
    head = b"" if event_id is None else f"id: {event_id}\n".encode()
    return head + f"event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
