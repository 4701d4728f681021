"""Who takes events the short way: compiled code (`swift.pyx`) where it could be built, else that of `rules.shortcut`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from rules.outline import Scene
from rules.output import Item
from rules.retelling import Tell
from rules.shortcut import Shortcut
from rules.timers import armed_in
from supervision.signal import Signal

try:
    from rules.swift import Swift, Teller
    from rules.swift import due_in as due_in
except ImportError:  # no C compiler was at hand, or it was built for another layout of cases
    IS_COMPILED = False

    def due_in(
        blobs: dict[str, bytes], instant_of: Callable[[str], int | None], keys: list[str], number: int
    ) -> list[tuple[int, str]]:
        return armed_in(instant_of, keys, number)
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
