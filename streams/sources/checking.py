"""A YAML value turned into a typed one, with every mistake in it named at once: place, value, and what was wanted."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

from supervision.language import say

Path = tuple[str | int, ...]
Mistake = tuple[Path, str]


def mistakes(value: Any, wanted: type) -> list[Mistake]:
    """Every place where `value` (plain dicts, lists and scalars) is not a `wanted`; empty if `msgspec.convert` would take it."""
    return list(_walk((), value, inspect.type_info(wanted)))


def _walk(path: Path, value: Any, wanted: inspect.Type) -> Iterator[Mistake]:
    if isinstance(wanted, inspect.Metadata):
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        chosen = next((each for each in wanted.types if _fits(value, each)), None)
        if chosen is None:
            yield path, _wrong(value, " / ".join(dict.fromkeys(map(_spoken, wanted.types))))
        else:
            yield from _walk(path, value, chosen)
    elif not _fits(value, wanted):
        yield path, _wrong(value, _spoken(wanted))
    elif isinstance(wanted, inspect.StructType):
        yield from _struct(path, value, wanted)
    elif isinstance(wanted, inspect.DictType):
        for key, inner in value.items():
            yield from _walk((*path, str(key)), str(key), wanted.key_type)
            yield from _walk((*path, str(key)), inner, wanted.value_type)
    elif isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        for position, inner in enumerate(value):
            yield from _walk((*path, position), inner, wanted.item_type)
    else:
        yield from _leaf(path, value, wanted)


def _struct(path: Path, value: dict[str, Any], wanted: inspect.StructType) -> Iterator[Mistake]:
    fields = {field.encode_name: field for field in wanted.fields}
    for key, inner in value.items():
        if key in fields:
            yield from _walk((*path, key), inner, fields[key].type)
        else:
            close = get_close_matches(str(key), fields, 1)
            meant = say(f",是否为 {close[0]}?", f"; did you mean {close[0]}?") if close else ""
            names = ", ".join(fields)
            yield (*path, str(key)), say(f"没有这个键{meant}(可用: {names})", f"there is no such key{meant} (known: {names})")
    for name, field in fields.items():
        if field.required and name not in value:
            yield (*path, name), say(f"缺少,要求{_spoken(field.type)}", f"missing; wanted {_spoken(field.type)}")


def _leaf(path: Path, value: Any, wanted: inspect.Type) -> Iterator[Mistake]:
    if isinstance(wanted, inspect.EnumType):
        if value not in {member.value for member in wanted.cls}:
            yield path, _wrong(value, _spoken(wanted))
    elif isinstance(wanted, inspect.IntType):
        if (wanted.ge is not None and value < wanted.ge) or (wanted.le is not None and value > wanted.le):
            yield path, _wrong(value, _spoken(wanted))
    elif isinstance(wanted, inspect.StrType):
        size = len(value)
        if size < (wanted.min_length or 0) or (wanted.max_length is not None and size > wanted.max_length):
            yield path, _wrong(value, _spoken(wanted))


def _fits(value: Any, wanted: inspect.Type) -> bool:
    """Whether the value is of the right shape; its contents may still be wrong."""
    if isinstance(wanted, inspect.UnionType):
        return any(_fits(value, each) for each in wanted.types)
    if isinstance(wanted, inspect.StructType | inspect.DictType):
        return isinstance(value, dict)
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return isinstance(value, list)
    if isinstance(wanted, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    shapes: dict[type, type | tuple[type, ...]] = {
        inspect.BoolType: bool,
        inspect.NoneType: type(None),
        inspect.StrType: str,
        inspect.EnumType: (str, int),
        inspect.FloatType: (int, float),
        inspect.AnyType: object,
    }
    return isinstance(value, shapes[type(wanted)])


def _spoken(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.Metadata):
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        return " / ".join(dict.fromkeys(_spoken(each) for each in wanted.types if not isinstance(each, inspect.NoneType)))
    if isinstance(wanted, inspect.EnumType):
        return say("其中之一: ", "one of ") + ", ".join(str(member.value) for member in wanted.cls)
    if isinstance(wanted, inspect.StructType | inspect.DictType):
        return say("一组键和值", "keys with values")
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return say("列表", "a list")
    if isinstance(wanted, inspect.IntType):
        low, high = wanted.ge, wanted.le
        span = "" if low is None and high is None else f" ({'' if low is None else low}..{'' if high is None else high})"
        return say("整数", "a whole number") + span
    if isinstance(wanted, inspect.StrType):
        longest = wanted.max_length
        return say("文本", "text") + ("" if longest is None else say(f"(至多 {longest} 字)", f" of at most {longest} characters"))
    words: dict[type, tuple[str, str]] = {
        inspect.BoolType: ("true 或 false", "true or false"),
        inspect.FloatType: ("数", "a number"),
        inspect.NoneType: ("空", "nothing"),
    }
    return say(*words.get(type(wanted), ("值", "a value")))


def _wrong(value: Any, wanted: str) -> str:
    found = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    found = found if len(found) <= 60 else found[:59] + "…"
    return say(f"「{found}」有误,要求{wanted}", f"{found!r} is wrong; wanted {wanted}")
