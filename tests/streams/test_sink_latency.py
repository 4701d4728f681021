"""How late the sink is: alerts one by one, other records by the oldest of a batch; control records at the end are no lag."""

from __future__ import annotations

from prometheus_client import REGISTRY

from streams.sinking.latency import Ends, stored
from streams.sinking.record import Record


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_alerts_are_counted_from_what_their_headers_say_and_events_by_the_oldest() -> None:
    def ages() -> dict[str, float]:
        return {
            since: value("supervision_alert_latency_seconds_sum", since=since, until="stored")
            for since in ("occurred", "received", "published")
        }

    before, events = ages(), value("supervision_stored_latency_seconds_sum", topic="case-events")
    headers = (("traceparent", b"x"), ("occurred-at", b"1000"), ("received-at", b"4000"))
    records = [
        Record("p.alerts", 0, 1, 8_000, b"k", b"v", headers),
        Record("p.alerts", 0, 2, 8_000, b"k", b"v", (("occurred-at", b"soon"), ("received-at", None))),
        Record("p.case-events", 0, 1, 2_000, b"k", b"v", headers),
    ]
    stored(records, {"p.alerts": 8_000, "p.case-events": 2_000}, now=10_000, prefix="p.")
    after = ages()
    assert {since: round(after[since] - before[since], 3) for since in after} == {
        "occurred": 9.0,
        "received": 6.0,
        "published": 4.0,
    }
    assert value("supervision_stored_latency_seconds_sum", topic="case-events") - events == 8.0


def test_lag_ends_where_the_consumer_saw_the_end_unless_something_read_is_not_stored() -> None:
    ends = Ends("p.")
    place = ("p.alerts", 7)
    assert ends.behind(place, stored=10, read=10, high=12) == 2
    ends.reached("p.alerts", 7, 12)
    assert ends.behind(place, stored=10, read=10, high=12) == 0
    assert ends.behind(place, stored=5, read=10, high=12) == 7
    assert ends.behind(place, stored=10, read=10, high=-1001) == 0
    assert value("supervision_sink_lag_records", topic="alerts", partition="7") == 0
