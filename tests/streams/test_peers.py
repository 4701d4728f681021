"""Snapshots of peers: counted by hand, by SQL and in memory alike, written as a catalogue that is read as it was made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from streams import admin
from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.kafka import Kafka
from streams.peers import counting, stored
from streams.peers.counting import quantile
from streams.peers.usual import Span, Usual, entries
from streams.reference import publish
from streams.simulator.days import Load
from streams.simulator.trial import Trial
from streams.sinking.events import event_rows
from streams.sinking.record import Record
from streams.store.client import Address, Store
from streams.store.migration import migrate
from supervision.cli import app
from supervision.cli.explaining import reference_of
from supervision.cli.peers import written
from supervision.decoder import decode, encode
from supervision.event import BatchKind, CaseEvent, EventType, Flag, PostPlace, Precision, SourceOp, Stream
from supervision.language import UserError
from supervision.loading import load_catalogue
from supervision.payload import PAYLOADS
from supervision.reference import Item, Peer, Reference, Source
from supervision.settings import load
from supervision.subject import stream_of

ZONE = ZoneInfo("Asia/Shanghai")
REFERENCE = Reference(
    [
        Source(name="hall", region_code="430111"),
        Source(name="dates", region_code="430111", precision=Precision.DAY),
        Item(code="machine", auto_approval=True),
    ]
)
SPAN = Span.of(REFERENCE, date(2026, 3, 2), date(2026, 3, 3))


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


class Told:
    """Events with ids in the order they are made."""

    def __init__(self) -> None:
        self.events: list[CaseEvent] = []

    def add(self, kind: EventType, when: str, case_id: str, payload: dict[str, Any] | None = None, **fields: Any) -> CaseEvent:
        known: dict[str, Any] = {"source_system": "hall", "item_catalog_code": "X", "actor_officer_id": "O-1"} | fields
        body = PAYLOADS[kind](**(payload or {}))
        made = CaseEvent(
            event_id=UUID(int=len(self.events) + 1), event_type=kind, occurred_at=at(when), case_id=case_id, payload=body, **known
        )
        self.events.append(made)
        return made

    def case(self, case_id: str, accepted: str, completed: str, **fields: Any) -> None:
        self.add(EventType.CASE_ACCEPTED, accepted, case_id, **fields)
        self.add(EventType.CASE_COMPLETED, completed, case_id, **fields)

    def grant(self, case_id: str, when: str, decision: str = "granted", **fields: Any) -> CaseEvent:
        return self.add(EventType.DECISION_MADE, when, case_id, {"decision": decision}, **fields)


def history() -> list[CaseEvent]:
    """Three cases of 30, 150 and 900 minutes, one of a city's office, five grants of two officers; and what is not counted."""
    told = Told()
    told.case("1", "2026-03-01T09:00", "2026-03-02T00:00")
    told.case("2", "2026-03-02T09:00", "2026-03-02T09:30")
    told.case("3", "2026-03-03T21:29:59.999", "2026-03-03T23:59:59.999")
    told.case("late", "2026-03-03T09:00", "2026-03-04T00:00")
    told.case("early", "2026-03-01T09:00", "2026-03-01T23:59:59.999")
    told.case("flagged", "2026-03-02T09:00", "2026-03-02T09:01", flags=(Flag.AUTO_APPROVED,))
    told.case("promise", "2026-03-02T09:00", "2026-03-02T09:01", flags=(Flag.COMMITMENT_BASED,))
    told.case("tried", "2026-03-02T09:00", "2026-03-02T09:01", flags=(Flag.TEST,))
    told.case("moved", "2026-03-02T09:00", "2026-03-02T09:01", batch_kind=BatchKind.MIGRATION)
    told.case("vague", "2026-03-02T09:00", "2026-03-02T09:01", time_precision=Precision.MINUTE)
    told.case("dated", "2026-03-02T00:00", "2026-03-02T00:00", source_system="dates")
    told.case("machine", "2026-03-02T09:00", "2026-03-02T09:01", item_catalog_code="machine")
    told.add(EventType.APPLICATION_SUBMITTED, "2026-03-02T08:00", "batch", {"bulk_no": "B-1"})
    told.case("batch", "2026-03-02T09:00", "2026-03-02T09:01")
    told.case("city", "2026-03-02T09:00", "2026-03-02T10:00", region_code="430100")
    for number, when in enumerate(("09:00", "09:05", "09:09:59.999", "09:10")):
        told.grant(f"g{number}", f"2026-03-02T{when}")
    told.grant("g4", "2026-03-03T09:00", actor_officer_id="O-2")
    told.grant("g5", "2026-03-03T09:00", "denied")
    told.grant("g6", "2026-03-03T09:00", "other")
    told.grant("g7", "2026-03-03T09:00", actor_post_place=PostPlace.SYSTEM)
    told.grant("g8", "2026-03-03T09:00", actor_officer_id=None)
    told.grant("g9", "2026-03-04T00:00")
    wrong = told.grant("g10", "2026-03-03T09:00")
    denied = replace(wrong, event_id=UUID(int=900), supersedes_event_id=wrong.event_id, data_version=2, source_op=SourceOp.DELETE)
    return [*told.events, denied]


COUNTED = {
    Usual("X", 4, 3, 150.0, 5, 6, 2.96, 2.5),
    Usual("X", 3, 1, 60.0, 0, 0, None, None),
}


def test_a_history_is_counted_as_by_hand() -> None:
    assert _rounded(counting.count(history(), SPAN)) == _rounded(list(COUNTED))


