"""The last word of `.ci/run`: what a running stack holds after `supervision import` of an example, while its city goes on.

Not collected by `make test`. SUPERVISION_DATA names the stack's data directory, STACK_EXAMPLE the folder of examples/ that was
imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.embedded.stack_services import BOARD, GATEWAY
from streams.simulator.city import City
from streams.sources.loading import load_mapping
from streams.store import queries
from streams.store.client import Store, address_of
from supervision.settings import Settings, load
from tests.flow.harness import until
from tests.flow.truth import Input, assert_holds, truth
from tests.streams.case_log import ROOT, case_log

EXAMPLE = os.environ.get("STACK_EXAMPLE", "receipt")
CITY = City(1).source
FOLDER = ROOT / "examples" / EXAMPLE

pytestmark = [pytest.mark.service, pytest.mark.log]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load()


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    opened = Store(address_of(settings))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def given() -> Input:
    log = FOLDER / "log.csv" if EXAMPLE == "demo" else case_log()
    return Input(log, FOLDER / "mapping.yaml", FOLDER / "catalogue.yaml")


def test_the_store_holds_every_event_once_and_the_alerts_of_the_offline_replay(
    settings: Settings, given: Input, tmp_path: Path
) -> None:
    assert_holds(settings, truth(given, tmp_path), load_mapping(given.mapping))


def test_no_message_was_refused(store: Store) -> None:
    assert queries.dead_letters_by_reason(store) == {}


@pytest.mark.skipif(EXAMPLE != "receipt", reason="the figures are those of the real log")
@pytest.mark.parametrize(("rule", "cases"), [("T03", 416), ("P02", 1042), ("P01", 1), ("T04", 0)])
def test_the_real_log_has_as_many_cases_of_each_rule_as_counted_by_hand(store: Store, rule: str, cases: int) -> None:
    standing = queries.standing_alerts(store, load_mapping(FOLDER / "mapping.yaml").source)
    assert len({alert.case_id for alert in standing if alert.rule_id == rule}) == cases


@pytest.fixture(scope="module")
def auditor(settings: Settings) -> Iterator[httpx.Client]:
    """Somebody who may look, made and logged in as a user would."""
    name = f"auditor-{os.getpid()}"
    add = [sys.executable, "-m", "supervision", "user", "add", name, "--role", "auditor", "--data", str(settings.data)]
    said = subprocess.run(add, capture_output=True, text=True, check=True).stdout
    password = said.split()[1]
    with httpx.Client(base_url=BOARD.url(settings), timeout=60) as client:
        answer = client.post("/api/login", json={"username": name, "password": password})
        assert answer.status_code == httpx.codes.OK, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        changed = client.post("/api/password", json={"current": password, "wanted": "a-password-of-the-tests-1"})
        assert changed.status_code == httpx.codes.NO_CONTENT, changed.text
        yield client


def test_the_city_came_in_through_the_gateway_and_has_cards(settings: Settings, store: Store) -> None:
    assert httpx.post(f"{GATEWAY.url(settings)}/v1/events", json=[]).status_code == httpx.codes.UNAUTHORIZED
    assert queries.event_count(store, CITY) > 0
    assert {alert.rule_id for alert in queries.standing_alerts(store, CITY)} >= {"T02", "T03"}


def test_the_board_shows_the_import_and_the_city_to_whoever_is_let_in(settings: Settings, auditor: httpx.Client) -> None:
    assert httpx.get(f"{BOARD.url(settings)}/api/wall").status_code == httpx.codes.UNAUTHORIZED
    assert "<title>电子监察</title>" in httpx.get(BOARD.url(settings)).text
    wall: Any = auditor.get("/api/wall").json()
    assert {source["source_system"] for source in wall["sources"]} >= {CITY, load_mapping(FOLDER / "mapping.yaml").source}
    assert wall["newest"]
    card = wall["newest"][0]
    address = f"/api/alerts/{card['alert_id']}"
    until(lambda: auditor.get(address).status_code == httpx.codes.OK, "the page of the newest card: the stream is before the store")
    page: Any = auditor.get(address).json()
    assert page["card"]["alert_id"] == card["alert_id"]
    assert page["timeline"]
