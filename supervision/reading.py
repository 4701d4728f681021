"""Plain values of a file turned into typed ones, every mistake named at once: place, value, and what was wanted.

Types steer it (`msgspec.inspect`), so a new field or kind needs no code here. Values may be written as people write them
(`supervision.written`); of a table with `cells`, everything is text, and lists are separated by semicolons.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, inspect

from supervision import written
from supervision.document import Path
from supervision.language import say
from supervision.reference import Hours, Item, Step
from supervision.worktime import Limit, Unit

S = TypeVar("S", bound=Struct)

_WRONG: Any = object()  # stands for a value that is left out because it is wrong
_MANY = 14  # words of an enumeration that a line still holds


class Reader:
    """Reads the values of one file; `mistakes` gathers (path, what is wrong)."""

    def __init__(self, zone: ZoneInfo, cells: bool = False) -> None:
        self.zone = zone
        self._cells = cells
        self.mistakes: list[tuple[Path, str]] = []

    def read(self, path: Path, value: Any, wanted: type[S]) -> S | None:
        """The value as a `wanted`, without what is wrong in it; None if what is left is none."""
        content = self._value(path, value, inspect.type_info(wanted))
        return None if content is _WRONG else msgspec.convert(content, wanted)

    def wrong(self, path: Path, value: Any, wanted: str) -> Any:
        """Note that `value` is not what was wanted."""
        found = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        found = found if len(found) <= 60 else f"{found[:59]}…"
        self.mistakes.append((path, say(f"{found} 有误,要求{wanted}", f"{found} is wrong; wanted {wanted}")))
        return _WRONG

    def _value(self, path: Path, value: Any, kind: inspect.Type) -> Any:
        if isinstance(kind, inspect.Metadata):
            instant = (kind.extra or {}).get("written") == "instant"
            return self._instant(path, value) if instant else self._value(path, value, kind.type)
        if isinstance(kind, inspect.UnionType):
            if value is None:
                return None
            return self._value(path, value, next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
        if isinstance(kind, inspect.StructType):
            return self._struct(path, value, kind)
        if isinstance(kind, inspect.VarTupleType):
            return self._list(path, value, kind.item_type)
        return self._scalar(path, value, kind)

    def _struct(self, path: Path, value: Any, kind: inspect.StructType) -> Any:
        if kind.cls is Limit:
            return self._limit(path, value)
        if kind.cls is Hours and isinstance(value, str):
            value = {"spans": value}
        if kind.cls is Step and isinstance(value, str):
            value = {"code": value}
        if kind.array_like and isinstance(value, list) and len(value) == len(kind.fields):
            parts = zip(kind.fields, value, strict=True)
            content = [self._value((*path, position), part, field.type) for position, (field, part) in enumerate(parts)]
            return _WRONG if _WRONG in content else content
        if not isinstance(value, dict):
            return self.wrong(path, value, _spoken(kind))
        if kind.cls is Item:
            value = _without_legal_limit(value)
        fields = self._fields(path, value, kind)
        if any(field.required and field.encode_name not in fields for field in kind.fields):
            return _WRONG
        return [fields[field.encode_name] for field in kind.fields] if kind.array_like else fields

    def _fields(self, path: Path, value: dict[str, Any], kind: inspect.StructType) -> dict[str, Any]:
        fields = {field.encode_name: field for field in kind.fields}
        content: dict[str, Any] = {}
        for key, inner in value.items():
            if str(key) not in fields:
                self.unknown((*path, str(key)), list(fields))
                continue
            place = (*path, str(key))
            spans = kind.cls is Hours and key == "spans"
            read = self._spans(place, inner) if spans else self._value(place, inner, fields[str(key)].type)
            if read is not _WRONG:
                content[str(key)] = read
        for name, field in fields.items():
            if field.required and name not in value:
                wanted = _spoken(field.type)
                self.mistakes.append(((*path, name), say(f"缺少,要求{wanted}", f"missing; wanted {wanted}")))
        return content

    def unknown(self, path: Path, known: list[str]) -> None:
        """Note a key that does not exist, and the one that may have been meant."""
        close = ", ".join(get_close_matches(str(path[-1]), known, 2)) or ", ".join(known)
        self.mistakes.append((path, say(f"没有这个键,可用: {close}", f"there is no such key; known: {close}")))

    def _list(self, path: Path, value: Any, item: inspect.Type) -> Any:
        if isinstance(item, inspect.StructType) and item.cls is Hours and isinstance(value, str):
            value = [value]
        elif self._cells and isinstance(value, str):
            value = [part.strip() for part in value.split(";") if part.strip()]
        if not isinstance(value, list):
            return self.wrong(path, value, say("列表", "a list"))
        if isinstance(item, inspect.StrType) and item.pattern is not None:
            return self._dates(path, value)
        read = [self._value((*path, position), inner, item) for position, inner in enumerate(value)]
        return [each for each in read if each is not _WRONG]

    def _dates(self, path: Path, value: list[Any]) -> list[str]:
        found: list[str] = []
        for position, text in enumerate(value):
            days = written.dates(text) if isinstance(text, str) else None
            if days is None:
                wanted = say("日期 2026-02-15 或区间 2026-02-15..2026-02-23", "a date 2026-02-15 or a span 2026-02-15..2026-02-23")
                self.wrong((*path, position), text, wanted)
            found += days or []
        return found

    def _limit(self, path: Path, value: Any) -> Any:
        if isinstance(value, dict) and set(value) <= {"value", "unit"} and "value" in value:
            value = f"{value['value']} {value.get('unit', Unit.WORKING_DAY.value)}"
        found = written.limit(value) if isinstance(value, str) else None
        if found is None:
            units = ", ".join(Unit)
            wanted = say(f"时限,例如 20 working_day(单位: {units})", f"a limit such as 20 working_day (units: {units})")
            return self.wrong(path, value, wanted)
        return list(found)

    def _spans(self, path: Path, value: Any) -> Any:
        found = written.spans(value) if isinstance(value, str) else None
        if found is None:
            return self.wrong(path, value, say("时段,例如 09:00-12:00, 13:30-17:30", "hours such as 09:00-12:00, 13:30-17:30"))
        return found

    def _instant(self, path: Path, value: Any) -> Any:
        found = written.instant(value, self.zone) if isinstance(value, str) else None
        if found is None or not -2208988800000 <= found < 7258118400000:
            wanted = say(
                "带时区的时间 2026-03-02T09:00:00+08:00 或日期 2026-03-02",
                "a time with offset such as 2026-03-02T09:00:00+08:00, or a date such as 2026-03-02",
            )
            return self.wrong(path, value, wanted)
        return found

    def _scalar(self, path: Path, value: Any, kind: inspect.Type) -> Any:
        found = _of_cell(value, kind) if self._cells and isinstance(value, str) else value
        if isinstance(kind, inspect.StrType) and isinstance(value, int) and not isinstance(value, bool):
            found = str(value)  # a code written without quotes
        return found if _fits(found, kind) else self.wrong(path, value, _spoken(kind, value))


def _without_legal_limit(value: dict[str, Any]) -> dict[str, Any]:
    """`legal_limit: none` means that the law names none, which is not the same as saying nothing."""
    said = value.get("legal_limit")
    if not isinstance(said, str) or said.strip().lower() not in {"none", "无"}:
        return value
    return {**{key: inner for key, inner in value.items() if key != "legal_limit"}, "has_legal_limit": False}


def _of_cell(text: str, kind: inspect.Type) -> Any:
    """What a cell of a table says where a number or a truth is wanted; the text itself if it says none."""
    if isinstance(kind, inspect.BoolType):
        truth = written.truth(text)
        return text if truth is None else truth
    try:
        return int(text) if isinstance(kind, inspect.IntType) else float(text) if isinstance(kind, inspect.FloatType) else text
    except ValueError:
        return text


def _fits(value: Any, kind: inspect.Type) -> bool:
    """Whether a scalar is one of its type."""
    if isinstance(kind, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, inspect.EnumType):
        return value in [member.value for member in kind.cls]
    if isinstance(kind, inspect.StrType):
        return isinstance(value, str) and (kind.min_length or 0) <= len(value) <= (kind.max_length or len(value))
    if isinstance(kind, inspect.IntType):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and (kind.ge is None or value >= kind.ge) and (kind.le is None or value <= kind.le)
    assert isinstance(kind, inspect.FloatType), kind
    number = isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 1e300
    return number and (kind.ge is None or value >= kind.ge) and (kind.le is None or value <= kind.le)


def _spoken(kind: inspect.Type, value: Any = None) -> str:
    """What a type wants, in the user's words; of a long list, only the words nearest to `value`."""
    if isinstance(kind, inspect.Metadata):
        return _spoken(kind.type)
    if isinstance(kind, inspect.UnionType):
        return " / ".join(dict.fromkeys(_spoken(each) for each in kind.types if not isinstance(each, inspect.NoneType)))
    if isinstance(kind, inspect.EnumType):
        words = [str(member.value) for member in kind.cls]
        near = words if len(words) <= _MANY else get_close_matches(str(value), words, 3) or [*words[:3], "..."]
        return say("其中之一: ", "one of ") + ", ".join(near)
    if isinstance(kind, inspect.StrType):
        longest = kind.max_length
        return say("文本", "text") + ("" if longest is None else say(f"(1 至 {longest} 字)", f" of 1 to {longest} characters"))
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        bounds = "" if kind.ge is None and kind.le is None else f" ({_bound(kind.ge)}..{_bound(kind.le)})"
        return (say("整数", "a whole number") if isinstance(kind, inspect.IntType) else say("数", "a number")) + bounds
    if isinstance(kind, inspect.StructType) and kind.array_like:
        return f"[{', '.join(field.name for field in kind.fields)}]"
    if isinstance(kind, inspect.BoolType):
        return say("true 或 false", "true or false")
    return say("列表", "a list") if isinstance(kind, inspect.VarTupleType) else say("一组键和值", "keys with values")


def _bound(value: float | None) -> str:
    return "" if value is None or abs(value) >= 2**53 else str(value)
