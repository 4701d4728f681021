"""The gateway's process: put together, serve until told to stop, answer what is under way, end. Called by `supervision gateway`."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from streams import admin
from streams.gateway.admission import Admission, Bytes
from streams.gateway.app import build
from streams.gateway.body import Limits
from streams.gateway.broker import Broker
from streams.gateway.intake import Intake
from streams.gateway.keys import Keyring
from streams.gateway.persons import Persons, read_key
from streams.gateway.service import Events
from streams.gateway.sources import Sources
from streams.gateway.wire import IDLE_S, bounded
from streams.probe import Probe
from supervision import metrics
from supervision.language import UserError, say
from supervision.settings import Settings, metrics_port_of

_log = structlog.get_logger("gateway")
REQUESTS_AT_ONCE = 256
_LOOK_S = 0.5
_STOP_S = 20
_BACKLOG = 2048


def limits_of(settings: Settings) -> Limits:
    return Limits(settings.gateway_body_bytes, settings.gateway_request_events, settings.gateway_body_s)


class _Server(uvicorn.Server):
    """Signals only ask it to stop: uvicorn would raise them again at the end, and a stop in order would look like a death."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(which, self.stop)
        yield

    def stop(self) -> None:
        self.should_exit = True


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises UserError where a person must act: no broker or topic, a broken file, a busy port."""
    keyring, persons = Keyring(settings.gateway_keys), Persons(read_key(settings.person_key))
    counts = admin.check(settings)
    listening = _listen(settings)
    sources, memory, limits = Sources(settings), Bytes(settings.gateway_memory_bytes), limits_of(settings)
    metrics.start_gateway(keyring.sources())
    metrics.GATEWAY_HELD.set_function(lambda: memory.held)
    broker = Broker(settings, counts)
    metrics.READY.set_function(lambda: broker.is_there)
    probe: Probe | None = None
    try:
        if port := metrics_port_of(settings, "gateway"):
            probe = Probe(port, lambda: broker.is_there)
        if not sources.start():
            raise UserError(say("一分钟内未能读完基础数据", "the reference data could not be read within a minute"))
        events = Events(keyring, Intake(persons, sources.profile_of), broker, sources, limits, memory, Admission(REQUESTS_AT_ONCE))
        server = _server(settings, events, broker, limits)
        _log.info("gateway_started", host=settings.gateway_host, port=settings.gateway_port, keys=len(keyring))
        gc.freeze()  # what the start made is not walked through again
        asyncio.run(_serve(server, sources, listening))
    finally:
        listening.close()
        broker.close()
        sources.close()
        if probe is not None:
            probe.close()
        _log.info("gateway_stopped")


def _server(settings: Settings, events: Events, broker: Broker, limits: Limits) -> _Server:
    config = uvicorn.Config(
        build(events, lambda: broker.is_there, limits),
        http=bounded(settings.gateway_connections),
        ws="none",
        lifespan="off",
        access_log=False,  # addresses and queries of clients are nobody's business here
        log_config=None,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=_STOP_S,
        backlog=_BACKLOG,
    )
    return _Server(config)


async def _serve(server: _Server, sources: Sources, listening: socket.socket) -> None:
    """Run the server beside a look at the thread it rests on."""
    serving = asyncio.create_task(server.serve([listening]))
    try:
        while not serving.done():
            await asyncio.wait([serving], timeout=_LOOK_S)
            if sources.failure is not None:
                raise sources.failure
        await serving
    finally:
        server.stop()
        if not serving.done():
            await serving


def _listen(settings: Settings) -> socket.socket:
    """The socket; bound before anything is begun, since uvicorn ends the process when it cannot."""
    host, port = settings.gateway_host, settings.gateway_port
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG)
    except OSError as error:
        raise UserError(
            say(
                f"网关无法监听 {host}:{port}({error.strerror}): 改 SUPERVISION_GATEWAY_PORT",
                f"the gateway cannot listen on {host}:{port} ({error.strerror}): set SUPERVISION_GATEWAY_PORT",
            )
        ) from None
