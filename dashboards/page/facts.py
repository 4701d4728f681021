"""Every number of an alert's evidence, with its name in both languages. Pure."""

from __future__ import annotations

from typing import Any

from dashboards.contract import Both, Fact
from rules.labels import kind_of, label, unit_of


def facts(values: dict[str, Any]) -> list[Fact]:
    """In the order in which the rule gave them; the unit of a limit stands with the limit."""
    return [_fact(name, value, values) for name, value in values.items() if not (name == "limit_unit" and "limit" in values)]


def _fact(name: str, value: Any, values: dict[str, Any]) -> Fact:
    kind, unit = kind_of(name, value), unit_of(name, values.get("limit_unit"))
    shown = round(value * 1000) if kind == "duration_ms" else _plain(value)
    return Fact(name, Both(*label(name)), shown, kind, None if unit is None else Both(*unit))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [each if isinstance(each, (int, float)) and not isinstance(each, bool) else str(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
