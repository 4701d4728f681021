"""Bad messages among good ones: each is in the dead letters with its reason, and every good event is judged.

SUPERVISION_POISON bad messages, 100,000 unless said.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from streams import admin, clients
from supervision.event import Stream
from supervision.refusal import Reason
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, Topic
from tests.flow.harness import Deployment, until
from tests.flow.poison import poison
from tests.flow.truth import Input, Truth, assert_holds
from tests.streams.batches import batch, read

COUNT = int(os.environ.get("SUPERVISION_POISON", "100000"))


@pytest.mark.parametrize("topic", [CASE_EVENTS, ACTIVITY_EVENTS], ids=lambda topic: topic.name)
def test_every_message_of_the_generator_is_poison(topic: Topic) -> None:
    values = [value for where, value in poison(20_000) if where is topic]
    inbox = read(batch(values), 0, Stream.CASE if topic is CASE_EVENTS else Stream.ACTIVITY)
    assert inbox.items == []
    assert len(inbox.refused) == len(values)


@pytest.mark.service
@pytest.mark.log
@pytest.mark.timeout(900)
def test_poison_among_good_events_is_all_in_the_dead_letters_and_changes_no_verdict(
    receipt: Input, receipt_truth: Truth, tmp_path: Path
) -> None:
    with Deployment(tmp_path, workers=2, partitions=4) as deployment:
        running = deployment.start("importer", "import", "--no-wait", *receipt.arguments())
        sent = send(deployment)
        until(lambda: not running.is_alive, "the import")
        assert running.process.returncode == 0, running.log.read_text()
        del deployment.parts["importer"]
        deployment.drain()
        assert_holds(deployment.settings, receipt_truth)
        assert letters(deployment) == sent
        deployment.check()


def send(deployment: Deployment) -> Counter[str]:
    """Write the poison straight to its topics; how many went to each."""
    producer, sent = clients.producer(deployment.settings), Counter[str]()
    for number, (topic, value) in enumerate(poison(COUNT)):
        name = admin.name_of(topic, deployment.settings)
        while True:
            try:
                producer.produce(name, value, str(number).encode(), headers=[("number", str(number).encode())])
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        sent[name] += 1
    assert producer.flush(180) == 0
    return sent


def letters(deployment: Deployment) -> Counter[str]:
    """The dead letters by the topic they come from; each with a reason of the closed list and the headers it came with."""
    store = deployment.store()
    try:
        rows = store.execute(
            "SELECT origin_topic, reason, headers['number'] != '', count() FROM dead_letters GROUP BY ALL ORDER BY ALL"
        )
    finally:
        store.close()
    assert {reason for _, reason, _, _ in rows} <= set(Reason)
    assert all(kept for _, _, kept, _ in rows)
    found = Counter[str]()
    for topic, _, _, count in rows:
        found[topic] += count
    return found
