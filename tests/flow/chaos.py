"""What happens to a deployment in a chaos run: faults at moments drawn by a seed while a log trickles in."""

from __future__ import annotations

import heapq
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from streams.embedded.stack_child import Child, tail
from supervision.topics import CASE_EVENTS
from tests.flow.harness import Deployment
from tests.flow.truth import Input

SPAN_S = 30.0  # the faults begin within it
STOPPED_S = 20.0  # twice the session timeout, so that the stopped worker loses its partitions
DOWN_S = 4.0  # a killed server is away for so long at most
RUN_S = 0.02  # an import runs so long ...
REST_S = 0.8  # ... and rests so long, to be still under way when the last fault comes


class Chaos:
    """`run` imports the log and does everything below once, in an order and at moments that the seed decides; `told` says which."""

    def __init__(self, deployment: Deployment, given: Input, seed: int) -> None:
        self.told: list[str] = []
        self._deployment = deployment
        self._arguments = given.arguments()
        self._chance = random.Random(seed)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._struck: set[int] = set()
        self._is_told = False
        self._importer = self._import()

    def run(self) -> None:
        """Until every fault has happened and is mended, and an import has ended well."""
        while self._deployment.records(CASE_EVENTS) == 0:
            self._deployment.lives("importer")
            time.sleep(RUN_S)
        faults = [self._kill_worker, self._stop_worker, self._add_workers, self._kill_kafka, self._kill_clickhouse]
        for fault in faults:
            self._in(self._chance.uniform(0, SPAN_S), fault)
        while self._due:
            self._trickle()
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()
        with suppress(ProcessLookupError):
            os.kill(self._importer.pid, signal.SIGCONT)
        while not (self._has_imported() and self._has_joined()):
            time.sleep(RUN_S)
        del self._deployment.parts["importer"]

    # -- the log ------------------------------------------------------------------------------------------------

    def _import(self) -> Child:
        return self._deployment.start("importer", "import", "--no-wait", *self._arguments)

    def _trickle(self) -> None:
        """Let the import send a little. It stays stopped while a server starts, or it would gather all of the log meanwhile."""
        self._has_imported()
        with suppress(ProcessLookupError):
            os.kill(self._importer.pid, signal.SIGCONT)
            time.sleep(RUN_S)
            os.kill(self._importer.pid, signal.SIGSTOP)
        time.sleep(REST_S)

    def _has_imported(self) -> bool:
        """Whether the import has ended well; one that gave up, because the broker was away, is repeated, as it asks for."""
        if self._importer.is_alive:
            return False
        if self._importer.process.returncode != 0:
            self._tell(f"import again: {tail(self._importer.log, 1)}")
            self._importer = self._import()
            return False
        if not self._is_told:
            self._tell("the import has ended")
            self._is_told = True
        return True

    # -- the faults ---------------------------------------------------------------------------------------------

    def _in(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), what))

    def _tell(self, what: str) -> None:
        self.told.append(f"{time.strftime('%H:%M:%S')} {what}")

    def _some_worker(self) -> int:
        crews = [name for name in self._deployment.parts if name.startswith("agents")]
        workers = [pid for name in crews for pid in self._deployment.workers(name)]
        pid = self._chance.choice([pid for pid in workers if pid not in self._struck])
        self._struck.add(pid)  # one that was killed may not be gone yet for its crew
        return pid

    def _kill_worker(self) -> None:
        pid = self._some_worker()
        self._tell(f"kill -9 worker {pid}")
        os.kill(pid, signal.SIGKILL)

    def _stop_worker(self) -> None:
        pid = self._some_worker()
        self._tell(f"stop worker {pid}")
        os.kill(pid, signal.SIGSTOP)
        self._in(STOPPED_S, lambda: self._continue(pid))

    def _continue(self, pid: int) -> None:
        self._tell(f"continue worker {pid}")
        self._struck.discard(pid)
        os.kill(pid, signal.SIGCONT)

    def _add_workers(self) -> None:
        self._tell("add a crew of one worker")
        self._deployment.start("agents-more", "agents", "--workers", "1")

    def _has_joined(self) -> bool:
        """Whether the added crew runs; one that found no broker at its start says so and ends, and is started again."""
        crew = self._deployment.parts["agents-more"]
        if crew.is_alive:
            return True
        assert "no answer from Kafka" in tail(crew.log, 1)[0], tail(crew.log)
        self._add_workers()
        return False

    def _kill_kafka(self) -> None:
        self._tell("kill -9 kafka")
        self._deployment.parts["kafka"].kill()
        self._in(self._chance.uniform(0, DOWN_S), self._start_kafka)

    def _start_kafka(self) -> None:
        self._deployment.start_kafka()
        self._tell("kafka is back")

    def _kill_clickhouse(self) -> None:
        self._tell("kill -9 clickhouse")
        self._deployment.parts["clickhouse"].kill()
        self._in(self._chance.uniform(0, DOWN_S), self._start_clickhouse)

    def _start_clickhouse(self) -> None:
        self._deployment.start_clickhouse()
        self._tell("clickhouse is back")
