"""Kind `version`: a fact changed on paper. P06 (a): the accepted time moved later by a correction."""

from __future__ import annotations

from rules.case import Case
from rules.fact import CODE_OF, Fact
from rules.outline import UNTOUCHED, Outline, Outlook
from rules.parameters import Version
from rules.part import Part, order_of
from rules.profile import Awaits
from rules.reading import ACTOR, reads, responsible
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place
from supervision.event import EventType


class MovedLater:
    """P06 (a): the time in force of a fact lies more than `later_s` after the least over all its versions."""

    def __init__(self, parameters: Version) -> None:
        self.parameters = parameters
        self.reads = reads((*parameters.facts, EventType.CASE_REOPENED), ACTOR)
        self.awaits: Awaits = (frozenset(parameters.facts),)
        self._codes = tuple(CODE_OF[kind] for kind in parameters.facts)
        self.versioned = dict.fromkeys(self._codes, parameters.later_s * 1000)

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        for part in case.parts():
            heads = next((heads for code in self._codes if (heads := part.of(code))), None)
            if heads is None or (len(heads) == 1 and not case.has_versions):
                continue
            versions = [fact for head in heads for fact in case.versions(head)]
            earliest = min(versions, key=order_of)
            if heads[0].at - earliest.at > self.parameters.later_s * 1000:
                found.append(self._verdict(case, part, heads[0], earliest, len(versions)))
        return found

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """A plain case knows no versions; but two facts of the type have two times."""
        is_second = act.type in self._codes and outline.first((act.type,)) is not None
        return None if is_second else UNTOUCHED

    def _verdict(self, case: Case, part: Part, head: Fact, earliest: Fact, versions: int) -> Verdict:
        def tell() -> Telling:
            return Telling(
                subject=case.subject,
                segment=part.segment,
                facts={
                    "first_at": earliest.at,
                    "in_force_at": head.at,
                    "later_s": (head.at - earliest.at) // 1000,
                    "versions": versions,
                },
                evidence=(earliest, head),
                officers=responsible(earliest, head),
            )

        return Verdict(part, self.parameters.level, head.at, AT_ONCE, head, tell)
