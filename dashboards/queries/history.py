"""Alerts by what they say: filters as conditions of SQL, pages by the last row of the page before, exact totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dashboards.access.rights import Scope
from dashboards.queries.pool import Pool
from dashboards.queries.stored import alert_of, columns
from supervision.alert import Alert

PAGE = 50
MOST = 500
CSV_AT_ONCE = 2_000

Cursor = tuple[int, str]  # instant and id of the last row that was given


class Filter(Struct, frozen=True):
    """What is asked for; an empty tuple or None: not narrowed. `since` inclusive, `until` exclusive, ms of `detected_at`."""

    rules: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    centres: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    region: str = ""
    since: int | None = None
    until: int | None = None
    dispositions: tuple[str, ...] = ("card",)

    @property
    def tables(self) -> list[str]:
        return [table for table, word in (("alerts", "card"), ("clues", "clue")) if word in self.dispositions]


_COLUMNS = {
    "rules": "rule_id",
    "levels": "toString(level)",
    "states": "state",
    "departments": "owner_department_id",
    "centres": "owner_centre_id",
    "items": "item_code",
    "cases": "case_id",
    "sources": "source_system",
    "clocks": "clock",
}


def where(asked: Filter, scope: Scope) -> tuple[str, dict[str, Any]]:
    """The condition of both with its values."""
    conditions, values = scope.where_alerts()
    for name, column in _COLUMNS.items():
        wanted = getattr(asked, name)
        if wanted:
            conditions.append(f"{column} IN %({name})s")
            values[name] = wanted
    if asked.officers:
        conditions.append("hasAny(responsible_officer_ids, %(officers)s)")
        values["officers"] = list(asked.officers)
    if asked.region:
        conditions.append("startsWith(region_code, %(region)s)")
        values["region"] = asked.region
    if asked.since is not None:
        conditions.append("detected_at >= fromUnixTimestamp64Milli(%(since)s)")
        values["since"] = asked.since
    if asked.until is not None:
        conditions.append("detected_at < fromUnixTimestamp64Milli(%(until)s)")
        values["until"] = asked.until
    return " AND ".join(conditions) or "1", values


def total(pool: Pool, asked: Filter, scope: Scope) -> int:
    """How many there are, exactly."""
    condition, values = where(asked, scope)
    return sum(
        int(pool.ask("list", f"SELECT count() FROM {table} WHERE {condition}", values)[0][0])  # noqa: S608 - our own names
        for table in asked.tables
    )


def page(pool: Pool, asked: Filter, scope: Scope, cursor: Cursor | None, limit: int) -> tuple[list[Alert], Cursor | None]:
    """The next alerts, newest first, and where the page after them begins (None: there is none).

    Ids are found in narrow columns first: whole rows are read only of those.
    """
    condition, values = where(asked, scope)
    if cursor is not None:
        condition += " AND (toUnixTimestamp64Milli(detected_at), alert_id) < (%(cursor_at)s, %(cursor_id)s)"
        values |= {"cursor_at": cursor[0], "cursor_id": cursor[1]}
    found: list[tuple[int, str, str]] = []
    for table in asked.tables:
        query = (
            f"SELECT toUnixTimestamp64Milli(detected_at), alert_id FROM {table} WHERE {condition} "  # noqa: S608 - our own names
            "ORDER BY detected_at DESC, alert_id DESC LIMIT %(limit)s"
        )
        found += [(at, alert_id, table) for at, alert_id in pool.ask("list", query, values | {"limit": limit + 1})]
    ordered = sorted(found, reverse=True)
    chosen = ordered[:limit]
    alerts: dict[str, Alert] = {}
    for table in asked.tables:
        ids = [alert_id for _, alert_id, of in chosen if of == table]
        if ids:
            query = f"SELECT {columns()} FROM {table} WHERE alert_id IN %(ids)s"  # noqa: S608 - our own names
            alerts |= {alert.alert_id: alert for alert in map(alert_of, pool.ask("list", query, {"ids": ids}))}
    shown = [alerts[alert_id] for _, alert_id, _ in chosen if alert_id in alerts and scope.sees(alerts[alert_id])]
    return shown, (chosen[-1][0], chosen[-1][1]) if len(ordered) > limit else None


def every(pool: Pool, asked: Filter, scope: Scope) -> Iterator[list[Alert]]:
    """All of them, a page at a time, for an export: never more than a page in memory."""
    cursor: Cursor | None = None
    while True:
        alerts, cursor = page(pool, asked, scope, cursor, CSV_AT_ONCE)
        yield alerts
        if cursor is None:
            return


def one(pool: Pool, alert_id: str, scope: Scope) -> Alert | None:
    """The alert as it stands; None too for one that the scope does not see."""
    for table in ("alerts", "clues") if scope.sees_clues else ("alerts",):
        query = f"SELECT {columns()} FROM {table} WHERE alert_id = %(id)s"  # noqa: S608 - our own names
        for row in pool.ask("page", query, {"id": alert_id}):
            alert = alert_of(row)
            return alert if scope.sees(alert) else None
    return None


def emissions(pool: Pool, alert: Alert) -> list[tuple[int, Alert]]:
    """Every revision that was said of it, oldest first, each with the broker's time."""
    table = "clues_raw" if alert.disposition == "clue" else "alerts_raw"
    query = (
        f"SELECT toUnixTimestamp64Milli(broker_at), {columns()} FROM {table} "  # noqa: S608 - our own names
        "WHERE alert_id = %(id)s ORDER BY offset LIMIT 1 BY topic, partition, offset"
    )
    return [(row[0], alert_of(row[1:])) for row in pool.ask("page", query, {"id": alert.alert_id})]
