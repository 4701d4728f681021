"""The figures of a source, by SQL: its open cases, those in which nothing happens, and the stamps of the day before.

What counts as a fact, as the end of a case and as rest is what T17 says (`rules.kinds.idle`). Cases of which nothing was heard for
`DAYS` are not looked at any more, and a special procedure that was begun and not ended counts as a pause. What is from the future
(`rules.quarantine`) is no fact.
"""

from __future__ import annotations

from rules.clocks import WALL
from rules.feed import Figures
from rules.kinds.idle import COUNTED, RESTING
from rules.part import PROMISED_STOPS
from rules.quarantine import AHEAD_MS
from streams.store.client import Store
from supervision.durations import DAY_MS
from supervision.reference import Source
from supervision.worktime import WorkCalendar

DAYS = 180

_OF_CASES = """
WITH
    fromUnixTimestamp64Milli(%(since)s) AS since,
    fromUnixTimestamp64Milli(%(at)s) AS until,
    (SELECT groupUniqArray(assumeNotNull(supersedes_event_id)) FROM events
     WHERE source_system = %(source)s AND supersedes_event_id IS NOT NULL AND occurred_at >= since) AS replaced
SELECT count(), countIf(last < fromUnixTimestamp64Milli(%(cutoff)s) AND NOT is_paused AND NOT is_resting),
    toUnixTimestamp64Milli(max(last))
FROM
(
    SELECT case_id,
        max(occurred_at) AS last,
        argMax(event_type, (occurred_at, event_id)) IN %(resting)s AS is_resting,
        countIf(event_type = 'special_procedure_started' AND JSONExtractString(payload, 'kind') != 'extension')
            > countIf(event_type = 'special_procedure_ended') AS is_paused,
        maxIf(occurred_at, event_type IN %(ends)s) AS ended,
        maxIf(occurred_at, event_type = 'case_reopened') AS reopened,
        countIf(event_type IN %(ends)s) AS ends
    FROM events
    WHERE source_system = %(source)s AND case_id != '' AND occurred_at BETWEEN since AND until AND event_type IN %(counted)s
        AND source_op != 'delete' AND NOT has(replaced, event_id)
        AND (%(on_log)s OR received_at IS NULL OR occurred_at <= addMilliseconds(assumeNotNull(received_at), %(ahead)s))
    GROUP BY case_id
    HAVING ends = 0 OR reopened > ended
)
"""
_OF_STAMPS = """
SELECT count(), countIf(occurred_at = fromUnixTimestamp64Milli(%(start)s)) FROM events
WHERE source_system = %(source)s AND time_precision = 'second'
    AND occurred_at >= fromUnixTimestamp64Milli(%(start)s) AND occurred_at < fromUnixTimestamp64Milli(%(end)s)
"""


def sources_of(store: Store) -> list[str]:
    """Every source that the store has heard of."""
    return sorted(row[0] for row in store.execute("SELECT DISTINCT source_system FROM events_raw"))


def figures_of(store: Store, source: Source, calendar: WorkCalendar, at: int, idle_wd: int) -> Figures:
    """At an instant of the source's clock (ms UTC); what happened later does not count. Raises CalendarMissing."""
    day = calendar.day_of(at)
    asked = {
        "source": source.name,
        "at": at,
        "since": at - DAYS * DAY_MS,
        "cutoff": cutoff(calendar, day, idle_wd),
        "counted": [kind.value for kind in COUNTED],
        "ends": [kind.value for kind in PROMISED_STOPS],
        "resting": [kind.value for kind in RESTING],
        "on_log": int(source.clock != WALL),
        "ahead": AHEAD_MS,
    }
    ((open_cases, idle_cases, heard_at),) = store.execute(_OF_CASES, asked)
    stamped = {"source": source.name, "start": calendar.day_start(day - 1), "end": calendar.day_start(day)}
    ((stamps, midnight_stamps),) = store.execute(_OF_STAMPS, stamped)
    is_dated = source.precision != "second"
    return Figures(
        source=source,
        at=at,
        open_cases=int(open_cases),
        idle_cases=int(idle_cases),
        heard_at=int(heard_at) if open_cases else None,
        idle_wd=idle_wd,
        stamps=0 if is_dated else int(stamps),
        midnight_stamps=0 if is_dated else int(midnight_stamps),
    )


def cutoff(calendar: WorkCalendar, day: int, idle_wd: int) -> int:
    """A case whose last fact lies before this instant has been idle for so many working days when this day begins."""
    last = day - 1
    while calendar.add(last, idle_wd) >= day:
        last -= 1
    return calendar.day_start(last + 1)
