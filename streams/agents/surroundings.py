"""What all partitions of a worker share, given to each when it is made; tests give stand-ins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from faust.types import TP
from msgspec import Struct

from streams.agents.outbox import Names
from streams.agents.progress import Progress
from streams.agents.state import Found
from streams.agents.transaction import Transaction
from streams.reference import Snapshot


class Surroundings(Struct):
    """What all partitions of a worker share. `open_transaction` and `load` block; they run in `pool`."""

    names: Names
    pool: Executor
    reference: Callable[[], Snapshot]
    place: Callable[[TP, int], Awaitable[None]]
    progress: Callable[[TP], Progress | None]
    has_activity: Callable[[], bool]
    open_transaction: Callable[[TP], Transaction]
    load: Callable[[TP, str], tuple[Found, int | None, int, int]]
    accept_loss: bool
    step_ms: int
    timer_limit: int
    reacquire_s: float
