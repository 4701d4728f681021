"""The ids of imported events: sorted by time, then by the mapping's tie rank, then by hash; the same for the same row, always.

An id is a UUID of version 8 (RFC 9562): 48 bits of milliseconds, 12 bits of tie rank, 48 bits of hash, 14 bits of ordinal.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

MOST_RANKS = 1 << 12
MOST_ALIKE = 1 << 14
_YEAR_ZERO = 1 << 47  # added to the milliseconds, so that instants before 1970 sort first too
_HASH_BYTES = 6


def moment_key(occurred_at: int, tie_rank: int, digest: bytes) -> bytes:
    """What an event sorts by before its ordinal is known; equal for rows alike in everything the id is made of."""
    return (occurred_at + _YEAR_ZERO).to_bytes(6, "big") + tie_rank.to_bytes(2, "big") + digest


def moment_of(key: bytes) -> int:
    """The instant of a `moment_key`, ms UTC."""
    return int.from_bytes(key[:6], "big") - _YEAR_ZERO


def place(key: bytes) -> bytes:
    """The part of a `moment_key` that shows in the id; rows that share it are told apart by their ordinal."""
    return key[: 8 + _HASH_BYTES]


def event_id(key: bytes, ordinal: int = 0) -> UUID:
    """The id of the `ordinal`-th row (from 0, below MOST_ALIKE) that sorts at `key`."""
    time, rank = int.from_bytes(key[:6], "big"), int.from_bytes(key[6:8], "big")
    digest = int.from_bytes(key[8 : 8 + _HASH_BYTES], "big")
    return UUID(int=time << 80 | 0x8 << 76 | rank << 64 | 0b10 << 62 | digest << 14 | ordinal)


def digest(*parts: str) -> bytes:
    """16 bytes of SHA-256 over the parts, each preceded by its length, so that no two lists of parts meet."""
    sha = hashlib.sha256()
    for part in parts:
        text = part.encode()
        sha.update(len(text).to_bytes(4, "big"))
        sha.update(text)
    return sha.digest()[:16]
