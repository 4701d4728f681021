"""Kind `deadline` with `limit: fixed`: from the first of some facts of a case to the first of others, levels after so many days.

What a bureau's own card usually is: an answer, a delivery or a publication that is due so many working days after a fact.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.case import CaseView, Part
from rules.kinds.deadline import CASE_CLOCK, Running, verdicts
from rules.memory import Fact
from rules.parameters import Deadline
from rules.reading import ACTOR, Reads, merged, reads
from rules.verdict import Verdict
from supervision.event import EventType
from supervision.worktime import Limit, Pauses, Term, term


class FixedDeadline:
    """One clock per part of a case, from its earliest `start`. A stop before the start stops it too: what is due was done."""

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters
        own = reads((*parameters.start, *parameters.stops, EventType.CASE_REOPENED), ACTOR)
        self.reads: Reads = merged(CASE_CLOCK, own) if parameters.pauses else own

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            started = part.first(*self.parameters.start)
            if started is not None:
                yield from verdicts(view, part, self.parameters.at, self._running(view, part, started))

    def _running(self, view: CaseView, part: Part, started: Fact) -> Running:
        pauses = part.pauses if self.parameters.pauses else Pauses.NONE

        def runs(limit: Limit) -> Term:
            return term(part.calendar, started.at, limit, pauses=pauses)

        running = runs(Limit(0))
        named = {fact.id: fact for fact in (part.opening, started) if fact is not None}
        return Running(
            subject=view.subject,
            opening=started,
            stop=part.first(*self.parameters.stops),
            term=running,
            limit=None,
            runs=runs,
            settle=running.settled,
            facts={"started_at": started.at},
            evidence=tuple(named.values()),
            undeclared=True,
        )
