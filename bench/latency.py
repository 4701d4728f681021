"""How long it takes from posting an event to the gateway until its alert is in the board's stream, everything on this machine.

`python bench/latency.py --rates 20 1000 5000 --seconds 60`. Starts a whole stack in a temporary directory. Cases of ten events
each come at the rate named, as many to a request as fall into 20 ms; in some of them one person does two steps that must be
separate (rule P02), which stands at once. A browser's place is taken by a reader of the board's stream.

For each rate it prints the percentiles of the whole way, from before the request is sent until the line of the stream is read, and
where the time went: in the gateway (until the broker has the event), in the agents (until the broker has the alert), and in the
board (until it is read). All clocks are this machine's.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from queue import Queue
from statistics import median, quantiles
from typing import Any

import msgspec
from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from dashboards.access.first import ensure_administrator
from dashboards.access.users import ADMINISTRATOR
from rules.book import Rulebook
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_services import BOARD, FOR_PEOPLE, GATEWAY
from streams.gateway import keys
from streams.reference import publish
from streams.store.client import Store, address_of
from supervision.decoder import encode
from supervision.event import CaseEvent

BASE_MS = workload.FIRST_MS + 86_400_000  # a Tuesday morning; its clock runs with ours
TICK_S = 0.02
SENDERS = 4
WARM_S = 5.0
SETTLE_S = 10.0
SAME_PERSON = "430111-000007"


class Reached(Struct, frozen=True):
    """Where the gateway and the board are, and what lets one in: a key of the source, a session's cookie."""

    gateway: tuple[str, int]
    key: str
    board: tuple[str, int]
    cookie: str


class Told(Struct):
    """What was seen of one alert, seconds of the wall clock."""

    posted: float
    read: float = 0.0


def main() -> None:
    arguments = _arguments()
    print(f"latency: {workload.machine()}; Kafka, ClickHouse, agents, sink, gateway and board all on it, and the sender")
    print(f"{arguments.seconds:.0f} s a rate; rules on: {' '.join(sorted(rule.id for rule in Rulebook.load().rules))}")
    head = "".join(f"{name:>10}" for name in ("p50", "p90", "p99", "most", "gateway", "agents", "board"))
    print(f"{'events/s':>9}{'sent/s':>9}{'alerts':>8}{head}   (ms; the last three: median, p99 share in brackets)")
    with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
        settings = on_free_ports(Path(directory), workers=arguments.workers, log_level="warning")
        password = ensure_administrator(settings) or ""
        with Stack(settings, services=FOR_PEOPLE) as stack:
            publish(settings, workload.reference())
            key = keys.add(settings.gateway_keys, workload.SOURCE)
            cookie = _login(BOARD.address(settings), password)
            reached = Reached(GATEWAY.address(settings), key, BOARD.address(settings), cookie)
            time.sleep(2)  # the gateway looks for new keys once a second
            numbers = count()
            for rate in arguments.rates:
                _line(stack, rate, _run(reached, rate, arguments.seconds, numbers))


