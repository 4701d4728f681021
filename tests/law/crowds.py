"""Random crowds of short cases of one officer: decided by the dozen, or handled in seconds; on the edges of M01 and M10."""

from __future__ import annotations

from supervision.event import BatchKind, CaseEvent, EventType, Flag, PostPlace, Precision
from supervision.payload import PAYLOADS, Completion, Decision, StepCompleted
from supervision.payloads.outcome import DecisionResult
from tests.law.days import HOUR, MINUTE
from tests.law.draw import DAY, Draw, event
from tests.law.places import CROWD_CODES

GRANTED, DENIED = DecisionResult.GRANTED, DecisionResult.DENIED
E = EventType


class Crowd:
    """Cases `k0`, `k1`, ... of one source and item while they are being made up."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.source = draw.one(("hall", "log-a", "log-a", "log-a", "log-a", "direct", "log-c"))
        self.officer = draw.one(("O1", "O2", "O-unregistered"))
        self.item = draw.one(("licence", "licence", "licence", *CROWD_CODES))
        self.first = draw.day()
        self.events: list[CaseEvent] = []

    def add(self, number: int, kind: EventType, at: int, payload: object, *, own: bool = True) -> None:
        draw = self.draw
        officer = self.officer if own and draw.chance(0.993) else draw.one(("O1", "O3", "O4"))
        envelope: dict[str, object] = {"item_implement_code": self.item, "actor_officer_id": officer}
        if draw.chance(0.006):
            envelope |= draw.one(
                (
                    {"flags": (draw.one((Flag.AUTO_APPROVED, Flag.COMMITMENT_BASED, Flag.EXPEDITED)),)},
                    {"actor_post_place": PostPlace.SYSTEM},
                    {"batch_kind": BatchKind.MIGRATION},
                    {"time_precision": Precision.MINUTE},
                    {"item_implement_code": draw.one(CROWD_CODES)},
                )
            )
        self.events.append(event(draw, self.source, f"k{number}", kind, at, payload, **envelope))

    def grants(self) -> int:
        """Many decisions; the first and the last ten minutes apart, give or take a millisecond, or over a day."""
        draw = self.draw
        number, begin = draw.one((18, 20, 20, 21, 24, 25, 30, 31)), self.first + draw.one((9 * HOUR, 14 * HOUR, DAY - 5 * MINUTE))
        span = draw.one((5 * MINUTE, 10 * MINUTE - 1, 10 * MINUTE, 10 * MINUTE + 1, 12 * MINUTE, 9 * HOUR))
        denied = draw.one((0, 0, 1, 2))
        for place in range(number):
            at = begin + span * place // (number - 1)
            bulk = "B-1" if draw.chance(0.01) else None
            self.add(
                place,
                E.DECISION_MADE,
                at,
                Decision(decision=draw.one((GRANTED,) * 60 + (DENIED, DecisionResult.OTHER)), bulk_no=bulk),
            )
        for place in range(denied):
            at = begin + draw.randrange(span)
            self.add(number + place, E.DECISION_MADE, at, Decision(decision=DENIED))
        return number + denied

    def approvals(self) -> int:
        """Reviews and approvals seconds after them, some within an hour to the millisecond."""
        draw = self.draw
        self._where_peers_are_slow()
        number, begin = draw.one((5, 6, 8, 8, 9)), self.first + 10 * HOUR
        every = draw.one((MINUTE, MINUTE, MINUTE, 11 * MINUTE, 15 * MINUTE, 15 * MINUTE - 1))
        for place in range(number):
            at, gap = begin + every * place, draw.one((0, 1, 5_000, 5_000, 5_000, 5_000, 5_000, 9_999, 9_999, 10_000))
            if draw.chance(0.1):
                self.add(
                    place,
                    E.APPLICATION_SUBMITTED,
                    at - HOUR,
                    PAYLOADS[E.APPLICATION_SUBMITTED](bulk_no="B-1" if draw.chance(0.3) else None),
                )
            self.add(place, E.STEP_COMPLETED, at, StepCompleted(step_code="review"), own=False)
            self.add(place, E.STEP_COMPLETED, at + gap, StepCompleted(step_code="approve"))
            if draw.chance(0.1):
                self.add(place, E.CASE_REOPENED, at + draw.one((1, gap, HOUR)), PAYLOADS[E.CASE_REOPENED]())
            if draw.chance(0.1):
                self.add(
                    place, E.STEP_COMPLETED, at + draw.one((1, HOUR)), StepCompleted(step_code=draw.one(("review", "approve")))
                )
        return number

    def _where_peers_are_slow(self) -> None:
        """Mostly where a snapshot makes hits of what is fast."""
        if self.draw.chance(0.8):
            self.source, self.item = self.draw.one(("hall", "log-a")), "licence"

    def completions(self) -> int:
        """Cases of some working days of which every fifth or so took less than a minute."""
        draw = self.draw
        self._where_peers_are_slow()
        number, hits = draw.one((29, 30, 31, 33, 36)), draw.one((5, 6, 6, 7, 9))
        dates = draw.one((1, 4, 6, 7))
        for place in range(number):
            is_hit = place >= number - hits if draw.chance(0.95) else draw.chance(0.2)
            at = self.first + (dates * place // number) * DAY + 9 * HOUR + 16 * MINUTE * (place % 30)
            kind = E.CASE_ACCEPTED if draw.chance(0.95) else E.SUPPLEMENT_ACCEPTED
            self.add(place, kind, at, PAYLOADS[kind](), own=False)
            gap = draw.one((0, 30_000, 59_999)) if is_hit else draw.one((60_000, 40 * MINUTE, 2 * HOUR))
            self.add(place, E.CASE_COMPLETED, at + gap, Completion())
        return number


def crowd(draw: Draw) -> tuple[list[CaseEvent], int]:
    """(the events, of how many cases)"""
    made = Crowd(draw)
    cases = draw.one((made.grants, made.grants, made.approvals, made.approvals, made.approvals, made.completions))()
    return made.events, cases
