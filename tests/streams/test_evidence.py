"""A stored alert is judged a second time from the stored events, and comes out the same; or says what differs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from rules.card import load_cards
from rules.examples import bench, run
from rules.recompute import differences, judged_again
from rules.sandbox import sandbox
from streams.embedded.clickhouse import ClickHouseProcess
from streams.sinking.alerts import alert_rows
from streams.sinking.events import event_rows
from streams.sinking.record import Record, Rows
from streams.store.client import Address, Store
from streams.store.evidence import stored_alert, stored_events
from streams.store.migration import migrate
from supervision.alert import Alert, Level
from supervision.decoder import encode
from supervision.event import CaseEvent, Stream
from supervision.subject import stream_of

CARDS = {card.id: card for card in load_cards()}
BOOK = bench(CARDS.values())
EXAMPLES = [
    ("T03", "late by as much as the limit again"),
    ("T08", "testing declared for five working days never ends"),
    ("P02", "a correction raises the level, the lower card goes"),
    ("M02", "three evenings for one agent"),
    ("M02", "one grant at ten at night"),
]


@pytest.fixture(scope="module")
def store(clickhouse: ClickHouseProcess) -> Iterator[Store]:
    address = Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, "explained")
    migrate(address)
    opened = Store(address)
    yield opened
    opened.close()


def records(topic: str, values: list[bytes], first: int = 0) -> list[Record]:
    return [Record(topic, 0, first + number, 1773244800000 + number, b"", value) for number, value in enumerate(values)]


def keep(store: Store, rows: list[Rows], token: str) -> None:
    for number, some in enumerate(rows):
        if len(some):
            store.insert(some.table, some.columns, some.data, f"{token}-{number}")


def empty(store: Store) -> None:
    for table in ("events_raw", "alerts_raw", "alerts_last", "clues_raw", "clues_last"):
        store.execute(f"TRUNCATE TABLE {table}")


@pytest.mark.service
@pytest.mark.parametrize(("card_id", "name"), EXAMPLES)
def test_a_stored_alert_is_judged_again_from_stored_events(store: Store, card_id: str, name: str) -> None:
    card = CARDS[card_id]
    example = next(example for example in card.examples if example.name == name)
    outcome = run(BOOK, card, example)
    events = [step for step in outcome.steps if isinstance(step, CaseEvent)]
    empty(store)
    for stream in Stream:
        mine = [encode(event) for event in events if stream_of(event) is stream]
        keep(store, event_rows(records(stream.value, mine), stream), f"{name}-{stream.value}")
    table = "clues_raw" if card.disposition.value == "clue" else "alerts_raw"
    keep(store, alert_rows(records("alerts", [msgspec.json.encode(alert) for alert in outcome.alerts]), table), f"{name}-alerts")
    reference = sandbox(example.catalogue, name)
    assert outcome.alerts
    for alert in outcome.alerts:
        stored = stored_alert(store, alert.alert_id)
        assert stored == alert
        found = stored_events(store, stored)
        assert {event.event_id for event in found} == {event.event_id for event in events}
        again = judged_again(BOOK, reference, found, stored)
        assert differences(stored, again) == []


@pytest.mark.service
def test_an_id_that_nobody_gave_is_not_found(store: Store) -> None:
    assert stored_alert(store, "T03YAAAAAAAAAAAAAAAA") is None


def test_a_tampered_alert_differs_and_says_where() -> None:
    card = CARDS["T03"]
    outcome = run(BOOK, card, card.examples[0])
    (alert,) = outcome.alerts
    events = [step for step in outcome.steps if isinstance(step, CaseEvent)]
    tampered: Alert = msgspec.structs.replace(alert, level=Level.RED, facts=alert.facts | {"late_wd": 9})
    again = judged_again(BOOK, sandbox({}, "test"), events, tampered)
    found = {one.field: (one.stored, one.now) for one in differences(tampered, again)}
    assert found["level"] == ("red", "yellow")
    assert found["facts.late_wd"] == (9, 1)
    assert set(found) == {"level", "facts.late_wd"}
    assert [one.field for one in differences(alert, judged_again(BOOK, sandbox({}, "test"), events[:0], alert))] == ["state"]
