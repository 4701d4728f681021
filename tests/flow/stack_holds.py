"""The last word of `.ci/run`: what a running stack holds after `supervision import` of an example. Not collected by `make test`.

SUPERVISION_DATA names the stack's data directory, STACK_EXAMPLE the folder of examples/ that was imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.store import queries
from streams.store.client import Store
from supervision.cli.db import address_of
from supervision.settings import Settings, load
from tests.flow.truth import Input, assert_holds, truth
from tests.streams.case_log import ROOT, case_log

EXAMPLE = os.environ.get("STACK_EXAMPLE", "receipt")
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
    assert_holds(settings, truth(given, tmp_path))


def test_no_message_was_refused(store: Store) -> None:
    assert queries.dead_letters_by_reason(store) == {}


@pytest.mark.skipif(EXAMPLE != "receipt", reason="the figures are those of the real log")
@pytest.mark.parametrize(("rule", "cases"), [("T03", 416), ("P02", 1042), ("P01", 1), ("T04", 0)])
def test_the_real_log_has_as_many_cases_of_each_rule_as_counted_by_hand(store: Store, rule: str, cases: int) -> None:
    found = {alert.case_id for alert in queries.standing_alerts(store) if alert.rule_id == rule}
    assert len(found) == cases
