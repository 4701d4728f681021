"""What a node of the embedded Kafka is told: its server.properties and its logging, as text. Pure; `kafka.py` writes them out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from supervision.settings import LOOPBACK


class Node(Struct, frozen=True):
    """One broker-and-controller of `nodes`; `number` counts from 1; its ports follow those of the node before it."""

    number: int
    nodes: int
    first_port: int
    directory: Path
    message_max_bytes: int

    @property
    def port(self) -> int:
        """Where clients connect; the controller listens on the next one."""
        return self.first_port + 2 * (self.number - 1)


def properties(node: Node, extra: Mapping[str, str]) -> dict[str, str]:
    """The node's settings, `extra` last. Durable against kill -9 of the process: what is acknowledged is in the page cache."""
    copies = str(min(3, node.nodes))
    alive = str(2 if node.nodes >= 3 else 1)
    voters = ",".join(f"{n}@{LOOPBACK}:{node.first_port + 2 * n - 1}" for n in range(1, node.nodes + 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.port + 1}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(node.directory / "log"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": alive,
        "unclean.leader.election.enable": "false",
        "message.max.bytes": str(node.message_max_bytes),
        "replica.fetch.max.bytes": str(node.message_max_bytes),
        # Internal topics: few partitions, because each one is loaded when a node starts.
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": alive,
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": alive,
        # A group of one person's machine: no waiting for others to join, and short sessions for tests.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # Two cores and half a gigabyte: the defaults are for a machine of its own (the cleaner alone would take 128 MB).
        "num.network.threads": "2",
        "num.io.threads": "4",
        "num.recovery.threads.per.data.dir": "2",
        "log.cleaner.dedupe.buffer.size": str(48 << 20),
        # A node that was killed may register again only when its old session has run out: the default is nine seconds.
        "broker.session.timeout.ms": "2000" if node.nodes == 1 else "6000",
        "broker.heartbeat.interval.ms": "250",
        **extra,
    }


def properties_text(values: Mapping[str, str]) -> str:
    """Java's properties format, which is Latin-1: anything else, and what it reads as syntax, is escaped."""
    return "".join(f"{_escaped(key)}={_escaped(value)}\n" for key, value in values.items())


def _escaped(text: str) -> str:
    units = text.replace("\\", "\\\\").encode("utf-16-be")
    characters = (int.from_bytes(units[n : n + 2], "big") for n in range(0, len(units), 2))
    out = "".join(chr(c) if 32 <= c < 127 else f"\\u{c:04x}" for c in characters)
    return "\\" + out if out.startswith(" ") else out


def logging_text(log: Path) -> str:
    """log4j's configuration: everything from INFO up to `log` (30 MB at most), errors to standard output too."""
    return properties_text(
        {
            "status": "error",
            "appender.file.type": "RollingFile",
            "appender.file.name": "File",
            "appender.file.fileName": str(log),
            "appender.file.filePattern": f"{log}.%i",
            "appender.file.layout.type": "PatternLayout",
            "appender.file.layout.pattern": "%d{ISO8601} %p %c{1}: %m%n",
            "appender.file.policies.type": "Policies",
            "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
            "appender.file.policies.size.size": "10MB",
            "appender.file.strategy.type": "DefaultRolloverStrategy",
            "appender.file.strategy.max": "2",
            "appender.console.type": "Console",
            "appender.console.name": "Console",
            "appender.console.layout.type": "PatternLayout",
            "appender.console.layout.pattern": "%d{ISO8601} %p %c{1}: %m%n%ex{3}",
            "appender.console.filter.threshold.type": "ThresholdFilter",
            "appender.console.filter.threshold.level": "error",
            "logger.config.name": "org.apache.kafka.common.config",
            "logger.config.level": "warn",
            "logger.settings.name": "kafka.server.KafkaConfig",
            "logger.settings.level": "warn",
            "rootLogger.level": "info",
            "rootLogger.appenderRef.file.ref": "File",
            "rootLogger.appenderRef.console.ref": "Console",
        }
    )
