"""The small office that examples of cards happen in: one source, one item, one centre, three officers; overridden by `catalogue`.

Hours 09:00-12:00 and 13:30-17:30, the Chinese calendar; item X promises 7 working days and has no legal limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rules.wording import near
from supervision.language import UserError, say
from supervision.reference import ENTRY_TYPES, Entry, Reference

SOURCE = "hall-system"
ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [{"spans": [[540, 720], [810, 1050]]}]
DEFAULTS: dict[str, list[dict[str, Any]]] = {
    "source": [{"name": SOURCE, "clock": "example", "late_grace_s": 0, "region_code": "430111"}],
    "region": [{"code": "430111", "calendar": "CN", "time_zone": "Asia/Shanghai"}],
    "item": [{"code": "X", "name": "许可X", "item_type": "10", "promised_limit": [7, "working_day"], "has_legal_limit": False}],
    "centre": [{"centre_id": "C-1", "region_code": "430111", "hours": HOURS}],
    "officer": [{"officer_id": f"O-{number}", "person_hash": f"p{number}", "centre_id": "C-1"} for number in (1, 2, 3)],
}


EVENT = {"source_system": SOURCE, "case_id": "X-1", "item_catalog_code": "X", "region_code": "430111", "centre_id": "C-1"}
"""What an example's event need not say."""


def instant(text: str) -> int:
    """ms UTC of a local moment `YYYY-MM-DD[ HH:MM[:SS[.mmm]]]`. Raises ValueError."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def moment(at: int) -> str:
    """The local text of an instant, as short as it can be said."""
    local = datetime.fromtimestamp(at // 1000, tz=ZONE)
    if at % 1000:
        return f"{local:%Y-%m-%d %H:%M:%S}.{at % 1000:03d}"
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def local_value(value: Any) -> Any:
    """A local moment with a time of day becomes ms; a bare date and anything else stays."""
    if isinstance(value, str) and len(value) >= len("2026-03-02 09:00") and value[4] == "-" and value[10] == " ":
        try:
            return instant(value)
        except ValueError:
            return value
    return value


def sandbox(overrides: dict[str, Any], place: str) -> Reference:
    """The reference data of an example. `overrides`: entry kind -> fields over its first default entry, or a list of entries
    that replaces the defaults of that kind. Raises UserError naming the kind and what is wrong."""
    entries: list[Entry] = []
    wrong = [
        f"{place}: catalogue.{kind}: " + say("没有这类基础数据", "no kind of reference data") + near(kind, ENTRY_TYPES)
        for kind in overrides
        if kind not in ENTRY_TYPES
    ]
    for kind, entry_type in ENTRY_TYPES.items():
        for fields in _merged(DEFAULTS.get(kind, []), overrides.get(kind)):
            known = {field.encode_name for field in msgspec.structs.fields(entry_type)}
            wrong += [
                f"{place}: catalogue.{kind}.{name}: " + say("没有这个字段", "no such field") for name in fields if name not in known
            ]
            try:
                entries.append(msgspec.convert({name: local_value(value) for name, value in fields.items()}, entry_type))
            except msgspec.ValidationError as error:
                wrong.append(f"{place}: catalogue.{kind}: {error}")
    if wrong:
        raise UserError(*wrong)
    return Reference(entries, version="example")


def _merged(standard: list[dict[str, Any]], override: Any) -> list[dict[str, Any]]:
    if override is None:
        return standard
    if isinstance(override, dict):
        first, *others = standard or [{}]
        return [{**first, **override}, *others]
    return [{**_same(standard, entry), **entry} for entry in override if isinstance(entry, dict)]


def _same(standard: list[dict[str, Any]], entry: dict[str, Any]) -> dict[str, Any]:
    """The default entry that a listed one restates, by its first field; the first default where it names none."""
    name = next(iter(standard[0])) if standard else ""
    return next((known for known in standard if name in entry and known[name] == entry[name]), {})


def each(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The events an entry stands for: one for each moment of `at`, `{n}` in its texts counting them from 1."""
    moments = _moments(entry.get("at"))
    if moments is None:
        yield dict(entry)
        return
    for number, at in enumerate(moments, 1):
        filled = {name: value.replace("{n}", str(number)) if isinstance(value, str) else value for name, value in entry.items()}
        yield {**filled, "at": at}


def _moments(at: Any) -> list[Any] | None:
    """Those of a list, or of `{from, every_s, times}`; None: it is one. A moment that cannot be read stays as it is written."""
    if isinstance(at, list):
        return at
    if not isinstance(at, dict) or set(at) != {"from", "every_s", "times"}:
        return None
    try:
        first = datetime.fromisoformat(at["from"])
        steps = [first + timedelta(seconds=at["every_s"] * number) for number in range(at["times"])]
    except (TypeError, ValueError):
        return [at["from"]]
    return [moment.isoformat(sep=" ", timespec="milliseconds") for moment in steps]
