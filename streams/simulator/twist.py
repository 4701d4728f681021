"""What a twist is: one way in which a case is made to break a rule, or to look as if it did.

A new rule needs no change here: write functions and a tuple of `Twist` values in a module beside `on_time` and `on_procedure`, and
name the tuple in `ALL` of `twists`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from streams.simulator.catalogue import Offer
from streams.simulator.story import Story
from streams.simulator.truth import Violation
from supervision.alert import Level
from supervision.worktime import Unit


def nothing(story: Story) -> None:
    """No change."""


class Twist(Struct, frozen=True, kw_only=True):
    """`violates`: its rule must speak; else it must stay quiet. `suits`: on which offers it can be played.

    `shape` changes the plan before the instants are laid; `move` the instants, before anything is told; `alter` what is told, and
    adds to `found` what rules on procedure must say. `again_wd`: the applicant files anew so many working days later.
    """

    rule: str
    name: str
    violates: bool
    suits: Callable[[Offer], bool]
    shape: Callable[[Story], None] = nothing
    move: Callable[[Story], None] = nothing
    alter: Callable[[Story], None] = nothing
    again_wd: int | None = None


def in_days(least: int = 1, most: int = 99) -> Callable[[Offer], bool]:
    """Offers promised in so many working days."""

    def suits(offer: Offer) -> bool:
        limit = offer.promised
        return limit is not None and limit.unit is Unit.WORKING_DAY and least <= limit.value <= most

    return suits


def limit_of(story: Story) -> int:
    """The promised limit in working days."""
    assert story.promised is not None
    return story.promised.value


def near_wd(limit: int) -> int:
    """The working day on which a promised limit counts as near."""
    return limit - 1 if limit < 3 else min(limit - 1, -(-limit * 8 // 10))


def find(story: Story, rule: str, level: Level, at: int, segment: str = "0") -> None:
    """Note what a rule on procedure must say of the case."""
    story.found.append(Violation(rule=rule, level=level, subject=story.subject, segment=segment, at=at))