def test_the_order_of_events_changes_nothing() -> None:
    assert set(counting.count(reversed(history()), SPAN)) == set(counting.count(history(), SPAN))


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 0.5, None),
        ([3.0], 0.99, 3.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.5),
        ([1.0, 2.0, 3.0], 1.0, 3.0),
        ([0.0, 100.0], 0.99, 99.0),
    ],
)
def test_quantiles_lie_between_neighbours(values: list[float], share: float, wanted: float | None) -> None:
    assert quantile(values, share) == wanted


def test_what_is_usual_holds_from_the_day_after_on_and_few_cases_say_nothing() -> None:
    found = entries([Usual("X", 4, 200, 95.0, 199, 199, 3.0, 5.0), Usual("Y", 4, 199, 5.0, 200, 250, 2.0, 4.0)], SPAN, "spring")
    assert [(entry.item_code, entry.median_minutes, entry.p99_grants_10min, entry.granted_share) for entry in found] == [
        ("X", 95.0, None, None),
        ("Y", None, 2.0, 0.8),
    ]
    assert {(entry.snapshot, entry.since, entry.until, entry.valid_from) for entry in found} == {
        ("spring", "2026-03-02", "2026-03-03", at("2026-03-04T00:00"))
    }
    assert entries([Usual("X", 4, 199, 95.0, 199, 199, 3.0, 5.0)], SPAN, "spring") == []


def test_the_catalogue_file_is_read_as_it_was_made(tmp_path: Path) -> None:
    made = entries([Usual("X", 4, 200, 95.5, 200, 200, 3.0, 5.0), Usual("Y", None, 300, 5.0)], SPAN, "spring")
    file = tmp_path / "peers.yaml"
    file.write_text(written(made, SPAN.zone), "utf-8")
    assert load_catalogue([file]) == made
    reference = Reference(made)
    assert reference.peer("X", "430111", SPAN.until) == made[0]
    assert reference.peer("X", "430111", SPAN.until - 1) is None
    assert reference.peer("X", "430100", SPAN.until) is None
    assert isinstance(reference.peer("Y", "430100", SPAN.until), Peer)


@pytest.fixture
def store(clickhouse: ClickHouseProcess) -> Iterator[Store]:
    address = Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, f"s_{uuid4().hex}")
    migrate(address)
    opened = Store(address)
    yield opened
    opened.execute(f"DROP DATABASE IF EXISTS {address.database}")
    opened.close()


def keep(store: Store, events: list[CaseEvent]) -> None:
    records = [Record("case-events", 0, offset, event.occurred_at, b"", encode(event)) for offset, event in enumerate(events)]
    for rows in event_rows(records, Stream.CASE):
        store.insert(rows.table, rows.columns, rows.data, uuid4().hex)


@pytest.mark.service
def test_the_store_counts_as_by_hand(store: Store) -> None:
    keep(store, history())
    assert _rounded(stored.count(store, SPAN)) == _rounded(list(COUNTED))


@pytest.mark.service
def test_the_store_counts_a_city_as_it_is_counted_in_memory(store: Store) -> None:
    trial = Trial.of(3, 3, Load(rate=0.1, injected=0.4), date(2026, 3, 2))
    told = [decode(item[1]) for item in trial.items() if isinstance(item, tuple)]
    events = [event for event in told if isinstance(event, CaseEvent) and stream_of(event) is Stream.CASE]
    keep(store, events)
    span = Span.of(trial.days.city.reference, date(2026, 3, 2), date(2026, 3, 12))
    counted = counting.count(events, span)
    assert len(counted) > 20
    assert sum(usual.grants for usual in counted) > 400
    assert _rounded(stored.count(store, span)) == _rounded(counted)


def _rounded(found: list[Usual]) -> list[Usual]:
    rounded = [
        replace(
            each,
            median_minutes=_round(each.median_minutes),
            p99_grants_10min=_round(each.p99_grants_10min),
            median_grants_day=_round(each.median_grants_day),
        )
        for each in found
    ]
    return sorted(rounded, key=lambda each: (each.item, each.level or 0))


def _round(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 6)


def test_dates_that_are_the_wrong_way_round_are_a_mistake_of_use() -> None:
    ran = CliRunner().invoke(app, ["peers", "build", "--from", "2026-03-02", "--to", "2026-03-01"])
    assert isinstance(ran.exception, UserError)
    assert "--to 2026-03-01" in str(ran.exception)


@pytest.mark.service
def test_the_command_counts_writes_and_publishes(
    store: Store, clickhouse: ClickHouseProcess, kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, history())
    named = {
        "CLICKHOUSE_HOST": "127.0.0.1",
        "CLICKHOUSE_PORT": str(clickhouse.port),
        "CLICKHOUSE_USER": clickhouse.user,
        "CLICKHOUSE_PASSWORD": clickhouse.password,
        "CLICKHOUSE_DATABASE": store.address.database,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "TOPIC_PREFIX": f"p{uuid4().hex[:8]}.",
    }
    for name, value in named.items():
        monkeypatch.setenv(f"SUPERVISION_{name}", value)
    settings = load(data=tmp_path)
    admin.create(settings)
    publish(settings, REFERENCE.entries)
    file = tmp_path / "peers.yaml"
    options = ["--from", "2026-03-02", "--to", "2026-03-03", "--least", "3", "--name", "test", "--out", str(file), "--publish"]
    ran = CliRunner().invoke(app, ["peers", "build", "--data", str(tmp_path), *options], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    (made,) = load_catalogue([file])
    assert isinstance(made, Peer)
    assert (made.item_code, made.region_level, made.cases, made.grants) == ("X", 4, 3, 5)
    assert reference_of(settings, None).peer("X", "430111", SPAN.until) == made
