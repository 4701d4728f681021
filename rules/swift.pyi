"""What `swift.pyx` offers; see there."""

from collections.abc import Callable, Sequence

from rules.output import Item
from rules.shortcut import Shortcut
from supervision.signal import Signal

class Swift:
    def __init__(self, shortcut: Shortcut) -> None: ...
    def begin(
        self, items: Sequence[Item], blobs: dict[str, bytes], changed: dict[str, bytes | None], signals: list[Signal]
    ) -> None: ...
    def run(self, position: int) -> int: ...

def due_in(
    blobs: dict[str, bytes], instant_of: Callable[[str], int | None], keys: list[str], number: int
) -> list[tuple[int, str]]: ...
