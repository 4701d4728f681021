from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_murmur2

from supervision import topics
from supervision.event import CaseEvent, EventType
from supervision.payload import PAYLOADS


def event(event_type: EventType, case_id: str | None = None, subject: str | None = None, root: str | None = None) -> CaseEvent:
    return CaseEvent(
        event_id=uuid4(),
        event_type=event_type,
        occurred_at=0,
        source_system="s",
        case_id=case_id,
        subject=subject,
        root_case_id=root,
        payload=PAYLOADS[event_type]() if event_type is EventType.SEAL_USED else None,
    )


@given(st.binary(max_size=200))
def test_the_partitioner_is_kafkas_own(key: bytes) -> None:
    assert topics.murmur2(key) == kafka_murmur2(key)


@given(st.text(max_size=60), st.integers(1, 200))
def test_a_subject_goes_where_its_key_goes(subject: str, partitions: int) -> None:
    place = topics.partition_of_subject(subject, partitions)
    assert place == topics.partition_of(subject.encode(), partitions) == (kafka_murmur2(subject.encode()) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize("event_type", list(EventType))
def test_every_event_type_has_a_topic_and_a_key(event_type: EventType) -> None:
    example = event(event_type, case_id="c", subject="officer:1")
    topic = topics.topic_of(example)
    assert topic in {topics.CASE_EVENTS, topics.ACTIVITY_EVENTS}
    assert topics.key_of(example) == ("s/c" if topic is topics.CASE_EVENTS else "officer:1")


def test_a_member_case_is_keyed_by_its_root() -> None:
    assert topics.key_of(event(EventType.CASE_ACCEPTED, case_id="member", root="root")) == "s/root"


def test_a_seal_used_without_a_case_is_activity_of_its_subject() -> None:
    used = event(EventType.SEAL_USED, subject="seal:9")
    assert topics.topic_of(used) is topics.ACTIVITY_EVENTS
    assert topics.key_of(used) == "seal:9"


def test_an_event_that_names_nothing_has_no_key() -> None:
    with pytest.raises(ValueError, match="names no case"):
        topics.key_of(event(EventType.CASE_ACCEPTED))
    with pytest.raises(ValueError, match="names no subject"):
        topics.key_of(event(EventType.SEAL_USED))


def test_topic_names_are_unique_and_state_has_the_partitions_of_its_events() -> None:
    assert len({topic.name for topic in topics.ALL}) == len(topics.ALL)
    for name, state in topics.STATE_OF.items():
        events = next(topic for topic in topics.ALL if topic.name == name)
        assert state.count(7) == events.count(7) == 7
        assert state.cleanup is topics.Cleanup.COMPACT


def test_three_replicas_want_two_in_sync_and_one_wants_itself() -> None:
    assert topics.ALERTS.config(3)["min.insync.replicas"] == "2"
    assert topics.ALERTS.config(1)["min.insync.replicas"] == "1"
