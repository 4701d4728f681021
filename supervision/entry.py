"""What all kinds of reference data share: the base of an entry, and its value types with their units and bounds."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from supervision.event import Millis

# An instant in ms UTC; in files ISO 8601 with offset, or a date for its midnight.
Instant = Annotated[Millis, Meta(extra={"written": "instant"})]
Natural = Annotated[int, Meta(ge=0, le=2**53)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all reference entries share."""

    KIND: ClassVar[str] = ""

    valid_from: Instant | None = None
    valid_to: Instant | None = None

    @property
    def key(self) -> str:
        raise NotImplementedError
