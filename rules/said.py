"""What is said of a case and what the engine remembers of it: alerts with what they said, signals by a digest of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Core(Struct, array_like=True, frozen=True):
    """The part of an alert that facts decide. Two equal cores need no second message."""

    level: str
    subject: str
    segment: str
    detected_at: int
    due_at: int | None
    facts: dict[str, Any]
    evidence: tuple[bytes, ...]
    officers: tuple[str, ...] = ()
    step: str | None = None
    department: str | None = None
    centre: str | None = None
    item: str | None = None
    item_type: str | None = None
    region: str | None = None


class Standing(Struct, array_like=True):
    """What was last said of one alert: its revision, whether it stands, and what it said."""

    alert_id: str
    rule_id: str
    revision: int
    state: str
    core: Core


class Sent(Struct, array_like=True):
    """A signal as last sent: of which fact (16 bytes), for which instant. `content`: a digest of its data, None when withdrawn."""

    subject: str
    kind: str
    fact_id: bytes
    revision: int
    at: int
    content: bytes | None


class Draft(Struct, frozen=True):
    """A signal as the facts imply it, before the engine gives it a revision. `data`: `day`, the local date (ordinal) it counts on;
    `hit`, whether it is one of those that a window counts and not only a case beside them; `officer`, `centre`, `region`; more.
    `digest`: that of the data, where whoever made it knows it."""

    subject: str
    kind: str
    fact_id: int
    at: int
    data: dict[str, Any]
    digest: bytes | None = None
