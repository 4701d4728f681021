"""The gateway under fire: a hundred thousand bad requests, a broker that stands still, kill -9 in mid-batch.

Nothing is stored that was not acknowledged, nothing acknowledged is missing or doubled, and it neither falls nor grows.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.embedded.stack_lock import free_ports
from streams.gateway.client import Gateway
from supervision.language import UserError
from tests.flow.gateways import key_of, start_gateway, status_of
from tests.flow.harness import Deployment, until
from tests.flow.hostile import Hostile, event

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
SOURCE = "north-office"
BODY_BYTES = 1 << 16
BAD = 100_000
GROWTH_MB = 64


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    given: dict[str, Any] = {"gateway_port": free_ports(1), "gateway_body_bytes": BODY_BYTES, "gateway_body_s": 2.0}
    with Deployment(tmp_path, partitions=3, **given) as running:
        yield running


def stored(deployment: Deployment) -> Counter[str]:
    """The ids of the stored events, and how many rows there are of each."""
    store = deployment.store()
    try:
        rows = store.execute("SELECT toString(event_id) FROM events WHERE source_system = %(source)s", {"source": SOURCE})
        return Counter(row[0] for row in rows)
    finally:
        store.close()


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def fire(hostile: Hostile, share: int) -> None:
    """So many bad requests of all kinds, a hundredth of them slow or cut."""
    await hostile.ahead(hostile.fuzzed, share * 58 // 100)
    await hostile.ahead(hostile.wrong_key, share * 25 // 100)
    await hostile.ahead(hostile.wrong_head, share * 8 // 100)
    await hostile.alone(hostile.oversize, share * 2 // 100)
    await hostile.alone(hostile.no_http, share * 3 // 100)
    await hostile.cut(share * 35 // 1000)
    await hostile.slow(share * 3 // 1000, in_head=False)
    await hostile.slow(share * 2 // 1000, in_head=True)


def test_a_hundred_thousand_bad_requests(deployment: Deployment) -> None:
    key = key_of(deployment, SOURCE).read_text()
    start_gateway(deployment)
    port, pid = deployment.settings.gateway_port, deployment.parts["gateway"].pid
    hostile = Hostile(port, key, SOURCE, BODY_BYTES, seed=4)
    asyncio.run(fire(hostile, BAD // 5))
    before = resident_mb(pid)
    for _ in range(4):
        asyncio.run(fire(hostile, BAD // 5))
    after = resident_mb(pid)
    print(f"{hostile.sent} sent; answers {dict(sorted(hostile.statuses.items()))}; {before:.0f} MB, then {after:.0f} MB")

    assert hostile.sent >= BAD
    assert {status for status in hostile.statuses if status >= 500} <= {503}
    assert {400, 401, 408, 413, 415} <= set(hostile.statuses)
    assert after - before < GROWTH_MB
    deployment.lives("gateway")
    assert status_of(port, "/readyz") == 200
    with Gateway(f"127.0.0.1:{port}", key) as good:
        good.post([msgspec.json.encode(event(10**9, SOURCE))])

    deployment.drain()
    hostile.accepted[event(10**9, SOURCE)["event_id"]] += 1
    rows = stored(deployment)
    assert set(rows) == set(hostile.accepted)
    assert rows <= hostile.accepted
    assert "Traceback" not in deployment.parts["gateway"].log.read_text()
    deployment.check()


def test_a_broker_that_stands_still_is_told_and_comes_back(deployment: Deployment) -> None:
    key = key_of(deployment, SOURCE).read_text()
    start_gateway(deployment)
    port = deployment.settings.gateway_port
    impatient, patient = (Gateway(f"127.0.0.1:{port}", key, patience_s=patience_s) for patience_s in (0, 300))
    broker = [deployment.parts["kafka"].pid, *deployment.workers("kafka")]
    for pid in broker:
        os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: status_of(port, "/readyz") == 503, "the gateway to see that the broker stands still")
        with impatient, pytest.raises(UserError, match="503"):
            impatient.post([msgspec.json.encode(event(1, SOURCE))])
    finally:
        for pid in broker:
            os.kill(pid, signal.SIGCONT)
    with patient:
        assert patient.post([msgspec.json.encode(event(2, SOURCE))]).accepted == 1
    deployment.drain()
    rows = stored(deployment)
    assert event(2, SOURCE)["event_id"] in rows
    assert set(rows.values()) == {1}


def test_what_got_202_before_kill_9_is_stored_once(deployment: Deployment) -> None:
    key = key_of(deployment, SOURCE).read_text()
    start_gateway(deployment)
    port = deployment.settings.gateway_port
    acknowledged: list[set[str]] = [set() for _ in range(4)]
    sent: list[set[str]] = [set() for _ in range(4)]
    over = threading.Event()
    faults: list[Exception] = []

    def send(part: int) -> None:
        batch = 0
        try:
            while not over.is_set():
                events = [event((part << 40) + batch * 100 + number, SOURCE) for number in range(100)]
                batch += 1
                sent[part].update(each["event_id"] for each in events)
                with Gateway(f"127.0.0.1:{port}", key, packed=batch % 2 == 0) as gateway:
                    answer = gateway.post([msgspec.json.encode(each) for each in events])
                assert answer.accepted == len(events)
                acknowledged[part].update(each["event_id"] for each in events)
        except (UserError, AssertionError) as fault:
            faults.append(fault)

    def has(count: int) -> bool:
        return bool(faults) or sum(map(len, acknowledged)) > count

    threads = [threading.Thread(target=send, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    try:
        for kills in range(1, 5):
            reached = sum(map(len, acknowledged)) + 2_000
            until(partial(has, reached), "events to be acknowledged")
            deployment.parts.pop("gateway" if kills == 1 else f"gateway-{kills - 1}").kill()
            start_gateway(deployment, f"gateway-{kills}")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert faults == []
    deployment.drain()
    rows = stored(deployment)
    assert set().union(*acknowledged) <= set(rows) <= set().union(*sent)
    assert set(rows.values()) == {1}
    deployment.check()
