"""A partition's state on its compacted topic: the engine's entries by key, and the runtime's own with the next input offset."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from msgspec import Struct

from streams import clients
from streams.agents.stops import log_gap, log_shorter
from streams.agents.transaction import Message, UnavailableError

RUNTIME_KEY = b"\x00runtime"  # engine keys are text without control characters
SILENCE_S = 30.0
CALL_S = 10.0


class Loss(Struct, frozen=True):
    """Records [`first`, `end`) that an operator gave up, and when (ms UTC)."""

    first: int
    end: int
    at: int


class Runtime(Struct, frozen=True, omit_defaults=True):
    """The runtime's entry. `next`: the first input offset whose record has not been judged; `batches`: transactions so far."""

    next: int
    batches: int = 0
    losses: tuple[Loss, ...] = ()


class Found(Struct):
    """What a state partition holds. `runtime` None: nothing was ever judged here. `entries`: latest value of every live key."""

    runtime: Runtime | None
    entries: dict[str, bytes]


def messages(topic: str, partition: int, runtime: Runtime, changes: Iterable[tuple[str, bytes | None]]) -> list[Message]:
    """The writes that bring the state topic to where the engine is: changed entries (None: a tombstone), then the runtime's."""
    written = [Message(topic, key.encode(), value, partition) for key, value in changes]
    written.append(Message(topic, RUNTIME_KEY, msgspec.json.encode(runtime), partition))
    return written


def load(consumer: Consumer, topic: str, partition: int) -> Found:
    """Read a state partition from its beginning to its end. Blocks. Raises UnavailableError if the broker falls silent."""
    consumer.assign([TopicPartition(topic, partition, bounds(consumer, topic, partition)[0])])
    latest: dict[bytes, bytes] = {}
    heard = time.monotonic()
    while True:
        for message in consumer.consume(10_000, 0.05):
            heard = time.monotonic()
            error = message.error()
            if error is None:
                _apply(latest, message.key() or b"", message.value())
            elif error.code() == KafkaError._PARTITION_EOF:
                runtime = latest.pop(RUNTIME_KEY, None)
                return Found(
                    None if runtime is None else msgspec.json.decode(runtime, type=Runtime),
                    {key.decode(): value for key, value in latest.items()},
                )
        if time.monotonic() - heard > SILENCE_S:
            raise UnavailableError(f"{topic}/{partition}: nothing from the broker for {SILENCE_S:.0f} s")


def _apply(latest: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        latest.pop(key, None)
    else:
        latest[key] = value


def bounds(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    """The first offset of a log and the one after its last record. Raises UnavailableError."""
    try:
        return clients.bounds(consumer, topic, partition)
    except KafkaException as raised:
        raise UnavailableError(str(raised.args[0])) from None


def committed(consumer: Consumer, topic: str, partition: int) -> int | None:
    """The group's committed offset, None if there is none. Raises UnavailableError."""
    try:
        (found,) = consumer.committed([TopicPartition(topic, partition)], CALL_S)
    except KafkaException as raised:
        raise UnavailableError(str(raised.args[0])) from None
    return found.offset if found.offset >= 0 else None


def where_to_begin(
    runtime: Runtime | None, shown: int | None, low: int, high: int, where: tuple[str, int], now: int, *, accept_loss: bool
) -> Runtime:
    """The runtime entry to go on from. `shown`: the group's committed offset; `low`, `high`: bounds of the log at `where`.

    The first start ever begins at the log's beginning. Raises UserError if records went before they were judged, or if the log
    is shorter than what was judged (it was made anew); with `accept_loss` the gap is recorded in the entry instead.
    """
    topic, partition = where
    if runtime is None and shown is None:
        return Runtime(low)
    wanted = runtime.next if runtime is not None else 0  # state went, though something was judged: judge all there is again
    if wanted > high:
        raise log_shorter(topic, partition, wanted, high)
    if wanted >= low:
        return runtime or Runtime(wanted)
    if not accept_loss:
        raise log_gap(topic, partition, wanted, low)
    known = runtime or Runtime(wanted)
    return Runtime(low, known.batches, (*known.losses, Loss(wanted, low, now)))
