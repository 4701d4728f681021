"""Connections are bounded: the time and size of a head, requests sent ahead, and how many there are."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from streams.gateway import wire
from tests.streams.gateway.rig import Rig, Served, event


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def request(rig: Rig, body: bytes, *more: str) -> bytes:
    lines = ["POST /v1/events HTTP/1.1", "Host: x", f"Authorization: Bearer {rig.token}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


BODY = msgspec.json.encode(event())


def test_requests_on_one_connection_are_answered_in_their_order(rig: Rig) -> None:
    last = request(rig, b"[]", "Connection: close")
    with Served(rig) as served:
        came = served.ask(request(rig, BODY) * 20 + last)
    assert came.count(b"HTTP/1.1 202") == 20
    assert came.rindex(b"HTTP/1.1 202") < came.index(b"HTTP/1.1 400")


def test_a_large_body_in_one_piece_is_no_large_head(rig: Rig) -> None:
    body = msgspec.json.encode([event(number, payload={"step_code": "review", "step_name": "x" * 2000}) for number in range(40)])
    assert len(body) > 2 * wire.HEAD_BYTES
    with Served(rig) as served:
        came = served.ask(request(rig, body) + request(rig, body, "Connection: close"))
    assert came.count(b"HTTP/1.1 202") == 2


def test_a_head_without_end_is_cut_off(rig: Rig) -> None:
    lines = [b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(1000)]
    with Served(rig) as served:
        came = served.ask(b"POST /v1/events HTTP/1.1\r\n", b"".join(lines[:300]), *lines[300:])
    assert came == b"" or b" 431 " in came


@pytest.mark.parametrize("beginning", [b"", b"POST /v1/ev", b"\r\n"], ids=["nothing", "half a line", "a blank line"])
def test_a_head_that_does_not_come_is_not_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.2)
    with Served(rig) as served:
        assert b" 408 " in served.ask(beginning)
        again = served.ask(request(rig, BODY), b"POST")
    assert b" 202 " in again


def test_too_many_requests_sent_ahead_end_the_connection(rig: Rig) -> None:
    with Served(rig) as served:
        came = served.ask(request(rig, BODY) * (wire.WAITING * 3))
    assert b" 400 " in came
    assert came.count(b"HTTP/1.1 202") < wire.WAITING * 3


def test_one_connection_too_many_is_told_to_come_back(rig: Rig) -> None:
    with Served(rig, connections=2) as served:
        kept = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
        for connection in kept:
            connection.sendall(request(rig, BODY))
            assert b" 202 " in connection.recv(65_536)
        came = served.ask(b"")
        assert b" 503 " in came
        assert b"retry-after: 1" in came
        for connection in kept:
            connection.close()


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_with_400(rig: Rig, junk: bytes) -> None:
    with Served(rig) as served:
        assert b"HTTP/1.1 400" in served.ask(junk)
