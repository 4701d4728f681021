"""The newest alerts as they came, each encoded once, in the order this process heard them. The hub feeds it, watchers read it.

A watcher stands at a number: everything before it was given to him. The position in the log after each frame is the id under which
it goes out, so that a watcher resumes at any other server from the id alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from msgspec import Struct, structs

from dashboards.access.rights import Scope
from streams.feed import Record, text_of
from supervision.alert import Alert

STEP = 200  # frames that go out at once, so that neither a piece nor what waits for a slow browser grows large
MOST_PIECES = 64


class Frame(Struct, frozen=True):
    """One alert: `body` is its event without the id. `narrow`: its id without the places of clues, None for a clue."""

    record: Record
    alert: Alert
    body: bytes
    narrow: bytes | None
    wide: bytes


class Ring:
    """`position`: the next offset of every place; `narrow`: how many of the places are those of alerts."""

    def __init__(self, most: int, encode: Callable[[Alert], bytes]) -> None:
        self._most = most
        self._encode = encode
        self._frames: deque[Frame] = deque()
        self._pieces: dict[tuple[Scope, int, int], bytes] = {}
        self.first = 0
        self.position: list[int] = []
        self.narrow = 0
        self._floor: list[int] = []

    @property
    def end(self) -> int:
        """The number of the frame that comes next."""
        return self.first + len(self._frames)

    def begin(self, position: Sequence[int], narrow: int) -> None:
        """Where the log is read from."""
        self.position, self._floor, self.narrow = list(position), list(position), narrow

    def append(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.offset < self.position[record.place]:
                continue  # heard before: the reader was placed anew
            self.position[record.place] = record.offset + 1
            if record.alert is not None:
                self._push(record, record.alert)

    def _push(self, record: Record, alert: Alert) -> None:
        is_clue = record.place >= self.narrow
        body = b"event: alert\ndata: " + self._encode(alert) + b"\n\n"
        light = structs.replace(alert, facts={}, legal_basis={}, evidence_event_ids=())  # a list of cards shows none of these
        kept = Record(record.place, record.offset, record.at, light)
        self._frames.append(Frame(kept, light, body, None if is_clue else self.id_of(False), self.id_of(True)))
        if len(self._frames) > self._most:
            gone = self._frames.popleft()
            self.first += 1
            self._floor[gone.record.place] = gone.record.offset + 1

    def id_of(self, wide: bool) -> bytes:
        """The position as an id; without the places of clues unless `wide`."""
        return text_of(self.position if wide else self.position[: self.narrow]).encode()

    def piece(self, scope: Scope, start: int, end: int) -> bytes:
        """The frames `start` <= number < `end` that this scope sees, as they go out; made once for all of the scope."""
        key = (scope, start, end)
        found = self._pieces.get(key)
        if found is None:
            if len(self._pieces) >= MOST_PIECES:
                self._pieces.clear()
            parts = [
                b"id: " + (frame.wide if scope.sees_clues else frame.narrow or b"") + b"\n" + frame.body
                for frame in self.frames(start, end)
                if (scope.sees_clues or frame.narrow is not None) and scope.sees(frame.alert)
            ]
            found = self._pieces[key] = b"".join(parts)
        return found

    def frames(self, start: int, end: int) -> Iterator[Frame]:
        return islice(self._frames, max(start - self.first, 0), max(end - self.first, 0))

    def newest(self) -> list[Frame]:
        """A copy, newest first: for threads beside the loop that appends."""
        while True:
            try:
                return list(reversed(self._frames))
            except RuntimeError:  # it grew meanwhile
                continue

    def holds_since(self, position: Sequence[int]) -> bool:
        """Whether everything behind this position is still here."""
        return all(since >= floor for since, floor in zip(position, self._floor, strict=False))
