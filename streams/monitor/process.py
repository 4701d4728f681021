"""`supervision monitor`: the monitor as a process beside the sink, with Kafka, the store, clocks and metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import structlog
from confluent_kafka import KafkaException

from rules.book import Rulebook
from streams import admin, clients, reference
from streams.monitor.monitor import WALL, Monitor, encoded
from streams.store.client import Patience, Stopped, Store, address_of
from streams.verify.reach import by_agents
from supervision import metrics
from supervision.alert import Alert
from supervision.language import UserError
from supervision.reference import Entry
from supervision.settings import Settings
from supervision.topics import ALERTS

CALL_S = 30.0
_log = structlog.get_logger("monitor")


class Process:
    """`run` works until `stop` is called, from a signal handler or another thread. `is_ready`: the last look succeeded."""

    def __init__(self, settings: Settings, book: Rulebook) -> None:
        self.is_ready = False
        self._settings = settings
        self._stopping = threading.Event()
        self._store = Store(address_of(settings), Patience(total_s=None), self._stopping.is_set)
        self._follower = reference.Follower(settings)
        self._producer = clients.producer(settings)
        self._topic = admin.name_of(ALERTS, settings)
        self._monitor = Monitor(book, self._store, self._say, self._publish)

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        self._follower.start()
        try:
            while not self._stopping.is_set():
                self.is_ready = self._look()
                self._stopping.wait(self._settings.monitor_every_s)
        except Stopped:
            pass
        finally:
            self._follower.stop()
            self._store.close()

    def _look(self) -> bool:
        """Whether it looked; what passes by itself is looked at again the next time."""
        if self._follower.failure is not None:
            raise self._follower.failure
        if not self._follower.wait(CALL_S):
            return False
        try:
            clocks = (by_agents(self._settings) or {}) | {WALL: time.time_ns() // 1_000_000}
            looked = self._monitor.look(self._follower.current.reference, clocks)
        except (KafkaException, UserError) as fault:
            _log.warning("looked in vain", because=str(fault))
            return False
        metrics.MONITOR_LOOKS.inc()
        _log.debug("looked", sources=len(looked))
        return True

    def _say(self, alert: Alert) -> None:
        self._producer.produce(self._topic, encoded(alert), alert.alert_id.encode())
        if self._producer.flush(CALL_S):
            raise UserError(f"{self._topic}: not written within {CALL_S:.0f} s")

    def _publish(self, entries: Iterable[Entry]) -> None:
        offset = reference.publish(self._settings, entries)
        until = time.monotonic() + CALL_S
        while self._follower.read_to < offset and time.monotonic() < until and not self._stopping.is_set():
            time.sleep(0.05)
