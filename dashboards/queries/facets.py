"""The different values that the alerts of a scope name: what a filter can be set to."""

from __future__ import annotations

from msgspec import Struct

from dashboards.access.rights import Scope
from dashboards.queries.pool import Pool

MOST = 2_000


class Values(Struct, frozen=True):
    departments: list[str]
    centres: list[str]
    items: list[str]
    regions: list[str]
    sources: list[str]


_COLUMNS = ("owner_department_id", "owner_centre_id", "item_code", "region_code", "source_system")


def values(pool: Pool, scope: Scope, clock: str = "") -> Values:
    """Sorted, without the empty one; of one clock if it is named."""
    conditions, asked = scope.where_alerts()
    conditions.append("(%(clock)s = '' OR clock = %(clock)s)")
    groups = ", ".join(f"groupUniqArray({MOST})({column})" for column in _COLUMNS)
    query = f"SELECT {groups} FROM alerts WHERE {' AND '.join(conditions)}"  # noqa: S608 - our own names
    (row,) = pool.ask("facets", query, asked | {"clock": clock})
    return Values(*(sorted(value for value in column if value) for column in row))
