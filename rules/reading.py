"""What a detector kind offers the engine, and the small things all kinds share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rules.case import Case
from rules.clocks import WALL
from rules.fact import ACTOR as ACTOR_FIELDS
from rules.fact import OFFICER, WHERE, Fact
from rules.verdict import Verdict
from supervision.event import EventType

Reads = dict[EventType, frozenset[str]]

# Kept of every event of every case that any card judges: where it is, and how far its time can be trusted.
COMMON = frozenset({*WHERE, "time_precision", "flags", "batch_kind"})
ACTOR = frozenset(ACTOR_FIELDS)
DUE_DATES = frozenset({"payload.promised_due_at", "payload.legal_due_at"})
DECLARED = frozenset({"payload.declared_limit", "payload.declared_limit_unit"})
STEP = frozenset({"payload.step_code", "payload.step_instance_id"})


class CaseDetector(Protocol):
    """One card's detector over one case. Says what holds by the facts; the engine compares `stands_from` with the clock.

    It may have a method `matters(place, fact)` too: False says that a fact of this type and step, come to an accepted case of this
    place, leaves its verdicts as they are. An acceptance always matters: it may be what made the place.

    It may have a method `outlook(place, outline, act)` too: what one more act, later than all before, means for a plain case of
    this outline: UNTOUCHED, a Look that times and persons decide, or None: judge the case. A kind without one is judged at every
    fact of the types it reads. An outlook may be slow, since it is asked for once; a look is asked at every fact.

    It may have `awaits`, groups of event types, and `needs_fields`, names of fields (`a|b`: one of them): where the profile of a
    source says that it sends none of a group, or never fills a field, the rule is off for its cases (`rules.profile`). A kind that
    reads an absence awaits what would end it; each also what opens it, so that people are told.

    It may have `versioned`: the types of facts, by number, of which it reads every version, not only the one in force; and how much
    later than the least of them (ms) the one in force may lie before it says anything.

    One that signals may have a method `unsettles(act, later, told)`: whether a fact that comes with the act, behind it, may change
    what the act signals, by their types and the payload of the later one. Then the two are judged together.
    """

    reads: Reads

    def judge(self, case: Case) -> Sequence[Verdict]: ...


def reads(kinds: Iterable[EventType], *fields: frozenset[str]) -> Reads:
    wanted = COMMON.union(*fields)
    return dict.fromkeys(kinds, wanted)


def merged(*tables: Reads) -> Reads:
    """One table of all; a type read twice keeps the fields of both."""
    joined: Reads = {}
    for table in tables:
        for kind, fields in table.items():
            joined[kind] = joined.get(kind, frozenset()) | fields
    return joined


def responsible(*facts: Fact | None) -> tuple[str, ...]:
    """The officers named on these facts, each once, in order."""
    seen: dict[str, None] = {}
    for fact in facts:
        officer = None if fact is None else fact.actor[OFFICER]
        if officer:
            seen[officer] = None
    return tuple(seen)


def grace_of(case: Case) -> int:
    """How long a verdict that rests on an absent fact waits, ms; a log clock moves when its log is complete, so not at all."""
    return case.source.late_grace_s * 1000 if case.source.clock == WALL else 0
