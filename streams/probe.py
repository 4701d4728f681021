"""What a process shows to its surroundings over HTTP: `/metrics` for Prometheus, `/readyz` for whoever waits for it.

`/metrics?name[]=...` gives the named metrics alone, as Prometheus clients do: who looks often need not have all of them made.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from supervision import metrics
from supervision.language import UserError, say


class Probe:
    """A small server in a thread of its own. `is_ready` is asked at each request to `/readyz`: 200, else 503."""

    def __init__(self, port: int, is_ready: Callable[[], bool], host: str = "0.0.0.0") -> None:  # noqa: S104 - Prometheus comes from outside
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(is_ready))
        except OSError as error:
            raise UserError(
                say(
                    f"监控端口 {port} 用不了 ({error.strerror}): 改 SUPERVISION_METRICS_PORT",
                    f"metrics port {port} cannot be used ({error.strerror}): set SUPERVISION_METRICS_PORT",
                )
            ) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="probe", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Running(Protocol):
    """A process that works until it is told to stop."""

    @property
    def is_ready(self) -> bool: ...

    def run(self) -> None: ...

    def stop(self) -> None: ...


def run_until_told(running: Running, port: int | None) -> None:
    """Until SIGTERM or Ctrl-C. `port`: where the probe listens meanwhile, None: there is none."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: running.stop())
    probe = Probe(port, lambda: running.is_ready) if port else None
    try:
        running.run()
    finally:
        if probe is not None:
            probe.close()


def _handler(is_ready: Callable[[], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path == "/metrics":
                metrics.READY.set(is_ready())
                names = parse_qs(asked.query).get("name[]")
                self._answer(200, generate_latest(REGISTRY.restricted_registry(names) if names else REGISTRY), CONTENT_TYPE_LATEST)
            elif asked.path == "/readyz":
                ready = is_ready()
                self._answer(200 if ready else 503, b"ready\n" if ready else b"not ready\n", "text/plain")
            else:
                self._answer(404, b"/metrics or /readyz\n", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
            """Requests are no change of state."""

    return Handler
