"""Sessions, kept at the server so that they can be ended there: a random token in the browser's cookie, its hash in the file.

A session ends when it was idle too long, when its time is up, when it is revoked, when its user is disabled, reset or given other
rights.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from msgspec import Struct

from dashboards.access.database import Database
from dashboards.access.users import User, Users

IDLE_MS = 12 * 3_600_000  # a wall watches all day: its stream counts as use
LONGEST_MS = 7 * 86_400_000
SEEN_EVERY_MS = 60_000
MOST_OF_ONE = 20


class Opened(Struct, frozen=True):
    """What the browser is given: `token` for the cookie, `csrf_token` for the header of whatever changes something."""

    token: str
    session: Login


class Login(Struct, frozen=True):
    """A session and its user, as found by the cookie."""

    id: str
    user: User
    csrf_token: str

    def has_csrf(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(self.csrf_token.encode(), given.encode())


class Listed(Struct, frozen=True):
    id: str
    created_at: int
    seen_at: int
    agent: str


class Sessions:
    """`now` are ms UTC."""

    def __init__(self, database: Database, users: Users) -> None:
        self._database = database
        self._users = users

    def open(self, user: User, agent: str, now: int) -> Opened:
        """A new session; the oldest of a user who has very many ends."""
        token, csrf_token, public = secrets.token_urlsafe(32), secrets.token_urlsafe(24), secrets.token_hex(8)
        with self._database.work() as work:
            work.execute("DELETE FROM sessions WHERE seen_at < ? OR created_at < ?", (now - IDLE_MS, now - LONGEST_MS))
            work.execute(
                "DELETE FROM sessions WHERE id IN "
                "(SELECT id FROM sessions WHERE username = ? ORDER BY seen_at DESC LIMIT -1 OFFSET ?)",
                (user.username, MOST_OF_ONE - 1),
            )
            work.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_hash(token), public, user.username, csrf_token, now, now, agent[:200]),
            )
        return Opened(token, Login(public, user, csrf_token))

    def find(self, token: str, now: int) -> Login | None:
        """The session of this token if it is alive, counted as used now."""
        rows = self._database.rows(
            "SELECT id, username, csrf_token, created_at, seen_at FROM sessions WHERE token_hash = ?", _hash(token)
        )
        if not rows:
            return None
        public, username, csrf_token = (str(value) for value in rows[0][:3])
        created_at, seen_at = (int(str(value)) for value in rows[0][3:])
        if now - seen_at > IDLE_MS or now - created_at > LONGEST_MS:
            return None
        user = self._users.find(username)
        if user is None or user.is_disabled:
            return None
        if now - seen_at > SEEN_EVERY_MS:
            with self._database.work() as work:
                work.execute("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", (now, _hash(token)))
        return Login(public, user, csrf_token)

    def is_alive(self, username: str, public: str, now: int) -> bool:
        """Whether a stream of this session may go on; to watch is to use it."""
        rows = self._database.rows("SELECT created_at, seen_at FROM sessions WHERE username = ? AND id = ?", username, public)
        user = self._users.find(username)
        if not rows or user is None or user.is_disabled:
            return False
        created_at, seen_at = (int(str(value)) for value in rows[0])
        if now - seen_at > SEEN_EVERY_MS:
            with self._database.work() as work:
                work.execute("UPDATE sessions SET seen_at = ? WHERE id = ?", (now, public))
        return now - created_at <= LONGEST_MS

    def of(self, username: str) -> list[Listed]:
        rows = self._database.rows(
            "SELECT id, created_at, seen_at, agent FROM sessions WHERE username = ? ORDER BY created_at DESC", username
        )
        return [Listed(str(public), int(str(created)), int(str(seen)), str(agent)) for public, created, seen, agent in rows]

    def end(self, username: str, public: str) -> bool:
        """Whether there was such a session of this user."""
        with self._database.work() as work:
            return work.execute("DELETE FROM sessions WHERE username = ? AND id = ?", (username, public)).rowcount > 0

    def end_others(self, username: str, kept: str) -> list[str]:
        """End all but one; their ids."""
        ended = [each.id for each in self.of(username) if each.id != kept]
        for public in ended:
            self.end(username, public)
        return ended


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
