"""HTTP/1.1 as uvicorn speaks it, bounded where uvicorn is not: how long and how large a request's head may be, how many requests
may wait on one connection, and how many connections there may be.
"""

from __future__ import annotations

import asyncio

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from streams.gateway.answer import SAFE_HEADERS
from streams.gateway.faults import Fault
from supervision import metrics

HEAD_S = 10.0
IDLE_S = 30
HEAD_BYTES = 32 * 1024
WAITING = 64  # requests sent ahead on one connection


def _whole(fault: Fault, *more: bytes) -> bytes:
    """An answer as bytes, for connections that get no further."""
    body = msgspec.json.encode(fault.body())
    head = [b"HTTP/1.1 %d %s" % (fault.status, fault.word.encode()), b"content-type: application/json; charset=utf-8"]
    head += [b"content-length: %d" % len(body), *(b": ".join(header) for header in SAFE_HEADERS), b"connection: close", *more]
    return b"\r\n".join([*head, b"", b""]) + body


_FULL = _whole(Fault.BUSY, b"retry-after: 1")
_SLOW = _whole(Fault.TOO_SLOW)
_LARGE = _whole(Fault.HEAD_TOO_LARGE)


class Bounded(HttpToolsProtocol):
    """One connection. `most`: of all connections together; `bounded` sets it."""

    most = 512
    _head_timer: asyncio.TimerHandle | None = None
    _heads = 0  # how many have begun
    _head_bytes = 0
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._end(Fault.BUSY, _FULL)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        heads = self._heads
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes = self._head_bytes + len(data) if heads == self._heads else 0
            if self._head_bytes > HEAD_BYTES:
                self._end(Fault.HEAD_TOO_LARGE, _LARGE)
        elif self._is_idle():
            self._await_head()  # blank lines, or the rest of a body whose answer was given: no reason to stay for ever

    def _is_idle(self) -> bool:
        """Whether nothing is under way and nothing else would end the connection."""
        unwatched = self._head_timer is None and self.timeout_keep_alive_task is None
        return unwatched and (self.cycle is None or self.cycle.response_complete)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._heads += 1
        if self._head_timer is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_is_here()
        if len(self.pipeline) >= WAITING:
            raise ValueError("too many requests sent ahead")  # uvicorn answers 400 and closes
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._end, Fault.TOO_SLOW, _SLOW)

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end(self, fault: Fault, answer: bytes) -> None:
        """Answer and close, unless an answer to an earlier request is under way: then only close."""
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(answer)
        metrics.GATEWAY_REQUESTS.labels(str(fault.status)).inc()
        self.transport.close()


def bounded(most: int) -> type[Bounded]:
    """The protocol of a server with at most so many connections."""
    return type("Bounded", (Bounded,), {"most": most})
