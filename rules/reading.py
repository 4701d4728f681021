"""What a detector kind offers the engine, and the small things all kinds share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rules.case import CONTEXT, CaseView
from rules.case import LIMITS as LIMIT_FIELDS
from rules.memory import FIELD_CODE, Fact
from rules.verdict import Verdict
from supervision.event import EventType

Reads = dict[EventType, frozenset[str]]

# Kept of every event of every case that any card judges: who and where it is, and how far its time can be trusted.
COMMON = frozenset({*CONTEXT, *LIMIT_FIELDS, "time_precision", "flags", "batch_kind"})
ACTOR = frozenset({"actor_officer_id", "actor_person_hash"})
DUE_DATES = frozenset({"payload.promised_due_at", "payload.legal_due_at"})
DECLARED = frozenset({"payload.declared_limit", "payload.declared_limit_unit"})
STEP = frozenset({"payload.step_code", "payload.step_instance_id"})


class CaseDetector(Protocol):
    """One card's detector over one case. Says what holds by the facts; the engine compares `stands_from` with the clock."""

    reads: Reads

    def judge(self, view: CaseView) -> Iterable[Verdict]: ...


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
        officer = None if fact is None else fact.get(FIELD_CODE["actor_officer_id"])
        if officer:
            seen[officer] = None
    return tuple(seen)
