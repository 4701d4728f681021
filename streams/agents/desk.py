"""What a worker asks of the broker beside reading and writing events; every call blocks and belongs in a thread."""

from __future__ import annotations

import threading

from faust.types import TP

from streams import admin, clients
from streams.agents import state
from streams.agents.state import Found
from streams.agents.transaction import Transaction, UnavailableError
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS


class Desk:
    """The calls of one worker's partitions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let nobody wait for the broker any longer; what was not committed has not happened."""
        self._stopping.set()

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise UnavailableError("the worker stops")

    def open_transaction(self, tp: TP) -> Transaction:
        """A transaction for `tp`; whoever had one before is shut out. Raises UnavailableError."""
        transactional_id = f"{self._settings.app_id}-{tp.topic}-{tp.partition}"
        transaction = Transaction(clients.transactional_config(self._settings, transactional_id), self._pause)
        transaction.open()
        return transaction

    def load(self, tp: TP, state_topic: str) -> tuple[Found, int | None, int, int]:
        """The state of `tp`, the group's committed offset, the bounds of its log. Raises UnavailableError."""
        consumer = clients.reader(self._settings, self._settings.app_id)
        try:
            found = state.load(consumer, state_topic, tp.partition)
            shown = state.committed(consumer, tp.topic, tp.partition)
            low, high = state.bounds(consumer, tp.topic, tp.partition)
            return found, shown, low, high
        finally:
            consumer.close()

    def has_activity(self) -> bool:
        """Whether anything was ever written to activity-events; until then nobody needs the wall clock's steps.

        Raises KafkaException if the broker does not answer.
        """
        name = admin.name_of(ACTIVITY_EVENTS, self._settings)
        consumer = clients.reader(self._settings, self._settings.app_id)
        try:
            found = consumer.list_topics(name, clients.CALL_S).topics[name].partitions
            return any(clients.bounds(consumer, name, number)[1] > 0 for number in found)
        finally:
            consumer.close()
