"""What the sink counts, declared once; `start` makes every series exist, at zero."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

RECORDS = Counter("supervision_sink_records_total", "Records read and written to the store.", ["topic"])
ROWS = Counter("supervision_sink_rows_total", "Rows sent to the store.", ["table"])
RETRIES = Counter("supervision_sink_retries_total", "Passing faults of the store, each followed by another try.")
LOST = Counter("supervision_sink_lost_records_total", "Records given up by an explicit --accept-loss.", ["topic"])
WRITE_SECONDS = Histogram("supervision_sink_write_seconds", "Time to write one batch to all its tables.", buckets=_SECONDS)
NEXT_OFFSET = Gauge("supervision_sink_next_offset", "Next record to be written.", ["topic", "partition"])

TABLES = ("events_raw", "event_positions", "alerts_raw", "clues_raw", "dead_letters_raw")


def start(topics: Iterable[str]) -> None:
    for topic in topics:
        RECORDS.labels(topic)
        LOST.labels(topic)
    for table in TABLES:
        ROWS.labels(table)
