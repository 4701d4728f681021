"""Waiting until what was sent is judged by the agents and stored by the sink. Called by `supervision import`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from msgspec import Struct

from streams import admin, clients
from streams.store import queries
from streams.store.client import Store
from supervision.language import UserError, say
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, ALERTS, CASE_EVENTS, CLUES, DEAD_LETTERS, Topic

Place = tuple[str, int]
STORED = (CASE_EVENTS, ACTIVITY_EVENTS, ALERTS, CLUES, DEAD_LETTERS)
_POLL_S = 0.2
_CALL_S = 10.0
_TAIL = 64


class Lag(Struct, frozen=True):
    """How many records are still ahead, and of whom we wait: `agents` or `sink`."""

    whom: str
    records: int


def wait_until_drained(
    settings: Settings, store: Store, show: Callable[[Lag], None] = lambda lag: None, patience_s: float = 120.0
) -> None:
    """Return when everything now in the event topics is judged, and its alerts are in the store.

    Raises UserError when nobody has come any further for `patience_s`.
    """
    tail = Tail(settings)
    try:
        for topic in (CASE_EVENTS, ACTIVITY_EVENTS):  # judged cases send signals, so one after the other
            _wait("agents", tail.judged, _patiently(partial(tail.ends, [topic]), patience_s), show, patience_s)
        sink = f"{settings.app_id}-sink"
        _wait(
            "sink", lambda: queries.next_offsets(store, sink), _patiently(partial(tail.ends, STORED), patience_s), show, patience_s
        )
    finally:
        tail.close()


def _patiently(ask: Callable[[], dict[Place, int]], patience_s: float) -> dict[Place, int]:
    """The broker's answer, asked for again while it restarts."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return ask()
        except KafkaException as fault:
            if time.monotonic() > until:
                error = fault.args[0]
                raise UserError(say(f"Kafka 没有应答({error})", f"no answer from Kafka ({error})")) from None
            time.sleep(_POLL_S)


def _wait(
    whom: str, ask: Callable[[], dict[Place, int]], wanted: dict[Place, int], show: Callable[[Lag], None], patience_s: float
) -> None:
    least, since = None, time.monotonic()
    while True:
        reached = _patiently(ask, patience_s)
        lag = sum(max(0, end - reached.get(place, 0)) for place, end in wanted.items())
        if lag == 0:
            return
        if least is None or lag < least:
            least, since = lag, time.monotonic()
        show(Lag(whom, lag))
        if time.monotonic() - since > patience_s:
            raise UserError(_stuck(whom, lag, patience_s))
        time.sleep(_POLL_S)


class Tail:
    """Where the ends of topics are, and how far the agents' group has come."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._group: Consumer = clients.reader(settings, settings.app_id)  # asks for offsets only, never joins
        self._reader: Consumer = clients.reader(settings, f"{settings.app_id}-tail")

    def judged(self) -> dict[Place, int]:
        """The next offset the agents judge, by partition of the event topics."""
        places = [TopicPartition(*place) for topic in (CASE_EVENTS, ACTIVITY_EVENTS) for place in self._places(topic)]
        return {(each.topic, each.partition): max(0, each.offset) for each in self._group.committed(places, _CALL_S)}

    def ends(self, topics: Iterable[Topic]) -> dict[Place, int]:
        """The offset behind the last record of each partition that has one (behind it may lie marks of transactions)."""
        found: dict[Place, int] = {}
        marks = {place: self._marks(place) for topic in topics for place in self._places(topic)}
        tail = _TAIL
        while marks:
            starts = {place: max(low, high - tail) for place, (low, high) in marks.items() if low < high}
            found |= self._last(starts)
            marks = {place: marks[place] for place, start in starts.items() if place not in found and start > marks[place][0]}
            tail *= 8
        return found

    def close(self) -> None:
        self._group.close()
        self._reader.close()

    def _places(self, topic: Topic) -> list[Place]:
        name = admin.name_of(topic, self._settings)
        return [(name, number) for number in self._reader.list_topics(name, timeout=_CALL_S).topics[name].partitions]

    def _marks(self, place: Place) -> tuple[int, int]:
        low, high = self._reader.get_watermark_offsets(TopicPartition(*place), _CALL_S)
        return low, high

    def _last(self, starts: dict[Place, int]) -> dict[Place, int]:
        """The offset behind the last record of each partition from its start on, for those that have one there."""
        found: dict[Place, int] = {}
        ahead = set(starts)
        self._reader.assign([TopicPartition(*place, start) for place, start in starts.items()])
        until = time.monotonic() + _CALL_S
        while ahead:
            for message in self._reader.consume(1000, 0.1):
                place, error = (str(message.topic()), int(message.partition() or 0)), message.error()
                if error is None:
                    found[place] = int(message.offset() or 0) + 1
                    until = time.monotonic() + _CALL_S
                elif error.code() == KafkaError._PARTITION_EOF:
                    ahead.discard(place)
            if ahead and time.monotonic() > until:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return found


def _stuck(whom: str, lag: int, patience_s: float) -> str:
    if whom == "agents":
        return say(
            f"代理 {patience_s:.0f} 秒没有进展,还有 {lag} 条未研判;事件都在 Kafka 中,查看代理的日志,或运行 supervision agents",
            f"the agents have not moved for {patience_s:.0f} s with {lag} records to judge; all events are in Kafka,"
            " look at the agents' log or run `supervision agents`",
        )
    return say(
        f"入库 {patience_s:.0f} 秒没有进展,还有 {lag} 条未写入;查看入库的日志,或运行 supervision sink",
        f"the sink has not moved for {patience_s:.0f} s with {lag} records to store; look at its log or run `supervision sink`",
    )
