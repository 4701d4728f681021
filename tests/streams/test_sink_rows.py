"""Records to rows, and where reading begins: pure."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.deadletter import dead_letter
from streams.agents.transport import Batch
from streams.sink import TRANSLATE, Pending
from streams.sinking.alerts import alert_rows
from streams.sinking.events import COLUMNS, event_rows
from streams.sinking.letters import letter_rows
from streams.sinking.record import Record, Rows
from streams.sinking.starting import Loss, begin, refuse
from streams.sinking.writer import Span
from streams.store.migration import shipped
from supervision.alert import Alert, Disposition, Level, RevokeReason, State
from supervision.event import Stream
from supervision.language import UserError
from supervision.refusal import Reason, Refusal
from supervision.signal import ClockStep, pack

ID = UUID("0197f6a0-0000-7000-8000-000000000001")


def event(**changes: Any) -> bytes:
    fields = {"event_id": str(ID), "event_type": "case_accepted", "occurred_at": 1_767_225_600_000, "source_system": "hall"}
    return json.dumps(fields | {"case_id": "c1", "payload": {"extra": [1, 2]}} | changes).encode()


def record(value: bytes | None, offset: int = 5, topic: str = "case-events") -> Record:
    return Record(topic, 2, offset, 1_767_225_600_500, b"key", value)


def rows_of(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows.columns, values, strict=True)) for values in zip(*rows.data, strict=True)]


def test_every_field_of_an_event_and_an_alert_has_a_column() -> None:
    by_name = {migration.name: migration.sql for migration in shipped()}
    for name in COLUMNS:
        assert f"\n    {name} " in by_name["events"]
    for name in (*Alert.__struct_fields__, "topic", "partition", "offset", "broker_at"):
        assert f"\n    {name} " in by_name["alerts"]
        assert f"\n    {name} " in by_name["clues"]


def test_an_event_becomes_a_row_with_its_payload_as_it_came() -> None:
    [events, positions] = event_rows([record(event(flags=["test"], channel=2))], Stream.CASE)
    [row] = rows_of(events)
    wanted = {"event_id": ID, "occurred_at": 1_767_225_600_000, "case_id": "c1", "data_version": 1, "channel": 2}
    wanted |= {"flags": ("test",), "payload": b'{"extra": [1, 2]}', "partition": 2, "offset": 5}
    assert {name: row[name] for name in wanted} == wanted
    assert [(row["kind"], row["event_id"]) for row in rows_of(positions)] == [("event", ID)]


def test_a_field_that_some_events_have_is_filled_and_one_that_none_has_is_left_out() -> None:
    values = [event(), event(legal_limit=0, region_code="44", recorded_at=0)]
    [events, _] = event_rows([record(value, offset) for offset, value in enumerate(values)], Stream.CASE)
    found = [(row["legal_limit"], row["region_code"], row["recorded_at"]) for row in rows_of(events)]
    assert found == [(None, None, None), (0, "44", 0)]
    assert not {"subject", "flags", "channel", "supersedes_event_id"} & set(events.columns)


@pytest.mark.parametrize(
    ("value", "stream", "kinds"),
    [
        (b"{broken", Stream.CASE, ["refused"]),
        (None, Stream.CASE, ["refused"]),
        (event(event_type="nonsense"), Stream.CASE, ["refused"]),
        (event(), Stream.ACTIVITY, ["refused"]),
        (b'{"event_type":"clock_advanced","clock":"log","to":5}', Stream.CASE, ["control"]),
        (pack([ClockStep(partition=0, clock="wall", to=1)]), Stream.ACTIVITY, []),
        (pack([ClockStep(partition=0, clock="wall", to=1)]), Stream.CASE, ["refused"]),
    ],
    ids=["broken", "empty", "unknown type", "wrong topic", "control", "signals", "signals on the wrong topic"],
)
def test_what_is_no_event_is_no_row_but_has_its_place(value: bytes | None, stream: Stream, kinds: list[str]) -> None:
    [events, positions] = event_rows([record(value)], stream)
    assert len(events) == 0
    assert [row["kind"] for row in rows_of(positions)] == kinds


def test_an_alert_becomes_a_row_and_junk_a_dead_letter() -> None:
    alert = Alert(
        alert_id="T03YABC",
        rule_id="T03",
        rule_version=1,
        level=Level.YELLOW,
        disposition=Disposition.CARD,
        state=State.REVOKED,
        revision=2,
        clock="wall",
        subject_key="case:hall/c1",
        segment="0",
        detected_at=1_767_225_600_000,
        facts={"limit": 7},
        evidence_event_ids=(ID,),
        revoke_reason=RevokeReason.FACT,
    )
    records = [record(msgspec.json.encode(alert), 8, "alerts"), record(b"\xffjunk", 9, "alerts")]
    [alerts, letters] = alert_rows(records, "alerts_raw")
    [row] = rows_of(alerts)
    wanted: dict[str, Any] = {
        "level": "yellow",
        "state": "revoked",
        "facts": b'{"limit":7}',
        "evidence_event_ids": [ID],
        "due_at": None,
    }
    wanted |= {"revoke_reason": "fact", "case_id": "", "offset": 8}
    assert {name: row[name] for name in wanted} == wanted
    [letter] = rows_of(letters)
    assert (letter["origin_topic"], letter["origin_offset"], letter["value"]) == ("alerts", 9, b"\xffjunk")


def test_a_dead_letter_keeps_its_bytes_and_says_where_it_came_from() -> None:
    told = {
        "dead-topic": b"case-events",
        "dead-partition": b"3",
        "dead-offset": b"77",
        "dead-reason": b"not_json",
        "dead-wanted": b"JSON",
    }
    headers = (("trace", b"\xff\x00"), *told.items())
    [rows] = letter_rows([Record("dead-letters", 1, 4, 9, None, b"\xfe\x00", headers)])
    [row] = rows_of(rows)
    assert (row["origin_topic"], row["origin_partition"], row["origin_offset"]) == ("case-events", 3, 77)
    assert (row["reason"], row["wanted"], row["value"], row["headers"]["trace"]) == ("not_json", "JSON", b"\xfe\x00", b"\xff\x00")


@pytest.mark.parametrize("offset", [b"", b"x", b"-1", b"9" * 30, "٣".encode(), b"\xff"])
def test_a_letter_with_an_impossible_origin_stands_for_itself(offset: bytes) -> None:
    headers = (("dead-topic", b"case-events"), ("dead-partition", b"3"), ("dead-offset", offset))
    [rows] = letter_rows([Record("dead-letters", 1, 4, 9, None, b"x", headers)])
    assert rows.data[:3] == [["dead-letters"], [1], [4]]


@given(st.lists(st.one_of(st.none(), st.binary(max_size=60), st.just(event())), max_size=8), st.sampled_from(sorted(TRANSLATE)))
def test_no_bytes_stop_the_translation(values: list[bytes | None], topic: str) -> None:
    records = [record(value, offset, topic) for offset, value in enumerate(values)]
    for rows in TRANSLATE[topic](records):
        assert {len(column) for column in rows.data} <= {len(rows)}
        assert not rows.data or len(rows.data) == len(rows.columns)


def test_reading_begins_behind_what_is_stored() -> None:
    start = begin({("t", 0): 5}, {("t", 0): (2, 9), ("t", 1): (3, 3)})
    assert (start.offsets, start.losses) == ({("t", 0): 5, ("t", 1): 3}, [])


def test_a_log_that_begins_behind_what_is_stored_is_a_loss_with_what_to_do() -> None:
    start = begin({("t", 0): 5}, {("t", 0): (8, 9)})
    assert (start.offsets, start.losses) == ({("t", 0): 8}, [Loss("t", 0, 5, 7)])
    said = str(refuse(start.losses))
    assert "5" in said
    assert "7" in said
    assert "--accept-loss" in said


def test_a_log_shorter_than_what_is_stored_was_made_anew() -> None:
    with pytest.raises(UserError, match="t\\[0\\]"):
        begin({("t", 0): 5}, {("t", 0): (0, 4)})


def test_spans_join_on_to_each_other_over_holes_and_repeats_are_left_out() -> None:
    pending = Pending()
    pending.next = {("t", 0): 5, ("t", 1): 0}
    pending.add(record(b"x", offset, "t")._replace(partition=0) for offset in (7, 7, 6, 8))
    records, spans, _ = pending.take()
    assert ([found.offset for found in records], spans) == ([7, 8], [Span("t", 0, 5, 8, 2)])
    pending.add([record(None, 11, "t")._replace(partition=0, key=None), record(b"x", 8, "t")._replace(partition=0)])
    assert pending.take()[1] == [Span("t", 0, 9, 11, 1)]
    assert pending.take() == ([], [], {})


def test_the_letters_that_agents_write_are_understood() -> None:
    batch = Batch(TP("case-events", 3), 70, 80, [77], [b"k"], [b"\xff{"], [(("dead-topic", b"older"),)], [9])
    letter = dead_letter("dead-letters", batch, 0, Refusal(reason=Reason.NOT_UTF8, wanted="UTF-8"))
    [rows] = letter_rows([Record("dead-letters", 1, 4, 9, letter.key, letter.value, tuple(letter.headers))])
    [row] = rows_of(rows)
    assert (row["origin_topic"], row["origin_partition"], row["origin_offset"]) == ("case-events", 3, 77)
    assert (row["reason"], row["wanted"], row["key"], row["value"]) == ("not_utf8", "UTF-8", b"k", b"\xff{")
