"""Which cases a verification judges, a bounded number at a time: whole, not cut by the span, joint and cross-level ones together.

A case belongs to a span if anything of it could be detected there: it began before the span ends, and had not ended long before
the span begins. Long is longer than any rule waits after a case's end, and than any window looks back at what was done in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from rules.part import PROMISED_STOPS
from streams.store.client import Store
from supervision.event import EventType

EVENTS_AT_ONCE = 20_000  # some 100 MB while they are judged; a case is never cut
CASES_AT_ONCE = 1_000
AFTERLIFE_DAYS = 92
Key = tuple[str, str]

_IN_SPAN = "detected_at >= fromUnixTimestamp64Milli(%(first)s) AND detected_at < fromUnixTimestamp64Milli(%(end)s)"
_ROOT_SOURCE = (
    "multiIf(root_case_id != '', if(root_source_system != '', root_source_system, source_system), "
    "parent_source_system != '', parent_source_system, source_system)"
)
_ROOT_CASE = "if(root_case_id != '', root_case_id, parent_case_id)"
_TIED = "(root_case_id != '' OR parent_case_id != '')"
_FAMILY = (
    f"(source_system, case_id) NOT IN (SELECT source_system, case_id FROM events_raw WHERE {_TIED}) "  # noqa: S608 - our own text
    f"AND (source_system, case_id) NOT IN (SELECT {_ROOT_SOURCE}, {_ROOT_CASE} FROM events_raw WHERE {_TIED})"
)
_ALONE = """
SELECT source_system, case_id, count()
FROM events_raw
WHERE case_id != '' AND (source_system, case_id) > (%(source)s, %(case)s)
    AND (%(only)s = '' OR source_system = %(only)s) AND {apart}
GROUP BY source_system, case_id
HAVING min(occurred_at) < fromUnixTimestamp64Milli(%(end)s) AND (
    max(occurred_at) >= fromUnixTimestamp64Milli(%(first)s) - toIntervalDay(%(afterlife)s)
    OR countIf(event_type IN %(stops)s) = 0
    OR maxIf(occurred_at, event_type = %(reopened)s) > maxIf(occurred_at, event_type IN %(stops)s)
    OR (source_system, case_id) IN (SELECT source_system, case_id FROM alerts WHERE {in_span})
    OR (source_system, case_id) IN (SELECT source_system, case_id FROM clues WHERE {in_span}))
ORDER BY source_system, case_id
LIMIT %(page)s
SETTINGS optimize_aggregation_in_order = 1
"""
_TOGETHER = f"""
SELECT root_source, root_case, groupUniqArray((toString(source_system), case_id)), count()
FROM (SELECT toString({_ROOT_SOURCE}) AS root_source, {_ROOT_CASE} AS root_case, source_system, case_id
    FROM events_raw WHERE {_TIED})
WHERE (root_source, root_case) > (%(source)s, %(case)s)
GROUP BY root_source, root_case
HAVING %(only)s = '' OR root_source = %(only)s OR has(groupUniqArray(toString(source_system)), %(only)s)
ORDER BY root_source, root_case
LIMIT %(page)s
"""  # noqa: S608 - our own text
_ORPHANS = """
case_id != '' AND {in_span} AND (%(only)s = '' OR source_system = %(only)s)
AND (source_system, case_id) NOT IN (SELECT source_system, case_id FROM events_raw WHERE case_id != '')
"""


class Span(Struct, frozen=True):
    """Instants that alerts are detected at, ms UTC: `first` included, `end` not."""

    first: int = -2_208_988_800_000  # as far as the store's instants go
    end: int = 7_258_118_400_000

    def holds(self, instant: int) -> bool:
        return self.first <= instant < self.end


def slices(store: Store, span: Span, source: str = "") -> Iterator[list[Key]]:
    """Keys (source, case) of cases to be judged together; of one source and what is tied to it, if it is named."""
    has_families = bool(store.execute(f"SELECT 1 FROM events_raw WHERE {_TIED} LIMIT 1"))  # noqa: S608 - our own text
    yield from _packed(_alone(store, span, source, _FAMILY if has_families else "1"))
    if has_families:
        yield from _packed(_together(store, source))


def orphans(span: Span, source: str = "") -> tuple[str, dict[str, Any]]:
    """The condition of SQL, with its values, on alerts of the span whose case has no event in the store."""
    return _ORPHANS.format(in_span=_IN_SPAN), {"first": span.first, "end": span.end, "only": source}


def _alone(store: Store, span: Span, source: str, apart: str) -> Iterator[tuple[list[Key], int]]:
    asked = {
        "only": source,
        "first": span.first,
        "end": span.end,
        "afterlife": AFTERLIFE_DAYS,
        "stops": tuple(kind.value for kind in PROMISED_STOPS),
        "reopened": EventType.CASE_REOPENED.value,
    }
    for row in _pages(store, _ALONE.format(apart=apart, in_span=_IN_SPAN), asked):
        yield [(row[0], row[1])], row[2]


def _together(store: Store, source: str) -> Iterator[tuple[list[Key], int]]:
    for row in _pages(store, _TOGETHER, {"only": source}):
        root = (row[0], row[1])
        yield [root, *((each[0], each[1]) for each in row[2] if tuple(each) != root)], row[3]


def _pages(store: Store, query: str, asked: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query in the order of their first two columns, however many there are."""
    after = ("", "")
    while True:
        rows = store.execute(query, asked | {"source": after[0], "case": after[1], "page": CASES_AT_ONCE})
        yield from rows
        if len(rows) < CASES_AT_ONCE:
            return
        after = (rows[-1][0], rows[-1][1])


def _packed(groups: Iterator[tuple[list[Key], int]]) -> Iterator[list[Key]]:
    """As many groups together as are allowed."""
    held: list[Key] = []
    events = 0
    for keys, count in groups:
        if held and (events + count > EVENTS_AT_ONCE or len(held) + len(keys) > CASES_AT_ONCE):
            yield held
            held, events = [], 0
        held += keys
        events += count
    if held:
        yield held
