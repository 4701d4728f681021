"""Administrative regions by their codes: GB/T 2260 (province, city, county) continued by GB/T 10114 (township, village).

A code's levels are its first 2, 4, 6, 9 and 12 digits; a level of zeros says nothing. Other codes stand for themselves.
"""

from __future__ import annotations

from functools import lru_cache

_LEVELS = (2, 4, 6, 9, 12)
_LEVEL_OF = {0: 1, **{end: level for level, end in enumerate(_LEVELS, 2)}}


@lru_cache(maxsize=16_384)
def chain(code: str) -> tuple[str, ...]:
    """The significant prefixes of a code, longest first: `430111` gives ("430111", "4301", "43", ""); "" is the whole country."""
    if not code.isdigit():
        return (code, "") if code else ("",)
    starts = [0, *_LEVELS]
    filled = [end for start, end in zip(starts, _LEVELS, strict=False) if end <= len(code) and code[start:end].strip("0")]
    return (*(code[:end] for end in reversed(filled)), "")


def significant(code: str) -> str:
    """The code without what says nothing: `430100` and `4301` are both `4301`."""
    return chain(code)[0]


def covers(outer: str, inner: str) -> bool:
    """Whether region `inner` is `outer` or lies in it."""
    return significant(outer) in chain(inner)


def level_of(code: str | None) -> int | None:
    """The region level of a code: 1 the country, 2 province, 3 city, 4 county, 5 township, 6 village; None for other codes."""
    return _LEVEL_OF.get(len(significant(code))) if code and code.isdigit() else None
