"""Topics of their own on the shared broker, real worker processes with the counting engine, and what these wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import uuid4

from confluent_kafka import OFFSET_END, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from kafka.admin import ConfigResource

from streams import admin, clients
from streams.embedded.stack_child import leashed
from streams.embedded.stack_lock import free_ports
from supervision.settings import load, metrics_port_of
from supervision.topics import ALERTS, CASE_EVENTS, CLUES, DEAD_LETTERS, Topic
from tests.streams.batches import raw

PATIENCE_S = 60.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail, saying what was waited for, when patience is at its end."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


class Rig:
    """One deployment: its topics exist; workers are started by `start` and all killed by `close`."""

    def __init__(self, bootstrap: str, directory: Path, partitions: int = 3) -> None:
        name = f"rig-{uuid4().hex[:8]}"
        self.directory = directory
        self.settings = load(
            kafka_bootstrap=bootstrap,
            app_id=name,
            topic_prefix=f"{name}.",
            partitions=partitions,
            session_timeout_s=6,
            metrics_port=free_ports(14),
            batch_events=200,
        )
        admin.create(self.settings)
        self._producer = clients.producer(self.settings)
        self._refused: list[KafkaError] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def name(self, topic: Topic) -> str:
        return admin.name_of(topic, self.settings)

    # -- events -------------------------------------------------------------------------------------------------

    def send(
        self, topic: Topic, value: bytes | None, key: bytes, headers: Iterable[tuple[str, bytes]] = (), partition: int = -1
    ) -> None:
        self._producer.poll(0)
        self._producer.produce(self.name(topic), value, key, partition, headers=list(headers), on_delivery=self._note)

    def send_cases(self, numbers: Iterable[int], cases: int = 20) -> None:
        """One event per number, spread over the cases in turn."""
        for number in numbers:
            case = f"c{number % cases}"
            self.send(CASE_EVENTS, raw(number, case), f"s/{case}".encode())
        self.flush()

    def delete_all(self, topic: Topic) -> None:
        """Delete what is there now, as retention would: every partition begins at its end."""
        client = AdminClient({"bootstrap.servers": self.settings.kafka_address})
        name, count = self.name(topic), topic.count(self.settings.partitions)
        everything = [TopicPartition(name, number, OFFSET_END) for number in range(count)]
        for future in client.delete_records(everything).values():
            future.result(PATIENCE_S)

    def configure(self, topic: Topic, setting: str, value: str) -> None:
        """Change one setting of a topic on the broker."""
        with admin.connected(self.settings) as client:
            client.alter_configs([ConfigResource("TOPIC", self.name(topic), {setting: value})])

    def flush(self) -> None:
        assert self._producer.flush(PATIENCE_S) == 0
        assert not self._refused

    def is_taken(self, topic: Topic, value: bytes, key: bytes, headers: Iterable[tuple[str, bytes]] = ()) -> bool:
        """Send one record; whether the broker takes it (a changed setting needs a moment)."""
        self.send(topic, value, key, headers)
        assert self._producer.flush(PATIENCE_S) == 0
        refused, self._refused = self._refused, []
        return not refused

    def _note(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._refused.append(error)

    # -- workers ------------------------------------------------------------------------------------------------

    def start(self, index: int = 0, **more: str) -> subprocess.Popen[bytes]:
        """A worker process; its log is `<directory>/worker-<index>.log`."""
        chosen = self.settings
        environment = {
            "SUPERVISION_KAFKA_BOOTSTRAP": chosen.kafka_address,
            "SUPERVISION_APP_ID": chosen.app_id,
            "SUPERVISION_TOPIC_PREFIX": chosen.topic_prefix,
            "SUPERVISION_PARTITIONS": str(chosen.partitions),
            "SUPERVISION_SESSION_TIMEOUT_S": str(chosen.session_timeout_s),
            "SUPERVISION_METRICS_PORT": str(chosen.metrics_port),
            "SUPERVISION_BATCH_EVENTS": str(chosen.batch_events),
            "SUPERVISION_LANGUAGE": "en",
            "COUNTING_INDEX": str(index),
        }
        with self.log(index).open("ab") as output:
            worker = subprocess.Popen(
                leashed([sys.executable, "-m", "tests.streams.counting"]),
                env=os.environ | environment | more,
                stdout=output,
                stderr=output,
            )
        self.workers.append(worker)
        return worker

    def log(self, index: int = 0) -> Path:
        return self.directory / f"worker-{index}.log"

    def is_ready(self, index: int = 0) -> bool:
        try:
            with urllib.request.urlopen(self._url("readyz", index), timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def started(self, index: int = 0, **more: str) -> subprocess.Popen[bytes]:
        """A worker that is ready."""
        worker = self.start(index, **more)
        until(lambda: self.is_ready(index) or worker.poll() is not None, f"worker {index} to be ready: {self.log(index)}")
        assert worker.poll() is None, self.log(index).read_text()
        return worker

    def _url(self, path: str, index: int) -> str:
        return f"http://127.0.0.1:{metrics_port_of(self.settings, 'agents', index)}/{path}"

    def metric(self, name: str, index: int = 0) -> float:
        """The sum of all series of a metric."""
        with urllib.request.urlopen(self._url("metrics", index), timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
            worker.wait()
        del self._producer

    # -- what was written ---------------------------------------------------------------------------------------

    def read(self, topic: Topic) -> list[Message]:
        """Every committed record of the topic."""
        consumer = clients.reader(self.settings, f"{self.settings.app_id}-test")
        name, found = self.name(topic), []
        try:
            count = topic.count(self.settings.partitions)
            consumer.assign([TopicPartition(name, number, 0) for number in range(count)])
            ended: set[int] = set()
            while len(ended) < count:
                for message in consumer.consume(500, 0.1):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        ended.add(message.partition() or 0)
        finally:
            consumer.close()
        return found

    def alert_ids(self, topic: Topic = ALERTS) -> Counter[str]:
        return Counter((message.key() or b"").decode() for message in self.read(topic))

    def signal_ids(self) -> Counter[str]:
        """What subject agents said of signals; not of clock steps, which come as time goes by."""
        return Counter({key: count for key, count in self.alert_ids(CLUES).items() if key.startswith("signal:")})

    def dead_letters(self) -> list[Message]:
        return self.read(DEAD_LETTERS)


def expected(events: int, cases: int = 20) -> Counter[str]:
    """What the counting engine says of `events` events of `Rig.send_cases`, each once."""
    per_case = Counter(f"c{number % cases}" for number in range(events))
    return Counter(f"{case}#{number}" for case, count in per_case.items() for number in range(1, count + 1))


def expected_signals(events: int, cases: int = 20) -> Counter[str]:
    return Counter(f"signal:officer:{key}" for key in expected(events, cases))
