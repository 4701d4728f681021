"""Transactions of a partition on a real broker: all or nothing, and only by the newest owner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams import clients
from streams.agents.state import Runtime, load, messages
from streams.agents.transaction import FencedError, Message, Transaction
from streams.embedded.kafka import Kafka
from supervision.language import UserError
from supervision.topics import ALERTS, CASE_STATE
from tests.streams.agents_rig import Rig

pytestmark = pytest.mark.service


@pytest.fixture
def rig(kafka: Kafka, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(kafka.bootstrap, tmp_path)
    yield made
    made.close()


def opened(rig: Rig) -> Transaction:
    transaction = Transaction(clients.transactional_config(rig.settings, f"{rig.settings.app_id}-one"))
    transaction.open()
    return transaction


def values(rig: Rig) -> list[bytes | None]:
    return sorted((message.value() for message in rig.read(ALERTS)), key=lambda value: value or b"")


def test_everything_of_a_transaction_counts(rig: Rig) -> None:
    topic = rig.name(ALERTS)
    opened(rig).run([Message(topic, b"a", b"1"), Message(topic, b"b", b"2", 1, (("h", b"x"),))])
    assert values(rig) == [b"1", b"2"]


def test_an_older_owner_is_shut_out_and_nothing_of_its_last_transaction_counts(rig: Rig) -> None:
    topic = rig.name(ALERTS)
    older = opened(rig)
    older.run([Message(topic, b"a", b"before")])
    newer = opened(rig)
    with pytest.raises(FencedError):
        older.run([Message(topic, b"a", b"too late")])
    newer.run([Message(topic, b"a", b"after")])
    assert values(rig) == [b"after", b"before"]


def test_a_record_larger_than_its_topic_takes_is_a_clear_stop_and_nothing_counts(rig: Rig) -> None:
    topic = rig.name(ALERTS)
    transaction = opened(rig)
    for size in (2_000_000, 9_000_000):
        with pytest.raises(UserError, match=r"max\.message\.bytes"):
            transaction.run([Message(topic, b"a", b"small"), Message(topic, b"b", os.urandom(size))])
    assert values(rig) == []


def test_state_is_read_back_without_what_was_removed(rig: Rig) -> None:
    topic = rig.name(CASE_STATE)
    transaction = opened(rig)
    transaction.run(messages(topic, 2, Runtime(5, 1), [("a", b"1"), ("b", b"2"), ("", b"meta")]))
    transaction.run(messages(topic, 2, Runtime(9, 2), [("a", b"3"), ("b", None)]))
    consumer = clients.reader(rig.settings, "test")
    found = load(consumer, topic, 2)
    assert found.runtime == Runtime(9, 2)
    assert found.entries == {"a": b"3", "": b"meta"}
    assert load(consumer, topic, 0).runtime is None
    consumer.close()
