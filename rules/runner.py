"""Who takes events the short way, and who finds the cases that are due: compiled code (`swift.pyx`) where it could be built, else
that of `rules.shortcut` and `rules.hour`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from rules.hour import due_in as plain_due_in
from rules.outline import Scene
from rules.output import Item
from rules.retelling import Tell
from rules.shortcut import Shortcut
from supervision.signal import Signal

try:
    from rules.swift import Swift, Teller
    from rules.swift import due_in as swift_due_in
except ImportError:  # no C compiler was at hand, or it was built for another layout of cases
    IS_COMPILED = False
else:
    IS_COMPILED = True


Short = Literal["compiled", "plain", "none"]  # all say the same; "plain" and "none" need more time for it


class Runner(Protocol):
    """See `Shortcut`."""

    def begin(
        self, items: Sequence[Item], blobs: dict[str, bytes], changed: dict[str, bytes | None], signals: list[Signal]
    ) -> None: ...

    def run(self, position: int) -> int: ...


def runner(shortcut: Shortcut, short: Short) -> Runner | None:
    """What takes events the short way; without the compiled one the plain one does."""
    if short == "none":
        return None
    return Swift(shortcut) if IS_COMPILED and short == "compiled" else shortcut


def teller(runner: Runner | None) -> Callable[[Scene], Tell] | None:
    """What makes, for a scene, who tells acts over again as quickly as the runner takes events."""
    if not IS_COMPILED or not isinstance(runner, Swift):
        return None
    return lambda scene: Teller(runner, scene).tell


def due_in(short: Short) -> Callable[[dict[str, bytes], Callable[[str], int | None], list[str], int], list[tuple[int, str]]]:
    """What finds, among cases as they lie packed, those that are due in an hour: see `rules.hour.due_in`."""
    return swift_due_in if IS_COMPILED and short == "compiled" else plain_due_in
