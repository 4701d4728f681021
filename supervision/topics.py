"""Every topic of the product, declared once: name, key, partitions, how long it keeps; and which event goes where under which key.

Used by whoever writes or reads Kafka: gateway, importer, agents, sink, administration. Partitions are chosen by Kafka's
default partitioner, so that writers in any language agree; librdkafka must be told so (`LIBRDKAFKA_PARTITIONER`).
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from supervision.durations import DAY_MS
from supervision.event import CaseEvent, Stream, root_key
from supervision.subject import stream_of, subject_of

MIB = 1024 * 1024
LIBRDKAFKA_PARTITIONER = "murmur2_random"  # librdkafka's own default is CRC32
DEFAULT_PARTITIONS = 12


class Cleanup(StrEnum):
    DELETE = "delete"
    COMPACT = "compact"


class Topic(Struct, frozen=True, kw_only=True):
    """One topic. `key` says in words what its records are keyed by; `retention_ms` -1 keeps for ever.

    `scales`: its partition count is the deployment's (`partitions` given to `Topic.count`), else it is fixed.
    """

    name: str
    key: str
    scales: bool = True
    partitions: int = DEFAULT_PARTITIONS
    cleanup: Cleanup = Cleanup.DELETE
    retention_ms: int = -1
    max_message_bytes: int = MIB
    segment_bytes: int = 256 * MIB

    def count(self, partitions: int = DEFAULT_PARTITIONS) -> int:
        """How many partitions it has in a deployment whose scaling topics have `partitions`."""
        return partitions if self.scales else self.partitions

    def config(self, replication: int = 1) -> dict[str, str]:
        """Kafka's topic settings. Broker time stamps every record: the wall clock of a partition and retention rest on it."""
        settings = {
            "cleanup.policy": self.cleanup.value,
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(max(1, replication - 1)),
            "segment.bytes": str(self.segment_bytes),
            "retention.ms": str(self.retention_ms),
        }
        if self.cleanup is Cleanup.COMPACT:
            settings |= _COMPACTION
        return settings


# A recovering partition reads its state topic from the beginning: what is overwritten must go soon, so segments are small,
# a fifth of dirt starts the cleaner and a segment is closed after an hour at the latest. Tombstones stay an hour.
_COMPACTION = {
    "min.cleanable.dirty.ratio": "0.2",
    "segment.ms": "3600000",
    "delete.retention.ms": "3600000",
    "min.compaction.lag.ms": "0",
}

CASE_EVENTS = Topic(name="case-events", key="root case: <source>/<case>", retention_ms=30 * DAY_MS)
ACTIVITY_EVENTS = Topic(name="activity-events", key="supervised subject", retention_ms=30 * DAY_MS)
REFERENCE = Topic(
    name="reference", key="<kind>/<key>/<valid_from>", scales=False, partitions=1, cleanup=Cleanup.COMPACT, segment_bytes=32 * MIB
)
ALERTS = Topic(name="alerts", key="alert_id", retention_ms=90 * DAY_MS)
CLUES = Topic(name="clues", key="alert_id", retention_ms=90 * DAY_MS)
# Holds what came with its headers, so it may be twice as large as an event; what is larger still is cut and its hash kept.
DEAD_LETTERS = Topic(
    name="dead-letters", key="as it came", scales=False, partitions=3, retention_ms=90 * DAY_MS, max_message_bytes=2 * MIB
)
ALERT_ACTIONS = Topic(name="alert-actions", key="alert_id", scales=False, partitions=3)
CASE_STATE = Topic(name="case-state", key="root case", cleanup=Cleanup.COMPACT, max_message_bytes=8 * MIB, segment_bytes=32 * MIB)
ACTIVITY_STATE = Topic(
    name="activity-state", key="supervised subject", cleanup=Cleanup.COMPACT, max_message_bytes=8 * MIB, segment_bytes=32 * MIB
)
WORKER_STATUS = Topic(
    name="worker-status", key="worker", scales=False, partitions=1, cleanup=Cleanup.COMPACT, segment_bytes=8 * MIB
)

ALL = (
    CASE_EVENTS,
    ACTIVITY_EVENTS,
    REFERENCE,
    ALERTS,
    CLUES,
    DEAD_LETTERS,
    ALERT_ACTIONS,
    CASE_STATE,
    ACTIVITY_STATE,
    WORKER_STATUS,
)

# State lives in the partition of the same number as the events it was made from.
STATE_OF = {CASE_EVENTS.name: CASE_STATE, ACTIVITY_EVENTS.name: ACTIVITY_STATE}
_TOPIC_OF_STREAM = {Stream.CASE: CASE_EVENTS, Stream.ACTIVITY: ACTIVITY_EVENTS, Stream.REFERENCE: REFERENCE}


def topic_of(event: CaseEvent) -> Topic:
    """The topic of an event, by its stream (`supervision.subject.stream_of`)."""
    return _TOPIC_OF_STREAM[stream_of(event)]


def key_of(event: CaseEvent) -> str:
    """The key it is written under: its root case or its subject. Raises ValueError if it names neither."""
    if stream_of(event) is Stream.CASE:
        if event.case_id is None:
            raise ValueError(f"event {event.event_id} of type {event.event_type} names no case")
        return root_key(event)
    subject = subject_of(event)
    if subject is None:
        raise ValueError(f"event {event.event_id} of type {event.event_type} names no subject")
    return subject


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives `key` among `partitions`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


@lru_cache(maxsize=262_144)
def partition_of_subject(subject: str, partitions: int) -> int:
    """`partition_of` a subject's key, remembered: agents ask it for the same subjects over and over."""
    return partition_of(subject.encode(), partitions)


def murmur2(data: bytes) -> int:
    """MurmurHash2 with Kafka's seed, as an unsigned 32-bit number."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    length = len(data)
    hashed = 0x9747B28C ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        hashed = hashed * factor & mask ^ word
    if whole != length:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * factor & mask
    hashed = (hashed ^ hashed >> 13) * factor & mask
    return hashed ^ hashed >> 15
