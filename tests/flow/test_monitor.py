"""A source that stops sending, on real servers: one alarm instead of a card for each case, lifted when it sends again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from streams.reference import Reader
from streams.store.client import Store
from supervision.decoder import encode
from supervision.event import CaseEvent, EventType
from supervision.payload import Acceptance, StepCompleted
from supervision.reference import Outage, from_record
from tests.flow.harness import Deployment, until

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUE = """
format_version: 1
sources:
  - {name: hall-7, clock: "log:hall-7", region_code: "430111"}
"""
CASES = 30


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def event(number: int, case: int, kind: EventType, when: int) -> CaseEvent:
    payload = StepCompleted(step_code="handle") if kind is EventType.STEP_COMPLETED else Acceptance()
    return CaseEvent(
        event_id=UUID(int=number), event_type=kind, occurred_at=when, source_system="hall-7", case_id=f"c{case}", payload=payload
    )


def written(file: Path, events: Iterable[CaseEvent]) -> Path:
    file.write_bytes(b"".join(encode(each) + b"\n" for each in events))
    return file


def states(store: Store, rule: str) -> dict[str, int]:
    rows = store.execute("SELECT state FROM alerts WHERE rule_id = %(rule)s", {"rule": rule})
    return dict(Counter(state for (state,) in rows))


def outages(deployment: Deployment) -> list[Outage]:
    reader = Reader(deployment.settings)
    try:
        while not reader.read():
            pass
        entries = [from_record(key, value) for key, value in reader.records.items()]
    finally:
        reader.close()
    return [entry for entry in entries if isinstance(entry, Outage)]


def test_a_source_that_stops_raises_one_alarm_and_its_cards_wait(tmp_path: Path) -> None:
    catalogue = tmp_path / "office.yaml"
    catalogue.write_text(CATALOGUE, "utf-8")
    minute = 60_000
    begun = [event(case, case, EventType.CASE_ACCEPTED, at("2026-03-02T09:00") + case * minute) for case in range(CASES)]
    handled = [event(100 + case, case, EventType.STEP_COMPLETED, at("2026-03-03T10:00") + case * minute) for case in range(CASES)]
    again = [event(200 + case, case, EventType.STEP_COMPLETED, at("2026-03-27T10:00") + case * minute) for case in range(25)]
    with Deployment(tmp_path, partitions=2, monitor_every_s=1) as deployment, closing(deployment.store()) as store:
        first = written(tmp_path / "first.jsonl", [*begun, *handled])
        deployment.run("import", str(first), "-c", str(catalogue), "--until", "2026-03-25")
        assert states(store, "T17") == {"issued": CASES}

        deployment.start("monitor", "monitor")
        until(lambda: states(store, "F01") == {"issued": 1}, "the alarm")
        until(lambda: states(store, "T17") == {"withheld": CASES}, "the cards to be withheld")
        (outage,) = outages(deployment)
        assert (outage.source_system, outage.found, outage.rules) == ("hall-7", True, ("T17",))
        assert (outage.valid_from, outage.valid_to) == (handled[-1].occurred_at + 1, None)

        second = written(tmp_path / "second.jsonl", again)
        deployment.run("import", str(second), "-c", str(catalogue), "--until", "2026-03-27")
        until(lambda: states(store, "F01") == {"revoked": 1}, "the alarm to be lifted")
        until(lambda: outages(deployment)[0].valid_to is not None, "the outage to end")
        assert states(store, "T17") == {"withheld": CASES}, "they were idle then, and nobody knew why"
        deployment.check()
