"""A request from its head to its answer, over a broker that is told how to behave."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.intake import Profile, Record
from streams.gateway.samples import SAMPLES
from streams.trace import trace_of
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.topics import key_of, topic_of
from tests.streams.gateway.rig import LIMITS, NOW, SOURCE, Answer, Rig, event, posted
from tests.streams.gateway.test_persons import PHONE, citizen

NUMBER = citizen()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


# -- what is taken ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "count"),
    [
        (event(), "application/json", 1),
        ([event(1), event(2)], "application/json", 2),
        (b"\n".join(msgspec.json.encode(event(number)) for number in range(3)), "application/x-ndjson", 3),
        (b"\r\n\n".join(msgspec.json.encode(event(number)) for number in range(3)) + b"\n", "", 3),
        (json.dumps(event(), indent=2).encode(), "application/json; charset=UTF-8", 1),
        (b"\xef\xbb\xbf" + msgspec.json.encode(event()), "application/json", 1),
    ],
    ids=["one", "array", "lines", "lines told by their first", "one over many lines", "with a byte order mark"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_events_are_taken_in_every_form(rig: Rig, body: Any, content_type: str, count: int, packed: bool) -> None:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer = posted(
        rig, gzip.compress(raw) if packed else raw, pieces=3, content_type=content_type, content_encoding="gzip" if packed else ""
    )
    assert (answer.status, answer.content["accepted"]) == (202, count), answer.body
    assert len(rig.broker.values("case-events")) == count
    assert rig.memory.held == 0


def test_what_is_written_is_the_event_under_its_key_with_its_receipt(rig: Rig) -> None:
    posted(rig, event(event_type="rating_submitted", payload={"rating_id": "R1"}, unknown={"x": 1}, received_at=5))
    (record,) = rig.broker.sent
    assert isinstance(record, Record)
    found = decode(record.value)
    assert isinstance(found, CaseEvent)
    assert (record.topic, record.key) == (topic_of(found), key_of(found).encode())
    assert found.received_at == NOW
    assert b"unknown" not in record.value


def test_instants_may_be_text_with_offset(rig: Rig) -> None:
    pause = {"seq": 1, "kind": "testing", "notified_at": "2026-03-02T09:12:30Z"}
    changes: dict[str, Any] = {
        "event_type": "special_procedure_started",
        "occurred_at": "2026-03-02T17:12:30.250+08:00",
        "payload": pause,
    }
    assert posted(rig, event(**changes)).status == 202
    (found,) = rig.broker.values("case-events")
    assert found["occurred_at"] == 1772442750250
    assert found["payload"]["notified_at"] == 1772442750000


def test_a_bare_date_stays_one_where_a_date_may_stand(rig: Rig) -> None:
    changes: dict[str, Any] = {
        "event_type": "case_accepted",
        "payload": {"promised_due_at": "2026-03-11", "legal_due_at": "2026-03-30T17:30:00+08:00"},
    }
    assert posted(rig, event(**changes)).status == 202
    (found,) = rig.broker.values("case-events")
    assert found["payload"] == {"promised_due_at": "2026-03-11", "legal_due_at": 1774863000000}


@pytest.mark.parametrize("text", ["2026-03-02T17:12:30", "2026-03-02", "yesterday", "1772442750250"])
def test_an_instant_without_offset_is_refused_with_what_was_wanted(rig: Rig, text: str) -> None:
    answer = posted(rig, event(occurred_at=text))
    (result,) = answer.content["results"]
    assert (answer.status, result["reason"], result["field"]) == (400, "wrong_type", "occurred_at")
    assert "+08:00" in result["wanted"]


def test_the_good_of_a_batch_are_taken_and_each_bad_one_is_told_in_both_languages(rig: Rig) -> None:
    answer = posted(
        rig, [event(1), event(2, event_type="case_eaten"), event(3, case_id=None), event(4, payload={"seq": 1, "step_code": 5}), 17]
    )
    assert answer.status == 202
    assert answer.statuses == ["accepted", "refused", "refused", "refused", "refused"]
    told = [(each["index"], each.get("reason"), each.get("field")) for each in answer.content["results"][1:]]
    assert told == [
        (1, "unknown_event_type", "event_type"),
        (2, "no_subject", "case_id"),
        (3, "payload_invalid", "payload.step_code"),
        (4, "not_an_object", ""),
    ]
    assert all(set(each["message"]) == {"zh", "en"} and each["wanted"] for each in answer.content["results"][1:])
    assert [each["case_id"] for each in rig.broker.values("case-events")] == ["C-1"]
    assert len(rig.broker.values("dead-letters")) == 4


def test_a_line_that_is_no_json_is_told_and_not_kept(rig: Rig) -> None:
    answer = posted(
        rig, msgspec.json.encode(event()) + b'\n{"applicant_id_no": "' + NUMBER.encode(), content_type="application/x-ndjson"
    )
    assert answer.statuses == ["accepted", "refused"]
    assert rig.broker.values("dead-letters") == []


def test_accepted_events_may_be_left_out_of_the_results(rig: Rig) -> None:
    answer = posted(rig, [event(1), event(2, case_id=None)], prefer="return=minimal")
    assert (answer.content["accepted"], [each["index"] for each in answer.content["results"]]) == (1, [1])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_worked_examples_are_answered_as_shown(rig: Rig, sample: Any) -> None:
    body = b"\n".join(map(msgspec.json.encode, sample.body)) if sample.is_lines else sample.body
    answer = posted(rig, body, content_type="application/x-ndjson" if sample.is_lines else "application/json")
    counts = answer.content
    assert (answer.status, counts["accepted"], counts["quarantined"], counts["refused"]) == (202, *sample.outcome)
    assert b"11010519491231002X" not in b"".join(each.value for each in rig.broker.sent if isinstance(each, Record))


def test_the_trace_is_carried_along_or_begins_here(rig: Rig) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answers = [posted(rig, event(), traceparent=sent) for sent in (trace, "nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01")]
    carried = [dict(headers)["traceparent"] for headers in rig.broker.headers]
    assert [each.headers["traceparent"].encode() for each in answers] == carried
    assert carried[0] == trace.encode()
    assert len(set(carried)) == 3
    assert all(trace_of([("traceparent", bytes(each))]) for each in carried if isinstance(each, bytes))
    assert dict(rig.broker.headers[0])["source"] == SOURCE.encode()


# -- persons ----------------------------------------------------------------------------------------------------


def everything(rig: Rig, answer: Answer) -> bytes:
    records = [each for each in rig.broker.sent if isinstance(each, Record)]
    told = [content for each in records for _, content in each.told]
    return b"|".join([answer.body, *(each.value + (each.key or b"") for each in records), *told])


@pytest.mark.parametrize("number", [NUMBER, PHONE], ids=["identity", "phone"])
@pytest.mark.parametrize(
    "changes",
    [
        {"applicant_id_no": "@"},
        {"agent_phone": "@"},
        {"payload": {"step_code": "review", "step_name": "张三 @"}},
        {"payload": {"step_code": "review", "unknown": {"deep": ["@"]}}},
        {"actor_officer_id": "@"},
        {"event_type": "@"},
        {"event_id": "@"},
        {"occurred_at": "@"},
        {"@": 1},
        {"source_system": "@"},
        {"case_id": None, "event_type": "case_completed", "payload": {"@": "@"}},
        {"payload": {"step_code": ["@"]}},
        {"payload": {"@_id_no": {}}},
        {"payload": {"step_limit": "@"}},
        {"region_code": "@", "device_id": "@"},
        {"event_type": "attendance_punched", "case_id": None, "payload": {"officer_id": "@"}},
    ],
    ids=str,
)
def test_no_number_of_a_person_comes_out_anywhere(rig: Rig, changes: dict[str, Any], number: str) -> None:
    body = json.dumps(event(**changes)).replace("@", number).encode()
    answer = posted(rig, body)
    assert answer.status in {202, 400, 403}
    assert number.encode() not in everything(rig, answer)


def test_masked_persons_of_a_case_key_stay_together(rig: Rig) -> None:
    posted(rig, [event(1, case_id=NUMBER), event(2, case_id=NUMBER)])
    first, second = rig.broker.sent
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.key == second.key
    assert json.loads(first.value)["case_id"] == (first.key or b"").decode().partition("/")[2]


@given(
    st.lists(
        st.sampled_from(["applicant_id_no", "note", "case_id", "payload", "event_type", "occurred_at"]), min_size=1, max_size=4
    )
)
def test_not_from_any_mixture_of_fields(tmp_path_factory: pytest.TempPathFactory, fields: list[str]) -> None:
    rig = Rig(tmp_path_factory.mktemp("keys"))
    changes: dict[str, Any] = {field: {"reason": NUMBER} if field == "payload" else NUMBER for field in fields}
    answer = posted(rig, event(**changes))
    assert NUMBER.encode() not in everything(rig, answer)


# -- scope, clocks, quarantine ----------------------------------------------------------------------------------


def test_a_key_sends_nothing_but_its_own(rig: Rig) -> None:
    answer = posted(rig, [event(1, source_system="south-office"), event(2, source_system="west-office")])
    assert (answer.status, answer.content["error"]) == (403, "none_permitted")
    assert rig.broker.values("case-events") == []
    assert posted(rig, [event(1), event(2, source_system="south-office")]).status == 202


@pytest.mark.parametrize(("ahead_ms", "status"), [(300_000, "accepted"), (300_001, "quarantined")])
def test_a_case_event_from_the_future_is_told_and_sent_on_for_the_engine_to_keep_it_apart(
    rig: Rig, ahead_ms: int, status: str
) -> None:
    answer = posted(rig, event(occurred_at=NOW + ahead_ms))
    assert (answer.status, answer.statuses) == (202, [status])
    assert answer.content["results"][0].get("reason") == (None if status == "accepted" else "in_the_future")
    (record,) = rig.broker.sent
    assert isinstance(record, Record)
    found = decode(record.value)
    assert isinstance(found, CaseEvent)
    assert (record.topic.name, record.told, found.received_at) == ("case-events", (), NOW)


@pytest.mark.parametrize(("ahead_ms", "topic"), [(300_000, "activity-events"), (300_001, "dead-letters")])
def test_what_is_no_fact_of_a_case_and_from_the_future_is_a_dead_letter(rig: Rig, ahead_ms: int, topic: str) -> None:
    ahead = event(event_type="rating_submitted", payload={"rating_id": "R1"}, occurred_at=NOW + ahead_ms)
    assert posted(rig, ahead).status == 202
    (record,) = rig.broker.sent
    assert isinstance(record, Record)
    assert record.topic.name == topic
    if topic == "dead-letters":
        assert dict(record.told)["dead-reason"] == b"in_the_future"
        assert isinstance(decode(record.value), CaseEvent)


def test_a_deletion_needs_no_time(rig: Rig) -> None:
    assert posted(rig, event(occurred_at=NOW + 10**10, source_op="delete")).statuses == ["accepted"]


def test_on_a_log_clock_there_is_no_future(rig: Rig) -> None:
    rig.references.profile = Profile("log:n")
    assert posted(rig, event(occurred_at=NOW + 10**10)).statuses == ["accepted"]


def test_a_clock_published_a_moment_ago_is_looked_up_before_anything_is_held_against_it(rig: Rig) -> None:
    rig.references.late = Profile("log:n")
    answer = posted(rig, [event(occurred_at=NOW + 10**10), {"event_type": "clock_advanced", "clock": "log:n", "to": NOW}])
    assert answer.statuses == ["accepted", "accepted"]
    assert rig.references.looks == 1


@pytest.mark.parametrize(("own", "clock"), [("wall", "wall"), ("wall", "log:n"), ("log:n", "log:m"), ("log:n", "wall")])
def test_nobody_moves_a_clock_that_is_not_his(rig: Rig, own: str, clock: str) -> None:
    rig.references.profile = Profile(own)
    answer = posted(rig, {"event_type": "clock_advanced", "clock": clock, "to": NOW})
    assert (answer.status, answer.content["results"][0]["field"]) == (403, "clock")
    assert not any(isinstance(each, ClockAdvanced) for each in rig.broker.sent)


def test_a_clock_moves_behind_what_came_before_it_and_before_what_comes_after(tmp_path: Path) -> None:
    rig = Rig(tmp_path, requests=20)
    rig.references.profile = Profile("log:n")
    step = {"event_type": "clock_advanced", "clock": "log:n", "to": "2026-03-02T17:12:30+08:00"}

    async def race() -> list[Answer]:
        rig.broker.gate.clear()
        tasks = []
        for body in (event(1), [event(2), step, event(3)], event(4), step, event(5)):
            tasks.append(asyncio.create_task(rig.post(body)))
            for _ in range(20):  # until it waits
                await asyncio.sleep(0)
        rig.broker.gate.set()
        return await asyncio.gather(*tasks)

    assert {answer.status for answer in asyncio.run(race())} == {202}
    order = [json.loads(each.value)["case_id"] if isinstance(each, Record) else "step" for each in rig.broker.sent]
    assert order == ["C-1", "C-2", "step", "C-3", "C-4", "step", "C-5"]


def test_a_clock_does_not_move_when_what_came_before_it_in_its_request_was_not_acknowledged(rig: Rig) -> None:
    rig.references.profile = Profile("log:n")
    rig.broker.acknowledges = False
    answer = posted(rig, [event(1), {"event_type": "clock_advanced", "clock": "log:n", "to": NOW}])
    assert answer.status == 503
    rig.broker.acknowledges = True
    assert posted(rig, event(2)).status == 202, "the turn was given back"
    assert not any(isinstance(each, ClockAdvanced) for each in rig.broker.sent)


# -- what explains it -------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(rig: Rig) -> None:
    for language in ("zh", "en"):
        answer = asyncio.run(rig.ask("GET", f"/docs?lang={language}"))
        text = answer.body.decode()
        assert answer.headers["content-type"].startswith("text/html")
        assert "<script" not in text
        assert "http://" not in text.replace("http://127.0.0.1", "")
        assert "https://" not in text
        assert all(f"<code>{event_type}</code>" in text for event_type in EventType)


def test_the_document_describes_what_is_answered(rig: Rig) -> None:
    import jsonschema

    document = json.loads(asyncio.run(rig.ask("GET", "/openapi.json")).body)
    responses = document["paths"]["/v1/events"]["post"]["responses"]
    assert {"202", "400", "401", "403", "408", "413", "415", "429", "503"} <= set(responses)
    part = {
        name: {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        for name in ("Answer", "Fault", "Event")
    }
    for schema in part.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(posted(rig, [event(1), event(2, case_id=None)]).content, part["Answer"])
    jsonschema.validate(posted(rig, [event(2, case_id=None)]).content, part["Fault"])
    jsonschema.validate(posted(rig, b"").content, part["Fault"])
    content = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    one = content["application/json"]["examples"]["one"]["value"]
    jsonschema.validate(one, part["Event"])
    assert not jsonschema.Draft202012Validator(part["Event"]).is_valid(one | {"event_type": "case_eaten"})


def test_the_limits_told_are_those_that_hold(rig: Rig) -> None:
    text = asyncio.run(rig.ask("GET", "/docs?lang=en")).body.decode()
    assert f"{LIMITS.events} events" in text
    assert str(LIMITS.body_bytes) in text
