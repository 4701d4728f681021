"""Leaves of an officer as the subject engine keeps them: approved overtime is office hours, once it is known and reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from rules.chain import in_force
from supervision.durations import DAY_MS
from supervision.event import CaseEvent, SourceOp
from supervision.worktime import WorkCalendar

EPOCH_DAY = 719_163  # the ordinal of 1970-01-01


class Leave(Struct, array_like=True):
    """A leave or an overtime as approved, one version of it. `id`: the event's, 16 bytes; `from_`, `to` in ms UTC, or dates."""

    id: bytes
    at: int
    kind: str | None
    from_: int | str | None
    to: int | str | None
    version: int = 1
    deleted: bool = False
    supersedes: bytes | None = None


def leave_of(event: CaseEvent) -> Leave:
    said = event.payload
    supersedes = None if event.supersedes_event_id is None else event.supersedes_event_id.bytes
    deleted = event.source_op is SourceOp.DELETE
    kind = None if said.kind is None else str(said.kind)
    return Leave(event.event_id.bytes, event.occurred_at, kind, said.from_, said.to, event.data_version, deleted, supersedes)


def overtimes(facts: Sequence[Leave]) -> Iterable[Leave]:
    """Approved overtime in force."""
    return (chain.head for chain in in_force(facts) if chain.head.kind == "overtime")


def covered(spans: Sequence[tuple[int | str | None, int | str | None]], at: int, calendar: WorkCalendar) -> bool:
    """Whether an instant lies in one of the spans; a bare date means the whole local day."""

    def instant(moment: int | str, days: int) -> int:
        return moment if isinstance(moment, int) else calendar.day_start(date.fromisoformat(moment).toordinal() + days)

    return any((start is None or instant(start, 0) <= at) and (end is None or at < instant(end, 1)) for start, end in spans)


def is_past(leave: Leave, horizon: str) -> bool:
    """Whether it was approved and is over before a date that no hit lies behind any more."""

    def is_before(moment: int | str | None) -> bool:
        if moment is None:
            return False
        return (date.fromordinal(moment // DAY_MS + EPOCH_DAY + 1).isoformat() if isinstance(moment, int) else moment) < horizon

    return is_before(leave.at) and is_before(leave.to)
