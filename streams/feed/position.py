"""A place in the log of alerts: the next offset of every partition. Its text is the id of a server-sent event.

Whoever saw a text as the id of its last event has seen everything before these offsets and nothing behind them, whichever server
process sent it: the text is all there is to resume from.
"""

from __future__ import annotations

from collections.abc import Sequence

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST = 2**63
LONGEST = 16_384  # a text that is longer was not made here

Position = tuple[int, ...]


def text_of(position: Sequence[int]) -> str:
    """The offsets in base 36, joined by dots."""
    return ".".join(map(_base36, position))


def position_of(text: str) -> Position | None:
    """The position a text says, or None for what is no position."""
    if not text or len(text) > LONGEST or not text.isascii():
        return None
    try:
        found = tuple(int(part, 36) if part.isalnum() else -1 for part in text.split("."))
    except ValueError:
        return None
    return found if all(0 <= offset < _MOST for offset in found) else None


def _base36(number: int) -> str:
    if number < 36:
        return _DIGITS[number]
    head, last = divmod(number, 36)
    return _base36(head) + _DIGITS[last]
