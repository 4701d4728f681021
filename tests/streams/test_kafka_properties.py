"""What a node is told: ports that do not collide, copies that fit the number of nodes, text that Java reads back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.embedded.kafka_properties import Node, logging_text, properties, properties_text


def node(number: int = 1, nodes: int = 1, directory: str = "/d") -> Node:
    return Node(number, nodes, 21000, Path(directory), 2 << 20)


def read_as_java_does(text: str) -> dict[str, str]:
    """Enough of java.util.Properties for what we write: one pair a line, backslash escapes."""
    pairs = {}
    for line in text.splitlines():
        key, value = line.split("=", 1)
        pairs[key] = re.sub(
            r"((?:\\u[0-9a-f]{4})+)|\\(.)",
            lambda m: (
                b"".join(bytes.fromhex(u) for u in m[1].split("\\u") if u).decode("utf-16-be", "surrogatepass") if m[1] else m[2]
            ),
            value,
        )
    return pairs


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_value_reads_back(value: str) -> None:
    assert read_as_java_does(properties_text({"log.dirs": value})) == {"log.dirs": value}


def test_the_text_is_ascii_even_for_a_chinese_directory() -> None:
    text = properties_text(properties(node(directory="/数据"), {})) + logging_text(Path("/数据/kafka.log"))
    assert text.isascii()
    assert "log.dirs=/\\u6570\\u636e/log" in text


@pytest.mark.parametrize(("nodes", "copies", "alive"), [(1, "1", "1"), (3, "3", "2")], ids=["one node", "three nodes"])
def test_internal_topics_have_as_many_copies_as_there_are_nodes(nodes: int, copies: str, alive: str) -> None:
    told = properties(node(nodes=nodes), {})
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        assert told[f"{topic}.replication.factor"] == copies
    assert told["transaction.state.log.min.isr"] == told["min.insync.replicas"] == alive


def test_every_node_has_two_ports_of_its_own_and_knows_all_voters() -> None:
    told = [properties(node(number, 3), {}) for number in (1, 2, 3)]
    ports = re.findall(r":(\d+)", " ".join(each["listeners"] for each in told))
    assert ports == ["21000", "21001", "21002", "21003", "21004", "21005"]
    assert {each["controller.quorum.voters"] for each in told} == {"1@127.0.0.1:21001,2@127.0.0.1:21003,3@127.0.0.1:21005"}


def test_what_the_caller_adds_outweighs_ours() -> None:
    told = properties(node(), {"message.max.bytes": "5"})
    assert told["message.max.bytes"] == "5"
    assert told["replica.fetch.max.bytes"] == str(2 << 20)


def test_the_broker_listens_on_the_loopback_only() -> None:
    told = properties(node(), {})
    assert re.findall(r"//([^:]+):", told["listeners"] + told["advertised.listeners"]) == ["127.0.0.1"] * 3
