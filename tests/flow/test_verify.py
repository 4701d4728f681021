"""`supervision verify` on real servers: an honest store has no difference; whatever is altered in it is found, and said why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from streams.embedded.stack_lock import free_ports
from streams.reference import publish
from supervision.durations import HOUR_MS
from supervision.loading import load_catalogue
from supervision.reference import Source
from tests.flow.conftest import DEMO
from tests.flow.gateways import key_of, start_gateway
from tests.flow.harness import Deployment, until
from tests.flow.truth import Input

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

DEMO_LOG = Input(DEMO / "log.csv", DEMO / "mapping.yaml", DEMO / "catalogue.yaml")


def verify(deployment: Deployment, *arguments: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "supervision", "verify", *arguments]
    done = subprocess.run(command, env=os.environ | deployment.environment, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.returncode, done.stdout.splitlines()


def test_what_was_altered_in_the_store_is_found_and_said_why(tmp_path: Path) -> None:
    with ExitStack() as opened, Deployment(tmp_path, partitions=3) as deployment:
        deployment.run("import", *DEMO_LOG.arguments())
        store = opened.enter_context(closing(deployment.store()))
        ((events, cases),) = store.execute("SELECT count(), uniqExact(source_system, case_id) FROM events")
        ((alerts,),) = store.execute("SELECT (SELECT count() FROM alerts) + (SELECT count() FROM clues)")
        assert (events, cases, alerts) == (472, 60, 37)
        honest = f"{events} events, {alerts} alerts, 0 differences"
        assert verify(deployment) == (0, [honest])
        assert verify(deployment, "--source", "demo-county") == (0, [honest])
        of_one_rule = store.execute("SELECT count() FROM alerts WHERE rule_id = 'T03'")[0][0]
        assert verify(deployment, "--rule", "T03") == (0, [f"{events} events, {of_one_rule} alerts, 0 differences"])
        ((in_march,),) = store.execute(
            "SELECT sum(toDate(detected_at, 'Asia/Shanghai') BETWEEN '2026-03-02' AND '2026-03-31') FROM"
            " (SELECT detected_at FROM alerts UNION ALL SELECT detected_at FROM clues)"
        )
        assert 0 < in_march < alerts
        code, lines = verify(deployment, "--from", "2026-03-02", "--to", "2026-03-31")
        assert code == 0
        assert lines[-1].endswith(f"events, {in_march} alerts, 0 differences")

        late = store.execute("SELECT alert_id, case_id FROM alerts WHERE rule_id = 'T03' AND level = 'red' ORDER BY alert_id")
        (twice, _), (lost, lost_case), (moved, _) = late
        ((clue,),) = store.execute("SELECT alert_id FROM clues WHERE rule_id = 'M02'")
        ((moved_later, its_case),) = store.execute("SELECT alert_id, case_id FROM alerts WHERE rule_id = 'P06'")
        ((acceptance,),) = store.execute("SELECT evidence_event_ids[1] FROM alerts WHERE alert_id = %(id)s", {"id": moved_later})
        update = "ALTER TABLE {table} UPDATE {what} WHERE alert_id = '{id}' SETTINGS mutations_sync = 2"
        store.execute(update.format(table="alerts_last", what="level = 'yellow'", id=twice))
        store.execute(update.format(table="alerts_last", what="facts = replace(facts, '2026', '2025')", id=moved))
        store.execute(f"ALTER TABLE alerts_last DELETE WHERE alert_id = '{lost}' SETTINGS mutations_sync = 2")
        store.execute(f"ALTER TABLE clues_last DELETE WHERE alert_id = '{clue}' SETTINGS mutations_sync = 2")
        store.execute(f"ALTER TABLE events_raw DELETE WHERE event_id = '{acceptance}' SETTINGS mutations_sync = 2")
        code, lines = verify(deployment)
        text = "\n".join(lines)
        assert code == 1, text
        heads = {line.split()[0]: line.rsplit(": ", 1)[1] for line in lines if line.startswith(("T", "P", "M"))}
        assert heads[twice] == "different"
        assert heads[moved] == "different"
        assert heads[lost] == heads[clue] == "not stored"
        assert heads[moved_later] == "not implied"
        assert f"events it names as evidence are not in the store any more: {acceptance}" in text
        assert "level (level): yellow → red" in text
        assert "2025" in text
        assert lines[-1] == f"{events - 1} events, {alerts} alerts, {len(heads)} differences"
        assert len(heads) == 5, text
        assert verify(deployment, "--rule", "T05")[0] == 0
        code, lines = verify(deployment, "--limit", "1")
        assert (code, lines[-2]) == (1, "and 4 more")
        assert its_case != lost_case


def test_on_the_wall_clock_what_waits_for_its_grace_is_no_difference(tmp_path: Path) -> None:
    """With agents at work the clock is theirs; without them it is where what they published proves it to have been."""
    with ExitStack() as opened, Deployment(tmp_path, partitions=2, gateway_port=free_ports(1)) as deployment:
        publish(deployment.settings, [*load_catalogue([DEMO_LOG.catalogue]), Source(name="office", late_grace_s=3600)])
        key = key_of(deployment, "office").read_text().strip()
        start_gateway(deployment)
        url = f"http://127.0.0.1:{deployment.settings.gateway_port}/v1/events"
        now = int(time.time() * 1000)
        dues = {"passed": now - 2 * HOUR_MS, "in-its-grace": now - HOUR_MS // 2, "ahead": now + HOUR_MS}
        accepted = [
            {
                "event_id": str(uuid4()),
                "event_type": "case_accepted",
                "occurred_at": now - 10 * 24 * HOUR_MS,
                "source_system": "office",
                "case_id": f"{name}-{number}",
                "payload": {"promised_due_at": due},
            }
            for name, due in dues.items()
            for number in range(5)
        ]
        answer = httpx.post(url, json=accepted, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        store = opened.enter_context(closing(deployment.store()))
        late = "SELECT count() FROM alerts WHERE rule_id = 'T03' AND state = 'issued'"
        until(lambda: store.execute(late)[0][0] == 5, "the cards on what has passed")
        code, lines = verify(deployment, "--rule", "T03")
        assert (code, lines[-1]) == (0, "15 events, 5 alerts, 0 differences"), lines
        assert verify(deployment)[0] == 0
        deployment.parts.pop("agents").stop()
        assert verify(deployment, "--rule", "T03") == (0, ["15 events, 5 alerts, 0 differences"])
        ((lost,),) = store.execute("SELECT alert_id FROM alerts WHERE rule_id = 'T03' LIMIT 1")
        store.execute(f"ALTER TABLE alerts_last DELETE WHERE alert_id = '{lost}' SETTINGS mutations_sync = 2")
        code, lines = verify(deployment, "--rule", "T03")
        assert (code, lines[-1]) == (1, "15 events, 5 alerts, 1 difference")
        assert lines[0].startswith(lost)


def test_beside_a_city_at_work_there_is_no_difference(tmp_path: Path) -> None:
    """Events come in, clocks run, cards are on their way: each of them is a difference for a moment, and none remains."""
    with ExitStack() as opened, Deployment(tmp_path, partitions=4) as deployment:
        deployment.start("city", "simulate", "--live", "--centres", "3", "--rate", "60", "--speed", "600")
        store = opened.enter_context(closing(deployment.store()))
        until(lambda: store.execute("SELECT count() FROM alerts")[0][0] > 20, "the city's first alerts")
        for _ in range(3):
            code, lines = verify(deployment)
            assert code == 0, "\n".join(lines)
        deployment.check()
