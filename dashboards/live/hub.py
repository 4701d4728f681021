"""Between the thread that reads the alerts and everybody who watches them: the ring, and the bell that says there is more.

Lives in the server's event loop; only `Tail` calls it from another thread, by way of the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from dashboards.access.rights import Scope
from dashboards.cards import card_of
from dashboards.live.resume import Missed
from dashboards.live.ring import Ring
from dashboards.names import Names
from streams.feed import GoneError, Record, Status, Tail, read_span
from streams.feed.layout import Layout
from supervision import metrics
from supervision.alert import Alert
from supervision.settings import Settings

log = structlog.get_logger("board.hub")

KEPT = 5_000  # alerts in memory, about 3.6 KB each; what is older is read from Kafka
KEEP_OFFSETS = 1_000  # of each partition, when the server starts
MOST_MISSED = 20_000  # records read back for one watcher; who missed more loads everything again
GATHER_S = 0.02  # what comes within it goes out together

_json = msgspec.json.Encoder().encode


class Hub:
    """`names` gives the newest names."""

    def __init__(self, settings: Settings, names: Callable[[], Names]) -> None:
        self.ring = Ring(KEPT, self.encoded)
        self.watchers = 0
        self.pulse_number = 0
        self.is_closing = False
        self._settings = settings
        self._names = names
        self._layout: Layout | None = None
        self._bell = asyncio.Event()
        self._is_ringing = False
        self._pulse: Callable[[Scope], bytes] = lambda _scope: b""
        self._pulses: dict[Scope, bytes] = {}
        self._ended: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.tail = Tail(settings, self._begin, self._hear, KEEP_OFFSETS)
        self._reading = asyncio.Semaphore(4)

    def start(self) -> None:
        """In the loop that serves."""
        self._loop = asyncio.get_running_loop()
        self.tail.start()

    @property
    def is_ready(self) -> bool:
        return self._layout is not None and self.tail.is_ready

    def workers(self) -> list[Status]:
        return self.tail.workers()

    def encoded(self, alert: Alert) -> bytes:
        """The card of an alert as JSON."""
        return _json(card_of(alert, self._names()))

    # -- what comes in ------------------------------------------------------------------------------------------

    def _begin(self, layout: Layout, since: list[int], _until: list[int]) -> None:
        self._in_loop(lambda: self._begun(layout, since))

    def _begun(self, layout: Layout, since: list[int]) -> None:
        self._layout = layout
        self.ring.begin(since, layout.narrow)

    def _hear(self, records: list[Record]) -> None:
        self._in_loop(lambda: self._heard(records))

    def _heard(self, records: list[Record]) -> None:
        before = self.ring.end
        self.ring.append(records)
        metrics.BOARD_ALERTS.inc(self.ring.end - before)
        if self.ring.end != before:
            self._ring_soon()

    def _in_loop(self, act: Callable[[], None]) -> None:
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _ring_soon(self) -> None:
        if not self._is_ringing:
            self._is_ringing = True
            asyncio.get_running_loop().call_later(GATHER_S, self._ring_now)

    def _ring_now(self) -> None:
        self._is_ringing = False
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    # -- what goes out ------------------------------------------------------------------------------------------

    async def more(self, seconds: float) -> None:
        """Returns when there may be something new, at the latest after so long."""
        try:
            await asyncio.wait_for(self._bell.wait(), seconds)
        except TimeoutError:
            return

    async def read_back(self, position: list[int], until: list[int]) -> list[Missed]:
        """What lies in the log between, encoded. Raises GoneError; KafkaException if the broker does not answer."""
        layout = self._layout
        if layout is None:
            raise GoneError
        since = [*position, *until[len(position) :]]
        async with self._reading:
            return await asyncio.to_thread(self._read_back, layout, since, until)

    def _read_back(self, layout: Layout, since: list[int], until: list[int]) -> list[Missed]:
        records = read_span(self._settings, layout, since, until, MOST_MISSED)
        return [
            (record, b"" if record.alert is None else b"event: alert\ndata: " + self.encoded(record.alert) + b"\n\n")
            for record in records
        ]

    def publish(self, pulse: Callable[[Scope], bytes]) -> None:
        """A new `clock` event for everybody; `pulse` makes the event for a scope, asked once for each."""
        self._pulse = pulse
        self._pulses = {}
        self.pulse_number += 1
        self._ring_soon()

    def pulse(self, scope: Scope) -> bytes:
        found = self._pulses.get(scope)
        if found is None:
            found = self._pulses[scope] = self._pulse(scope)
        return found

    def end(self, session_ids: list[str]) -> None:
        """These sessions are over: their streams close."""
        self._ended.update(session_ids)
        self._ring_soon()

    def has_ended(self, session_id: str) -> bool:
        return session_id in self._ended

    def close_soon(self) -> None:
        """The server stops: every stream closes. From a signal handler too."""
        self.is_closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring_now)

    def heard(self) -> dict[tuple[str, int], int]:
        """The next offset of every partition of alerts and clues, by topic and number."""
        layout = self._layout
        return {} if layout is None else dict(zip(layout.places, self.ring.position, strict=True))
