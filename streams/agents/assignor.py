"""Who gets which partition: each topic spread evenly over the workers, and as much as possible left where it is.

Neither of aiokafka's own will do: round robin moves nearly everything when a worker comes or goes, and each move is a recovery;
its sticky one counts partitions only, and may give one worker all cases and another all subjects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

VERSION = 0
Places = dict[str, dict[str, list[int]]]  # worker -> topic -> partitions


def share(partitions: Mapping[str, Collection[int]], held: Mapping[str, Mapping[str, Collection[int]]]) -> Places:
    """Give every partition of every topic to one of the workers that `held` names, with what each has had so far.

    Of each topic any two workers get the same number, or one more; who gets one more has the fewest altogether. Two that claim
    the same partition (one of them was out of the group for a while): the first by name counts.
    """
    workers = sorted(held)
    shared: Places = {worker: {} for worker in workers}
    for topic in sorted(partitions):
        for worker, mine in _share_topic(sorted(partitions[topic]), topic, workers, held, shared).items():
            shared[worker][topic] = sorted(mine)
    return shared


def _share_topic(
    numbers: list[int], topic: str, workers: list[str], held: Mapping[str, Mapping[str, Collection[int]]], shared: Places
) -> dict[str, list[int]]:
    least, more = divmod(len(numbers), len(workers))
    free = set(numbers)
    claims: dict[str, list[int]] = {}
    for worker in workers:
        claims[worker] = sorted(free & set(held[worker].get(topic, ())))
        free -= set(claims[worker])
    has = {worker: sum(map(len, shared[worker].values())) for worker in workers}
    by_need = sorted(workers, key=lambda worker: (has[worker], len(claims[worker]) <= least, worker))
    quota = {worker: least + (place < more) for place, worker in enumerate(by_need)}
    mine = {worker: claims[worker][: quota[worker]] for worker in workers}
    left = sorted(set(numbers).difference(*mine.values()))
    for worker in workers:
        wanted = quota[worker] - len(mine[worker])
        mine[worker] += left[:wanted]
        left = left[wanted:]
    return mine


class EvenAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """`share` as aiokafka's group protocol has it; one object per consumer, which remembers what that was given last.

    A broker that has just started may say of a topic that it does not know it. What is known of old counts then: else everybody
    would be given nothing, and nobody would ask again for minutes.
    """

    name = "even"

    def __init__(self) -> None:
        self._held: dict[str, list[int]] = {}
        self._known: dict[str, set[int]] = {}

    def metadata(self, topics: Iterable[str]) -> Any:
        return ConsumerProtocolMemberMetadata(VERSION, sorted(topics), msgspec.json.encode(self._held))

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        topics = {topic for member in members.values() for topic in member.subscription}
        held = {name: msgspec.json.decode(member.user_data or b"{}", type=dict[str, list[int]]) for name, member in members.items()}
        partitions = {topic: self._partitions(cluster, topic, held.values()) for topic in topics}
        return {
            name: ConsumerProtocolMemberAssignment(VERSION, sorted(places.items()), b"")
            for name, places in share(partitions, held).items()
        }

    def _partitions(self, cluster: Any, topic: str, held: Iterable[Mapping[str, Collection[int]]]) -> set[int]:
        found = cluster.partitions_for_topic(topic)
        if found:
            self._known[topic] = set(found)
            return self._known[topic]
        return self._known.get(topic, set()).union(*(places.get(topic, ()) for places in held))

    def on_assignment(self, assignment: Any) -> None:
        self._held = {topic: list(numbers) for topic, numbers in assignment.assignment}
