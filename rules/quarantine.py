"""Quarantine (P16): what says that it happened after we received it is out of force until a correction has a possible time.

Asked by the gateway for its answer, and by the case engine when it takes an event: by the event's own fields, once.
"""

from __future__ import annotations

from rules.clocks import WALL
from supervision.event import CaseEvent, SourceOp

AHEAD_MS = 5 * 60_000  # how much later than its receipt an event of a wall-clock source may say that it occurred


def is_ahead(event: CaseEvent, clock: str) -> bool:
    """Whether an event of a source on this clock is from the future. A log clock is not ours, nor is what came without a receipt
    held against it; a deletion tells no time."""
    received_at = event.received_at
    return (
        received_at is not None
        and event.occurred_at > received_at + AHEAD_MS
        and clock == WALL
        and event.source_op is not SourceOp.DELETE
    )
