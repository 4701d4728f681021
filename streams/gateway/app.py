"""The gateway's addresses: `/v1/events`, the page that explains it, and two that say how it is. Everything else is 404."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streams.gateway import openapi, page
from streams.gateway.answer import SAFE_HEADERS, Send, refuse
from streams.gateway.body import Limits, Receive
from streams.gateway.faults import Fault, RefusedError

PATH = "/v1/events"
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def build(events: Application, is_ready: Callable[[], bool], limits: Limits) -> Application:
    """The application; `events` serves `/v1/events`, with nothing between it and the server: every event passes there."""
    others = _explaining(is_ready, limits)

    async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await (events if scope["path"] == PATH else others)(scope, receive, send)

    return application


def _explaining(is_ready: Callable[[], bool], limits: Limits) -> Starlette:
    """Everything that is no event."""
    described = openapi.text(limits)
    explained = {language: page.html(limits, language) for language in ("zh", "en")}

    async def healthz(_request: Request) -> Response:
        return _response("ok\n")

    async def readyz(_request: Request) -> Response:
        ready = is_ready()
        return _response("ready\n" if ready else "not ready\n", 200 if ready else 503, **({} if ready else {"retry-after": "2"}))

    async def document(_request: Request) -> Response:
        return _response(described, kind="application/json")

    async def docs(request: Request) -> Response:
        wanted = request.query_params.get("lang") or request.headers.get("accept-language", "zh")
        return _response(explained["en" if wanted.lower().startswith("en") else "zh"], kind="text/html")

    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/openapi.json", document),
        Route("/docs", docs),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return _Refusal()


class _Refusal(Response):
    """Nothing is here."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await refuse(send, RefusedError(Fault.NOT_FOUND), close=False)


def _response(text: str, status: int = 200, kind: str = "text/plain", **headers: str) -> Response:
    safe = {name.decode(): value.decode() for name, value in SAFE_HEADERS}
    return Response(text, status, safe | headers, media_type=kind)
