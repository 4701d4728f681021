"""A finding of `supervision doctor`."""

from __future__ import annotations

from msgspec import Struct


class Finding(Struct, frozen=True):
    """One line of the report; `advice` is what to do about it, empty if nothing."""

    what: str
    ok: bool
    seen: str
    advice: str = ""
