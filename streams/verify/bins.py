"""What judged cases tell of subjects, kept in files until the subjects are judged: all of one subject lies in one bin."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

from supervision.decoder import decode, encode
from supervision.event import CaseEvent
from supervision.signal import Signal, pack, unpack
from supervision.subject import on_clock, subject_of

EVENTS_A_BIN = 200_000
MOST_BINS = 256
_SIGNAL, _EVENT = b"s", b"e"


class Bins:
    """`count` of them, chosen by the CRC of the subject's key, which ClickHouse computes too. A context manager."""

    def __init__(self, events: int) -> None:
        """`events`: about how many are going to be judged."""
        self.count = min(MOST_BINS, events // EVENTS_A_BIN + 1)
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(self.count)]  # noqa: SIM115 - closed with the bins

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files:
            file.close()

    def signal(self, signal: Signal) -> None:
        self._write(signal.subject, _SIGNAL, pack([signal]))

    def event(self, event: CaseEvent, clock: str) -> None:
        """A subject's own event, of a source on `clock`."""
        subject = subject_of(event)
        if subject is not None:
            self._write(on_clock(subject, clock), _EVENT, encode(event))

    def read(self, number: int) -> list[Signal | CaseEvent]:
        """All of one bin, as it was put in."""
        file = self._files[number]
        file.seek(0)
        return list(_items(file))

    def _write(self, subject: str, kind: bytes, value: bytes) -> None:
        file = self._files[zlib.crc32(subject.encode()) % self.count]
        file.write(kind + len(value).to_bytes(4, "big") + value)


def _items(file: IO[bytes]) -> Iterator[Signal | CaseEvent]:
    while head := file.read(5):
        value = file.read(int.from_bytes(head[1:], "big"))
        if head[:1] == _EVENT:
            event = decode(value)
            assert isinstance(event, CaseEvent), "it was read from the store as one"
            yield event
        else:
            packed = unpack(value)
            assert isinstance(packed, list), "it was packed here"
            yield from (item for item in packed if isinstance(item, Signal))
