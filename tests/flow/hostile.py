"""Clients that nobody wants: a hundred thousand bad requests of every kind, from raw connections. Seeded."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from tests.flow.gateways import Answered, answer_of, head

AHEAD = 16  # requests sent before the answer to the first is read
CONNECTIONS = 16
JUNK = b'\x00\xff{}[]",:\\u0000\xe4\xb8\xad 9e99-\n'


def event(number: int, source: str) -> dict[str, Any]:
    return {
        "event_id": str(UUID(int=(0x0190A00000007000 << 64) | (0x8000 << 48) | number)),
        "event_type": "step_completed",
        "occurred_at": 1772496000000 + number % 1_000_000,
        "source_system": source,
        "case_id": f"C-{number % 5000}",
        "region_code": "430111",
        "payload": {"step_code": "review", "step_name": "审查"},
    }


class Hostile:
    """`statuses` counts the answers (0: the connection was ended); `accepted` the ids of events that were taken after all, those
    from the future too, which are stored and out of force."""

    def __init__(self, port: int, key: str, source: str, body_bytes: int, seed: int) -> None:
        self._port = port
        self._key = key
        self._source = source
        self._body_bytes = body_bytes
        self._chance = random.Random(seed)
        self._number = 0
        self.statuses: Counter[int] = Counter()
        self.accepted: Counter[str] = Counter()  # what was spoilt may have the id of another
        self.sent = 0

    # -- kinds of requests ------------------------------------------------------------------------------------------

    def fuzzed(self) -> bytes:
        """Good events, spoilt: bytes changed, put in, taken out, cut off, or values that nobody would expect."""
        chance = self._chance
        events = [self._event() for _ in range(chance.randint(1, 3))]
        if chance.random() < 0.4:
            odd: list[Any] = [None, -1, 10**40, 1e308, [], {}, "x" * 5000, "\ud800", [[[[]]]], True, "NaN", "1753-01-01T00:00:00Z"]
            victim = chance.choice(events)
            victim[chance.choice([*victim, "unknown"])] = chance.choice(odd)
        body = bytearray(json.dumps(events if len(events) > 1 else events[0]).encode())
        for _ in range(chance.randint(0, 4)):
            place = chance.randrange(len(body))
            match chance.randrange(4):
                case 0:
                    body[place] = chance.choice(JUNK)
                case 1:
                    body[place:place] = bytes(chance.choices(JUNK, k=chance.randint(1, 9)))
                case 2:
                    del body[place : place + chance.randint(1, 20)]
                case 3 if chance.random() < 0.3:
                    del body[place:]
            body = body or bytearray(b"x")
        return head(self._key, len(body)) + bytes(body)

    def wrong_key(self) -> bytes:
        body = json.dumps(self._event()).encode()
        keys = [
            "",
            "x",
            self._key[:-1],
            self._key + "x",
            f"svk_{self._chance.randbytes(4).hex()}_{self._chance.randbytes(24).hex()}",
            "\xff" * 50,
        ]
        return head(self._chance.choice(keys), len(body)) + body

    def wrong_head(self) -> bytes:
        """A body that may be right under a head that is not."""
        body = json.dumps(self._event()).encode()
        more = self._chance.choice(
            ["Content-Encoding: br", "Content-Encoding: gzip", "Content-Type: text/xml", "Content-Encoding: gzip, gzip"]
        )
        return (
            head(self._key, len(body), more).replace(b"Content-Type: application/json\r\n", b"", more.startswith("Content-Type"))
            + body
        )

    def oversize(self) -> bytes:
        """More than is allowed, said or unsaid, packed or not."""
        match self._chance.randrange(3):
            case 0:
                body = b"[" + b" " * self._body_bytes + b"]"
                return head(self._key, len(body)) + body
            case 1:
                bomb = gzip.compress(bytes(4 << 20), 1)
                return head(self._key, len(bomb), "Content-Encoding: gzip") + bomb
            case _:
                piece = b" " * 8192
                chunks = (b"%x\r\n%s\r\n" % (len(piece), piece)) * (self._body_bytes // len(piece) + 1) + b"0\r\n\r\n"
                return head(self._key, None, "Transfer-Encoding: chunked") + chunks

    def no_http(self) -> bytes:
        junk = [
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET /" + b"a" * 200 + b"\r\n\r\n",
            b"POST /v1/events HTTP/9.9\r\n\r\n",
            b"\r\n\r\nx\r\n\r\n",
        ]
        return self._chance.choice(
            [*junk, self._chance.randbytes(60) + b"\r\n\r\n", b"POST http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n"]
        )

    def _event(self) -> dict[str, Any]:
        self._number += 1
        return event(self._number, self._source)

    # -- ways of sending --------------------------------------------------------------------------------------------

    async def ahead(self, make: Callable[[], bytes], count: int) -> None:
        """Many requests on each connection, some sent before the answers are read."""

        async def one(share: int) -> None:
            left = share
            while left > 0:
                reader, writer = await self._connected()
                while left > 0:
                    run = [make() for _ in range(min(AHEAD, left))]
                    left -= len(run)
                    self.sent += len(run)
                    if not await self._exchange(reader, writer, run):
                        break
                await _closed(writer)

        await _together(one, count, CONNECTIONS)

    async def alone(self, make: Callable[[], bytes], count: int) -> None:
        """Each request on a connection of its own."""

        async def one(share: int) -> None:
            for _ in range(share):
                reader, writer = await self._connected()
                self.sent += 1
                await self._exchange(reader, writer, [make()])
                await _closed(writer)

        await _together(one, count, CONNECTIONS)

    async def cut(self, count: int) -> None:
        """Connections that end in the middle of a body, some without a goodbye."""

        async def one(share: int) -> None:
            for _ in range(share):
                _, writer = await self._connected()
                self.sent += 1
                body = json.dumps([self._event() for _ in range(3)]).encode()
                with suppress(ConnectionError):
                    writer.write(head(self._key, len(body)) + body[: self._chance.randrange(len(body))])
                    await writer.drain()
                if self._chance.random() < 0.5:
                    writer.transport.abort()
                await _closed(writer)

        await _together(one, count, CONNECTIONS)

    async def slow(self, count: int, *, in_head: bool) -> None:
        """Connections that begin and go on no further, all at once."""

        async def one(_share: int) -> None:
            reader, writer = await self._connected()
            self.sent += 1
            beginning = head(self._key, 1000)
            with suppress(ConnectionError):
                writer.write(beginning[:40] if in_head else beginning + b"[")
                await writer.drain()
            self._note(await answer_of(reader))
            await _closed(writer)

        await _together(one, count, count)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, run: list[bytes]) -> bool:
        """Send and read the answers at the same time; whether the connection is still of use."""

        async def send() -> None:
            with suppress(ConnectionError):
                for each in run:
                    writer.write(each)
                    await writer.drain()

        sending = asyncio.create_task(send())
        answered = True
        for _ in run:
            answer = await answer_of(reader)
            self._note(answer)
            if answer.status == 0:
                answered = False
                break
        if not answered:
            writer.transport.abort()
        await sending
        return answered

    def _note(self, answer: Answered) -> None:
        self.statuses[answer.status] += 1
        results = answer.content.get("results", ())
        self.accepted.update(each["event_id"] for each in results if each["status"] in {"accepted", "quarantined"})

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _together(one: Callable[[int], Awaitable[None]], count: int, parts: int) -> None:
    await asyncio.gather(*(one(share) for share in _shares(count, parts)))


def _shares(count: int, parts: int) -> Iterator[int]:
    for part in range(parts):
        share = count * (part + 1) // parts - count * part // parts
        if share:
            yield share
