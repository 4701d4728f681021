"""What case agents tell subject agents: signals about one subject, withdrawn when their fact changes, and clock steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct


class Signal(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="message", tag="signal"):
    """One fact about a subject, drawn from a case. The highest `revision` of (`subject`, `kind`, `fact_id`) counts.

    `at` is the instant it is ordered by (ms UTC); `withdrawn` says that the fact no longer says so.
    """

    subject: str
    kind: str
    fact_id: UUID
    revision: int
    clock: str
    source_system: str
    at: int
    withdrawn: bool = False
    case_id: str | None = None
    data: dict[str, Any] = {}


class ClockStep(Struct, frozen=True, kw_only=True, tag_field="message", tag="clock_step"):
    """Partition `partition` of case-events has judged everything up to `to` on `clock`; its signals are behind it."""

    partition: int
    clock: str
    to: int
