"""What a detector may ask of a plain, accepted case whose timer rings (`rules.ringing`), and where it says what comes to stand."""

from __future__ import annotations

from collections.abc import Collection

from rules.fact import Fact
from rules.packing import SHIFT
from rules.plain import AT, FACT_SIZE, TYPE_AT
from rules.verdict import FAR, Telling
from rules.world import Place
from supervision.alert import Level


class Bell:
    """`opening`: the acceptance, which keeps nothing here. `subject`: the key of the case. `wake`: the next instant at which the
    rule that is asked has to be asked again, FAR: never."""

    __slots__ = ("_facts", "_grace", "_now", "opening", "place", "said", "start_day", "subject", "wake")

    segment = "0"  # a plain case was never reopened

    def __init__(self, place: Place, opening: Fact, facts: bytes, subject: str, now: int, grace: int) -> None:
        """`facts`: as they lie packed, in their order; `now`: of the case's clock; `grace`: for what is absent, ms."""
        self._facts = facts
        self.place = place
        self.opening = opening
        self.start_day = place.calendar.day_of(opening.at)
        self.subject = subject
        self._now = now
        self._grace = grace
        self.wake = FAR
        self.said: list[tuple[Level, int, Telling]] = []

    def first_at(self, codes: Collection[int]) -> int:
        """The time of the first act of one of these types, FAR: there is none."""
        for place, code in enumerate(self._facts[TYPE_AT::FACT_SIZE]):
            if code in codes:
                at = place * FACT_SIZE + AT
                return int.from_bytes(self._facts[at : at + 6], "big") - SHIFT
        return FAR

    def reaches(self, instant: int) -> bool:
        """Whether what is implied at this instant, since nothing came, stands by now; if not, the case wakes for it."""
        stands_from = instant + self._grace
        if stands_from <= self._now:
            return True
        self.wake = min(self.wake, stands_from)
        return False

    def say(self, level: Level, instant: int, told: Telling) -> None:
        self.said.append((level, instant, told))
