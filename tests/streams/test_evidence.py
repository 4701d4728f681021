"""A stored alert is judged a second time from the stored events, and comes out the same; or says what differs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from rules.card import Card, Example, load_cards
from rules.examples import bench, run
from rules.pages import worked
from rules.recompute import differences, judged_again
from rules.sandbox import instant, sandbox
from streams.embedded.clickhouse import ClickHouseProcess
from streams.sinking.alerts import alert_rows
from streams.sinking.events import event_rows
from streams.sinking.record import Record, Rows
from streams.store.client import Address, Store
from streams.store.evidence import stored_alert, stored_events
from streams.store.migration import migrate
from streams.verify.verification import Asked, Verification
from supervision.alert import Alert, Disposition, Level
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
    example = next(example for example in card.examples if example.name.en == name)
    events, alerts = kept(store, card, example)
    reference = sandbox(example.catalogue, name)
    assert alerts
    for alert in alerts:
        stored = stored_alert(store, alert.alert_id)
        assert stored == alert
        found = stored_events(store, stored)
        assert {event.event_id for event in found} == {event.event_id for event in events}
        again = judged_again(BOOK, reference, found, stored)
        assert differences(stored, again) == []


def kept(store: Store, card: Card, example: Example) -> tuple[list[CaseEvent], tuple[Alert, ...]]:
    """The example's events and alerts, in the store as the sink puts them there."""
    outcome = run(BOOK, card, example)
    events = [step for step in outcome.steps if isinstance(step, CaseEvent)]
    empty(store)
    for stream in Stream:
        mine = [encode(event) for event in events if stream_of(event) is stream]
        keep(store, event_rows(records(stream.value, mine), stream), f"{card.id}-{example.name.en}-{stream.value}")
    table = "clues_raw" if card.disposition is Disposition.CLUE else "alerts_raw"
    said = records("alerts", [msgspec.json.encode(alert) for alert in outcome.alerts])
    keep(store, alert_rows(said, table), f"{card.id}-{example.name.en}-alerts")
    return events, outcome.alerts


@pytest.mark.service
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_the_worked_example_of_every_card_is_verified(store: Store, card: Card) -> None:
    """As it is, and with an alert taken out: of each level, about a case or a subject."""
    example = worked(card)
    _, alerts = kept(store, card, example)
    reference = sandbox(example.catalogue, card.id)
    reached = {alert.clock: instant(example.clock) for alert in alerts}
    asked = Asked(rules=frozenset({card.id}))
    found = Verification(store, BOOK, reference, asked, reached).run()
    assert (found.differences, found.alerts) == (0, len(alerts)), found.unlike
    assert alerts
    for alert in alerts:
        stored = stored_alert(store, alert.alert_id)
        assert stored is not None
        again = judged_again(BOOK, reference, stored_events(store, stored), stored)
        assert differences(stored, again) == []
    lost = alerts[-1].alert_id
    table = "clues_last" if card.disposition is Disposition.CLUE else "alerts_last"
    store.execute(f"ALTER TABLE {table} DELETE WHERE alert_id = '{lost}' SETTINGS mutations_sync = 2")
    found = Verification(store, BOOK, reference, asked, reached).run()
    assert [(one.alert.alert_id, one.stored) for one in found.unlike] == [(lost, None)]


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
