"""The cases that are due in an hour, found by what lies packed of them."""

from __future__ import annotations

from collections.abc import Callable

from rules.packing import ON_SEVERAL_CLOCKS
from rules.timers import BUCKET_MS, armed_in

_SHAPE_AT, _EARLIEST_AT, _EARLIEST_END = 1, 2, 10  # of the head: see `rules.packing`


def due_in(blobs: dict[str, bytes], instant_of: Callable[[str], int | None], keys: list[str], number: int) -> list[tuple[int, str]]:
    """As `rules.timers.armed_in`, for keys whose dossiers lie in `blobs`; `instant_of` is asked of those on several clocks alone.

    Instants are compared as they lie there, since most that were armed for an hour are due at another by now.
    """
    if number < 0:  # before 1970: packed, such instants do not lie in their order
        return armed_in(instant_of, keys, number)
    since, until = ((hour * BUCKET_MS).to_bytes(8, "big") for hour in (number, number + 1))
    found: list[tuple[int, str]] = []
    for key in set(keys):
        blob = blobs.get(key)
        if blob is None:
            continue
        if blob[_SHAPE_AT] == ON_SEVERAL_CLOCKS:
            found += armed_in(instant_of, [key], number)
        elif since <= (earliest := blob[_EARLIEST_AT:_EARLIEST_END]) < until:
            found.append((int.from_bytes(earliest, "big"), key))
    return found
