"""One partition's transactional producer: everything of a batch counts, or nothing. All calls block; run them in a thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from streams.agents.transport import Headers
from supervision import metrics
from supervision.language import UserError, say

log = structlog.get_logger("agents.transaction")
CALL_S = 10.0
PARTITION_UA = -1  # librdkafka: let the partitioner choose
FENCING = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
    }
)


class Message(NamedTuple):
    """One record to be written. `partition` None: Kafka's default partitioner chooses by the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


class AbortedError(Exception):
    """The transaction did not happen, because of a passing fault: judge the batch again from the last state."""


class FencedError(Exception):
    """Another worker has taken this partition; nothing of the transaction counts."""


class UnavailableError(Exception):
    """The broker does not answer, or has lost what this producer was about: try again later with a new one.

    Whether the last transaction counts is not known; opening the next one settles it, and the state says which it was.
    """


class Transaction:
    """A transactional producer that `open` makes the only valid one of its id."""

    def __init__(self, config: dict[str, Any], wait: Callable[[float], None] = time.sleep) -> None:
        self.id: str = config["transactional.id"]
        self._failed: list[KafkaError] = []
        self._wait = wait
        self._producer = Producer(config | {"on_delivery": self._note})

    def _note(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failed.append(error)

    def close(self) -> None:
        """Let the producer go; what it had not committed never happened. It may take a while."""
        del self._producer

    def open(self) -> None:
        """Shut out every older producer of this id and wait until its transaction has ended.

        Raises UnavailableError, FencedError.
        """
        try:
            self._producer.init_transactions(CALL_S)
        except KafkaException as raised:
            error: KafkaError = raised.args[0]
            if error.code() in FENCING:
                raise FencedError(error.str()) from None
            if error.retriable() or not error.fatal():
                raise UnavailableError(error.str()) from None
            raise

    def run(self, messages: Iterable[Message]) -> None:
        """Write these messages in one transaction.

        Raises AbortedError, FencedError, UnavailableError; UserError if one is too large.
        """
        self._failed.clear()
        try:
            self._producer.begin_transaction()
            self._write(messages)
            self._commit()
        except KafkaException as raised:
            self._fail(raised)

    def _write(self, messages: Iterable[Message]) -> None:
        produce = self._producer.produce
        for topic, key, value, partition, headers in messages:
            place = PARTITION_UA if partition is None else partition
            while True:
                try:
                    if headers:
                        produce(topic, value, key, place, headers=list(headers))
                    else:
                        produce(topic, value, key, place)
                    break
                except BufferError:
                    self._producer.poll(0.05)

    def _commit(self) -> None:
        """Commit, asking again as long as the fault passes: librdkafka goes on where it was."""
        pause = 0.05
        while True:
            try:
                return self._producer.commit_transaction(CALL_S)
            except KafkaException as raised:
                if not raised.args[0].retriable():
                    raise
                metrics.RETRIES.inc()
                log.warning("commit not answered, asking again", transaction=self.id, because=raised.args[0].str(), pause_s=pause)
                self._wait(pause)
                pause = min(pause * 2, 2.0)

    def _fail(self, raised: KafkaException) -> None:
        """Abort what can be aborted and say in our words what happened."""
        error: KafkaError = raised.args[0]
        if error.code() in FENCING:
            raise FencedError(error.str()) from None
        if error.fatal():
            raise UnavailableError(error.str()) from None
        self._abort()
        self._producer.poll(0)
        if any(failed.code() == KafkaError.MSG_SIZE_TOO_LARGE for failed in [error, *self._failed]):
            raise _too_large(error) from None
        raise AbortedError(error.str()) from None

    def _abort(self) -> None:
        pause = 0.05
        while True:
            try:
                return self._producer.abort_transaction(CALL_S)
            except KafkaException as raised:
                error: KafkaError = raised.args[0]
                if error.code() in FENCING:
                    raise FencedError(error.str()) from None
                if not error.retriable():
                    raise UnavailableError(error.str()) from None
                self._wait(pause)
                pause = min(pause * 2, 2.0)


def _too_large(error: KafkaError) -> UserError:
    return UserError(
        say(
            f"Kafka 不收一条记录, 因为太大 ({error.str()}): 主题的 max.message.bytes 应不小于 supervision topics create 所设",
            f"Kafka refuses a record as too large ({error.str()}): max.message.bytes of the topic must not be less than"
            " what `supervision topics create` sets",
        )
    )
