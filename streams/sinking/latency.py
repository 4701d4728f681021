"""How old records are when they are stored, and how far the sink is behind: counted once a batch, alerts one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.sinking.record import Record
from streams.trace import OCCURRED_AT, RECEIVED_AT
from supervision import metrics
from supervision.metrics import Since, Until
from supervision.topics import ALERTS, CLUES

SAID = frozenset({ALERTS.name, CLUES.name})
_SINCE = {OCCURRED_AT: Since.OCCURRED, RECEIVED_AT: Since.RECEIVED}


def stored(records: Iterable[Record], oldest: Mapping[str, int], now: int, prefix: str = "") -> None:
    """The records are stored at `now` (ms UTC). `oldest`: the broker's stamp of the oldest one, by topic."""
    declared = {topic: topic.removeprefix(prefix) for topic in oldest}
    for topic, at in oldest.items():
        metrics.STORED_LATENCY.labels(declared[topic]).observe(max(0, now - at) / 1000)
    said = {topic for topic in oldest if declared[topic] in SAID}
    if said:
        for record in records:
            if record.topic in said:
                _alert(record, now)


def _alert(record: Record, now: int) -> None:
    _observe(Since.PUBLISHED, record.timestamp, now)
    for name, content in record.headers or ():
        if name in _SINCE and content is not None and content.isdigit() and len(content) < 16:
            _observe(_SINCE[name], int(content), now)


def _observe(since: Since, at: int, now: int) -> None:
    metrics.ALERT_LATENCY.labels(since.value, Until.STORED.value).observe(max(0, now - at) / 1000)


class Ends:
    """How far a sink is behind the end of each partition, as its consumer knows it: control records are no records to wait for."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._ends: dict[tuple[str, int], int] = {}

    def reached(self, topic: str, partition: int, offset: int) -> None:
        """The consumer has read all there was: `offset` is the next."""
        self._ends[topic, partition] = offset

    def behind(self, place: tuple[str, int], stored: int, read: int, high: int) -> int:
        """Records of a partition that are not stored, and count it. `stored`, `read`: the next ones; `high`: the end of the log."""
        at = stored if stored < read else max(stored, self._ends.get(place, 0))
        found = max(0, high - at)
        metrics.SINK_LAG.labels(place[0].removeprefix(self._prefix), str(place[1])).set(found)
        return found
