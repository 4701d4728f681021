"""The protocol's primitives: numbers and strings in and out of byte streams, every length checked before memory is spent on it."""

from __future__ import annotations

from collections.abc import Callable

from streams.embedded.native.fault import CANNOT_PARSE, TOO_LARGE, ProtocolError

LARGEST = 1 << 30  # bytes of one string or block; a longer one is refused
_KEEP = 1 << 22  # bytes already read that are kept before the buffer is cut


class Reader:
    """Reads from `more`, which gives the next bytes (at least one) or raises EOFError at the stream's end.

    `mark` and `since` give back what was read meanwhile, byte for byte.
    """

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._buffer = bytearray()
        self._position = 0
        self._mark: int | None = None

    def _need(self, count: int) -> None:
        """See that `count` bytes lie ahead."""
        if count > LARGEST:
            raise ProtocolError(TOO_LARGE, f"{count} bytes announced, at most {LARGEST} are taken")
        missing = self._position + count - len(self._buffer)
        if missing <= 0:
            return
        if self._mark is None and self._position > _KEEP:
            del self._buffer[: self._position]
            self._position = 0
        while missing > 0:
            piece = self._more()
            self._buffer += piece
            missing -= len(piece)

    def mark(self) -> None:
        self._need(1)
        del self._buffer[: self._position]
        self._position = self._mark = 0

    def since(self) -> bytes:
        """Everything read since `mark`, which is forgotten."""
        assert self._mark is not None
        raw = bytes(memoryview(self._buffer)[self._mark : self._position])
        self._mark = None
        return raw

    def _within(self) -> None:
        if self._mark is not None and self._position - self._mark > LARGEST:
            raise ProtocolError(TOO_LARGE, f"a block of more than {LARGEST} bytes")

    def skip(self, count: int) -> None:
        self._need(count)
        self._position += count
        self._within()

    def take(self, count: int) -> bytes:
        self._need(count)
        start = self._position
        self._position += count
        return bytes(self._buffer[start : self._position])

    def byte(self) -> int:
        self._need(1)
        self._position += 1
        return self._buffer[self._position - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ProtocolError(CANNOT_PARSE, "a number of more than ten bytes")

    def unsigned(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def binary(self) -> bytes:
        return self.take(self.varint())

    def text(self) -> str:
        return self.binary().decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        """Step over `count` strings; the hot loop of every insert, hence on local names and without a call per string."""
        while count:
            buffer = self._buffer
            position = self._position
            try:
                while count:
                    length = buffer[position]
                    if length > 127:
                        break
                    position += length + 1
                    count -= 1
            except IndexError:
                pass
            over = position - len(buffer)
            self._position = min(position, len(buffer))
            if over > 0:
                self.skip(over)
            elif count:
                self.skip(self.varint())
                count -= 1
            self._within()


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def string(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(len(raw)) + raw
