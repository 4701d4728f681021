"""What facts share, kept once: the places, officers and devices that events name again and again, by number.

A case's packed state holds the numbers; each new word is an entry of the engine's state of its own, written with the first case
that uses it. Words are few beside cases (an office has so many officers and windows) and stay for good; where a source breaks that
rule, by naming another device in every event, its list is full one day, and what is new from then on stands in the fact itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rules.fact import Actor, Device, Where

_PREFIX = "="
_encode = msgspec.msgpack.Encoder().encode
_TYPES: dict[str, Any] = {"w": Where, "a": Actor, "d": Device}


MOST_WORDS = 500_000  # of a list, some 150 MB; places have no such bound: the catalogue is theirs


class Words:
    """One numbered list of tuples. `known`: by word the one tuple that is equal to it, its number, and that packed."""

    def __init__(self, letter: str, most: int | None = None) -> None:
        self._letter = letter
        self._most = most
        self._decode = msgspec.msgpack.Decoder(_TYPES[letter]).decode
        self.known: dict[Any, tuple[Any, int, bytes]] = {}
        self._values: dict[int, Any] = {}
        self._next = 0
        self.fresh: list[tuple[str, bytes]] = []
        self.known_of: Callable[[Any], tuple[Any, int, bytes] | None] = self.known.get  # the number also packed; None: a new word

    def canonical(self, value: Any) -> tuple[Any, int | None]:
        """(the one tuple equal to `value`, its number); None: it has none, the list is full."""
        known = self.known.get(value)
        if known is None:
            if self._most is not None and len(self.known) >= self._most:
                return value, None
            code = self._next
            self._next = code + 1
            known = self.known[value] = (value, code, code.to_bytes(3, "big"))
            self._values[code] = value
            self.fresh.append((f"{_PREFIX}{self._letter}{code}", _encode(value)))
        return known[0], known[1]

    def value(self, code: int) -> Any:
        return self._values[code]

    def restore(self, code: int, blob: bytes) -> None:
        value = self._decode(blob)
        self.known[value] = (value, code, code.to_bytes(3, "big"))
        self._values[code] = value
        self._next = max(self._next, code + 1)


class Vocabulary:
    """The three lists of one engine."""

    def __init__(self) -> None:
        self.wheres, self.actors, self.devices = Words("w"), Words("a", MOST_WORDS), Words("d", MOST_WORDS)
        self._by_letter = {"w": self.wheres, "a": self.actors, "d": self.devices}

    def fresh(self) -> list[tuple[str, bytes]]:
        """State entries of the words that are new since the last call."""
        found: list[tuple[str, bytes]] = []
        for words in self._by_letter.values():
            if words.fresh:
                found += words.fresh
                words.fresh = []
        return found

    def restore(self, key: str, blob: bytes) -> None:
        self._by_letter[key[1]].restore(int(key[2:]), blob)


def is_word(key: str) -> bool:
    """Whether a state key is that of a word; keys of dossiers hold a slash."""
    return key.startswith(_PREFIX) and "/" not in key
