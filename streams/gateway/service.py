"""`POST /v1/events`: from the request to the answer. A plain ASGI application, since every event passes here.

Key, room, body, events, judgement, Kafka, answer: in this order, and each step may end the request with a fault.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol

import structlog

from rules.clocks import WALL
from streams.gateway import answer
from streams.gateway.admission import Admission, Bytes
from streams.gateway.body import Body, Limits, Receive, cut, kind_of
from streams.gateway.faults import Fault, GoneError, RefusedError
from streams.gateway.intake import Intake, Judged, Outcome, Profile, Record
from streams.gateway.keys import Key, Keyring
from streams.gateway.order import Order
from streams.trace import TRACEPARENT, trace_of, traceparent
from supervision import metrics
from supervision.decoder import encode
from supervision.event import ClockAdvanced
from supervision.refusal import Reason

BROKER_S = 2.0
_AT_ONCE = 200  # events judged before others have their turn
_DRAINED_BYTES = 32 << 20
_DRAINED_S = 5.0

Headers = list[tuple[str, str | bytes | None]]
_log = structlog.get_logger("gateway")


class Writer(Protocol):
    """What the service needs of the broker (`streams.gateway.broker.Broker`)."""

    is_there: bool

    async def write(self, records: Sequence[Record], headers: Headers) -> bool: ...

    async def step(self, step: ClockAdvanced, wire: bytes, headers: Headers) -> bool: ...


class References(Protocol):
    """What it needs of the reference data (`streams.gateway.sources.Sources`)."""

    def profile_of(self, key: Key) -> Profile: ...

    async def fresh(self) -> None: ...


class Events:
    """The application. `now_ms` is the wall clock."""

    def __init__(
        self,
        keyring: Keyring,
        intake: Intake,
        broker: Writer,
        references: References,
        limits: Limits,
        memory: Bytes,
        admission: Admission,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._keyring = keyring
        self._intake = intake
        self._broker = broker
        self._references = references
        self._limits = limits
        self._memory = memory
        self._admission = admission
        self._now_ms = now_ms
        self._order = Order()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: answer.Send) -> None:
        began = time.perf_counter()
        body = Body(self._limits, self._memory)
        reading = _Reading(receive)
        try:
            status = await self._serve(scope, reading, send, body)
        except RefusedError as refused:
            status = refused.fault.status
            read = refused.fault is not Fault.TOO_SLOW and await reading.drain(dict(scope["headers"]))
            await answer.refuse(send, refused, close=not read)
        except GoneError:
            status = 499  # nobody hears it; the number that web servers write for it
        finally:
            self._memory.give_back(body.held)
        metrics.GATEWAY_REQUESTS.labels(str(status)).inc()
        metrics.GATEWAY_SECONDS.observe(time.perf_counter() - began)

    async def _serve(self, scope: MutableMapping[str, Any], reading: _Reading, send: answer.Send, body: Body) -> int:
        headers = dict(scope["headers"])
        if scope["method"] != "POST":
            raise RefusedError(Fault.WRONG_METHOD)
        key = self._keyring.find(headers.get(b"authorization", b"").decode("latin-1"))
        if key is None:
            raise RefusedError(Fault.NO_KEY)
        if not self._broker.is_there:
            raise RefusedError(Fault.NO_BROKER, BROKER_S)
        kind = kind_of(headers, self._limits)
        with self._admission.admitted(key) as rate:
            events = cut(await body.read(reading, kind), kind, self._limits)
            if rate is not None:
                rate.spend(len(events))
            trace = _trace(headers)
            judged = await self._taken(events, key, trace)
        self._count(key, judged, trace)
        minimal = b"return=minimal" in headers.get(b"prefer", b"").replace(b" ", b"")
        status, content = answer.summary(judged, only_others=minimal)
        await answer.answer(send, status, content, [(TRACEPARENT.encode(), trace)])
        return status

    async def _taken(self, events: list[bytes], key: Key, trace: bytes) -> list[Judged]:
        """The events judged, and what is to be kept of them acknowledged. Raises RefusedError if Kafka did not."""
        judged = await self._judged(events, key)
        if any(map(_hangs_on_reference, judged)) and key.clock is None:
            await self._references.fresh()
            judged = await self._judged(events, key)
        clock = self._references.profile_of(key).clock
        headers: Headers = [("source", key.source.encode()), (TRACEPARENT, trace)]
        async with AsyncExitStack() as stack:
            if clock != WALL:
                moves = any(each.clock is not None for each in judged)
                await stack.enter_async_context(self._order.step(clock) if moves else self._order.events(clock))
            for part in _parts(judged):
                if not await self._write(part, headers):
                    _log.warning("not_acknowledged", source=key.source, trace_id=trace_of([(TRACEPARENT, trace)]))
                    raise RefusedError(Fault.NOT_ACKNOWLEDGED, BROKER_S)
        return judged

    async def _judged(self, events: list[bytes], key: Key) -> list[Judged]:
        judged: list[Judged] = []
        now_ms = self._now_ms()
        for start in range(0, len(events), _AT_ONCE):
            if start:
                await asyncio.sleep(0)
            judged += [self._intake.take(each, key, now_ms) for each in events[start : start + _AT_ONCE]]
        return judged

    async def _write(self, part: ClockAdvanced | list[Record], headers: Headers) -> bool:
        if isinstance(part, ClockAdvanced):
            return await self._broker.step(part, encode(part), headers)
        return await self._broker.write(part, headers)

    def _count(self, key: Key, judged: list[Judged], trace: bytes) -> None:
        tally = answer.tally(judged)
        _log.debug("events_taken", source=key.source, trace_id=trace_of([(TRACEPARENT, trace)]), **tally)
        for outcome, count in tally.items():
            if count:
                metrics.GATEWAY_EVENTS.labels(key.source, outcome.value).inc(count)
        for each in judged:
            if each.refusal is not None:
                metrics.GATEWAY_REFUSED.labels(key.source, each.refusal.reason.value).inc()


class _Reading:
    """The body's messages, with what was left of it thrown away: a sender that reads only after it has written gets its answer."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False
        self._came = False

    async def __call__(self) -> MutableMapping[str, Any]:
        self._came = True
        message = await self._receive()
        self._is_over = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def drain(self, headers: dict[bytes, bytes]) -> bool:
        """Whether the body came to its end within what can be thrown away. One that waits to be asked for it is not asked."""
        if b"100-continue" in headers.get(b"expect", b"").lower() and not self._came:
            return False
        thrown = 0
        try:
            async with asyncio.timeout(_DRAINED_S):
                while not self._is_over and thrown < _DRAINED_BYTES:
                    thrown += len((await self()).get("body", b""))
        except TimeoutError:
            pass
        return self._is_over


def _parts(judged: list[Judged]) -> Iterator[ClockAdvanced | list[Record]]:
    """What is written together: runs of records, and each step of a clock by itself, in their order."""
    run: list[Record] = []
    for each in judged:
        if each.clock is not None:
            if run:
                yield run
            yield each.clock
            run = []
        elif each.record is not None:
            run.append(each.record)
    if run:
        yield run


def _hangs_on_reference(judged: Judged) -> bool:
    """Whether newer reference data might judge otherwise: the source's clock or region may just have been published."""
    if judged.outcome is Outcome.ACCEPTED or judged.refusal is None:
        return False
    refusal = judged.refusal
    return refusal.reason is Reason.IN_THE_FUTURE or (
        refusal.reason is Reason.NOT_PERMITTED and refusal.field in {"clock", "region_code"}
    )


def _trace(headers: dict[bytes, bytes]) -> bytes:
    """The trace that was sent along, else one that begins here."""
    trace = headers.get(TRACEPARENT.encode(), b"")
    if trace_of([(TRACEPARENT, trace)]) is None:
        trace = traceparent(secrets.token_hex(16), secrets.token_hex(8))
    return trace
