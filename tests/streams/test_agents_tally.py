"""What a partition counts: events by source, lag, ages, timers, state; and what it takes back when it goes."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import REGISTRY

from rules.output import Output
from streams.agents.progress import Progress
from streams.agents.tally import OTHERS, Sources, Tally, senders
from streams.agents.tracing import Cause
from supervision.decoder import encode
from supervision.event import Stream
from supervision.metrics import Stage
from supervision.reference import Reference
from tests.streams.batches import batch, event, read
from tests.streams.counting import Counting


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """A topic of its own for each test: the registry is the process's."""
    return Tally(request.node.name, 3)


def test_events_are_counted_by_source_and_a_source_was_heard_at_the_brokers_time(
    tally: Tally, request: pytest.FixtureRequest
) -> None:
    topic = request.node.name
    its = batch([encode(event(number, source=source)) for number, source in enumerate(["tally-a", "tally-b", "tally-a"])])
    sent = Counter(senders(read(its, 0, Stream.CASE).items))
    tally.batch(its, sent, dict.fromkeys(Stage, 0.1), 6_000, lambda source: source == "tally-a")
    assert value("supervision_events_total", topic=topic, source="tally-a") == 2
    assert value("supervision_events_total", topic=topic, source="tally-b") == 1
    assert value("supervision_records_total", topic=topic) == 3
    assert value("supervision_source_heard_timestamp_seconds", source="tally-a") == 1.002
    assert value("supervision_source_heard_timestamp_seconds", source="tally-b") is None, "its clock is a log's"
    assert value("supervision_judged_latency_seconds_sum", topic=topic) == 5.0


def test_sources_without_end_are_counted_together() -> None:
    sources = Sources(most=2)
    assert [sources.label(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", OTHERS, "a", OTHERS]


@pytest.mark.parametrize(
    ("progress", "judged", "behind"),
    [(Progress(7, 10, 10, 1, 1), 7, 0), (Progress(7, 10, 10, 1, 1), 5, 5), (Progress(5, 5, 20, 1, 1), 5, 15)],
    ids=["all read and judged, control records behind", "read and not yet judged", "not yet read"],
)
def test_lag_is_what_lies_at_the_broker_and_is_not_judged(
    tally: Tally, request: pytest.FixtureRequest, progress: Progress, judged: int, behind: int
) -> None:
    tally.tick(progress, judged, None, 0)
    assert value("supervision_lag_records", topic=request.node.name, partition="3") == behind


def test_timers_tell_how_many_and_how_late(tally: Tally, request: pytest.FixtureRequest) -> None:
    before = value("supervision_timer_lateness_seconds_sum") or 0
    tally.fired(Output(fired=4, due_since=1_000), now=3_000)
    tally.fired(Output(fired=1), now=3_000)
    assert value("supervision_timers_fired_total", topic=request.node.name) == 5
    assert (value("supervision_timer_lateness_seconds_sum") or 0) - before == 2.0


def test_the_age_of_alerts_counts_from_what_is_known(tally: Tally) -> None:
    def count(since: str) -> float:
        return value("supervision_alert_latency_seconds_count", since=since, until="published") or 0

    before = count("occurred"), count("received")
    tally.published([Cause("a", "b", 1, 2), Cause("a", "b", None, 2), Cause("a", "b")], now=5)
    assert (count("occurred") - before[0], count("received") - before[1]) == (1, 2)


def test_a_partition_that_went_says_nothing_more_and_begins_anew_when_it_is_back(
    tally: Tally, request: pytest.FixtureRequest
) -> None:
    engine = Counting(Stream.CASE, Reference([], "1"), 3, 1)
    engine.process([event(1)])
    tally.measure(engine)
    assert value("supervision_state_subjects", topic=request.node.name, partition="3") == 1
    tally.gone()
    assert value("supervision_state_subjects", topic=request.node.name, partition="3") is None
    tally.gone()
    tally.measure(engine)
    assert value("supervision_state_bytes", topic=request.node.name, partition="3") == 8
