"""The questions that the command line, the summaries and the tests ask of the store. SQL stays here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from msgspec import Struct

from streams.store.client import Store


class StandingAlert(Struct, frozen=True):
    """An alert as it stands now. `detected_at` in ms UTC."""

    alert_id: str
    rule_id: str
    level: str
    state: str
    revision: int
    source_system: str
    case_id: str
    subject_key: str
    detected_at: int


class Gap(Struct, frozen=True):
    """Offsets `first` to `last` of a partition that no written range covers."""

    topic: str
    partition: int
    first: int
    last: int


_STANDING = """
SELECT alert_id, rule_id, toString(level), state, revision, source_system, case_id, subject_key, toUnixTimestamp64Milli(detected_at)
FROM {table}
WHERE state != 'revoked' AND (%(source)s = '' OR source_system = %(source)s)
ORDER BY detected_at, alert_id
"""


def standing_alerts(store: Store, source: str = "") -> list[StandingAlert]:
    """Alerts that are issued or withheld, by instant and id; of one source if it is named."""
    return [StandingAlert(*row) for row in store.execute(_STANDING.format(table="alerts"), {"source": source})]


def standing_clues(store: Store, source: str = "") -> list[StandingAlert]:
    """Clues that stand. For those who may see them."""
    return [StandingAlert(*row) for row in store.execute(_STANDING.format(table="clues"), {"source": source})]


def alerts_by_rule_and_level(store: Store, source: str = "") -> dict[tuple[str, str, str], int]:
    """How many alerts by (rule, level, state)."""
    rows = store.execute(
        "SELECT rule_id, toString(level), state, count() FROM alerts WHERE %(source)s = '' OR source_system = %(source)s "
        "GROUP BY ALL ORDER BY ALL",
        {"source": source},
    )
    return {(rule, level, state): count for rule, level, state, count in rows}


def event_count(store: Store, source: str = "") -> int:
    """How many different events are stored."""
    rows = store.execute("SELECT count() FROM events WHERE %(source)s = '' OR source_system = %(source)s", {"source": source})
    return int(rows[0][0])


def missing_events(store: Store, expected: Collection[UUID], chunk: int = 5_000) -> list[UUID]:
    """Which of the expected events are not stored. `chunk` ids stay below the server's largest statement (256 KiB)."""
    missing: list[UUID] = []
    ids = list(expected)
    for start in range(0, len(ids), chunk):
        part = ids[start : start + chunk]
        rows = store.execute("SELECT event_id FROM events_raw WHERE event_id IN %(ids)s", {"ids": part})
        found = {row[0] for row in rows}
        missing += [event_id for event_id in part if event_id not in found]
    return missing


def doubled_events(store: Store) -> list[tuple[UUID, int]]:
    """Event ids that the view `events` shows more than once. Empty, unless a source gave one id to different cases."""
    return [(row[0], row[1]) for row in store.execute("SELECT event_id, count() FROM events GROUP BY event_id HAVING count() > 1")]


def doubled_alerts(store: Store) -> list[tuple[str, int]]:
    """Alert ids that the views `alerts` and `clues` show more than once: always empty."""
    rows = store.execute(
        "SELECT alert_id, count() FROM (SELECT alert_id FROM alerts UNION ALL SELECT alert_id FROM clues) "
        "GROUP BY alert_id HAVING count() > 1"
    )
    return [(row[0], row[1]) for row in rows]


def next_offsets(store: Store, consumer: str) -> dict[tuple[str, int], int]:
    """Where `consumer` goes on: (topic, partition) -> the offset behind the last one written."""
    rows = store.execute(
        "SELECT topic, partition, max(last) + 1 FROM offset_progress WHERE consumer = %(consumer)s GROUP BY topic, partition",
        {"consumer": consumer},
    )
    return {(topic, partition): offset for topic, partition, offset in rows}


_GAPS = """
SELECT topic, partition, reached + 1, first - 1 FROM
(
    SELECT topic, partition, first,
        max(last) OVER (before ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached,
        row_number() OVER before AS place
    FROM (
        SELECT topic, partition, first, last FROM offset_ranges WHERE consumer = %(consumer)s
        UNION ALL
        SELECT topic, partition, first, last FROM offset_losses WHERE consumer = %(consumer)s
    )
    WINDOW before AS (PARTITION BY topic, partition ORDER BY first, last)
)
WHERE place > 1 AND first > reached + 1
ORDER BY topic, partition, first
"""


def gaps(store: Store, consumer: str) -> list[Gap]:
    """Offsets between written ranges that no range covers: always empty unless something was lost without being accepted."""
    return [Gap(*row) for row in store.execute(_GAPS, {"consumer": consumer})]


def dead_letters_by_reason(store: Store) -> dict[str, int]:
    rows = store.execute("SELECT reason, count() FROM dead_letters GROUP BY reason ORDER BY reason")
    return {str(reason): int(count) for reason, count in rows}


def table_sizes(store: Store) -> dict[str, int]:
    """Rows by view or table, for `supervision db status`."""
    names = ("events", "alerts", "clues", "dead_letters")
    return {name: int(_one(store, f"SELECT count() FROM {name}")) for name in names}  # noqa: S608 - our own names


def _one(store: Store, query: str) -> Any:
    return store.execute(query)[0][0]


_OF_CLOCK = """
SELECT rule_id, toString(level), subject_key, segment, toUnixTimestamp64Milli(detected_at),
    toUnixTimestamp64Milli(assumeNotNull(issued_at)), evidence_event_ids
FROM {table} WHERE state != 'revoked' AND clock = %(clock)s ORDER BY detected_at, alert_id
"""


class Published(Struct, frozen=True):
    """A standing alert with what it rests on; times in ms UTC, `issued_at` on the wall."""

    rule_id: str
    level: str
    subject_key: str
    segment: str
    detected_at: int
    issued_at: int
    evidence: list[UUID]


def published_on(store: Store, clock: str) -> list[Published]:
    """Alerts and clues of one clock that stand. For those who may see clues."""
    found = [store.execute(_OF_CLOCK.format(table=table), {"clock": clock}) for table in ("alerts", "clues")]
    return [Published(*row) for rows in found for row in rows]


def broker_times(store: Store, events: Collection[UUID], chunk: int = 5_000) -> dict[UUID, tuple[int, int]]:
    """When these events happened, and when the broker took them; ms UTC."""
    found: dict[UUID, tuple[int, int]] = {}
    ids = list(events)
    for start in range(0, len(ids), chunk):
        rows = store.execute(
            "SELECT event_id, toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(broker_at) FROM events "
            "WHERE event_id IN %(ids)s",
            {"ids": ids[start : start + chunk]},
        )
        found |= {row[0]: (row[1], row[2]) for row in rows}
    return found
