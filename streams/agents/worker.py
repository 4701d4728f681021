"""One agent worker process: reference data first, then the faust app with its partitions, readiness, status, an orderly end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
import structlog
from confluent_kafka import KafkaException
from faust.types import TP
from msgspec import Struct

from rules.output import Engine
from streams import admin, clients
from streams.agents import app as faust_app
from streams.agents.assignment import Assignment
from streams.agents.desk import Desk
from streams.agents.outbox import Names
from streams.agents.partition import Partition
from streams.agents.progress import Progress
from streams.agents.surroundings import Surroundings
from streams.agents.transport import App, Consumer, now_ms
from streams.probe import Probe
from streams.reference import Follower
from streams.status import EVERY_S, Board, Status
from supervision import metrics, topics
from supervision.alert import Disposition
from supervision.event import Stream
from supervision.language import UserError
from supervision.reference import Reference
from supervision.settings import Settings, metrics_port_of
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, STATE_OF

TIMER_LIMIT = 2_000  # of a herd so many are judged between two batches of live events
log = structlog.get_logger("agents.worker")
MakeEngine = Callable[[Stream, Reference, int, int], Engine]  # ..., its partition, partitions of case-events
THREADS = 12
CHECK_S = 0.5
REFERENCE_S = 60.0
# Young objects before a collection. A batch of five thousand events is twice as many of them and none is in a cycle, but with
# Python's own 700 the collector walks such a batch some fifteen times: a tenth of the worker's time.
COLLECT_EVERY = 100_000
GRACE_S = 5.0  # for a broker that is away when we stop


class Options(Struct, frozen=True):
    """How a worker differs from its settings. `index` numbers the workers of one parent; `rules`: those in force, to be counted."""

    index: int = 0
    accept_loss: bool = False
    step_ms: int = 10_000
    timer_limit: int = TIMER_LIMIT
    rules: tuple[tuple[str, Disposition], ...] = ()


class Worker:
    """Runs until stopped, or until something goes wrong that a restart may mend (any exception) or not (UserError)."""

    def __init__(self, settings: Settings, make: MakeEngine, options: Options) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()}-{options.index}-{os.getpid()}"
        self._make = make
        self._options = options
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pool = ThreadPoolExecutor(THREADS, "kafka")
        self._follower = Follower(settings)
        self._desk = Desk(settings)
        self._declared = {admin.name_of(topic, settings): topic for topic in (CASE_EVENTS, ACTIVITY_EVENTS)}
        self._assignment = Assignment(frozenset(self._declared), self._partition, self._die)
        self._app: App | None = None
        self._counts: dict[str, int] = {}
        self._has_activity = False
        self._is_frozen = False
        self.hangs = False  # faust waits for a broker that is away, and cannot be told not to
        self._around: Surroundings | None = None

    @property
    def is_ready(self) -> bool:
        """Reference read, in the group, no partition recovering."""
        return self._app is not None and not self._ended.done() and self._assignment.is_ready

    def stop(self) -> None:
        """Ask for an orderly end; from a signal handler of the loop."""
        if not self._ended.done():
            self._ended.set_result(None)

    def _die(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    async def run(self) -> None:
        """Until `stop`, or raises what made going on impossible. Whatever was not committed has not happened."""
        self._counts = await self._find_topics()
        metrics.start((topic.name for topic in self._declared.values()), self._options.rules)
        probe = self._open_probe()
        self._follower.start()
        board = Board(self.settings, self.name)
        try:
            await self._read_reference()
            if not self._ended.done():
                self._around = self._surroundings()
                self._app = faust_app.build(self.settings, self._assignment)
                await self._serve(self._app, board)
        finally:
            await self._shut(board)
            if probe is not None:
                probe.close()

    async def _find_topics(self) -> dict[str, int]:
        """Partitions by topic. Waits while Kafka is away: our parent found it there, so it will come back. Empty: told to stop."""
        while not self._ended.done():
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, admin.check, self.settings)
            except clients.NoAnswerError as fault:
                log.warning("waiting for Kafka", because=str(fault))
                await asyncio.wait([self._ended], timeout=CHECK_S)
        return {}

    def _open_probe(self) -> Probe | None:
        port = metrics_port_of(self.settings, "agents", self._options.index)
        return Probe(port, lambda: self.is_ready) if port else None

    async def _read_reference(self) -> None:
        deadline = asyncio.get_running_loop().time() + REFERENCE_S
        while not (self._follower.is_read or self._follower.failure or self._ended.done()):
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError("the reference topic could not be read in time")
            await asyncio.sleep(CHECK_S / 10)
        if self._follower.failure is not None:
            raise self._follower.failure

    async def _serve(self, app: App, board: Board) -> None:
        await app.start()
        watching = asyncio.create_task(self._watch_activity())
        watching.add_done_callback(self._end_with)
        shown_at = 0
        shown: Status | None = None
        while not self._ended.done():
            await asyncio.wait([self._ended], timeout=CHECK_S)
            self._look(app)
            status = self._status()
            if shown != status or now_ms() - shown_at >= EVERY_S * 1000:
                shown, shown_at = status, now_ms()
                board.show(msgspec.structs.replace(status, at=shown_at, clocks=self._assignment.clocks))
        watching.cancel()
        self._ended.result()

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """A task of ours that fails ends the worker."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._die(error)

    async def _watch_activity(self) -> None:
        while not self._has_activity:
            with suppress(KafkaException):
                found = await asyncio.get_running_loop().run_in_executor(self._pool, self._desk.has_activity)
                self._has_activity = found
            await asyncio.sleep(self._options.step_ms / 1000)

    def _look(self, app: App) -> None:
        """What nobody tells us has to be looked at."""
        if app.crashed:
            self._die(app.crash_reason or RuntimeError("faust crashed"))
        if self._follower.failure is not None:
            self._die(self._follower.failure)
        for name, topic in self._declared.items():
            metrics.PARTITIONS.labels(topic.name).set(sum(tp.topic == name for tp in self._assignment.ours))
        if self.is_ready and not self._is_frozen:
            self._is_frozen = True
            gc.collect()
            gc.set_threshold(COLLECT_EVERY, 10, 10)
            gc.freeze()  # what start-up and recovery made stays; the collector need not walk it again and again
            log.info("ready", name=self.name)

    def _status(self) -> Status:
        snapshot = self._follower.current
        offset = self._assignment.reference_offset
        return Status(
            worker=self.name,
            partitions=tuple(sorted(f"{self._declared[tp.topic].name}/{tp.partition}" for tp in self._assignment.ours)),
            reference_offset=offset,
            reference_version=snapshot.reference.version if offset == snapshot.offset else None,
            ready=self.is_ready,
        )

    async def _shut(self, board: Board) -> None:
        """Finish transactions, leave the group, say so."""
        closing = asyncio.create_task(self._assignment.close())
        await asyncio.wait([closing], timeout=GRACE_S)
        self._desk.stop()
        await closing
        if self._app is not None:
            _, waiting = await asyncio.wait([asyncio.create_task(self._app.stop())], timeout=GRACE_S)
            self.hangs = bool(waiting)
        await asyncio.get_running_loop().run_in_executor(self._pool, board.leave)
        self._follower.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        log.info("stopped", name=self.name)

    # -- partitions ---------------------------------------------------------------------------------------------

    def _surroundings(self) -> Surroundings:
        named = {topic.name: admin.name_of(topic, self.settings) for topic in topics.ALL}
        names = Names(
            named["alerts"], named["clues"], named["activity-events"], named["dead-letters"], self._counts["activity-events"]
        )
        return Surroundings(
            names=names,
            pool=self._pool,
            reference=lambda: self._follower.current,
            place=self._place,
            progress=self._progress,
            has_activity=lambda: self._has_activity,
            open_transaction=self._desk.open_transaction,
            load=self._desk.load,
            accept_loss=self._options.accept_loss,
            step_ms=self._options.step_ms,
            timer_limit=self._options.timer_limit,
            reacquire_s=self.settings.session_timeout_s,
        )

    def _partition(self, tp: TP) -> Partition:
        assert self._around is not None
        declared = self._declared[tp.topic]
        stream = Stream.CASE if declared is CASE_EVENTS else Stream.ACTIVITY
        return Partition(
            tp,
            stream,
            declared.name,
            admin.name_of(STATE_OF[declared.name], self.settings),
            lambda reference: self._make(stream, reference, tp.partition, self._counts[CASE_EVENTS.name]),
            self._around,
        )

    @property
    def _consumer(self) -> Consumer:
        assert self._app is not None
        consumer = self._app.consumer
        assert isinstance(consumer, Consumer)
        return consumer

    async def _place(self, tp: TP, offset: int) -> None:
        await self._consumer.place(tp, offset)

    def _progress(self, tp: TP) -> Progress | None:
        return self._consumer.progress(tp)


async def _run(settings: Settings, make: MakeEngine, options: Options) -> None:
    worker = Worker(settings, make, options)
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, worker.stop)
    try:
        await worker.run()
    except BaseException as error:
        if worker.hangs:
            _cut(error)
        raise
    if worker.hangs:
        _cut(None)


def _cut(error: BaseException | None) -> None:
    """End the process here and now: what counts is committed, and what hangs is not ours."""
    if isinstance(error, UserError):
        sys.stderr.write("".join(f"supervision: {line}\n" for line in error.lines))
    elif error is not None:
        log.error("ended", exc_info=error)
    sys.stderr.flush()
    os._exit(0 if error is None else 2 if isinstance(error, UserError) else 1)


def run(settings: Settings, make: MakeEngine, options: Options) -> None:
    """The worker's process: returns after an orderly stop; raises UserError for what a restart cannot mend."""
    asyncio.run(_run(settings, make, options))
