"""Batches and events for the tests of agents."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from faust.types import TP

from streams.agents.inbox import Inbox, portions
from streams.agents.transport import Batch, Headers
from supervision.decoder import encode
from supervision.event import CaseEvent, EventType, Stream
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


def batch(
    values: Sequence[bytes | None],
    headers: list[Headers] | None = None,
    first: int = 0,
    topic: str = "case-events",
    keys: Sequence[bytes | None] = (),
) -> Batch:
    """A batch of records at `first` and on, all of key b"k" if they are not given."""
    count = len(values)
    return Batch(
        TP(topic, 3),
        first,
        first + count,
        list(range(first, first + count)),
        list(keys) or [b"k"] * count,
        list(values),
        headers or [()] * count,
        [1_000 + number for number in range(count)],
    )


def read(its: Batch, start: int, stream: Stream) -> Inbox:
    """A batch as one portion."""
    (inbox,) = portions(its, start, stream, max(1, len(its.values)))
    return inbox
