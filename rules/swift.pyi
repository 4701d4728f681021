"""What `swift.pyx` offers; see there."""

from collections.abc import Callable, Sequence

from rules.outline import Scene
from rules.output import Item
from rules.retelling import Acts, Meant
from rules.shortcut import Shortcut
from rules.ways import Origin
from supervision.signal import Signal

class Swift:
    def __init__(self, shortcut: Shortcut) -> None: ...
    def begin(
        self, items: Sequence[Item], blobs: dict[str, bytes], changed: dict[str, bytes | None], signals: list[Signal]
    ) -> None: ...
    def run(self, position: int) -> int: ...

class Teller:
    def __init__(self, swift: Swift, scene: Scene) -> None: ...
    def tell(
        self, acts: Acts, apart: bytes, origin: Origin, where_code: int, accepted_at: int | None, new: tuple[int, bytes]
    ) -> Meant | None: ...

def due_in(
    blobs: dict[str, bytes], instant_of: Callable[[str], int | None], keys: list[str], number: int
) -> list[tuple[int, str]]: ...
