"""What a user may see: a region with all below it, one department, and clues only in the role `discipline`.

Every answer is filtered by a `Scope`: of rows in ClickHouse by `where`, of alerts in the stream by `sees`. Two users of equal
scopes get equal bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from supervision.alert import Alert, Disposition, Visibility
from supervision.regions import significant

ROLES = ("administrator", "supervisor", "auditor", "department", "discipline")
DISCIPLINE = "discipline"


class Scope(Struct, frozen=True):
    """`region_prefix` "": everywhere; `department_id` None: all departments."""

    region_prefix: str = ""
    department_id: str | None = None
    sees_clues: bool = False

    @property
    def is_everything(self) -> bool:
        return not self.region_prefix and self.department_id is None

    def covers(self, region_code: str | None, department_id: str | None) -> bool:
        """Whether what lies there may be seen. What names no place is for those who may see every place."""
        if self.region_prefix and not (region_code or "").startswith(self.region_prefix):
            return False
        return self.department_id is None or self.department_id == department_id

    def sees(self, alert: Alert) -> bool:
        """Whether it may see this alert or clue."""
        kind = self.sees_kind(alert.disposition.value, alert.visibility.value)
        return kind and self.covers(alert.region_code, alert.owner_department_id)

    def sees_kind(self, disposition: str, visibility: str) -> bool:
        """Whether it may see such alerts at all, wherever they are."""
        if disposition == Disposition.CLUE or visibility == Visibility.DISCIPLINE_ONLY:
            return self.sees_clues
        return self.department_id is None or visibility == Visibility.DEPARTMENT

    def where_alerts(self) -> tuple[list[str], dict[str, Any]]:
        """The same as conditions of SQL on the views `alerts` and `clues`, with their values."""
        conditions, values = self._where("owner_department_id")
        if not self.sees_clues:
            conditions.append("disposition = 'card' AND visibility != 'discipline_only'")
        if self.department_id is not None:
            conditions.append("(visibility = 'department' OR disposition = 'clue' OR visibility = 'discipline_only')")
        return conditions, values

    def where_events(self) -> tuple[list[str], dict[str, Any]]:
        """Conditions on events."""
        return self._where("department_id")

    def _where(self, department: str) -> tuple[list[str], dict[str, Any]]:
        conditions: list[str] = []
        values: dict[str, Any] = {}
        if self.region_prefix:
            conditions.append("startsWith(region_code, %(scope_region)s)")
            values["scope_region"] = self.region_prefix
        if self.department_id is not None:
            conditions.append(f"{department} = %(scope_department)s")
            values["scope_department"] = self.department_id
        return conditions, values


def scope_of(roles: Collection[str], region_prefix: str, department_id: str | None) -> Scope:
    """The scope of a user. The region's code without the zeros at its end, which say nothing."""
    prefix = significant(region_prefix) if region_prefix else ""
    return Scope(prefix, department_id, DISCIPLINE in roles)
