"""The agents on a real broker: what goes in once comes out once, whatever happens to the workers."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from streams.reference import publish, wait_until_used
from supervision.language import UserError
from supervision.reference import Source
from supervision.settings import load
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, CLUES, MIB
from tests.streams.agents_rig import Rig, expected, expected_signals, until
from tests.streams.batches import raw

pytestmark = [pytest.mark.service, pytest.mark.timeout(180)]


@pytest.fixture
def rig(kafka: Kafka, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(kafka.bootstrap, tmp_path)
    yield made
    made.close()


def has_all(rig: Rig, events: int) -> bool:
    """Every event judged and every signal heard; more than once would show too."""
    return rig.alert_ids().total() >= events and rig.signal_ids().total() >= events


def assert_once_each(rig: Rig, events: int) -> None:
    until(lambda: has_all(rig, events), f"{events} events to be judged")
    assert rig.alert_ids() == expected(events)
    assert rig.signal_ids() == expected_signals(events)


def test_every_event_is_judged_once_and_every_signal_heard_once(rig: Rig) -> None:
    rig.send_cases(range(300))
    rig.started()
    rig.send_cases(range(300, 600))
    assert_once_each(rig, 600)


def test_a_stopped_worker_leaves_in_order_and_the_next_goes_on_behind_it(rig: Rig) -> None:
    rig.send_cases(range(400))
    worker = rig.started()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    rig.send_cases(range(400, 500))
    rig.started()
    assert_once_each(rig, 500)


def test_a_worker_killed_in_the_middle_of_its_batches_loses_and_doubles_nothing(rig: Rig) -> None:
    rig.send_cases(range(3000))
    for _ in range(2):
        worker = rig.start()
        until(lambda: rig.is_ready() and rig.metric("supervision_transactions_total") > 0, "a transaction")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    rig.started()
    assert_once_each(rig, 3000)


def test_partitions_move_when_a_worker_joins_and_when_it_goes(rig: Rig) -> None:
    rig.started(0)
    rig.send_cases(range(300))
    second = rig.started(1)
    until(lambda: rig.metric("supervision_partitions_assigned", 1) == 3, "half of the partitions to move")
    rig.send_cases(range(300, 600))
    until(lambda: rig.metric("supervision_partitions_assigned", 0) == 3, "the other half to stay")
    second.send_signal(signal.SIGKILL)
    rig.send_cases(range(600, 900))
    assert_once_each(rig, 900)


def test_a_stopped_and_continued_worker_is_fenced(rig: Rig) -> None:
    zombie = rig.started(0)
    rig.send_cases(range(300))
    until(lambda: rig.alert_ids().total() == 300, "the first events")
    zombie.send_signal(signal.SIGSTOP)
    rig.send_cases(range(300, 600))
    rig.started(1)
    until(lambda: rig.alert_ids().total() >= 600, "the second worker to take over")
    rig.send_cases(range(600, 900))
    zombie.send_signal(signal.SIGCONT)
    rig.send_cases(range(900, 1200))
    assert_once_each(rig, 1200)
    until(lambda: rig.is_ready(0), "the zombie to live again")


def test_poison_goes_to_the_dead_letters_with_its_headers_and_everything_else_is_judged(rig: Rig) -> None:
    trace = [("traceparent", b"00-1-2-01"), ("tenant", b"x")]
    rig.started()
    rig.send_cases(range(50))
    rig.send(CASE_EVENTS, b"{not json", b"poison", trace)
    rig.send(ACTIVITY_EVENTS, raw(1), b"case among subjects", trace)
    rig.send(CASE_EVENTS, None, b"nothing")
    rig.send_cases(range(50, 100))
    assert_once_each(rig, 100)
    until(lambda: len(rig.dead_letters()) == 3, "three dead letters")
    letters = {message.key(): message for message in rig.dead_letters()}
    told = dict(letters[b"poison"].headers() or [])
    assert letters[b"poison"].value() == b"{not json"
    assert [header for header in letters[b"poison"].headers() or [] if header in trace] == trace
    assert told["dead-reason"] == b"not_json"
    assert told["dead-topic"] == rig.name(CASE_EVENTS).encode()
    assert dict(letters[b"case among subjects"].headers() or [])["dead-reason"] == b"wrong_topic"
    assert dict(letters[b"nothing"].headers() or [])["dead-reason"] == b"empty"


def test_a_record_too_large_to_keep_whole_is_kept_cut_with_its_hash(rig: Rig) -> None:
    rig.configure(CASE_EVENTS, "max.message.bytes", str(4 * MIB))
    whole = os.urandom(3 * MIB)
    until(lambda: rig.is_taken(CASE_EVENTS, whole, b"huge", [("traceparent", b"00-1-2-01")]), "the larger limit to hold")
    rig.send_cases(range(50))
    rig.started()
    assert_once_each(rig, 50)
    until(lambda: len(rig.dead_letters()) == 1, "the dead letter")
    (letter,) = rig.dead_letters()
    told = dict(letter.headers() or [])
    assert whole.startswith(letter.value() or b"-")
    assert (told["dead-reason"], told["dead-length"]) == (b"too_large", str(len(whole)).encode())
    assert told["dead-sha256"] == hashlib.sha256(whole).hexdigest().encode()
    assert told["traceparent"] == b"00-1-2-01"


def test_records_deleted_before_they_were_judged_stop_the_worker_until_the_loss_is_accepted(rig: Rig) -> None:
    rig.send_cases(range(300))
    worker = rig.started()
    assert_once_each(rig, 300)
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    rig.send_cases(range(300, 600))
    rig.delete_all(CASE_EVENTS)

    again = rig.start()
    assert again.wait(60) == 2
    assert "--accept-loss" in rig.log().read_text()

    rig.started(COUNTING_ACCEPT_LOSS="1")
    assert rig.metric("supervision_lost_records_total") == 300
    rig.send_cases(range(600, 900))
    assert_once_each(rig, 600)


def test_a_log_that_loses_records_under_a_running_worker_stops_it(rig: Rig) -> None:
    rig.send_cases(range(300))
    worker = rig.started()
    assert_once_each(rig, 300)
    worker.send_signal(signal.SIGSTOP)
    rig.send_cases(range(300, 600))
    rig.delete_all(CASE_EVENTS)
    worker.send_signal(signal.SIGCONT)
    assert worker.wait(60) == 2
    assert "retention.ms" in rig.log().read_text()


def test_every_case_partition_tells_the_wall_clock_to_every_subject_partition(rig: Rig) -> None:
    rig.send_cases(range(30))
    rig.started()
    wanted = {f"step:wall:{number}#" for number in range(3)}
    until(lambda: all(any(key.startswith(one) for key in rig.alert_ids(CLUES)) for one in wanted), "the wall clock's steps")


def test_a_publication_of_reference_data_is_used_by_every_worker(rig: Rig) -> None:
    rig.started(0)
    rig.started(1)
    counts = {topic.name: 3 for topic in (CASE_EVENTS, ACTIVITY_EVENTS)}
    offset = publish(rig.settings, [Source(name="a"), Source(name="b", clock="log")])
    workers = wait_until_used(rig.settings, offset, counts)
    assert len(workers) == 2
    assert {worker.reference_offset for worker in workers} == {offset}
    assert publish(rig.settings, [Source(name="a")]) == offset, "the same again writes nothing"
    newer = publish(rig.settings, [Source(name="a", clock="log")], removed=["source/b/"])
    assert newer > offset
    assert all(worker.reference_offset == newer for worker in wait_until_used(rig.settings, newer, counts))


def test_waiting_for_agents_that_do_not_run_says_so(rig: Rig) -> None:
    with pytest.raises(UserError, match="no agents are running"):
        wait_until_used(rig.settings, 0, {CASE_EVENTS.name: 3}, timeout_s=0)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Kafka]:
    """A broker of the test's own, to be killed."""
    with Kafka(tmp_path / "kafka", free_ports(2), load().cache, heap_mb=384) as broker:
        yield broker


def test_a_broker_killed_and_started_again_loses_and_doubles_nothing(own_broker: Kafka, tmp_path: Path) -> None:
    rig = Rig(own_broker.bootstrap, tmp_path)
    try:
        first, second = rig.started(0), rig.started(1)
        rig.send_cases(range(2000))
        until(lambda: rig.metric("supervision_transactions_total", 0) > 0, "a transaction")
        own_broker.kill()
        own_broker.start()
        rig.send_cases(range(2000, 3000))
        assert_once_each(rig, 3000)
        assert (first.poll(), second.poll()) == (None, None), "a broker that is away for a while ends no worker"
    finally:
        rig.close()


def test_a_worker_whose_join_fails_ends_instead_of_idling(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka", free_ports(2), load().cache, heap_mb=384, extra={"group.max.size": "1"}) as small:
        rig = Rig(small.bootstrap, tmp_path)
        try:
            rig.started(0)
            refused = rig.start(1)
            assert refused.wait(60) == 1, "anything but 0 and 2: the parent starts it again"
            assert "check_coordinator" in rig.log(1).read_text(), "it was the watchdog that ended it"
            assert rig.is_ready(0)
        finally:
            rig.close()
