"""The clients of `examples/clients` and our own post to a gateway, and come back when it is busy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from streams.gateway.client import Courier, Gateway
from streams.importer import Journal, Sent
from supervision.decoder import decode
from supervision.event import ClockAdvanced
from supervision.language import UserError
from tests.streams.case_log import ROOT
from tests.streams.gateway.rig import NOW, Rig, Served, event

CLIENTS = ROOT / "examples" / "clients"
COMMANDS = {
    "python": [sys.executable, "-W", "error", str(CLIENTS / "post.py")],
    "curl": ["sh", str(CLIENTS / "post.sh")],
    "java": ["java", str(CLIENTS / "Post.java")],
}


def run(tool: str, port: int, folder: Path, token: str, events: Path) -> subprocess.CompletedProcess[str]:
    found = COMMANDS[tool][0] if tool == "python" else tool
    if shutil.which(found) is None or (tool == "java" and shutil.which("javac") is None):
        pytest.skip(f"{tool} is not on this machine")
    key = folder / "key"
    key.write_text(token)
    command = [*COMMANDS[tool], f"http://127.0.0.1:{port}", str(key), str(events)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize("tool", COMMANDS)
def test_the_client_posts_its_events(tmp_path: Path, tool: str) -> None:
    rig = Rig(tmp_path)
    with Served(rig) as served:
        done = run(tool, served.port, tmp_path, rig.token, CLIENTS / "events.ndjson")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["accepted"] == 2
    assert [each["case_id"] for each in rig.broker.values("case-events")] == ["18", "18"]


@pytest.mark.parametrize("tool", COMMANDS)
def test_the_client_fails_with_the_reasons_when_nothing_was_taken(tmp_path: Path, tool: str) -> None:
    rig = Rig(tmp_path)
    bad = tmp_path / "bad.ndjson"
    bad.write_bytes(msgspec.json.encode(event(1, event_type="case_eaten")))
    with Served(rig) as served:
        done = run(tool, served.port, tmp_path, rig.token, bad)
    assert done.returncode != 0
    assert json.loads(done.stdout)["results"][0]["reason"] == "unknown_event_type"


@pytest.mark.parametrize("tool", COMMANDS)
def test_the_client_comes_back_when_told_to(tmp_path: Path, tool: str) -> None:
    rig = Rig(tmp_path, events_per_s=1)
    key = next(iter(rig.events._keyring._keys.values()))
    with rig.admission.admitted(key) as rate:
        assert rate is not None
        rate.spend(2)  # so the first try is answered 429
    with Served(rig) as served:
        done = run(tool, served.port, tmp_path, rig.token, CLIENTS / "events.ndjson")
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_own_client_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    rig, pauses = Rig(tmp_path), []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        rig.broker.is_there = len(pauses) > 1

    rig.broker.is_there = False
    with Served(rig) as served, Gateway(f"http://127.0.0.1:{served.port}", rig.token, pause=pause) as gateway:
        assert gateway.post([msgspec.json.encode(event())]).accepted == 1
    assert pauses == [2.0, 2.0]


def post_once(url: str, token: str) -> None:
    with Gateway(url, token, patience_s=0) as gateway:
        gateway.post([msgspec.json.encode(event())])


def test_our_own_client_gives_up_at_the_end_of_its_patience(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.broker.is_there = False
    with Served(rig) as served, pytest.raises(UserError, match="503"):
        post_once(f"127.0.0.1:{served.port}", rig.token)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:1"):
        post_once("127.0.0.1:1", "x")


@pytest.mark.parametrize(("token", "address", "match"), [("x", "", "401 no_key"), ("", "/elsewhere", "404 not_found")])
def test_our_own_client_names_what_it_was_refused_for(tmp_path: Path, token: str, address: str, match: str) -> None:
    rig = Rig(tmp_path)
    with Served(rig) as served, pytest.raises(UserError, match=match):
        post_once(f"http://127.0.0.1:{served.port}{address}", token or rig.token)


def test_an_import_goes_in_order_with_its_clock_and_tells_what_was_refused(tmp_path: Path) -> None:
    rig = Rig(tmp_path, clock="log:n")
    (tmp_path / "log").write_bytes(b"x")
    journal = Journal(tmp_path / "imports", [tmp_path / "log"])
    wire = [msgspec.json.encode(event(number, occurred_at=NOW)) for number in range(30)]
    items: list[Sent] = [(NOW, wire[0]), ClockAdvanced(clock="log:n", to=NOW), *((NOW, each) for each in wire[1:])]
    items.append((NOW, msgspec.json.encode(event(99, source_system="other"))))
    with Served(rig) as served, Gateway(f"127.0.0.1:{served.port}", rig.token) as gateway:
        courier = Courier(gateway, journal, {"case-events": "one"})
        courier.run(items)
    kinds = ["step" if isinstance(each, ClockAdvanced) else each.topic.name for each in rig.broker.sent]
    assert kinds == ["case-events", "step", *["case-events"] * 29, "dead-letters"]
    assert courier.refused == {"not_permitted source_system": 1}
    assert journal.read({"case-events": "one"}).finished
    assert all(decode(each) for each in wire)
