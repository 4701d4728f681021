"""What is not taken, and how it is said: keys, types, sizes, time, memory, a broker that is away."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.body import Limits
from tests.streams.gateway.rig import Rig, event, posted


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


BOMB = gzip.compress(bytes(10_000_000))


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (event(), {"authorization": ""}, 401, "no_key"),
        (event(), {"authorization": "Bearer svk_00000000_x"}, 401, "no_key"),
        (event(), {"content_type": "text/xml"}, 415, "unknown_content_type"),
        (event(), {"content_type": "application/json; charset=gb18030"}, 415, "unknown_content_type"),
        (event(), {"content_type": "application/x-www-form-urlencoded"}, 415, "unknown_content_type"),
        (event(), {"content_encoding": "br"}, 415, "unknown_content_encoding"),
        (event(), {"content_length": "100001"}, 413, "body_too_large"),
        (b"[" + b" " * 100_001 + b"]", {}, 413, "body_too_large"),
        (BOMB, {"content_encoding": "gzip"}, 413, "body_too_large"),
        (b"x" * 100, {"content_encoding": "gzip"}, 400, "broken_gzip"),
        (gzip.compress(msgspec.json.encode(event()))[:-9], {"content_encoding": "gzip"}, 400, "broken_gzip"),
        ([event(number) for number in range(51)], {}, 413, "too_many_events"),
        (b"[" + b"0," * 40_000 + b"0]", {}, 413, "too_many_events"),
        (b"\n".join([b"{}"] * 51), {"content_type": "application/x-ndjson"}, 413, "too_many_events"),
        (b"", {}, 400, "empty"),
        (b" \n ", {}, 400, "empty"),
        ([], {}, 400, "empty"),
        (b"[{]", {}, 400, "not_json"),
        (b"[" * 50_000, {}, 400, "not_json"),
        (b'[{"a":1}', {}, 400, "not_json"),
        (b"\xff\xfe", {}, 400, "not_json"),
        ({"a": 1}, {}, 400, "none_taken"),
        (b"17", {}, 400, "none_taken"),
        (b'"text"', {}, 400, "none_taken"),
    ],
)
def test_a_request_that_is_not_taken_says_why(rig: Rig, body: Any, headers: dict[str, str], status: int, error: str) -> None:
    answer = posted(rig, body, pieces=4, **headers)
    assert (answer.status, answer.content["error"]) == (status, error)
    assert set(answer.content["message"]) == {"zh", "en"}
    assert rig.broker.values("case-events") == []
    assert rig.memory.held == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_answered_and_none_becomes_an_event(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    rig = Rig(tmp_path_factory.mktemp("keys"))
    answer = posted(rig, body)
    assert answer.status == 400
    assert rig.broker.values("case-events") == []


def test_a_client_that_leaves_in_mid_body_has_sent_nothing(rig: Rig) -> None:
    answer = posted(rig, b"\n".join(msgspec.json.encode(event(number)) for number in range(9)), pieces=5, cut=True)
    assert (answer.status, rig.broker.sent, rig.memory.held) == (0, [], 0)


def test_a_body_that_does_not_arrive_in_time_is_not_waited_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path, Limits(body_bytes=1000, events=5, body_s=0.05))
    beginning = [{"type": "http.request", "body": b"[", "more_body": True}]
    headers = {"authorization": f"Bearer {rig.token}", "content-type": "application/json"}
    answer = asyncio.run(rig.ask("POST", "/v1/events", headers, beginning))
    assert (answer.status, answer.headers["connection"], rig.memory.held) == (408, "close", 0)


def test_one_who_waits_to_be_asked_for_his_body_is_told_at_once(rig: Rig) -> None:
    headers = {"expect": "100-continue", "content-length": "99999999", "authorization": f"Bearer {rig.token}"}
    answer = asyncio.run(rig.ask("POST", "/v1/events", headers, []))
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_without_a_broker_everybody_is_sent_away_for_a_while(rig: Rig) -> None:
    rig.broker.is_there = False
    answer = posted(rig, event())
    assert (answer.status, answer.content["error"], answer.headers["retry-after"]) == (503, "no_broker", "2")
    assert asyncio.run(rig.ask("GET", "/readyz")).status == 503
    assert asyncio.run(rig.ask("GET", "/healthz")).status == 200


def test_what_the_broker_did_not_acknowledge_was_not_taken(rig: Rig) -> None:
    rig.broker.acknowledges = False
    answer = posted(rig, event())
    assert (answer.status, answer.content["error"]) == (503, "not_acknowledged")
    assert "retry-after" in answer.headers


def test_beyond_the_memory_it_is_busy(tmp_path: Path) -> None:
    rig = Rig(tmp_path, memory=1000)
    answer = posted(rig, [event(number) for number in range(10)])
    assert (answer.status, answer.headers["retry-after"], rig.memory.held) == (503, "2", 0)
    assert posted(rig, event()).status == 202


def test_one_source_gets_no_more_than_half_of_the_requests(tmp_path: Path) -> None:
    rig = Rig(tmp_path, requests=4)

    async def crowd() -> list[int]:
        rig.broker.gate.clear()
        waiting = [asyncio.create_task(rig.post(event(number))) for number in range(2)]
        await asyncio.sleep(0)
        third = await rig.post(event(3))
        rig.broker.gate.set()
        return [third.status, *(answer.status for answer in await asyncio.gather(*waiting))]

    assert asyncio.run(crowd()) == [429, 202, 202]
    assert rig.admission.inside == 0


def test_a_source_that_sends_faster_than_its_key_allows_waits(tmp_path: Path) -> None:
    rig = Rig(tmp_path, events_per_s=10)
    assert posted(rig, [event(number) for number in range(40)]).status == 202
    answer = posted(rig, event())
    assert (answer.status, answer.content["error"]) == (429, "too_fast")
    assert int(answer.headers["retry-after"]) >= 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/events", 405), ("POST", "/v2/events", 404), ("GET", "/", 404), ("DELETE", "/docs", 404)],
)
def test_other_addresses_and_methods(rig: Rig, method: str, path: str, status: int) -> None:
    answer = asyncio.run(rig.ask(method, path))
    assert answer.status == status
    assert set(answer.content["message"]) == {"zh", "en"}
