"""What ClickHouse must hold after an import: the log's events, and the alerts of `supervision replay`, which needs no servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from streams.sources.feed import feed, read, reference_of
from streams.sources.loading import load_mapping
from streams.sources.log import Refusals
from streams.sources.mapping import Mapping
from streams.store import queries
from streams.store.client import Store, address_of
from streams.store.queries import StandingAlert
from supervision.event import ClockAdvanced
from supervision.loading import load_catalogue
from supervision.settings import Settings


class Input(Struct, frozen=True):
    """A log with its mapping and catalogue."""

    log: Path
    mapping: Path
    catalogue: Path

    def arguments(self) -> list[str]:
        """As `supervision import` and `replay` take them."""
        return [str(self.log), "--mapping", str(self.mapping), "--catalogue", str(self.catalogue)]


class Truth(Struct, frozen=True):
    """`events`: ids of the log's events; `steps`: records of its clock; `standing`: alerts and clues, issued or withheld."""

    events: frozenset[UUID]
    steps: int
    standing: frozenset[StandingAlert]


def truth(given: Input, directory: Path) -> Truth:
    """Replay the input offline, as a user does."""
    out = directory / "offline.jsonl"
    command = [sys.executable, "-m", "supervision", "replay", *given.arguments(), "--out", str(out)]
    done = subprocess.run(command, env=os.environ | {"SUPERVISION_LANGUAGE": "en"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    alerts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    standing = judged(as_stored(alert) for alert in alerts if alert["state"] != "revoked")
    mapping = load_mapping(given.mapping)
    reference = reference_of(load_catalogue([given.catalogue]), mapping, "replay")
    log = read(given.log, mapping, Refusals(None))
    items = list(feed(log, mapping, reference, None))
    events = [msgspec.json.decode(item[1])["event_id"] for item in items if not isinstance(item, ClockAdvanced)]
    return Truth(frozenset(map(UUID, events)), len(items) - len(events), standing)


def assert_holds(settings: Settings, wanted: Truth, alone: Mapping | None = None) -> None:
    """By SQL: every event is stored, each once; the standing alerts are those of the offline replay, each said once.

    `alone`: look at what came by this mapping alone, where other events are in the store too. A clue names a clock, no source.
    """
    source = "" if alone is None else alone.source
    store = Store(address_of(settings))
    try:
        assert queries.gaps(store, f"{settings.app_id}-sink") == []
        assert queries.missing_events(store, wanted.events) == []
        assert queries.doubled_events(store) == []
        assert queries.event_count(store, source) == len(wanted.events)
        clues = [
            clue for clue in queries.standing_clues(store) if alone is None or clue.subject_key.endswith(f"@{alone.clock_name}")
        ]
        standing = judged([*queries.standing_alerts(store, source), *clues])
        assert differences(wanted.standing, standing) == []
        assert queries.doubled_alerts(store) == []
        assert said_twice(store) == []
    finally:
        store.close()


def as_stored(alert: dict[str, Any]) -> StandingAlert:
    """A line of `alerts.jsonl` as the store gives it, which has '' for an absent text."""
    fields = {name: alert[name] for name in StandingAlert.__struct_fields__}
    return msgspec.convert({name: "" if value is None else value for name, value in fields.items()}, StandingAlert)


def judged(alerts: Iterable[StandingAlert]) -> frozenset[StandingAlert]:
    """The alerts without their revision: how often one was said depends on the batches, what it says in the end does not."""
    return frozenset(structs.replace(alert, revision=0) for alert in alerts)


def differences(wanted: frozenset[StandingAlert], found: frozenset[StandingAlert]) -> list[str]:
    """The first alerts that are there and should not be, or should be and are not."""
    named = [("too many", found - wanted), ("missing", wanted - found)]
    return [f"{what}: {alert}" for what, alerts in named for alert in sorted(alerts, key=lambda each: each.alert_id)[:5]]


SAID_TWICE = """
SELECT alert_id, revision, count() FROM
(SELECT alert_id, revision, offset FROM alerts_raw FINAL UNION ALL SELECT alert_id, revision, offset FROM clues_raw FINAL)
GROUP BY alert_id, revision HAVING count() > 1
"""


def said_twice(store: Store) -> list[tuple[str, int, int]]:
    """Emissions (alert_id, revision, times) that left the agents more than once: what their transactions are there to prevent."""
    return [(row[0], row[1], row[2]) for row in store.execute(SAID_TWICE)]
