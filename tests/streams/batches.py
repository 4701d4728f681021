"""Batches and events for the tests of agents."""

from __future__ import annotations

from uuid import UUID, uuid5

from faust.types import TP

from streams.agents.transport import Batch, Headers
from supervision.decoder import encode
from supervision.event import CaseEvent, EventType
from supervision.payload import PAYLOADS

SPACE = UUID(int=7)


def event(number: int, case_id: str = "c", source: str = "s") -> CaseEvent:
    """The number-th event of a case; the same numbers make the same event."""
    kind = EventType.CASE_WITHDRAWN
    return CaseEvent(
        event_id=uuid5(SPACE, f"{source}/{case_id}/{number}"),
        event_type=kind,
        occurred_at=1_700_000_000_000 + number,
        source_system=source,
        case_id=case_id,
        payload=PAYLOADS[kind](),
    )


def raw(number: int, case_id: str = "c") -> bytes:
    return encode(event(number, case_id))


def batch(values: list[bytes | None], headers: list[Headers] | None = None, first: int = 0, topic: str = "case-events") -> Batch:
    """A batch of records at `first` and on, all of key b"k"."""
    count = len(values)
    return Batch(
        TP(topic, 3),
        first,
        first + count,
        list(range(first, first + count)),
        [b"k"] * count,
        values,
        headers or [()] * count,
        [1_000 + number for number in range(count)],
    )
