"""What a watcher missed while he was away, by the id of the last event he saw. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dashboards.access.rights import Scope
from dashboards.live.ring import Ring
from streams.feed import Position, Record, text_of

Missed = tuple[Record, bytes]  # a record and its event without the id


def start_of(asked: Position | None, ring: Ring, scope: Scope) -> list[int] | None:
    """The position to go on from, over the places of this scope; None: the id says nothing of this log.

    Clues that a new right opened begin now.
    """
    here = ring.position if scope.sees_clues else ring.position[: ring.narrow]
    if asked is None or len(asked) < ring.narrow:
        return None
    return [*asked[: len(here)], *here[len(asked) :]]


def is_ahead(position: Sequence[int], ring: Ring) -> bool:
    """Another server has shown more than this one has heard of; or the id is of another log."""
    return any(since > end for since, end in zip(position, ring.position, strict=False))


def missed_in_ring(position: Sequence[int], ring: Ring, end: int) -> list[Missed]:
    """What the ring holds behind `position`, before number `end`."""
    found = ((frame.record, frame.body) for frame in ring.frames(ring.first, end))
    return [(record, body) for record, body in found if record.place < len(position) and record.offset >= position[record.place]]


def events(missed: Iterable[Missed], position: list[int], scope: Scope) -> Iterator[bytes]:
    """The events of what was missed, each under the watcher's own position after it; `position` moves along."""
    for record, body in missed:
        position[record.place] = record.offset + 1
        if record.alert is not None and scope.sees(record.alert):
            yield b"id: " + text_of(position).encode() + b"\n" + body
