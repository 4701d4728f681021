"""After a few wrong passwords a name must wait, each time longer. Kept for unknown names too, so that the wait tells nothing."""

from __future__ import annotations

import hashlib

from dashboards.access.database import Database

FREE = 5  # so many may be wrong before anybody waits
FIRST_S = 15
LONGEST_S = 900
FORGOTTEN_S = 86_400
MOST_NAMES = 20_000


def wait_s(count: int) -> int:
    """How long after the last of so many failures in a row."""
    return 0 if count < FREE else min(FIRST_S << min(count - FREE, 16), LONGEST_S)


class Lockout:
    """`now` are ms UTC."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def left_s(self, name: str, now: int) -> int:
        """Seconds this name must still wait, rounded up; 0: it may try."""
        rows = self._database.rows("SELECT count, last_at FROM failures WHERE name_hash = ?", _hash(name))
        if not rows:
            return 0
        count, last_at = int(str(rows[0][0])), int(str(rows[0][1]))
        left_ms = last_at + wait_s(count) * 1000 - now
        return max(0, -(-left_ms // 1000))

    def failed(self, name: str, now: int) -> None:
        with self._database.work() as work:
            work.execute("DELETE FROM failures WHERE last_at < ?", (now - FORGOTTEN_S * 1000,))
            work.execute(
                "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (name_hash) DO UPDATE SET count = count + 1, last_at = ?",
                (_hash(name), now, now),
            )
            work.execute(
                "DELETE FROM failures WHERE name_hash IN "
                "(SELECT name_hash FROM failures ORDER BY count DESC, last_at DESC LIMIT -1 OFFSET ?)",
                (MOST_NAMES,),
            )

    def succeeded(self, name: str) -> None:
        with self._database.work() as work:
            work.execute("DELETE FROM failures WHERE name_hash = ?", (_hash(name),))


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.strip().lower().encode()).digest()