def _login(board: tuple[str, int], password: str) -> str:
    connection = http.client.HTTPConnection(*board, timeout=10)
    body = msgspec.json.encode({"username": ADMINISTRATOR, "password": password})
    connection.request("POST", "/api/login", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise RuntimeError(f"the board answered {answer.status}: {answer.read()[:300]!r}")
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


def _line(stack: Stack, rate: int, found: tuple[float, dict[str, Told]]) -> None:
    sent, told = found
    seen = {case: each for case, each in told.items() if each.read}
    if len(seen) < len(told):
        print(f"  {len(told) - len(seen)} of {len(told)} alerts did not come", flush=True)
    whole = [(each.read - each.posted) * 1000 for each in seen.values()]
    cuts = quantiles(whole, n=100, method="inclusive")
    shares = _shares(stack, seen)
    figures = "".join(f"{value:>10.0f}" for value in (median(whole), cuts[89], cuts[98], max(whole)))
    stages = "".join(f"{f'{median(each):.0f} ({quantiles(each, n=100)[98]:.0f})':>10}" for each in shares)
    print(f"{rate:>9,}{sent:>9,.0f}{len(whole):>8}{figures}{stages}", flush=True)


def _shares(stack: Stack, told: dict[str, Told]) -> list[list[float]]:
    """Milliseconds of each alert in gateway, agents and board, by the broker's stamps."""
    store = Store(address_of(stack.settings))
    try:
        time.sleep(2)
        rows = store.execute(
            "SELECT case_id, max(toUnixTimestamp64Milli(e.broker_at)), any(toUnixTimestamp64Milli(a.broker_at)) "
            "FROM events AS e INNER JOIN (SELECT case_id, broker_at FROM alerts_raw WHERE rule_id = 'P02' AND revision = 1) AS a "
            "USING (case_id) WHERE e.source_system = %(source)s AND e.event_type = 'step_completed' "
            "AND JSONExtractString(e.payload, 'step_code') = 'approve' GROUP BY case_id",
            {"source": workload.SOURCE},
        )
    finally:
        store.close()
    found: list[list[float]] = [[], [], []]
    for case, event_at, alert_at in rows:
        if each := told.get(case):
            found[0].append(event_at - each.posted * 1000)
            found[1].append(alert_at - event_at)
            found[2].append(each.read * 1000 - alert_at)
    return found


def _run(reached: Reached, rate: int, seconds: float, numbers: Iterator[int]) -> tuple[float, dict[str, Told]]:
    """Send for so long; the rate reached, and what was seen of every alert that was due after the warm-up."""
    told: dict[str, Told] = {}
    reading = threading.Thread(target=_read, args=(reached, told), daemon=True)
    reading.start()
    time.sleep(1)
    requests: Queue[tuple[bytes, list[str]] | None] = Queue()
    senders = [threading.Thread(target=_send, args=(reached, requests, told), daemon=True) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    begun = time.perf_counter()
    sent = 0
    events = _events(rate, numbers)
    while (passed := time.perf_counter() - begun) < seconds + WARM_S:
        due = int(passed * rate) - sent
        if due > 0:
            batch = [next(events) for _ in range(min(due, 1000))]
            sent += len(batch)
            ends = [case for case, ends, _ in batch if ends and passed > WARM_S]
            requests.put((b"\n".join(line for _, _, line in batch), ends))
        time.sleep(TICK_S)
    for _ in senders:
        requests.put(None)
    for sender in senders:
        sender.join()
    passed = time.perf_counter() - begun
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until and not all(each.read for each in list(told.values())):
        time.sleep(0.1)
    return sent / passed, told


def _events(rate: int, numbers: Iterator[int]) -> Iterator[tuple[str, bool, bytes]]:
    """Case, whether this event completes a violation, and the event as JSON. Neighbours are of different cases."""
    group, every = max(8, rate // 4), 2 if rate < 100 else 40
    begun = time.time()
    while True:
        cases = [next(numbers) for _ in range(group)]
        for index, (kind, payload, _) in enumerate(workload.STEPS):
            for number in cases:
                at = BASE_MS + int((time.time() - begun) * 1000)
                is_bad = number % every == 0
                officer = SAME_PERSON if is_bad else f"430111-{(number * workload.EVENTS + index) % workload.OFFICERS + 1000:06d}"
                event = workload.event(number, index, kind, payload, at, officer)
                is_end = is_bad and payload.get("step_code") == "approve"
                yield workload.case_id(number), is_end, _wire(event)


def _wire(event: CaseEvent) -> bytes:
    return encode(msgspec.structs.replace(event, received_at=None))


def _send(reached: Reached, requests: Queue[tuple[bytes, list[str]] | None], told: dict[str, Told]) -> None:
    connection = http.client.HTTPConnection(*reached.gateway, timeout=30)
    headers = {"Authorization": f"Bearer {reached.key}", "Content-Type": "application/x-ndjson"}
    while (request := requests.get()) is not None:
        body, ends = request
        now = time.time()
        for case in ends:
            told[case] = Told(now)
        connection.request("POST", "/v1/events", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.ACCEPTED:
            raise RuntimeError(f"the gateway answered {answer.status}: {said[:300]!r}")


def _read(reached: Reached, told: dict[str, Told]) -> None:
    """The board's stream, as a browser reads it."""
    connection = http.client.HTTPConnection(*reached.board, timeout=60)
    connection.request("GET", "/api/stream", headers={"Cookie": reached.cookie, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    is_alert = False
    while line := answer.readline():
        if line.startswith(b"event:"):
            is_alert = line.split(b":", 1)[1].strip() == b"alert"
        elif is_alert and line.startswith(b"data:"):
            now, card = time.time(), decode(line[5:])
            if card["rule_id"] == "P02" and (each := told.get(card["case_id"])) and not each.read:
                each.read = now


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[20, 1000, 5000], help="events a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long each is kept up")
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
