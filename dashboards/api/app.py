"""The application: the paths joined, the door around them, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from dashboards.api import alerts, files, live, login, pages
from dashboards.api.answers import ProblemError, answer, unavailable
from dashboards.api.guard import Guard
from dashboards.api.openapi import document
from dashboards.api.services import Services
from supervision.language import UserError

log = structlog.get_logger("board.api")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(made: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """All of it, to be served by any ASGI server."""
    app = FastAPI(title="e-supervision board", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.services = made
    for router in (login.router, live.router, alerts.router, pages.router):
        app.include_router(router)
    _health(app, made)

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        return answer(document(app))

    app.include_router(files.router_of())
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Guard, sessions=made.sessions)
    return app


def _health(app: FastAPI, made: Services) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return PlainTextResponse("alive\n")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        ready = made.is_ready()
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response()


async def _user_error(request: Request, error: Exception) -> Response:
    """ClickHouse is away, or everybody asks at once."""
    assert isinstance(error, UserError)
    log.warning("not to be answered", path=request.url.path, because=error.lines)
    return unavailable().response()


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: ("not_found", "没有这个路径。", "There is no such path."), 405: ("method", "不支持此方法。", "No such method.")}
    word, zh, en = words.get(error.status_code, ("refused", "请求被拒绝。", "The request is refused."))
    return ProblemError(error.status_code, word, zh, en).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, exc_info=error)
    return ProblemError(500, "unexpected", "服务出错,已记入日志。", "Something went wrong; it is in the log.").response()
