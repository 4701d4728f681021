"""What the subject engine keeps: of each subject a folder, and its signals on pages, one for each kind and local date.

A signal that comes is added to its page without reading it, and only pages that a judgement asks for are read. How much is kept is
bounded: see `MOST`, and `Folder.horizon`.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import Any

import msgspec
from msgspec import Struct, field

from rules.overtime import Leave
from rules.packing import FORMAT, SnapshotError, take_up
from rules.said import Standing
from rules.spacing import Spacing

MOST = 20_000  # signals of one kind about one subject; beyond them the oldest dates go, and within a single date what comes
MOST_OPEN = 4_000  # folders kept unpacked, some 20 MB
MOST_SPACINGS = 4_000  # some 30 MB
PAGE = "#"
_ARRAY = Layout(">BI")
_HEAD = _ARRAY.size


class Heard(Struct, array_like=True):
    """The highest revision of one signal. `fact_id` 16 bytes; `data` None when withdrawn, or when it is of another date now."""

    fact_id: bytes
    revision: int
    at: int
    source: str
    case: str
    data: dict[str, Any] | None


class Moment(Struct, array_like=True, gc=False):
    """The beginning of a signal as it lies on a page."""

    fact_id: bytes
    revision: int
    at: int


class Folder(Struct, array_like=True):
    """The state of one subject on one clock.

    `pages`: by kind and date how many signals lie there, and how many hits. `waiting`: (instant, kind, date) of what the watermark
    has not reached; kind "": an activity fact. `since`: by kind the first date that is still judged; what was said of those before
    stands for good. `firm`: and of dates before this one nothing is taken back, since they look back on pages that are gone.
    `wake`: the instant it is judged next without being touched.
    """

    format: int = FORMAT
    clock: str = "wall"
    pages: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    facts: list[Leave] = field(default_factory=list)
    alerts: list[Standing] = field(default_factory=list)
    waiting: list[tuple[int, str, int]] = field(default_factory=list)
    since: dict[str, int] = field(default_factory=dict)
    firm: dict[str, int] = field(default_factory=dict)
    wake: int | None = None

    def wait(self, at: int, kind: str, day: int) -> None:
        entry = (at, kind, day)
        if entry not in self.waiting:
            self.waiting.append(entry)

    def reached(self, now: int) -> dict[str, int]:
        """By kind the earliest date with something that `now` has reached; it waits no longer."""
        found: dict[str, int] = {}
        left: list[tuple[int, str, int]] = []
        for entry in self.waiting:
            at, kind, day = entry
            if at > now:
                left.append(entry)
            elif day < found.get(kind, day + 1):
                found[kind] = day
        self.waiting = left
        return found


class Pages:
    """The packed pages of all subjects by their keys, and which of them changed."""

    def __init__(self) -> None:
        self._pages: dict[str, bytes] = {}
        self._spacings: dict[str, Spacing] = {}  # of pages asked about last
        self.changed: dict[str, bytes | None] = {}

    def size(self) -> int:
        return sum(map(len, self._pages.values()))

    def restore(self, key: str, blob: bytes) -> None:
        if len(blob) < _HEAD:
            raise SnapshotError("state does not decode: a page of signals is cut off")
        self._pages[key] = blob

    def read(self, subject: str, kind: str, day: int) -> list[Heard]:
        return _heard(self._pages[_key(subject, kind, day)])

    def spacing(self, subject: str, kind: str, day: int) -> Spacing:
        """Of all signals on a page, withdrawn ones too."""
        key = _key(subject, kind, day)
        found = self._spacings.get(key)
        if found is None:
            if len(self._spacings) >= MOST_SPACINGS:
                self._spacings.clear()
            moments = _moments(self._pages[key])
            found = self._spacings[key] = Spacing([moment.at for moment in moments], {moment.fact_id for moment in moments})
        return found

    def holds(self, subject: str, kind: str, day: int, fact_id: bytes) -> bool:
        """Whether a page has a signal of this fact; seldom it says so wrongly."""
        key = _key(subject, kind, day)
        spacing = self._spacings.get(key)
        if spacing is not None:
            return fact_id in spacing.facts
        return self._pages.get(key, b"").find(fact_id) >= 0  # `in` asks first whether it is a number

    def add(self, subject: str, kind: str, day: int, heard: Heard) -> None:
        key = _key(subject, kind, day)
        page = self._pages.get(key)
        if page is None:
            written = _ARRAY.pack(0xDD, 1) + _encode(heard)
        else:
            written = b"".join((_ARRAY.pack(0xDD, _ARRAY.unpack_from(page)[1] + 1), memoryview(page)[_HEAD:], _encode(heard)))
        self._pages[key] = self.changed[key] = written
        spacing = self._spacings.get(key)
        if spacing is not None:
            spacing.add(heard.at)
            spacing.facts.add(heard.fact_id)

    def write(self, subject: str, kind: str, day: int, page: list[Heard]) -> None:
        key = _key(subject, kind, day)
        self._pages[key] = self.changed[key] = b"".join((_ARRAY.pack(0xDD, len(page)), *map(_encode, page)))
        self._spacings.pop(key, None)

    def drop(self, subject: str, kind: str, day: int) -> None:
        key = _key(subject, kind, day)
        del self._pages[key]
        self._spacings.pop(key, None)
        self.changed[key] = None


def is_page(key: str) -> bool:
    """Whether a state key is that of a page; those of folders begin with the kind of their subject."""
    return key.startswith(PAGE)


def _key(subject: str, kind: str, day: int) -> str:
    return f"{PAGE}{kind}/{day}/{subject}"


_encode = msgspec.msgpack.Encoder().encode
_moments = msgspec.msgpack.Decoder(list[Moment]).decode
_heard = msgspec.msgpack.Decoder(list[Heard]).decode
_decoder = msgspec.msgpack.Decoder(Folder)


def pack(folder: Folder) -> bytes:
    return _encode(folder)


def unpack(blob: bytes) -> Folder:
    """Raises SnapshotError."""
    return take_up(_decoder, blob)


class Shelf:
    """The folders of all subjects. `blobs`: packed; `changed`: those that did, None where nothing is kept any more."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.changed: dict[str, bytes | None] = {}
        self._open: dict[str, Folder] = {}  # those touched last, as they are packed

    def restore(self, key: str, blob: bytes) -> Folder:
        """Raises SnapshotError."""
        self.blobs[key] = blob
        return unpack(blob)

    def find(self, key: str) -> Folder | None:
        """What is known of a subject. Whoever changes it puts it back."""
        return self.get(key) if key in self.blobs else None

    def get(self, key: str) -> Folder:
        """The same of one of which something is known."""
        found = self._open.get(key)
        return unpack(self.blobs[key]) if found is None else found

    def put(self, key: str, folder: Folder) -> None:
        self.blobs[key] = self.changed[key] = pack(folder)
        if len(self._open) >= MOST_OPEN:
            self._open.clear()
        self._open[key] = folder

    def drop(self, key: str) -> None:
        if self.blobs.pop(key, None) is not None:
            self.changed[key] = None
            self._open.pop(key, None)
