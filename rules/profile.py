"""What a source's feed profile lacks for a rule to judge its cases. Where a source never sends what a rule awaits, its silence says
nothing, and the rule is off there: asked by the engine, the short way and `supervision coverage`.
"""

from __future__ import annotations

from msgspec import Struct

from rules.terms import word
from supervision.event import EventType
from supervision.reference import Source

Awaits = tuple[frozenset[EventType], ...]  # of each group the source must send at least one type
Needs = tuple[str, ...]  # fields it must fill: `actor_officer_id`, `payload.receipt_no`; `a|b`: one of them

_AND, _OR = {"zh": "、", "en": ", "}, {"zh": "或者", "en": " or "}


class Lack(Struct, frozen=True):
    """Groups of event types of which none is sent, and fields (or alternatives) that are never filled."""

    events: Awaits = ()
    fields: Needs = ()

    def __bool__(self) -> bool:
        return bool(self.events or self.fields)

    def words(self, language: str) -> str:
        """`it never sends case completed; it never fills payload.receipt_no`, in `zh` or `en`."""
        groups = [_OR[language].join(word(kind.value, language) for kind in EventType if kind in group) for group in self.events]
        names = [_OR[language].join(name.split("|")) for name in self.fields]
        sends, fills = ("从不报送", "从不填写") if language == "zh" else ("it never sends ", "it never fills ")
        parts = [sends + _AND[language].join(groups)] if groups else []
        parts += [fills + _AND[language].join(names)] if names else []
        return (";" if language == "zh" else "; ").join(parts)


NOTHING_LACKS = Lack()


def lack(awaits: Awaits, needs: Needs, source: Source) -> Lack:
    """What the profile of this source lacks; a source that names no types sends all, one that names no fields fills all."""
    sends, fills = source.sends, source.fills
    events = () if sends is None else tuple(group for group in awaits if group.isdisjoint(sends))
    fields = () if fills is None else tuple(name for name in needs if not any(each in fills for each in name.split("|")))
    return Lack(events, fields) if events or fields else NOTHING_LACKS
