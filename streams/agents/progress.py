"""How far a partition has been read, and how far its wall clock may go by that. Pure; noted by the transport."""

from __future__ import annotations

from msgspec import Struct


class Progress(Struct, frozen=True):
    """What the consumer knows of one partition after a fetch. Offsets are of next records; times are ms UTC.

    `delivered`: everything before it has been handed over. `position` also counts what is never handed over (control records,
    aborted transactions). `polled_at`: when the broker's answer with this `highwater` came. `complete_at`: an instant before
    that answer was asked for, so every record the broker stamped earlier lies before `highwater`.
    """

    delivered: int
    position: int
    highwater: int
    polled_at: int
    complete_at: int

    @property
    def has_read_all(self) -> bool:
        return self.position >= self.highwater


def after_fetch(last: Progress | None, delivered: int, position: int, highwater: int | None, polled_at: int | None) -> Progress:
    """The progress after one more fetch. Fetches of a broker follow one another, so the answer at hand was asked for after
    the previous one came."""
    if highwater is None or polled_at is None:
        return Progress(delivered, position, position + 1, 0, 0)
    if last is None:
        return Progress(delivered, position, highwater, polled_at, 0)
    complete_at = last.complete_at if polled_at == last.polled_at else last.polled_at
    return Progress(delivered, position, highwater, polled_at, complete_at)


def wall_limit(progress: Progress | None, judged: int, last_stamp: int | None) -> int | None:
    """How far the wall clock may go when everything before offset `judged` is judged; None: nowhere yet.

    Never past the broker's time of the oldest record not judged: that is at least the stamp of the last judged one, and with
    nothing left to read at least the instant up to which the log is known to be complete.
    """
    if progress is not None and judged >= progress.delivered and progress.has_read_all and progress.complete_at:
        return max(progress.complete_at, last_stamp or 0)
    return last_stamp
