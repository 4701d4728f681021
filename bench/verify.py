"""How fast all alerts of a store are judged again, and in how much memory: `supervision verify` without what it prints.

`python bench/verify.py`; `--days 60 --rate 2` is a longer one. Makes a city, judges it offline, puts events and alerts into the
embedded ClickHouse in a temporary directory, and verifies them there. There must be no difference.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec

from bench import workload
from rules.book import Rulebook
from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.stack_lock import free_ports
from streams.sinking.alerts import alert_rows
from streams.sinking.events import event_rows
from streams.sinking.record import Record
from streams.store.client import Address, Store
from streams.store.migration import migrate
from streams.verify.reach import by_store
from streams.verify.verification import Asked, Verification
from supervision.alert import Alert
from supervision.decoder import decode
from supervision.event import CaseEvent, Stream
from supervision.loading import load_catalogue
from supervision.reference import Reference
from supervision.subject import stream_of

ROWS_AT_ONCE = 5_000


def main() -> None:
    arguments = _arguments()
    print(f"verify: {workload.machine()}; ClickHouse on it too")
    with tempfile.TemporaryDirectory(prefix="supervision-bench.") as name:
        directory = Path(name)
        city, alerts = directory / "city.jsonl", directory / "alerts.jsonl"
        catalogue = Path(f"{city}.catalogue.yaml")
        size = ["--centres", str(arguments.centres), "--rate", str(arguments.rate), "--days", str(arguments.days)]
        _run("simulate", *size, "--seed", "1", "--injections", "0.2", "--to", str(city))
        _run("replay", str(city), "-c", str(catalogue), "-o", str(alerts))
        server = ClickHouseProcess(directory / "clickhouse", free_ports(1), "default", "bench")
        try:
            server.start()
            migrate(address := Address("127.0.0.1", server.port, "default", "bench"))
            store = Store(address)
            _load(store, city, alerts)
            _measure(store, Reference(load_catalogue([catalogue])))
            store.close()
        finally:
            server.kill()


def _measure(store: Store, reference: Reference) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    begun = time.perf_counter()
    found = Verification(store, Rulebook.load(), reference, Asked(), by_store(store)).run()
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{found.events:,} events of {found.cases:,} cases, {found.alerts:,} alerts, {found.differences:,} differences")
    print(f"{found.events / seconds:,.0f} events/s, {cpu / found.events * 1e6:.0f} us of CPU an event")
    print(f"at most {after.ru_maxrss // 1024} MB, of which {before.ru_maxrss // 1024} MB were there before")
    sys.exit(bool(found.differences))


def _load(store: Store, city: Path, alerts: Path) -> None:
    with city.open("rb") as lines:
        while some := list(islice(lines, ROWS_AT_ONCE)):
            events = [(line, event) for line in some if isinstance(event := decode(line), CaseEvent)]
            for stream in Stream:
                records = _records(line for line, event in events if stream_of(event) is stream)
                for rows in event_rows(records, stream)[:1] if records else ():
                    store.insert(rows.table, rows.columns, rows.data, f"{stream}-{lines.tell()}")
    with alerts.open("rb") as lines:
        said = [msgspec.json.decode(line, type=Alert) for line in lines]
    for table, is_clue in (("alerts_raw", False), ("clues_raw", True)):
        records = _records(msgspec.json.encode(alert) for alert in said if (alert.disposition.value == "clue") is is_clue)
        for rows in alert_rows(records, table)[:1] if records else ():
            store.insert(rows.table, rows.columns, rows.data, table)


def _records(values: Iterator[bytes]) -> list[Record]:
    now = int(time.time() * 1000)
    return [Record("bench", 0, number, now, b"", value) for number, value in enumerate(values)]


def _run(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "supervision", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--centres", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.3, help="as of `supervision simulate`")
    parser.add_argument("--days", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    main()
