"""Wake-up instants of one clock: buckets of keys by the hour, of which only the hour at hand is kept in order.

A key's instant is kept by whoever owns it (its packed state says so), so that a million open cases cost a million list slots here
and nothing more. An entry whose key was armed anew since is found out when its hour comes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush

BUCKET_MS = 3_600_000
NEVER = -(2**62)
DueIn = Callable[[list[str], int], list[tuple[int, str]]]


def armed_in(instant_of: Callable[[str], int | None], keys: list[str], number: int) -> list[tuple[int, str]]:
    """Those of the keys, each once, that are armed for the hour of this number, with their instants."""
    told = [(instant_of(key), key) for key in set(keys)]
    return [(instant, key) for instant, key in told if instant is not None and instant // BUCKET_MS == number]


class Timers:
    """Keys to be judged again when a clock reaches an instant (ms UTC). `instant_of` says what a key is armed for now.

    `buckets`: the keys of every hour behind that which was `opened` last.
    """

    def __init__(self, instant_of: Callable[[str], int | None], due_in: DueIn | None = None) -> None:
        """`due_in`: what `armed_in` says, for who has it quicker."""
        self._instant_of = instant_of
        self._due_in = due_in or partial(armed_in, instant_of)
        self.buckets: dict[int, list[str]] = {}
        self._order: list[int] = []
        self.opened = NEVER
        self._open: list[tuple[int, str]] = []  # of the hours opened, sorted backwards: a herd is taken from its end one by one
        self._late: list[tuple[int, str]] = []  # what was armed for those hours since; a heap
        self.oldest: int | None = None  # the first instant that the last call of `due` gave

    def __len__(self) -> int:
        """Entries, those out of date among them."""
        return len(self._open) + len(self._late) + sum(map(len, self.buckets.values()))

    def arm(self, key: str, instant: int) -> None:
        """The key's instant has become this one. Its owner says so itself from now on."""
        bucket = instant // BUCKET_MS
        if bucket <= self.opened:
            heappush(self._late, (instant, key))
            return
        found = self.buckets.get(bucket)
        if found is None:
            self.buckets[bucket] = [key]
            heappush(self._order, bucket)
        elif found[-1] is not key:
            found.append(key)

    def due(self, to: int, limit: int) -> list[str]:
        """At most `limit` keys whose instant is at or before `to`, earliest first. Judge and arm them before asking again."""
        self._open_until(to)
        keys: list[str] = []
        self.oldest = None
        last: tuple[int, str] | None = None
        while len(keys) < limit and (entry := self._first()) is not None and entry[0] <= to:
            self._drop_first()
            if entry != last and self._instant_of(entry[1]) == entry[0]:
                if not keys:
                    self.oldest = entry[0]
                keys.append(entry[1])
            last = entry
        return keys

    def is_due(self, to: int) -> bool:
        """Whether any key is left that `due` would give."""
        self._open_until(to)
        while (entry := self._first()) is not None:
            if self._instant_of(entry[1]) == entry[0]:
                return entry[0] <= to
            self._drop_first()
        return False

    def _first(self) -> tuple[int, str] | None:
        """The earliest entry of the hours that are open."""
        opened, late = self._open, self._late
        if late and (not opened or late[0] < opened[-1]):
            return late[0]
        return opened[-1] if opened else None

    def _drop_first(self) -> None:
        opened, late = self._open, self._late
        if late and (not opened or late[0] < opened[-1]):
            heappop(late)
        else:
            opened.pop()

    def _open_until(self, to: int) -> None:
        """Put in order what is armed for the hours up to that of `to`; what was armed anew for another hour has an entry there."""
        bucket = to // BUCKET_MS
        if not self._order or self._order[0] > bucket:
            self.opened = max(self.opened, bucket)
            return
        while self._order and self._order[0] <= bucket:
            number = heappop(self._order)
            self._open += self._due_in(self.buckets.pop(number), number)
        self.opened = max(self.opened, bucket)
        self._open.sort(reverse=True)
