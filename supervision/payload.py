"""The payload of each event type, as it travels on the wire. Money in fen, times in ms UTC, limits in (value, unit)."""

from __future__ import annotations

from msgspec import Struct

from supervision.event import EventType


class Payload(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No fields of its own."""


PAYLOADS: dict[EventType, type[Payload]] = {}
