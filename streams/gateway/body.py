"""The body of a request: read whole within its time and size, unpacked no further than allowed, cut into events.

Nothing is taken of a request whose body has not come to its end.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from streams.gateway.admission import Bytes
from streams.gateway.faults import Fault, GoneError, RefusedError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
JSON = frozenset({"application/json", ""})
_GZIP = 16 + zlib.MAX_WBITS
_cut_array = msgspec.json.Decoder(list[Raw]).decode
_cut_one = msgspec.json.Decoder(Raw).decode
_MOST_COMMAS = 60  # of an event, on average over the largest request
_LINE_ENDS = b"\r\n \t"


class Limits(Struct, frozen=True):
    """`body_bytes`: of a body, as it came and unpacked; `events`: in it; `body_s`: until it is whole."""

    body_bytes: int
    events: int
    body_s: float


class Kind(Struct, frozen=True):
    """What the headers say of a body."""

    is_lines: bool = False
    is_packed: bool = False
    length: int | None = None


def kind_of(headers: dict[bytes, bytes], limits: Limits) -> Kind:
    """Raises RefusedError for a type or encoding that is not taken, or a length beyond the limit."""
    content_type, _, parameters = headers.get(b"content-type", b"").decode("latin-1").lower().partition(";")
    content_type = content_type.strip()
    charset = parameters.replace(" ", "").partition("charset=")[2].strip('"') or "utf-8"
    if content_type not in LINES | JSON or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise RefusedError(Fault.UNKNOWN_TYPE)
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in {b"gzip", b"x-gzip", b"identity", b""}:
        raise RefusedError(Fault.UNKNOWN_ENCODING)
    length = headers.get(b"content-length", b"")
    declared = int(length) if length.isdigit() else None
    if declared is not None and declared > limits.body_bytes:
        raise RefusedError(Fault.TOO_LARGE, wanted=f"at most {limits.body_bytes} bytes")
    return Kind(content_type in LINES, encoding in {b"gzip", b"x-gzip"}, declared)


class Body:
    """Reads one body. `held`: bytes taken from the memory that all share; the caller gives them back."""

    def __init__(self, limits: Limits, memory: Bytes) -> None:
        self._limits = limits
        self._memory = memory
        self.held = 0

    async def read(self, receive: Receive, kind: Kind) -> bytes:
        """Raises RefusedError (too large, too slow, no memory left, broken gzip), or GoneError if the client left."""
        unpack = _Unpacker(self._limits.body_bytes) if kind.is_packed else None
        pieces: list[bytes] = []
        came = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise GoneError
                    piece: bytes = message.get("body", b"")
                    came += len(piece)
                    if came > self._limits.body_bytes:
                        raise self._too_large()
                    if unpack is not None and piece:
                        piece = unpack.feed(piece)
                    if piece:
                        self._hold(len(piece))
                        pieces.append(piece)
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise RefusedError(Fault.TOO_SLOW, wanted=f"within {self._limits.body_s:g} s") from None
        if unpack is not None and came:
            unpack.end()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _hold(self, count: int) -> None:
        self._memory.take(count)
        self.held += count

    def _too_large(self) -> RefusedError:
        return RefusedError(Fault.TOO_LARGE, wanted=f"at most {self._limits.body_bytes} bytes")


class _Unpacker:
    """gzip, one member behind the other, never unpacking more than `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._given = 0
        self._member = zlib.decompressobj(_GZIP)
        self._began = False

    def feed(self, packed: bytes) -> bytes:
        pieces = []
        try:
            while packed:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                piece = self._member.decompress(packed, self._most - self._given + 1)
                self._given += len(piece)
                if self._given > self._most:
                    raise RefusedError(Fault.TOO_LARGE, wanted=f"at most {self._most} bytes unpacked")
                pieces.append(piece)
                packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error:
            raise RefusedError(Fault.BROKEN_GZIP) from None
        return b"".join(pieces)

    def end(self) -> None:
        if not self._member.eof:
            raise RefusedError(Fault.BROKEN_GZIP)


def cut(body: bytes, kind: Kind, limits: Limits) -> list[bytes]:
    """The events of a body, each as its own bytes: of an array, of lines, or one. A line that is no JSON is an event to be refused.

    Raises RefusedError if there is none, there are too many, or an array or single object is not JSON.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip(_LINE_ENDS)
    if not body:
        raise RefusedError(Fault.EMPTY)
    if kind.is_lines or (not body.startswith(b"[") and _is_json(body.partition(b"\n")[0])):
        if body.count(b"\n") >= limits.events:
            raise RefusedError(Fault.TOO_MANY_EVENTS, wanted=f"at most {limits.events} events")
        return [line for each in body.split(b"\n") if (line := each.strip(_LINE_ENDS))]
    if body.count(b",") > limits.events * _MOST_COMMAS:  # or a body of nothing but commas would become millions of objects
        raise RefusedError(Fault.TOO_MANY_EVENTS, wanted=f"at most {limits.events} events")
    try:
        if not body.startswith(b"["):
            return [bytes(_cut_one(body))]
        events = [bytes(each) for each in _cut_array(body)]
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RefusedError(Fault.NOT_JSON, wanted=_why(error)) from None
    if not events:
        raise RefusedError(Fault.EMPTY)
    if len(events) > limits.events:
        raise RefusedError(Fault.TOO_MANY_EVENTS, wanted=f"at most {limits.events} events")
    return events


def _is_json(line: bytes) -> bool:
    try:
        _cut_one(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return True


def _why(error: Exception) -> str:
    return "fewer nested levels" if isinstance(error, RecursionError) else f"JSON: {error}"
