"""Cases that leave memory: when, and the eight bytes that stay so that a late fact is known to belong to a forgotten case."""

from __future__ import annotations

import hashlib

from rules.case import Case
from rules.dossier import FORGET
from rules.fact import RECEIVED
from supervision.durations import DAY_MS, HOUR_MS
from supervision.worktime import CalendarMissing

KEEP_WD = 3
GRAVE_DAYS = 90
FOR_GOOD = 2**62
_PREFIX = "~"


def is_grave(key: str) -> bool:
    """Whether a state key is that of a forgotten case; keys of dossiers hold a slash."""
    return key.startswith(_PREFIX) and "/" not in key


class Graveyard:
    """Hashes of forgotten root keys with the instant until which each is remembered (ms UTC)."""

    def __init__(self, keep_wd: int = KEEP_WD, grave_days: int = GRAVE_DAYS) -> None:
        self._keep_wd = keep_wd
        self._grave_ms = grave_days * DAY_MS
        self._until: dict[bytes, int] = {}
        self._next_look = 0

    def set_wake(self, case: Case, now: int) -> None:
        """A case without timers leaves some days after it was judged last; if no calendar knows that day, it stays."""
        wakes = case.wakes
        if FORGET in wakes:
            del wakes[FORGET]
        if wakes:
            return
        try:
            instant = self.leaves_at(case, now)
        except CalendarMissing:  # nothing is unjudged for it
            return
        if instant is not None:
            wakes[FORGET] = instant

    def leaves_at(self, case: Case, now: int) -> int | None:
        """When a case without timers that is judged `now` may leave; None on a log clock whose source sets no `keep_days`.

        Counted from the later of its last fact and now: the facts of a backlog come in late, and together.
        """
        source = case.source
        if not case.facts or (source.clock != "wall" and source.keep_days is None):
            return None
        last = max(now, max(fact.get(RECEIVED) or fact.at for fact in case.facts))
        if source.keep_days is not None:
            return last + source.keep_days * DAY_MS
        calendar = case.parts()[-1].place.calendar
        return calendar.day_end(calendar.add(calendar.day_of(last), self._keep_wd)) + 1

    def holds(self, key: str) -> bool:
        return bool(self._until) and _hash(key) in self._until

    def bury(self, key: str, now: int | None) -> tuple[str, bytes]:
        """The state entry that remembers the case; without a wall clock's `now` it is remembered for good."""
        until = FOR_GOOD if now is None else now + self._grave_ms
        mark = _hash(key)
        self._until[mark] = until
        return _PREFIX + mark.hex(), until.to_bytes(8, "big")

    def restore(self, key: str, blob: bytes) -> None:
        self._until[bytes.fromhex(key[1:])] = int.from_bytes(blob, "big")

    def expired(self, now: int) -> list[str]:
        """State keys of marks no longer needed; they are dropped here too. Looks once an hour of the clock."""
        if now < self._next_look:
            return []
        self._next_look = now + HOUR_MS
        gone = [mark for mark, until in self._until.items() if until <= now]
        for mark in gone:
            del self._until[mark]
        return [_PREFIX + mark.hex() for mark in gone]


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
