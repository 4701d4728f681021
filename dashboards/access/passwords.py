"""Passwords: argon2id hashes, verified a few at a time, in the same time whether the user exists or not."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 10
LONGEST = 256
AT_ONCE = 2  # each takes 64 MiB and a core for its time: guesses must not take the machine

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(AT_ONCE)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hashed(password: str) -> str:
    with _slots:
        return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password of this hash; None (an unknown user): never, after as long a computation."""
    with _slots:
        try:
            return _hasher.verify(password_hash or _NOBODY, password[:LONGEST]) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_stale(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def made() -> str:
    """A random password that a person can type: 96 bits without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def is_acceptable(password: str, username: str) -> bool:
    """Long enough, not absurdly long, and not the user's own name."""
    return LEAST <= len(password) <= LONGEST and username.lower() not in password.lower()
