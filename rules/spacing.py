"""How close together the signals of a page lie: kept up as signals come, so that a burst is seen without reading the page again."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

FAR_APART: Final = 2**62


class Spacing:
    """The instants of the signals of one page in order, and by a number how close together so many of them lie (ms). `facts`: the
    ids of theirs, kept by whoever keeps the page."""

    __slots__ = ("_least", "ats", "facts")

    def __init__(self, ats: Iterable[int], facts: set[bytes] | None = None) -> None:
        self.ats = sorted(ats)
        self.facts = set() if facts is None else facts
        self._least: dict[int, int] = {}

    def add(self, at: int) -> None:
        ats = self.ats
        if not ats or at >= ats[-1]:  # nearly always
            ats.append(at)
            for number, known in self._least.items():
                if len(ats) >= number and at - ats[-number] < known:
                    self._least[number] = at - ats[-number]
            return
        place = bisect_right(ats, at)
        insort(ats, at)
        for number, known in self._least.items():
            for first in range(max(0, place - number + 1), min(place, len(ats) - number) + 1):
                if ats[first + number - 1] - ats[first] < known:
                    known = self._least[number] = ats[first + number - 1] - ats[first]

    def least(self, number: int) -> int:
        """The least time that so many lie within, FAR_APART: there are fewer."""
        found = self._least.get(number)
        if found is None:
            found = self._least[number] = _least(self.ats, number)
        return found


def least_of(pages: Sequence[Spacing], number: int, within: int) -> int:
    """The same of signals of several pages, where it is less than `within`; of one of several dates it may be more than that."""
    found = min([page.least(number) for page in pages], default=FAR_APART)
    filled = [page.ats for page in pages if page.ats]
    meet = any(behind[0] - before[-1] < within for before, behind in pairwise(filled))
    return min(found, _least(sorted(at for ats in filled for at in ats), number)) if meet else found


def _least(ats: Sequence[int], number: int) -> int:
    return min([last - first for first, last in zip(ats, ats[number - 1 :], strict=False)], default=FAR_APART)
