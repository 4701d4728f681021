from __future__ import annotations

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.assignor import EvenAssignor, share

CITY = {"activity-events": range(12), "case-events": range(12)}


def moved(before: dict[str, dict[str, list[int]]], after: dict[str, dict[str, list[int]]]) -> int:
    """Partitions whose worker is another one, of those whose worker is still there."""
    owners = {
        (topic, number): worker for worker, places in after.items() for topic, numbers in places.items() for number in numbers
    }
    return sum(
        owners[topic, number] != worker
        for worker, places in before.items()
        if worker in after
        for topic, numbers in places.items()
        for number in numbers
    )


def test_each_topic_is_spread_evenly() -> None:
    shared = share(CITY, {"a": {}, "b": {}, "c": {}})
    assert all(len(numbers) == 4 for places in shared.values() for numbers in places.values())


def test_nothing_moves_when_nothing_changed() -> None:
    shared = share(CITY, {"a": {}, "b": {}, "c": {}})
    assert share(CITY, shared) == shared


def test_a_worker_that_comes_takes_only_its_part_and_one_that_goes_leaves_the_rest_alone() -> None:
    two = share(CITY, {"a": {}, "b": {}})
    three = share(CITY, two | {"c": {}})
    assert moved(two, three) == 8
    back = share(CITY, {name: places for name, places in three.items() if name != "a"})
    assert moved(three, back) == 0


def test_odd_partitions_go_to_who_has_fewest_altogether() -> None:
    shared = share({"x": range(3), "y": range(3)}, {"a": {}, "b": {}})
    assert [sum(map(len, places.values())) for places in shared.values()] == [3, 3]


HELD = st.dictionaries(st.sampled_from("abcde"), st.dictionaries(st.sampled_from("xyz"), st.sets(st.integers(0, 15))), min_size=1)


@given(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 13).map(range)), HELD)
def test_whatever_workers_claim_every_partition_has_one_owner_and_topics_are_even(
    partitions: dict[str, range], held: dict[str, dict[str, set[int]]]
) -> None:
    shared = share(partitions, held)
    for topic, numbers in partitions.items():
        given_out = [number for places in shared.values() for number in places[topic]]
        assert sorted(given_out) == list(numbers)
        sizes = [len(places[topic]) for places in shared.values()]
        assert max(sizes) - min(sizes) <= 1


class Cluster:
    """What a consumer knows of the broker; `topics` is empty while the broker starts."""

    def __init__(self, topics: dict[str, set[int]]) -> None:
        self.topics = topics

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self.topics.get(topic)


def test_what_was_given_is_claimed_at_the_next_join() -> None:
    assignor = EvenAssignor()
    members = {"a": assignor.metadata(["x", "unknown"]), "b": EvenAssignor().metadata(["x"])}
    cluster = Cluster({"x": {0, 1, 2}})
    shared = EvenAssignor().assign(cluster, members)
    assert {name: places.assignment for name, places in shared.items()} == {
        "a": [("unknown", []), ("x", [0, 1])],
        "b": [("unknown", []), ("x", [2])],
    }
    assignor.on_assignment(shared["a"])
    again = EvenAssignor().assign(cluster, {"z": assignor.metadata(["x"]), "b": EvenAssignor().metadata(["x"])})
    assert dict(again["z"].assignment)["x"] == [0, 1]


def given_out(assignor: EvenAssignor, cluster: Cluster, members: dict[str, EvenAssignor]) -> dict[str, list[tuple[str, list[int]]]]:
    told = {name: member.metadata(["case-events"]) for name, member in members.items()}
    found = {name: assignment.assignment for name, assignment in assignor.assign(cluster, told).items()}
    for name, member in members.items():
        member.on_assignment(ConsumerProtocolMemberAssignment(0, found[name], b""))
    return found


def test_a_broker_that_does_not_know_the_topics_yet_takes_no_partition_from_anybody() -> None:
    members = {"a": EvenAssignor(), "b": EvenAssignor()}
    before = given_out(members["a"], Cluster({"case-events": set(range(12))}), members)
    assert given_out(members["a"], Cluster({}), members) == before


def test_a_new_leader_that_never_heard_of_the_topics_takes_the_others_word() -> None:
    members = {"a": EvenAssignor(), "b": EvenAssignor()}
    given_out(members["a"], Cluster({"case-events": set(range(12))}), members)
    members["c"] = EvenAssignor()
    found = given_out(members["c"], Cluster({}), members)
    assert sorted(number for places in found.values() for _, numbers in places for number in numbers) == list(range(12))


def test_a_topic_that_was_made_anew_has_the_partitions_that_the_broker_says() -> None:
    members = {"a": EvenAssignor()}
    given_out(members["a"], Cluster({"case-events": set(range(12))}), members)
    assert given_out(members["a"], Cluster({"case-events": {0, 1}}), members) == {"a": [("case-events", [0, 1])]}
