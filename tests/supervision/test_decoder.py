"""Any bytes become an event, a control record or a refusal; what is written is read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.decoder import decode, encode
from supervision.event import TOPIC_OF, CaseEvent, ClockAdvanced, EventType, Stream
from supervision.payload import Acceptance, Payload, Punch
from supervision.refusal import MAX_BYTES, Reason, Refusal
from supervision.subject import stream_of, subject_of
from tests.supervision.strategies import any_event, events

BASE: dict[str, Any] = {
    "event_id": "019a0c1e-7b2a-7c11-9d55-0a0000000001",
    "event_type": "case_accepted",
    "occurred_at": 1_772_413_950_000,
    "source_system": "HN",
    "case_id": "430111-1",
}


def message(**changes: Any) -> bytes:
    return json.dumps(BASE | changes, ensure_ascii=False).encode()


def taken(raw: bytes) -> CaseEvent:
    event = decode(raw)
    assert isinstance(event, CaseEvent), event
    return event


def refused(raw: bytes | None) -> Refusal:
    refusal = decode(raw)
    assert isinstance(refusal, Refusal), refusal
    return refusal


@pytest.mark.parametrize("event_type", EventType)
def test_every_type_of_event_is_read_back_as_it_was_written(event_type: EventType) -> None:
    @settings(max_examples=15, deadline=None)
    @given(events(event_type))
    def check(event: CaseEvent) -> None:
        again = taken(encode(event))
        assert again == event
        assert type(again.payload) is type(event.payload)

    check()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_without_an_exception(raw: bytes) -> None:
    refused(raw)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(any_event(), st.data())
def test_a_field_of_any_other_kind_is_an_event_or_a_refusal_that_names_it(event: CaseEvent, data: st.DataObject) -> None:
    content = json.loads(encode(event))
    target = data.draw(st.sampled_from([content, content["payload"]]))
    name = data.draw(st.sampled_from(sorted(target) or ["x"]))
    target[name] = data.draw(_JSON)
    outcome = decode(json.dumps(content, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass"))
    assert isinstance(outcome, CaseEvent | Refusal)
    if isinstance(outcome, CaseEvent):
        assert decode(encode(outcome)) == outcome
    else:
        assert outcome.wanted


@settings(max_examples=300, deadline=None)
@given(any_event(), st.data())
def test_a_damaged_message_never_raises(event: CaseEvent, data: st.DataObject) -> None:
    raw = bytearray(encode(event))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(b"{")
    assert isinstance(decode(bytes(raw)), CaseEvent | ClockAdvanced | Refusal)


@settings(max_examples=100, deadline=None)
@given(any_event())
def test_a_truncated_message_is_not_json(event: CaseEvent) -> None:
    assert refused(encode(event)[:-1]).reason is Reason.NOT_JSON


@pytest.mark.parametrize(
    ("raw", "reason", "field"),
    [
        pytest.param(None, Reason.EMPTY, "", id="a tombstone"),
        pytest.param(b"", Reason.EMPTY, "", id="no bytes"),
        pytest.param(b" " * (MAX_BYTES + 1), Reason.TOO_LARGE, "", id="too large"),
        pytest.param(b'{"a":"\xff"}', Reason.NOT_UTF8, "", id="latin-1"),
        pytest.param(message().decode().encode("utf-16"), Reason.NOT_UTF8, "", id="utf-16"),
        pytest.param("受理".encode("gb18030"), Reason.NOT_UTF8, "", id="gb18030"),
        pytest.param(b"{", Reason.NOT_JSON, "", id="cut off"),
        pytest.param(message()[:-1] + b',"x":NaN}', Reason.NOT_JSON, "", id="NaN"),
        pytest.param(message() + b"{}", Reason.NOT_JSON, "", id="two objects"),
        pytest.param(message(actor_role="x").replace(b'"x"', b'"\\ud800"'), Reason.NOT_JSON, "", id="a lone surrogate"),
        pytest.param(b"[]", Reason.NOT_AN_OBJECT, "", id="an array"),
        pytest.param(b"null", Reason.NOT_AN_OBJECT, "", id="null"),
        pytest.param(b"[" * 100_000, Reason.TOO_DEEP, "", id="deep arrays"),
        pytest.param(message()[:-1] + b',"x":' + b'{"a":' * 100_000, Reason.TOO_DEEP, "", id="deep unknown field"),
        pytest.param(b"{}", Reason.MISSING_FIELD, "event_id", id="empty object"),
        pytest.param(message(event_id=""), Reason.MISSING_FIELD, "event_id", id="empty event id"),
        pytest.param(message(event_id="17"), Reason.WRONG_TYPE, "event_id", id="no UUID"),
        pytest.param(message(event_type="case_eaten"), Reason.UNKNOWN_EVENT_TYPE, "event_type", id="unknown type"),
        pytest.param(message(event_type=5), Reason.WRONG_TYPE, "event_type", id="type is a number"),
        pytest.param(message(occurred_at="2026-03-02"), Reason.WRONG_TYPE, "occurred_at", id="a time as text"),
        pytest.param(message(occurred_at=1e12), Reason.WRONG_TYPE, "occurred_at", id="a time as float"),
        pytest.param(message(occurred_at=-6_847_804_800_000), Reason.VALUE_OUT_OF_RANGE, "occurred_at", id="the year 1753"),
        pytest.param(message(occurred_at=10**40), Reason.VALUE_OUT_OF_RANGE, "occurred_at", id="a huge time"),
        pytest.param(message(data_version=0), Reason.VALUE_OUT_OF_RANGE, "data_version", id="version zero"),
        pytest.param(message(flags=["test", "x"]), Reason.VALUE_OUT_OF_RANGE, "flags[1]", id="unknown flag"),
        pytest.param(message(case_id="x" * 51), Reason.VALUE_OUT_OF_RANGE, "case_id", id="a long case id"),
        pytest.param(message(case_id=None), Reason.NO_SUBJECT, "case_id", id="no case"),
        pytest.param(message(case_id="", subject="officer:1"), Reason.NO_SUBJECT, "case_id", id="a subject is no case"),
        pytest.param(message(event_type="queue_called"), Reason.NO_SUBJECT, "subject", id="a call without a hall"),
        pytest.param(message(payload=[]), Reason.PAYLOAD_INVALID, "payload", id="payload is an array"),
        pytest.param(
            message(payload={"promised_due_at": "2026-02-30"}), Reason.PAYLOAD_INVALID, "payload.promised_due_at", id="no such date"
        ),
        pytest.param(
            message(payload={"step_plan": [{"step_code": "a", "unit": "week"}]}),
            Reason.PAYLOAD_INVALID,
            "payload.step_plan[0].unit",
            id="deep in the payload",
        ),
        pytest.param(
            message(event_type="special_procedure_started"), Reason.PAYLOAD_INVALID, "payload.seq", id="a pause without number"
        ),
        pytest.param(message(event_type="clock_advanced"), Reason.MISSING_FIELD, "clock", id="a clock without name"),
        pytest.param(b'{"event_type":"clock_advanced","clock":"log","to":"x"}', Reason.WRONG_TYPE, "to", id="a wrong step"),
    ],
)
def test_a_refusal_names_its_reason_and_the_field(raw: bytes | None, reason: Reason, field: str) -> None:
    refusal = refused(raw)
    assert (refusal.reason, refusal.field) == (reason, field)
    assert refusal.wanted


def test_a_refusal_lists_the_words_an_enumeration_takes() -> None:
    punch = {"officer_id": "o", "direction": "up"}
    assert refused(message(event_type="attendance_punched", payload=punch)).wanted == "one of in, out"


def test_a_control_record_is_read() -> None:
    assert decode(b'{"event_type":"clock_advanced","clock":"log","to":5}') == ClockAdvanced(clock="log", to=5)
    assert decode(encode(ClockAdvanced(clock="log", to=5))) == ClockAdvanced(clock="log", to=5)


def test_unknown_fields_are_ignored() -> None:
    assert taken(message(colour="red", payload={"weight": {"kg": 5}})).payload == Acceptance()


def test_the_last_of_two_equal_keys_counts() -> None:
    assert taken(message()[:-1] + b',"case_id":"other"}').case_id == "other"


def test_an_empty_string_is_an_absent_field() -> None:
    event = taken(message(window_id="", case_type="", payload={"accept_doc_no": "", "promised_due_at": "", "step_plan": [""]}))
    assert event == taken(message())
    assert event.window_id is None


@pytest.mark.parametrize("payload", [{}, None], ids=["empty", "null"])
def test_an_absent_payload_is_the_empty_payload_of_its_type(payload: object) -> None:
    assert taken(message(payload=payload)).payload == Acceptance()
    assert taken(message()).payload == Acceptance()


@pytest.mark.parametrize("event_type", EventType)
def test_every_payload_is_a_struct_of_its_own(event_type: EventType) -> None:
    outcome = decode(message(event_type=event_type, subject="officer:1", payload={"step_code": "a", "seq": 1}))
    assert isinstance(outcome, Refusal) or isinstance(outcome.payload, Payload)  # type: ignore[union-attr]  # no control record


@pytest.mark.parametrize(
    ("event_type", "fields", "payload", "subject"),
    [
        ("attendance_punched", {}, {"officer_id": "o1", "direction": "in"}, "officer:o1"),
        ("leave_approved", {}, {"officer_id": "o1", "from": "2026-03-01", "to": "2026-03-02"}, "officer:o1"),
        ("officer_post_changed", {"actor_officer_id": "o2"}, {}, "officer:o2"),
        ("discipline_recorded", {"centre_id": "C1"}, {"kind": "chatting"}, "hall:C1"),
        ("discipline_recorded", {"centre_id": "C1"}, {"officer_id": "o1"}, "officer:o1"),
        ("queue_called", {"centre_id": "C1"}, {"ticket_no": "B7"}, "hall:C1"),
        ("window_login", {"centre_id": "C1"}, {"officer_id": "o1"}, "hall:C1"),
        ("rating_submitted", {}, {"rating_id": "r1", "stars": 1}, "rating:HN/r1"),
        ("rating_submitted", {}, {"stars": 1}, "rating:HN/430111-1"),
        ("complaint_filed", {}, {"complaint_id": "k1"}, "complaint:HN/k1"),
        ("identity_viewed", {}, {"viewer_officer_id": "o1", "complaint_id": "k1"}, "complaint:HN/k1"),
        ("identity_viewed", {}, {"viewer_officer_id": "o1", "rating_id": "r1"}, "rating:HN/r1"),
        ("consultation_asked", {"centre_id": "C1"}, {}, "hall:C1"),
        ("disclosure_requested", {}, {"request_id": "q1"}, "request:HN/q1"),
        ("leader_reception_held", {"department_id": "D1"}, {}, "department:D1"),
        ("reception_matter_received", {}, {"reception_id": "p", "matter_id": "m", "department_id": "D2"}, "department:D2"),
        ("item_changed", {"item_implement_code": "i1"}, {"field": "promised_limit"}, "item:i1"),
        ("seal_used", {"case_id": None}, {"seal_id": "s1"}, "seal:s1"),
        ("result_published", {"case_id": None, "department_id": "D1", "item_catalog_code": "i1"}, {}, "department_item:D1/i1"),
        (
            "certificate_registered",
            {"case_id": None, "department_id": "D1", "item_implement_code": "i1"},
            {},
            "department_item:D1/i1",
        ),
        ("queue_called", {"subject": "hall:C9", "centre_id": "C1"}, {}, "hall:C9"),
    ],
)
def test_an_activity_event_finds_its_subject(
    event_type: str, fields: dict[str, Any], payload: dict[str, Any], subject: str
) -> None:
    event = taken(message(event_type=event_type, payload=payload, **fields))
    assert event.subject == subject == subject_of(event)
    assert stream_of(event) is Stream.ACTIVITY


def test_a_seal_used_on_a_case_stays_with_the_case() -> None:
    event = taken(message(event_type="seal_used", payload={"seal_id": "s1"}))
    assert stream_of(event) is TOPIC_OF[event.event_type] is Stream.CASE
    assert event.subject is None


def test_a_punch_is_typed() -> None:
    payload = {"officer_id": "o1", "direction": "in", "geo": {"lat": 28.2, "lon": 112.9}}
    event = taken(message(event_type="attendance_punched", payload=payload))
    assert isinstance(event.payload, Punch)
    assert event.payload.geo is not None
    assert event.payload.geo.lat == 28.2
