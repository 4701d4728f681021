"""The board's process: everything made, served by uvicorn, and stopped in order. `supervision dashboard` runs it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from dashboards.access.database import Database
from dashboards.access.desk import Desk
from dashboards.access.lockout import Lockout
from dashboards.access.rights import Scope
from dashboards.access.sessions import Sessions
from dashboards.access.users import Users
from dashboards.api.app import application
from dashboards.api.services import Services
from dashboards.board.board import Board
from dashboards.live.hub import Hub
from dashboards.names import Names
from dashboards.page.rule import RulePages
from dashboards.queries.figures import FIGURES
from dashboards.queries.pool import Pool
from rules.book import Rulebook
from streams.feed import Follower, Probe
from streams.store.client import address_of
from supervision import metrics
from supervision.reference import Reference
from supervision.settings import Settings, metrics_port_of

log = structlog.get_logger("board")

GRACE_S = 8


class NamesKeeper:
    """The newest names; made anew when reference data changes. Before it is read: codes only."""

    def __init__(self, follower: Follower, book: Rulebook) -> None:
        self._follower = follower
        self._rules = {rule.id: rule.card for rule in book.rules}
        self._made: tuple[int, Names] = (-1, Names(Reference(), self._rules))

    def __call__(self) -> Names:
        if self._follower.is_read:
            snapshot = self._follower.current
            if snapshot.offset != self._made[0]:
                self._made = (snapshot.offset, Names(snapshot.reference, self._rules))
        return self._made[1]


class Server:
    """All parts of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._database = Database(settings.data)
        users = Users(self._database)
        self._desk = Desk()
        book = Rulebook.load(settings.rule_cards)
        self._follower = Follower(settings)
        names = NamesKeeper(self._follower, book)
        self.hub = Hub(settings, names)
        self._pool = Pool(address_of(settings))
        self.board = Board(self._pool, names, self.hub.workers, self._heard, lambda: self._follower.is_read)
        self.services = Services(
            users=users,
            sessions=Sessions(self._database, users),
            lockout=Lockout(self._database),
            desk=self._desk,
            hub=self.hub,
            board=self.board,
            pool=self._pool,
            names=names,
            book=book,
            rules=RulePages(rule.card for rule in book.rules),
            is_ready=lambda: self.is_ready,
        )
        self.app = application(self.services, self._lifespan)

    @property
    def is_ready(self) -> bool:
        """The stream is at its end, names are read, ClickHouse answers."""
        return self.hub.is_ready and self._follower.is_read and self.board.is_ready

    @property
    def failure(self) -> BaseException | None:
        """Why the process cannot go on."""
        return self.hub.tail.failure or self._follower.failure

    def _heard(self) -> Mapping[tuple[str, int], int]:
        return self.hub.heard()

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self._follower.start()
        self.hub.start()

        def publish(pulse: Callable[[Scope], bytes]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.hub.publish, pulse)

        loop.run_in_executor(None, self.services.rules.make)
        self.board.start(publish)
        try:
            yield
        finally:
            await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self.board.stop()
        self.hub.tail.stop()
        self._follower.stop()
        self._pool.close()
        self._desk.close()
        self._database.close()


class _Uvicorn(uvicorn.Server):
    """Closes the streams first: they would hold the stop up for as long as somebody watches."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not uvicorn's own: that raises the signal once more behind an orderly end, so that the process seems to be killed."""
        self._hub.close_soon()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises what ended it if nobody asked it to."""
    metrics.start_board(FIGURES)
    server = Server(settings)
    probe = None
    port = metrics_port_of(settings, "dashboard")
    if port:
        probe = Probe(port, lambda: server.is_ready)
    config = uvicorn.Config(
        server.app,
        host=settings.dashboard_host,
        port=settings.dashboard_port,
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
    )
    serving = _Uvicorn(config, server.hub)
    try:
        asyncio.run(_serve(serving, server))
    finally:
        if probe is not None:
            probe.close()
    if server.failure is not None:
        raise server.failure


async def _serve(serving: _Uvicorn, server: Server) -> None:
    """Until told to stop, or a part has failed."""
    watch = asyncio.create_task(_watch(serving, server))
    try:
        await serving.serve()
    finally:
        watch.cancel()


async def _watch(serving: _Uvicorn, server: Server) -> None:
    while server.failure is None:
        await asyncio.sleep(0.5)
    serving.handle_exit(signal.SIGTERM, None)
