"""Keys: shown once, kept as hashes, read anew when the file changes, each for its source, regions and types."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from streams.gateway import keys
from streams.gateway.keys import Key, Keyring
from supervision.cli import app
from supervision.event import CaseEvent, EventType
from supervision.language import UserError
from supervision.payload import PAYLOADS
from supervision.refusal import Reason


def sent(**changes: Any) -> CaseEvent:
    event_type = changes.pop("event_type", EventType.CASE_COMPLETED)
    payload = PAYLOADS[event_type]()
    given: dict[str, Any] = {
        "event_id": UUID(int=1),
        "occurred_at": 5,
        "source_system": "s",
        "case_id": "1",
        "payload": payload,
    } | changes
    return CaseEvent(event_type=event_type, **given)


def key(**changes: Any) -> Key:
    return Key(**{"key_id": "0" * 8, "source": "s", "sha256": "0" * 64} | changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway-keys.json"


@pytest.fixture
def ring_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_LOOK_EVERY_S", 0.0)


def test_a_key_is_found_by_its_token_and_only_by_it(path: Path) -> None:
    token = keys.add(path, "s")
    ring = Keyring(path)
    found = ring.find(f"Bearer {token}")
    assert found is not None
    assert found.source == "s"
    assert ring.find(f"bearer  {token} ") == found
    for wrong in (
        "",
        token,
        f"Basic {token}",
        f"Bearer {token}x",
        f"Bearer {token[:-1]}",
        f"Bearer svk_{found.key_id}_x",
        "Bearer svk__",
        "Bearer ÿ",
    ):
        assert ring.find(wrong) is None


def test_the_file_holds_no_key_and_is_its_owners(path: Path) -> None:
    token = keys.add(path, "s")
    assert token.rpartition("_")[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("ring_of_now")
def test_a_new_key_and_a_revoked_one_are_seen_while_it_runs(path: Path) -> None:
    ring = Keyring(path)
    token = keys.add(path, "s")
    found = ring.find(f"Bearer {token}")
    assert found is not None
    keys.revoke(path, found.key_id)
    assert ring.find(f"Bearer {token}") is None


@pytest.mark.usefixtures("ring_of_now")
def test_a_file_broken_while_it_runs_leaves_the_keys_as_they_were(path: Path) -> None:
    token = keys.add(path, "s")
    ring = Keyring(path)
    path.write_text("{")
    assert ring.find(f"Bearer {token}") is not None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format_version": 2, "keys": []}', '{"format_version": 1, "keys": [{"key_id": "x"}]}']
)
def test_a_broken_file_is_named_at_the_start(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError, match=r"gateway-keys\.json"):
        Keyring(path)


def test_no_file_is_no_key(path: Path) -> None:
    assert len(Keyring(path)) == 0


@pytest.mark.parametrize(
    ("scope", "event", "field"),
    [
        ({}, {}, None),
        ({}, {"source_system": "other"}, "source_system"),
        ({"event_types": (EventType.CASE_COMPLETED,)}, {}, None),
        ({"event_types": (EventType.CASE_ACCEPTED,)}, {}, "event_type"),
        ({"regions": ("4301",)}, {"region_code": "430111"}, None),
        ({"regions": ("430100",)}, {"region_code": "430111001"}, None),
        ({"regions": ("4302", "4301")}, {"region_code": "430111"}, None),
        ({"regions": ("4301",)}, {"region_code": "440111"}, "region_code"),
        ({"regions": ("430111",)}, {"region_code": "4301"}, "region_code"),
        ({"regions": ("4301",)}, {}, "region_code"),
        ({"regions": ("4301",)}, {"region_code": "430111", "matter_region_code": "44"}, "matter_region_code"),
    ],
    ids=str,
)
def test_a_key_is_for_its_source_types_and_regions(scope: dict[str, Any], event: dict[str, Any], field: str | None) -> None:
    refused = key(**scope).refuses(sent(**event), None)
    assert (refused and refused.field) == field
    assert refused is None or refused.reason is Reason.NOT_PERMITTED


def test_an_event_without_a_region_is_of_its_sources_region() -> None:
    assert key(regions=("4301",)).refuses(sent(), "430111") is None
    assert key(regions=("4301",)).refuses(sent(), "44") is not None


def test_the_commands_make_show_and_revoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner().invoke
    made = run(
        app, ["gateway-key", "add", "north", "--region", "4301", "--type", "case_accepted", "--clock", "log:n", "--rate", "9"]
    )
    assert made.exit_code == 0, made.output
    key_id = made.output.split("_")[1]
    listed = run(app, ["gateway-key", "list"]).output
    assert all(word in listed for word in (key_id, "north", "4301", "case_accepted", "log:n", "9"))
    assert made.output.strip() not in listed
    assert run(app, ["gateway-key", "revoke", key_id]).exit_code == 0
    assert Keyring(tmp_path / "gateway-keys.json").find(f"Bearer {made.output.strip()}") is None


@pytest.mark.parametrize("words", [["add", "n", "--type", "case_eaten"], ["add", "n", "--region", "Hunan"], ["revoke", "0" * 8]])
def test_mistakes_at_the_commands_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setenv("SUPERVISION_DATA", str(tmp_path))
    result = CliRunner().invoke(app, ["gateway-key", *words])
    assert isinstance(result.exception, UserError)
