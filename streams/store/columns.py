"""Columns in ClickHouse's Native form, each built by a few loops in C over all its values. `streams.store.insertion` sends them.

clickhouse-driver writes the same bytes value by value in Python, which costs several times as much; it still writes the types
that are not here. None is written as the type's default, NULL where the type is Nullable.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter, is_
from typing import Any
from uuid import UUID

Write = Callable[[Sequence[Any]], bytes]

_TABLE = 1 << 14  # lengths up to here are two bytes at most


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_LENGTHS = [_varint(length) for length in range(_TABLE)]
_SHORT = [chr(length) for length in range(128)]
_int_of = attrgetter("int")


def strings(values: Sequence[Any]) -> bytes:
    """Text or bytes, each behind its length. Texts of ASCII, which most are, become bytes all at once."""
    if None in values:
        values = [value or "" for value in values]
    try:
        lengths = list(map(len, values))
        text = "".join(chain.from_iterable(zip(map(_SHORT.__getitem__, lengths), values, strict=True)))
        if text.isascii():
            return text.encode()
    except (IndexError, TypeError):  # a long text; bytes
        pass
    raw = values if _all_bytes(values) else [value.encode() if isinstance(value, str) else value for value in values]
    lengths = list(map(len, raw))
    if max(lengths, default=0) < _TABLE:
        return b"".join(chain.from_iterable(zip(map(_LENGTHS.__getitem__, lengths), raw, strict=True)))
    return b"".join(chain.from_iterable(zip(map(_varint, lengths), raw, strict=True)))


def _all_bytes(values: Sequence[Any]) -> bool:
    return set(map(type, values)) == {bytes}


def low_cardinality(values: Sequence[Any]) -> bytes:
    """LowCardinality(String): the different values, then for each row which of them it is."""
    if None in values:
        values = [value or "" for value in values]
    if not values:
        return b""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    width = 0 if len(places) <= 1 << 8 else 1 if len(places) <= 1 << 16 else 2
    if len(places) == 1:
        keys = bytes(len(values))
    elif not width:
        keys = bytes(map(places.__getitem__, values))
    else:
        keys = _packed("BHI"[width], list(map(places.__getitem__, values)))
    head = _packed("Q", [1 << 9 | width, len(places)])  # 1 << 9: the dictionary comes with the block
    return head + strings(list(places)) + _packed("Q", [len(values)]) + keys


def uuids(values: Sequence[UUID | None]) -> bytes:
    """Two numbers of 64 bits, the high one first, each little endian."""
    if any(map(is_, values, repeat(None))):  # `in` would ask every UUID, in Python, whether it equals None
        values = [value or _NO_ID for value in values]
    numbers: Iterator[int] = map(_int_of, values)
    halves = array("Q", b"".join([number.to_bytes(16, "little") for number in numbers]))
    halves[0::2], halves[1::2] = halves[1::2], halves[0::2]
    return halves.tobytes()


_NO_ID = UUID(int=0)


def _packed(code: str, values: Sequence[int]) -> bytes:
    numbers = array(code, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _numbers(code: str) -> Write:
    def write(values: Sequence[int | None]) -> bytes:
        return _packed(code, [value or 0 for value in values] if None in values else values)  # type: ignore[arg-type]  # no None

    return write


def _nullable(write: Write) -> Write:
    def with_nulls(values: Sequence[Any]) -> bytes:
        nulls = bytes(map(is_, values, repeat(None)))
        return nulls + write(values)

    return with_nulls


_WRITE: dict[str, Write] = {
    "String": strings,
    "UUID": uuids,
    **{f"Int{bits}": _numbers(code) for bits, code in ((8, "b"), (16, "h"), (32, "i"), (64, "q"))},
    **{f"UInt{bits}": _numbers(code) for bits, code in ((8, "B"), (16, "H"), (32, "I"), (64, "Q"))},
    "DateTime64(3, 'UTC')": _numbers("q"),  # given as the number it is, milliseconds
}
_WRITE |= {f"Nullable({spec})": _nullable(write) for spec, write in _WRITE.items()}
_PREFIXED = {"LowCardinality(String)": (_packed("Q", [1]), low_cardinality)}  # version 1 of its form, then the column


_ENUM = re.compile(r"Enum8\((?:'[^'\\]*' = -?\d+(?:, )?)+\)")
_MEMBER = re.compile(r"'([^']*)' = (-?\d+)")


def _enum(spec: str) -> Write:
    numbers = {name: int(number) for name, number in _MEMBER.findall(spec)}
    return lambda values: _packed("b", list(map(numbers.__getitem__, values)))


@lru_cache(maxsize=256)
def _writer(spec: str) -> tuple[bytes, Write] | None:
    """What stands before a column of this type, and what writes its values; None: not one of ours."""
    if _ENUM.fullmatch(spec):
        return b"", _enum(spec)
    write = _WRITE.get(spec)
    return (b"", write) if write else _PREFIXED.get(spec)


def encoded(spec: str, values: Sequence[Any]) -> bytes | None:
    """The column, or None: a type that is not here, or values of another kind than plain ones, or that it cannot hold."""
    found = _writer(spec)
    if found is None:
        return None
    prefix, write = found
    try:
        return prefix + write(values)
    except (TypeError, AttributeError, KeyError, OverflowError):
        return None
