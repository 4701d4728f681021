"""Which twists go together on one case: those that touch nothing in common. What it then breaks follows from how it is made."""

from __future__ import annotations

from enum import StrEnum

from streams.simulator.twist import Twist


class Side(StrEnum):
    """What a twist makes different about a case."""

    COURSE = "course"  # on which day it ends
    END = "end"  # how it ends, and when that is told
    ACCEPTANCE = "acceptance"
    SUPPLEMENT = "supplement"
    STEPS = "steps"  # their order, times and persons
    PAUSE = "pause"
    EXTENSION = "extension"
    DECIDER = "decider"
    FEES = "fees"
    DELIVERY = "delivery"
    PUBLICATION = "publication"
    RECORD = "record"  # what all of its events say of themselves


Sides = frozenset[Side]


def _sides(*sides: Side) -> Sides:
    return frozenset(sides)


S = Side
NOTHING: Sides = frozenset()  # it stays alone
OF_RULE: dict[str, Sides] = {
    "T01": _sides(S.ACCEPTANCE, S.SUPPLEMENT),
    "T02": _sides(S.COURSE),
    "T03": _sides(S.COURSE),
    "T04": _sides(S.COURSE),
    "T05": _sides(S.COURSE, S.STEPS, S.PAUSE),
    "T08": _sides(S.PAUSE),
    "T09": _sides(S.EXTENSION),
    "T13": _sides(S.DELIVERY),
    "T17": _sides(S.COURSE, S.END, S.STEPS, S.PAUSE, S.EXTENSION),
    "P01": _sides(S.STEPS),
    "P02": _sides(S.STEPS, S.DECIDER),
    "P03": _sides(S.DECIDER),
    "P04": _sides(S.SUPPLEMENT, S.ACCEPTANCE),
    "P06": _sides(S.ACCEPTANCE),
    "P09": _sides(S.FEES, S.ACCEPTANCE),
    "P16": NOTHING,  # where an end lies before its beginning, others would be late, idle or in haste by times that never were
    "D14": _sides(S.PUBLICATION),
}
OF_TWIST: dict[str, Sides] = {
    "same_morning": _sides(S.COURSE, S.STEPS, S.PAUSE),
    "wrong_unit": _sides(S.COURSE, S.ACCEPTANCE, S.SUPPLEMENT),
    "late_data": _sides(S.COURSE, S.END),
    "within_grace": _sides(S.COURSE, S.END),
    "extended_by_another_post": _sides(S.COURSE, S.EXTENSION),
    "extended_too_late": _sides(S.COURSE, S.EXTENSION),
    "valid_extension": _sides(S.COURSE, S.EXTENSION),
    "decided_in_time": _sides(S.COURSE, S.END),
    "pause_reported_late": _sides(S.COURSE, S.PAUSE),
    "extension_no_pause": _sides(S.COURSE, S.PAUSE, S.EXTENSION),
    "after_the_end": _sides(S.COURSE, S.EXTENSION),
    "late_by_law_from_the_receipt": _sides(S.COURSE, S.ACCEPTANCE, S.SUPPLEMENT),
    "duplicate_submission": NOTHING,
    "passed_by_a_handler": _sides(S.STEPS, S.DECIDER),
    "register_behind": _sides(S.COURSE, S.DECIDER),
    "no_receipt": _sides(S.FEES, S.ACCEPTANCE, S.END),
    "test_case": _sides(S.STEPS, S.DECIDER, S.RECORD),
    "migrated": _sides(S.STEPS, S.DECIDER, S.RECORD),
    "only_published": _sides(S.COURSE, S.END, S.STEPS, S.PAUSE, S.EXTENSION, S.PUBLICATION),
    "refiled_by_applicant": NOTHING,
}


def sides_of(twist: Twist) -> Sides:
    return OF_TWIST.get(twist.name, OF_RULE.get(twist.rule, NOTHING))


def go_together(one: Twist, other: Twist) -> bool:
    return one.rule != other.rule and bool(sides_of(one)) and bool(sides_of(other)) and sides_of(one).isdisjoint(sides_of(other))


def by_course(twists: tuple[Twist, ...]) -> tuple[Twist, ...]:
    """What says when the case ends comes last when the plan is made, for the others only want it to end in time."""
    return tuple(sorted(twists, key=lambda twist: Side.COURSE in sides_of(twist)))


def by_record(twists: tuple[Twist, ...]) -> tuple[Twist, ...]:
    """What changes all events of the case comes last, when all of them are there."""
    return tuple(sorted(twists, key=lambda twist: Side.RECORD in sides_of(twist)))
