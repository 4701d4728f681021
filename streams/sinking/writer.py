"""Writes batches of records to ClickHouse so that repeating any part of it changes nothing.

First the rows, then the offset ranges that say they are there. A crash in between leaves rows beyond the last range: the next run
writes them again, under other tokens perhaps, and the tables' keys make them one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from time import perf_counter

from msgspec import Struct

from streams.sinking.record import Record, Rows
from streams.store.client import Store
from supervision import metrics

Translate = Callable[[Sequence[Record]], list[Rows]]
_RANGE_COLUMNS = ("consumer", "topic", "partition", "first", "last", "rows")


class Span(Struct, frozen=True, order=True):
    """Offsets `first` to `last` of one partition, whatever holes are in it; `records` were found there."""

    topic: str
    partition: int
    first: int
    last: int
    records: int


class Writer:
    """`translate`: by topic, how its records become rows. `prefix` stands before the topics' declared names."""

    def __init__(self, store: Store, consumer: str, translate: dict[str, Translate], prefix: str = "") -> None:
        self._declared = partial(_without, prefix)
        self._store = store
        self._consumer = consumer
        self._translate = translate

    def write(self, records: Iterable[Record], spans: Sequence[Span]) -> None:
        """Store the records, which lie in `spans`. When it returns, they are stored and known to be."""
        begun = perf_counter()
        by_topic: dict[str, list[Record]] = {}
        for topic, run in groupby(records, itemgetter(0)):
            by_topic.setdefault(topic, []).extend(run)
        for topic, found in by_topic.items():
            name = _token(span for span in spans if span.topic == topic)
            for rows in self._translate[topic](found):
                if len(rows):
                    self._store.insert(rows.table, rows.columns, rows.data, f"{self._consumer}:{rows.table}:{name}")
                    metrics.SINK_ROWS.labels(rows.table).inc(len(rows))
        self._write_ranges(spans)
        for topic, found in by_topic.items():
            metrics.SINK_RECORDS.labels(self._declared(topic)).inc(len(found))
        metrics.SINK_WRITE_SECONDS.observe(perf_counter() - begun)

    def _write_ranges(self, spans: Sequence[Span]) -> None:
        told = [(self._consumer, span.topic, span.partition, span.first, span.last, span.records) for span in sorted(spans)]
        data = [list(column) for column in zip(*told, strict=True)]
        self._store.insert("offset_ranges", _RANGE_COLUMNS, data, f"{self._consumer}:offset_ranges:{_token(spans)}")


def _without(prefix: str, topic: str) -> str:
    return topic.removeprefix(prefix)


def _token(spans: Iterable[Span]) -> str:
    """One name for one set of offset ranges."""
    text = "\n".join(f"{span.topic} {span.partition} {span.first} {span.last}" for span in sorted(spans))
    return hashlib.sha256(text.encode()).hexdigest()
