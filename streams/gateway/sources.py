"""What the reference data say of a source: its clock and its region. Followed in a thread, so an answer needs no wait."""

from __future__ import annotations

import asyncio
import time

from confluent_kafka import Consumer, KafkaException

from streams import admin, clients
from streams.gateway.intake import Profile
from streams.gateway.keys import Key
from streams.reference import Follower
from supervision.settings import Settings
from supervision.topics import REFERENCE

_READ_S = 60.0
_FRESH_S = 5.0
_LOOK_S = 0.05


class Sources:
    """Profiles by key. `start` returns when the reference data are read; `failure` as of the follower."""

    def __init__(self, settings: Settings) -> None:
        self._follower = Follower(settings)
        self._topic = admin.name_of(REFERENCE, settings)
        self._asker: Consumer = clients.reader(settings, f"{settings.app_id}-gateway")

    def start(self) -> bool:
        """Whether all was read within a minute."""
        self._follower.start()
        return self._follower.wait(_READ_S)

    @property
    def failure(self) -> BaseException | None:
        return self._follower.failure

    def profile_of(self, key: Key) -> Profile:
        """The key's word on the clock goes before the reference data's."""
        source = self._follower.current.reference.source(key.source)
        return Profile(key.clock or source.clock, source.region_code)

    async def fresh(self) -> None:
        """Return when what was published before this call is known here (or a few seconds have passed): a source may send its first
        event as soon as its entry is acknowledged."""
        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        until = time.monotonic() + _FRESH_S
        try:
            _, end = clients.bounds(self._asker, self._topic, 0, _FRESH_S)
        except KafkaException:
            return
        while self._follower.read_to < end and time.monotonic() < until:
            time.sleep(_LOOK_S)

    def close(self) -> None:
        self._follower.stop()
        self._asker.close()
