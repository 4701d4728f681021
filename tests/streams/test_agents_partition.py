"""The runtime of one partition with stand-ins for broker and engine: what is written, and what happens when writing fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from faust.types import TP

from rules.output import Item, Output
from streams.agents.outbox import Names
from streams.agents.partition import Partition
from streams.agents.progress import Progress
from streams.agents.state import RUNTIME_KEY, Found, Runtime
from streams.agents.surroundings import Surroundings
from streams.agents.transaction import AbortedError, FencedError, Message
from streams.reference import Snapshot
from supervision.event import Stream
from supervision.reference import Reference
from tests.streams.batches import batch, raw
from tests.streams.counting import Counting

WHERE = TP("case-events", 3)
NAMES = Names("alerts", "clues", "activity-events", "dead-letters", 1)


class Engine(Counting):
    """Counts; has as many rounds of due timers as `herd` says, and fails for an event of the case `bomb`."""

    herd = 0

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        if any(getattr(item, "case_id", None) == "bomb" for item in items):
            raise ZeroDivisionError("a fault of the engine's own")
        output = super().process(items, is_last=is_last)
        output.more = self.herd > 0
        return output

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        output = super().advance(clock, to, limit)
        if self.herd:
            self.herd -= 1
            output.steps += super().process([]).steps
            output.alerts += super().process([]).alerts
        output.more = self.herd > 0
        return output


class Broker:
    """The log, the state and what was written, in memory. `faults`: what the next transactions raise."""

    def __init__(self) -> None:
        self.state: dict[str, bytes] = {}
        self.runtime: Runtime | None = None
        self.written: list[Message] = []
        self.faults: list[Exception] = []
        self.opened = 0
        self.placed: list[int] = []
        self.engines: list[Engine] = []
        self.snapshot = Snapshot(Reference([], "1"), 1)

    # what a Transaction does
    def run(self, messages: Iterable[Message]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        for message in messages:
            if message.topic != "case-state":
                self.written.append(message)
            elif message.key == RUNTIME_KEY:
                self.runtime = _runtime(message)
            elif message.value is None:
                self.state.pop((message.key or b"").decode(), None)
            else:
                self.state[(message.key or b"").decode()] = message.value

    def close(self) -> None: ...

    # what the surroundings do
    def open_transaction(self, tp: TP) -> Any:
        self.opened += 1
        return self

    def load(self, tp: TP, topic: str) -> tuple[Found, int | None, int, int]:
        return Found(self.runtime, dict(self.state)), None, 0, 1_000_000

    async def place(self, tp: TP, offset: int) -> None:
        self.placed.append(offset)

    def make(self, reference: Reference) -> Engine:
        self.engines.append(Engine(Stream.CASE, reference, 3, 1))
        return self.engines[-1]

    def alerts(self) -> list[str]:
        return [(message.key or b"").decode() for message in self.written if message.topic == "alerts"]


def _runtime(message: Message) -> Runtime:
    return msgspec.json.decode(message.value or b"", type=Runtime)


Use = Callable[[Partition, Broker], Awaitable[None]]


def running(use: Use) -> None:
    """Run a partition on a broker of memory while `use` plays with it; what the partition raises is raised."""

    async def play() -> None:
        broker = Broker()
        with ThreadPoolExecutor(2) as pool:
            around = Surroundings(
                names=NAMES,
                pool=pool,
                reference=lambda: broker.snapshot,
                place=broker.place,
                progress=lambda tp: Progress(0, 0, 1, 0, 0),
                has_activity=lambda: False,
                open_transaction=broker.open_transaction,
                load=broker.load,
                accept_loss=False,
                step_ms=1_000,
                timer_limit=10,
                reacquire_s=0.05,
            )
            partition = Partition(WHERE, Stream.CASE, "case-events", "case-state", broker.make, around)
            partition.take()
            life = asyncio.create_task(partition.run())
            player = asyncio.ensure_future(use(partition, broker))
            await asyncio.wait([life, player], return_when=asyncio.FIRST_COMPLETED)
            player.cancel() if life.done() else life.cancel()
            for task in (player, life):
                with suppress(asyncio.CancelledError):
                    await task

    asyncio.run(play())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def events(numbers: range, case: str = "c") -> list[bytes | None]:
    return [raw(number, case) for number in numbers]


async def offered(partition: Partition, broker: Broker, values: list[bytes | None], first: int) -> None:
    """Offer a batch as the transport would: once the partition is placed."""
    await until(lambda: partition.is_running and bool(broker.placed))
    await partition.offer(batch(values, first=first))


def test_a_batch_is_judged_and_leaves_with_state_and_offset() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(3)), 0)
        await until(lambda: partition.runtime.next == 3)
        assert broker.alerts() == ["c#1", "c#2", "c#3"]
        assert broker.state["c"] == b"3"
        assert broker.runtime == Runtime(3, 1)

    running(use)


def test_an_aborted_transaction_is_judged_again_from_the_last_state() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(2)), 0)
        await until(lambda: partition.runtime.next == 2)
        broker.faults = [AbortedError("the coordinator moved")]
        await offered(partition, broker, events(range(2, 4)), 2)
        await until(lambda: broker.opened == 2 and broker.placed[-1] == 2 and len(broker.placed) > 1)
        await offered(partition, broker, events(range(2, 4)), 2)
        await until(lambda: partition.runtime.next == 4)
        assert broker.alerts() == ["c#1", "c#2", "c#3", "c#4"]
        assert len(broker.engines) == 2, "the engine of the aborted transaction is gone"

    running(use)


def test_a_fenced_partition_says_nothing_and_takes_up_what_the_other_owner_left() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(2)), 0)
        await until(lambda: partition.runtime.next == 2)
        broker.state["c"], broker.runtime = b"7", Runtime(7, 9)
        broker.faults = [FencedError("a newer producer")]
        await offered(partition, broker, events(range(2, 3)), 2)
        await until(lambda: partition.runtime.next == 7)
        await until(lambda: broker.placed[-1] == 7)
        await offered(partition, broker, events(range(7, 8)), 7)
        await until(lambda: partition.runtime.next == 8)
        assert broker.alerts() == ["c#1", "c#2", "c#8"]

    running(use)


def test_a_fault_of_the_engine_stops_before_anything_is_written() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, [*events(range(2)), *events(range(1), "bomb")], 0)
        await asyncio.sleep(20)
        pytest.fail(f"still alive, wrote {broker.written}")

    with pytest.raises(ZeroDivisionError):
        running(use)


def test_records_seen_before_are_passed_over_and_records_that_went_astray_are_fetched_again() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(4)), 0)
        await until(lambda: partition.runtime.next == 4)
        await offered(partition, broker, events(range(2, 6)), 2)
        await until(lambda: partition.runtime.next == 6)
        assert broker.alerts() == [f"c#{number}" for number in range(1, 7)]
        fetches = len(broker.placed)
        await offered(partition, broker, events(range(9, 10)), 9)
        await until(lambda: len(broker.placed) > fetches)
        assert broker.placed[-1] == 6

    running(use)


def test_the_offset_is_shown_to_the_group_when_what_it_made_due_is_judged_too() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(1)), 0)
        await until(lambda: partition.shown == 1)
        seen: list[int | None] = []
        broker.engines[-1].herd = 5
        await offered(partition, broker, events(range(1, 2)), 1)
        while broker.engines[-1].herd:
            seen.append(partition.shown)
            await asyncio.sleep(0)
        assert set(seen) == {1}
        await until(lambda: partition.shown == 2)

    running(use)


def test_new_reference_data_is_taken_up_between_batches() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await until(lambda: partition.reference_offset == 1)
        broker.snapshot = Snapshot(Reference([], "2"), 5)
        await until(lambda: partition.reference_offset == 5)
        assert broker.engines[-1].reference.version == "2"

    running(use)


def test_a_parked_partition_takes_nothing_and_goes_on_where_it_was() -> None:
    async def use(partition: Partition, broker: Broker) -> None:
        await offered(partition, broker, events(range(2)), 0)
        await until(lambda: partition.runtime.next == 2)
        await partition.park()
        assert not partition.is_running
        await partition.offer(batch(events(range(2, 4)), first=2))
        fetches = len(broker.placed)
        partition.take()
        await until(lambda: len(broker.placed) > fetches)
        assert broker.placed[-1] == 2
        await offered(partition, broker, events(range(2, 4)), 2)
        await until(lambda: partition.runtime.next == 4)
        assert broker.alerts() == ["c#1", "c#2", "c#3", "c#4"]
        assert (broker.opened, len(broker.engines)) == (1, 1), "nothing was taken up anew"

    running(use)
