"""Kind `deadline` with `limit: fixed`: from the first of some facts of a case to the first of others, levels after so many days.

What a bureau's own card usually is: an answer, a delivery or a publication that is due so many working days after a fact.
"""

from __future__ import annotations

from rules.case import Case
from rules.fact import CODE_OF, Fact
from rules.kinds.deadline import CASE_CLOCK, Running, verdicts
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.parameters import Deadline
from rules.part import ACCEPTANCE_CODES, Part, named_once
from rules.profile import Awaits
from rules.reading import ACTOR, Reads, merged, reads
from rules.verdict import Verdict
from rules.world import Place
from supervision.event import EventType
from supervision.worktime import Limit, Pauses, Term, term


class FixedDeadline:
    """One clock per part of a case, from its earliest `start`. A stop before the start stops it too: what is due was done."""

    def __init__(self, parameters: Deadline) -> None:
        self.parameters = parameters
        self._start = tuple(CODE_OF[kind] for kind in parameters.start)
        self._stops = tuple(CODE_OF[kind] for kind in parameters.stops)
        self.awaits: Awaits = (frozenset(parameters.start), frozenset(parameters.stops))
        own = reads((*parameters.start, *parameters.stops, EventType.CASE_REOPENED), ACTOR)
        self.reads: Reads = merged(CASE_CLOCK, own) if parameters.pauses else own

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            started = part.first(*self._start)
            if started is not None:
                found += verdicts(case, part, self.parameters.at, self._running(case, part, started))
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """Before its start nothing runs, and behind its first stop nothing does any more."""
        started = outline.first(self._start) is not None
        if act.type in self._start or (started and act.type in ACCEPTANCE_CODES):
            return None
        if not started or act.type not in self._stops or outline.first(self._stops) is not None:
            return UNTOUCHED
        return None

    def _running(self, case: Case, part: Part, started: Fact) -> Running:
        pauses = part.pauses if self.parameters.pauses else Pauses.NONE
        calendar = part.place.calendar

        def runs(limit: Limit) -> Term:
            return term(calendar, started.at, limit, pauses=pauses)

        running = runs(Limit(0))
        return Running(
            subject=case.subject,
            opening=started,
            stop=part.first(*self._stops),
            term=running,
            limit=None,
            runs=runs,
            settle=running.settled,
            facts={"started_at": started.at},
            evidence=named_once((part.opening, started)),
            undeclared=True,
        )
