"""The count by SQL, over the stored events; the store is asked three times and gives back a row for each item and level."""

from __future__ import annotations

from typing import Any

from streams.peers.counting import READ
from streams.peers.usual import Key, Span, Usual
from streams.store.client import Store
from supervision.durations import MINUTE_MS

_CASES = """
WITH
    fromUnixTimestamp64Milli(%(since)s) AS since,
    fromUnixTimestamp64Milli(%(until)s) AS until,
    told AS
    (
        SELECT source_system, case_id, event_id, event_type, occurred_at, actor_officer_id, actor_post_place, flags, region_code,
            if(item_catalog_code != '', item_catalog_code, item_implement_code) AS item,
            JSONExtractString(payload, 'decision') AS decision,
            JSONExtractString(payload, 'bulk_no') AS bulk_no,
            time_precision = 'second' AND batch_kind != 'migration' AS is_exact
        FROM events
        WHERE case_id != '' AND event_type IN %(read)s AND source_op != 'delete' AND NOT has(%(coarse)s, source_system)
            AND event_id NOT IN (SELECT assumeNotNull(supersedes_event_id) FROM events WHERE supersedes_event_id IS NOT NULL)
            AND (source_system, case_id) IN
            (
                SELECT source_system, case_id FROM events
                WHERE event_type IN ('decision_made', 'case_completed') AND occurred_at >= since AND occurred_at < until
            )
    ),
    cases AS
    (
        SELECT source_system, case_id,
            argMinIf(item, (occurred_at, toString(event_id)), item != '') AS item,
            argMinIf(region_code, (occurred_at, toString(event_id)), region_code != '') AS named,
            if(named != '', named, transform(item, %(items)s, %(item_regions)s, '')) AS of_item,
            if(of_item != '', of_item, transform(source_system, %(sources)s, %(regions)s, '')) AS region,
            multiIf(NOT match(region, '^[0-9]+$'), 0,
                length(region) >= 12 AND substring(region, 10, 3) != '000', 6,
                length(region) >= 9 AND substring(region, 7, 3) != '000', 5,
                length(region) >= 6 AND substring(region, 5, 2) != '00', 4,
                length(region) >= 4 AND substring(region, 3, 2) != '00', 3,
                length(region) >= 2 AND substring(region, 1, 2) != '00', 2, 1) AS level,
            countIf(is_exact AND event_type = 'case_accepted') AS acceptances,
            if(acceptances > 0, minIf(occurred_at, is_exact AND event_type = 'case_accepted'),
                minIf(occurred_at, is_exact AND event_type = 'supplement_accepted')) AS accepted,
            countIf(is_exact AND event_type IN ('case_accepted', 'supplement_accepted')) > 0 AS is_accepted,
            countIf(is_exact AND event_type = 'case_completed') > 0 AS is_completed,
            minIf(occurred_at, is_exact AND event_type = 'case_completed') AS completed,
            countIf(has(flags, 'commitment_based')) > 0 AS is_promise
        FROM told
        GROUP BY source_system, case_id
        HAVING item != '' AND NOT has(%(automatic)s, item)
            AND countIf(bulk_no != '' OR has(flags, 'test') OR has(flags, 'auto_approved')) = 0
    ),
    decided AS
    (
        SELECT cases.item AS item, cases.level AS level, told.source_system AS source_system, told.actor_officer_id AS officer,
            told.occurred_at AS at, told.decision = 'granted' AS is_grant
        FROM told INNER JOIN cases ON told.source_system = cases.source_system AND told.case_id = cases.case_id
        WHERE told.event_type = 'decision_made' AND told.decision IN ('granted', 'denied') AND told.actor_officer_id != ''
            AND told.actor_post_place != 'system' AND told.is_exact AND told.occurred_at >= since AND told.occurred_at < until
    )
"""
_MINUTES = """
SELECT item, level, count(), quantileExactInclusive(0.5)(toUnixTimestamp64Milli(completed) - toUnixTimestamp64Milli(accepted))
FROM cases
WHERE is_accepted AND is_completed AND NOT is_promise AND completed >= accepted AND completed >= since AND completed < until
GROUP BY item, level
"""
_WINDOWS = """
SELECT item, level, sum(grants), sum(decisions), quantileExactInclusiveIf(0.99)(grants, grants > 0)
FROM
(
    SELECT item, level, countIf(is_grant) AS grants, count() AS decisions
    FROM decided GROUP BY item, level, source_system, officer, intDiv(toUnixTimestamp64Milli(at), 600000)
)
GROUP BY item, level
"""
_DAYS = """
SELECT item, level, quantileExactInclusive(0.5)(grants)
FROM
(
    SELECT item, level, count() AS grants
    FROM decided WHERE is_grant GROUP BY item, level, source_system, officer, toDate(at, %(zone)s)
)
GROUP BY item, level
"""


def count(store: Store, span: Span) -> list[Usual]:
    """By item and level, of the stored events."""
    minutes, windows, days = (
        {_key(row): row[2:] for row in store.execute(_CASES + query, _asked(span))} for query in (_MINUTES, _WINDOWS, _DAYS)
    )
    return [_usual(key, minutes.get(key), windows.get(key), days.get(key)) for key in {**minutes, **windows}]


def _asked(span: Span) -> dict[str, Any]:
    return {
        "since": span.since,
        "until": span.until,
        "zone": span.zone,
        "read": [kind.value for kind in READ],
        "coarse": ["", *sorted(span.coarse)],
        "automatic": ["", *sorted(span.automatic)],
        "items": ["", *sorted(span.item_regions)],
        "item_regions": ["", *(span.item_regions[code] for code in sorted(span.item_regions))],
        "sources": ["", *sorted(span.regions)],
        "regions": ["", *(span.regions[name] for name in sorted(span.regions))],
    }


def _key(row: tuple[Any, ...]) -> Key:
    return str(row[0]), int(row[1]) or None


def _usual(key: Key, minutes: Any, windows: Any, days: Any) -> Usual:
    cases, median = minutes or (0, None)
    grants, decisions, p99 = windows or (0, 0, None)
    return Usual(
        item=key[0],
        level=key[1],
        cases=int(cases),
        median_minutes=None if median is None else float(median) / MINUTE_MS,
        grants=int(grants),
        decisions=int(decisions),
        p99_grants_10min=None if p99 is None or not grants else float(p99),
        median_grants_day=None if days is None else float(days[0]),
    )
