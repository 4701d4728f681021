"""Kind `version`: a fact changed on paper. P06 (a): the accepted time moved later by a correction."""

from __future__ import annotations

from collections.abc import Iterable

from rules.case import CaseView
from rules.parameters import Version
from rules.reading import ACTOR, reads, responsible
from rules.verdict import AT_ONCE, Verdict
from supervision.event import EventType


class MovedLater:
    """P06 (a): the time in force of a fact lies more than `later_s` after the least over all its versions."""

    def __init__(self, parameters: Version) -> None:
        self.parameters = parameters
        self.reads = reads((*parameters.facts, EventType.CASE_REOPENED), ACTOR)

    def judge(self, view: CaseView) -> Iterable[Verdict]:
        for part in view.parts:
            chains = next((found for kind in self.parameters.facts if (found := part.chains_of(kind))), [])
            if not chains:
                continue
            head = chains[0].head
            versions = [fact for chain in chains for fact in chain.versions]
            earliest = min(versions, key=lambda fact: (fact.at, fact.id))
            if head.at - earliest.at <= self.parameters.later_s * 1000:
                continue
            yield Verdict(
                part=part,
                level=self.parameters.level,
                subject=view.subject,
                segment=part.segment,
                detected_at=head.at,
                stands_from=AT_ONCE,
                trigger=head,
                facts={
                    "first_at": earliest.at,
                    "in_force_at": head.at,
                    "later_s": (head.at - earliest.at) // 1000,
                    "versions": len(versions),
                },
                evidence=(earliest, head),
                officers=responsible(earliest, head),
            )
