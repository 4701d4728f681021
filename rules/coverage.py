"""Which rules can run on a feed, by what its profile says and by what it really holds. Used by `supervision coverage`.

Two answers may differ: a profile that promises what never comes leaves rules on that then read a silence which says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec import NODEFAULT, Struct, structs

from rules.book import Rule, Rulebook
from rules.profile import NOTHING_LACKS, Lack
from supervision.event import CaseEvent, EventType
from supervision.payload import PAYLOADS
from supervision.reference import Source

# Fields of the envelope whose emptiness says something: what an event is and how it came is not among them.
ENVELOPE = tuple(field.name for field in structs.fields(CaseEvent) if field.default is None or field.default == ())
_OF_EVERY_EVENT = frozenset({"case_id", "subject", "payload", "received_at", "supersedes_event_id", "batch_id", "source_seq"})
_NAMES = tuple(name for name in ENVELOPE if name not in _OF_EVERY_EVENT)


class Held(Struct, frozen=True):
    """What a feed holds: how many events of each type, and which fields at least one event fills (`payload.<name>`)."""

    types: dict[EventType, int]
    fields: frozenset[str]


class Covered(Struct, frozen=True):
    """One rule. `by_profile`: the rule is off for it. `by_data`: it is on, but this never comes."""

    rule: Rule
    by_profile: Lack = NOTHING_LACKS
    by_data: Lack = NOTHING_LACKS

    @property
    def can_run(self) -> bool:
        return not self.by_profile and not self.by_data


def envelope_names() -> tuple[str, ...]:
    """The optional fields of the envelope that a profile may name."""
    return _NAMES


def payload_names(kind: EventType) -> dict[str, str]:
    """The optional fields of a payload: the name on the wire, and as a profile names it."""
    optional = (field for field in structs.fields(PAYLOADS[kind]) if field.default is not NODEFAULT)
    return {field.encode_name: f"payload.{field.name}" for field in optional}


def held_in(events: Iterable[CaseEvent]) -> Held:
    """What these events hold."""
    types: Counter[EventType] = Counter()
    fields: set[str] = set()
    for event in events:
        types[event.event_type] += 1
        fields.update(name for name in _NAMES if getattr(event, name))
        body = msgspec.to_builtins(event.payload) or {}
        fields.update(name for wire, name in payload_names(event.event_type).items() if body.get(wire) not in (None, [], ""))
    return Held(dict(types), frozenset(fields))


def covered(book: Rulebook, source: Source, held: Held) -> list[Covered]:
    """Every rule of the book, by its id."""
    real = structs.replace(source, sends=tuple(held.types), fills=tuple(held.fields))
    found = []
    for rule in book.rules:
        off = rule.lacks(source)
        found.append(Covered(rule, off, NOTHING_LACKS if off else rule.lacks(real)))
    return found


def suggested(source: Source, held: Held) -> Source:
    """The profile that says what the feed holds, all else as it is."""
    sends = tuple(kind for kind in EventType if kind in held.types)
    return structs.replace(source, sends=sends, fills=tuple(sorted(held.fields)))
