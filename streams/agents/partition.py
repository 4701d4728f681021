"""The runtime of one partition: take up its state, judge its batches, fire its timers; everything a step says leaves in one
transaction with the state and the next offset.

Its life: recovering -> running -> parked (a rebalance took it away, perhaps to bring it back) -> running or closed. Whoever else
had the partition in between has fenced the producer, and then the next transaction fails and the state is read anew.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from time import perf_counter
from typing import Any

import structlog
from aiokafka.errors import IllegalStateError
from faust.types import TP

from rules.output import Engine, Output
from streams.agents import outbox, state
from streams.agents.deadletter import dead_letter
from streams.agents.inbox import Inbox, portions
from streams.agents.outbox import Steps, says_something
from streams.agents.progress import wall_limit
from streams.agents.state import Runtime
from streams.agents.surroundings import Surroundings
from streams.agents.tally import Tally, senders
from streams.agents.tracing import Cause, causes
from streams.agents.transaction import AbortedError, FencedError, Message, Transaction, UnavailableError
from streams.agents.transport import Batch, now_ms
from supervision import logs, metrics
from supervision.event import Stream
from supervision.metrics import Outcome, Stage
from supervision.reference import Reference
from supervision.refusal import Refusal

log = structlog.get_logger("agents.partition")
TICK_S = 0.2
NEVER = -(2**62)


class Phase(StrEnum):
    RECOVERING = "recovering"
    RUNNING = "running"
    CLOSED = "closed"


class Partition:
    """One partition of `stream`. `make` builds an empty engine of its kind for a reference."""

    def __init__(
        self, tp: TP, stream: Stream, declared: str, state_topic: str, make: Callable[[Reference], Engine], around: Surroundings
    ) -> None:
        self.tp = tp
        self.phase = Phase.RECOVERING
        self.reference_offset: int | None = None
        self.runtime = Runtime(0)
        self._stream = stream
        self._declared = declared
        self._state_topic = state_topic
        self._make = make
        self._around = around
        self._wanted = asyncio.Event()
        self._busy = asyncio.Lock()
        self._batches: asyncio.Queue[Batch] = asyncio.Queue(maxsize=2)
        self._steps = Steps(around.step_ms)
        self._engine: Engine | None = None
        self._transaction: Transaction | None = None
        self._is_placed = False
        self._last_stamp: int | None = None
        self._settled: int | None = None
        self._tally = Tally(declared, tp.partition)
        self._log = log.bind(topic=tp.topic, partition=tp.partition)

    # -- what the assignment tells ------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether batches can be judged: it is ours, and has its state."""
        return self.phase is Phase.RUNNING and self._wanted.is_set()

    @property
    def shown(self) -> int | None:
        """The offset to show to the group: everything before it is judged, and what it made due too; None: not known yet.

        Behind the last record it goes on over records that nobody is given, so that there is no lag when there is nothing to do.
        """
        progress = self._around.progress(self.tp)
        if self._settled != self.runtime.next or progress is None or self.runtime.next < progress.delivered:
            return self._settled
        return max(self.runtime.next, progress.position)

    @property
    def clocks(self) -> dict[str, int]:
        """How far each clock has come in its engine; none while it takes up its state."""
        return {} if self._engine is None or self.phase is not Phase.RUNNING else self._engine.clocks()

    def take(self) -> None:
        """It is ours (again)."""
        self._wanted.set()

    async def park(self) -> None:
        """It is being taken away: drop what waits, and return when the step at hand has ended."""
        self._wanted.clear()
        self._is_placed = False
        self._drain()
        async with self._busy:
            self._drain()
        self._tally.gone()

    async def offer(self, batch: Batch) -> None:
        """Hand over a batch; waits while two are waiting already. Dropped if it cannot be judged now: it will be fetched again."""
        if self.is_running:
            await self._batches.put(batch)

    def _drain(self) -> None:
        while not self._batches.empty():
            self._batches.get_nowait()

    # -- life ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled. Raises UserError for what a person must decide, and anything unexpected."""
        pause = 0.1
        while True:
            try:
                await self._wanted.wait()
                await self._recover()
                pause = 0.1
                await self._serve()
            except (AbortedError, UnavailableError) as fault:
                self._log.warning("starts again from its state", because=str(fault), pause_s=pause)
                metrics.TRANSACTIONS.labels(Outcome.ABORTED.value).inc()
                await self._forget()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            except FencedError as fault:
                self._log.warning("another worker has it", because=str(fault))
                metrics.TRANSACTIONS.labels(Outcome.FENCED.value).inc()
                await self._forget()
                await asyncio.sleep(self._around.reacquire_s)

    async def _forget(self) -> None:
        """Drop engine and producer; what was not committed has not happened."""
        self.phase = Phase.RECOVERING
        self._drain()
        self._tally.gone()
        transaction, self._engine, self._transaction = self._transaction, None, None
        if transaction is not None:
            await self._in_pool(transaction.close)

    async def close(self) -> None:
        """After its task has ended: nothing of it stays."""
        await self._forget()
        self.phase = Phase.CLOSED

    async def _recover(self) -> None:
        """Fence whoever had it, read its state to the end, build the engine."""
        self.phase = Phase.RECOVERING
        snapshot = self._around.reference()
        begun = perf_counter()
        found = await self._in_pool(self._take_up, snapshot.reference)
        self.reference_offset = snapshot.offset
        metrics.RECOVERY_SECONDS.observe(perf_counter() - begun)
        metrics.RECOVERED.inc(found)
        self._last_stamp = self._settled = None
        self.phase = Phase.RUNNING
        self._log.info("state taken up", entries=found, next=self.runtime.next, seconds=round(perf_counter() - begun, 3))

    def _take_up(self, reference: Reference) -> int:
        """In a thread. The number of entries taken up."""
        transaction = self._around.open_transaction(self.tp)
        found, shown, low, high = self._around.load(self.tp, self._state_topic)
        before = found.runtime
        self.runtime = state.where_to_begin(
            before, shown, low, high, (self.tp.topic, self.tp.partition), now_ms(), accept_loss=self._around.accept_loss
        )
        if self.runtime.losses and (before is None or before.losses != self.runtime.losses):
            loss = self.runtime.losses[-1]
            self._log.error("records given up", first=loss.first, end=loss.end)
            metrics.LOST.labels(self._declared).inc(loss.end - loss.first)
            transaction.run(state.messages(self._state_topic, self.tp.partition, self.runtime, ()))
        engine = self._make(reference)
        engine.restore(found.entries.items())
        self._engine, self._transaction = engine, transaction
        return len(found.entries)

    async def _serve(self) -> None:
        assert self._engine is not None
        more = self._is_placed = False
        while True:
            await self._wanted.wait()
            if not self._is_placed:
                await self._place()
                continue
            batch = await self._next_batch(more)
            async with self._busy:
                if not self._wanted.is_set():
                    continue
                self._follow_reference()
                if batch is not None:
                    await self._judge(batch)
                more = await self._tick()
                if not more:
                    self._settled = self.runtime.next
                self._tally.measure(self._engine)

    async def _place(self) -> None:
        """Ask for the records from the next one on. A rebalance may come between; then the next turn asks again."""
        self._drain()
        self._is_placed = True
        try:
            await self._around.place(self.tp, self.runtime.next)
        except IllegalStateError:
            self._is_placed = False
            await asyncio.sleep(TICK_S)

    async def _next_batch(self, more: bool) -> Batch | None:
        """The next batch; None after a tick without one, or at once if timers are waiting too."""
        if not self._batches.empty() or more:
            return None if self._batches.empty() else self._batches.get_nowait()
        try:
            return await asyncio.wait_for(self._batches.get(), TICK_S)
        except TimeoutError:
            return None

    def _follow_reference(self) -> None:
        snapshot = self._around.reference()
        if snapshot.offset != self.reference_offset:
            assert self._engine is not None
            self._engine.use(snapshot.reference)
            self.reference_offset = snapshot.offset

    # -- steps --------------------------------------------------------------------------------------------------

    async def _judge(self, batch: Batch) -> None:
        """Judge one batch and commit; if records before it did not come, ask for them."""
        assert self._engine is not None
        if batch.since > self.runtime.next:
            self._log.warning("a fetch went astray, fetching again", next=self.runtime.next, since=batch.since)
            self._is_placed = False
            return
        if batch.until <= self.runtime.next:
            return
        start, spent = self.runtime.next, dict.fromkeys((Stage.DECODE, Stage.JUDGE, Stage.COMMIT), 0.0)
        output, letters, sent = Output(), [], Counter[str]()
        judged = perf_counter()
        for inbox in portions(batch, start, self._stream):
            read = perf_counter()
            spent[Stage.DECODE] += read - judged
            said = self._engine.process(inbox.items, is_last=inbox.is_last)
            letters += self._letters(batch, inbox, said)
            output.add(said)
            sent.update(senders(inbox.items))
            judged = perf_counter()
            spent[Stage.JUDGE] += judged - read
        await self._commit(output, letters, batch.until, causes(output.alerts, batch, start))
        spent[Stage.COMMIT] = perf_counter() - judged
        self._last_stamp = batch.timestamps[-1]
        source = self._around.reference().reference.source
        self._tally.batch(batch, sent, spent, now_ms(), lambda name: source(name).clock == outbox.WALL)

    def _letters(self, batch: Batch, inbox: Inbox, output: Output) -> list[Message]:
        refused = [*inbox.refused, *((inbox.place(event), Refusal(reason=reason)) for event, reason in output.refused)]
        self._tally.refused(refused)
        return [dead_letter(self._around.names.dead_letters, batch, index, refusal) for index, refusal in refused]

    async def _tick(self) -> bool:
        """Move the wall clock as far as the log allows and fire a bounded number of timers. True: more are due."""
        assert self._engine is not None
        progress = self._around.progress(self.tp)
        limit = wall_limit(progress, self.runtime.next, self._last_stamp)
        self._tally.tick(progress, self.runtime.next, limit, now_ms())
        output = self._engine.advance(outbox.WALL, NEVER if limit is None else limit, self._around.timer_limit)
        await self._commit(output, (), self.runtime.next, causes(output.alerts))
        return output.more

    async def _commit(self, output: Output, letters: Iterable[Message], next_offset: int, caused: Sequence[Cause]) -> None:
        """One transaction of what was said, unless there is nothing to say."""
        assert self._engine is not None
        for alarm in output.alarms:
            metrics.ALARMS.labels(alarm.kind).inc()
            self._log.error("alarm", kind=alarm.kind, subject=alarm.subject, detail=alarm.detail)
        output.steps = self._steps.choose(output.steps, self._around.has_activity())
        if next_offset == self.runtime.next and not says_something(output):
            self._tally.fired(output, now_ms())
            return
        runtime = Runtime(next_offset, self.runtime.batches + 1, self.runtime.losses)
        written = [
            *letters,
            *outbox.alerts(output.alerts, self._around.names, now_ms(), caused),
            *outbox.signals(output.signals, output.steps, self._around.names),
            *state.messages(self._state_topic, self.tp.partition, runtime, self._engine.changes()),
        ]
        assert self._transaction is not None
        await self._in_pool(self._transaction.run, written)
        self.runtime = runtime
        self._tell(output, next_offset, caused)

    def _tell(self, output: Output, next_offset: int, caused: Sequence[Cause]) -> None:
        """It is committed: count it, and a line for each revision of an alert."""
        now = now_ms()
        self._tally.committed(output, next_offset)
        self._tally.fired(output, now)
        self._tally.published(caused, now)
        logs.lines(
            "agents.alert",
            "alert",
            (
                {
                    "trace_id": cause.trace_id,
                    "alert_id": alert.alert_id,
                    "rule": alert.rule_id,
                    "alert_level": alert.level.value,
                    "state": alert.state.value,
                    "revision": alert.revision,
                }
                for alert, cause in zip(output.alerts, caused, strict=True)
            ),
        )

    async def _in_pool(self, call: Callable[..., Any], *args: Any) -> Any:
        """A blocking call, in a thread. A cancelled wait lets it end: half a call is no state to be left in."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._around.pool, call, *args))
