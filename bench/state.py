"""What open cases cost: bytes of state and of memory a case, timers included, and how fast a worker takes them up again.

`python bench/state.py`; `--cases 1000000` is the full measure. A second process restores them from a file, so that its memory is
theirs alone; reading them from Kafka is not part of the figure.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from rules.book import Rulebook
from rules.engine import CaseEngine
from supervision.durations import HOUR_MS
from supervision.event import CaseEvent, EventType
from supervision.reference import Reference

JUDGED = 5_000  # cases that are really judged; the others have their state under other names
PAGE = os.sysconf("SC_PAGE_SIZE")
HEAD = struct.Struct("<II")
CODES = (("review", "审查"), ("site_check", "现场核查"), ("approve", "审批"))


def main() -> None:
    arguments = _arguments()
    if arguments.restore:
        return _restore(arguments.restore)
    print(f"state: {workload.machine()}")
    for facts in (8, 13):
        with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
            file = Path(directory) / "state"
            mean = _spool(file, arguments.cases, facts)
            print(f"{arguments.cases:,} open cases of {facts} facts: {mean:.0f} bytes of packed state each")
            subprocess.run([sys.executable, __file__, "--restore", str(file)], check=True)
    return None


def _spool(file: Path, cases: int, facts: int) -> float:
    """Judge some cases, write the state of `cases` of them to a file; the mean size of their packed state."""
    chance, engine = random.Random(facts), _engine()
    engine.process([event for number in range(JUDGED) for event in _open_case(number, facts, chance)])
    blobs = [(key, blob) for key, blob in engine.changes() if blob is not None]
    own, blobs = [entry for entry in blobs if "/" not in entry[0]], [entry for entry in blobs if "/" in entry[0]]
    with file.open("wb") as out:
        for key, blob in [
            *own,
            *((f"{workload.SOURCE}/{workload.case_id(number)}", blobs[number % len(blobs)][1]) for number in range(cases)),
        ]:
            name = key.encode()
            out.write(HEAD.pack(len(name), len(blob)) + name + blob)
    return sum(len(blob) for _, blob in blobs) / len(blobs)


def _open_case(number: int, facts: int, chance: random.Random) -> Iterator[CaseEvent]:
    """Submitted, accepted, and then step after step begun and ended, in office hours; nothing decided yet."""
    office = workload.office()
    at = office.add_work(workload.FIRST_MS, number * workload.GAP_MS)
    for index in range(facts):
        kind, payload = _what(index)
        at = office.add_work(at, round(chance.random() * 4 * HOUR_MS))
        yield workload.event(number, index, kind, payload, at, f"430111-{chance.randrange(400):06d}")


def _what(index: int) -> tuple[EventType, dict[str, object]]:
    if index < 2:
        return (EventType.APPLICATION_SUBMITTED, EventType.CASE_ACCEPTED)[index], {}
    code, name = CODES[(index // 2 - 1) % len(CODES)]
    kind = EventType.STEP_COMPLETED if index % 2 else EventType.STEP_STARTED
    return kind, {"step_code": code, "step_name": name, "step_instance_id": str(index // 2)}


def _restore(file: Path) -> None:
    """In a process of its own: take the state up, say how long it took and what memory it is."""
    engine = _engine()
    gc.collect()
    before, begun, worked = _resident(), perf_counter(), process_time()
    taken = 0

    def entries() -> Iterator[tuple[str, bytes]]:
        nonlocal taken
        with file.open("rb") as spool:
            while head := spool.read(HEAD.size):
                name, blob = HEAD.unpack(head)
                yield spool.read(name).decode(), spool.read(blob)
                taken += 1

    engine.restore(entries())
    seconds, cpu = perf_counter() - begun, process_time() - worked
    each = (_resident() - before) / taken
    print(f"  {each:,.0f} bytes of memory each, timers included; taken up in {seconds:.2f} s ({cpu:.2f} s of CPU),")
    print(f"  a million of them in {seconds / taken * 1e6:.1f} s and {each:,.0f} MB")


def _engine() -> CaseEngine:
    return CaseEngine(Rulebook.load(), Reference(workload.reference()))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--restore", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
