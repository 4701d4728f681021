"""A limit of a case as it runs (`rules.part` makes them, detectors read them): its term, and what set, moved and stopped it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from rules.fact import Fact
from rules.world import Place
from supervision.worktime import Limit, Term, term


class Deemed(Struct, frozen=True):
    """A receipt that nobody answered in time: the legal limit runs from it, as is known from `opens_at` on.

    `is_answered`: but too late.
    """

    receipt: Fact
    opens_at: int
    is_answered: bool


class Clock(Struct, frozen=True):
    """A limit of a case that runs: the term, the facts that set and moved it, and the first fact that stopped it.

    `own_due_at`: its end without an extension. `opens_at`: when it is known to run, None: with its opening fact.
    """

    term: Term
    limit: Limit | None
    runs: Callable[[Limit], Term]
    opening: Fact
    evidence: tuple[Fact, ...]
    stop: Fact | None
    facts: dict[str, Any]
    own_due_at: int
    opens_at: int | None = None

    def started_by(self, place: Place, opening: Fact, stop: Fact | None) -> Clock:
        """The same of another case of the place that starts on the day of this one, where nothing but the day decides its term."""
        start, calendar, mode = opening.at, place.calendar, place.mode

        def runs(value: Limit) -> Term:
            return term(calendar, start, value, mode=mode)

        facts = {**self.facts, "started_at": start}
        return Clock(self.term, self.limit, runs, opening, (opening,), stop, facts, self.own_due_at)
