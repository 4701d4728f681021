"""What the store holds of one source: its event types, and the fields that any of its events fills. For `supervision coverage`."""

from __future__ import annotations

from rules.coverage import Held, envelope_names, payload_names
from streams.store.client import Store
from supervision.event import EventType

_TYPES = """
SELECT event_type, count(), groupUniqArrayArray(JSONExtractKeys(payload)) FROM events
WHERE source_system = %(source)s GROUP BY event_type
"""


def held_of(store: Store, source: str) -> Held:
    """Reads every event of the source once."""
    types: dict[EventType, int] = {}
    fields: set[str] = set()
    for name, count, keys in store.execute(_TYPES, {"source": source}):
        kind = EventType(name)
        types[kind] = int(count)
        fields.update(profiled for wire, profiled in payload_names(kind).items() if wire in keys)
    names = envelope_names()
    filled = ", ".join(f"countIf(ifNull(toString({name}), '') NOT IN ('', '[]'))" for name in names)
    query = f"SELECT {filled} FROM events WHERE source_system = %(source)s"  # noqa: S608 - our own names
    counts = store.execute(query, {"source": source})[0]
    fields.update(name for name, count in zip(names, counts, strict=True) if count)
    return Held(types, frozenset(fields))
