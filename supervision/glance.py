"""Case events at a glance: by compiled code (`sight.pyx`) where it could be built; without it each is decoded.

A glance is an event that was checked but not yet read. `event` is all of it, as `supervision.decoder.decode` has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from supervision.event import CaseEvent

Thing = TypeVar("Thing")

if TYPE_CHECKING:
    from supervision.sight import Glance, glance, glances

    CAN_GLANCE: bool
else:
    try:
        from supervision.sight import Glance, glance, glances

        CAN_GLANCE = True
    except ImportError:  # no C compiler was at hand
        CAN_GLANCE = False

        class Glance:
            """There is none."""

        def glance(_raw: bytes) -> None:
            """No event is one."""

        def glances(raws: list[object]) -> list[None]:
            """None of them is one."""
            return [None] * len(raws)


def whole(item: Thing | Glance) -> Thing | CaseEvent:
    """All of an event that was only glanced at; anything else as it is."""
    return item.event if isinstance(item, Glance) else item


__all__ = ["CAN_GLANCE", "Glance", "glance", "glances", "whole"]
