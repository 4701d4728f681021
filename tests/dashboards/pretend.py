"""A board's server without Kafka and ClickHouse, by contract.ts: the test moves the made-up city and sees the pages follow.

`python -m tests.dashboards.pretend` serves it on port 8080 for work on the pages (user admin, password correct-horse).
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from dashboards.bundle import STATIC
from tests.dashboards import city
from tests.dashboards.city import Json

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
USER, PASSWORD = "admin", "correct-horse"


class Pretend:
    """The server in a thread; the test's methods may be called from outside it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cards: list[Json] = [city.card(number) for number in range(24)]
        self.log: list[tuple[int, str, Json]] = []  # (id, event, data)
        self.quiet: Json | None = None
        self.figures: Json = {}  # of today, instead of those that follow from the cards
        self.oldest = 0
        self.streams_opened: list[str] = []
        self.locked_s = 0
        self.is_down = False  # every stream and answer is refused
        self.holds_wall = False  # the wall is answered when this ends, the stream goes on
        self.must_change = False
        self._next = 1
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        config = uvicorn.Config(_app(self), host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1)
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, daemon=True)
        self._thread.start()
        while not server.started:
            threading.Event().wait(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def issue(self, one: Json) -> None:
        """A new card, or a new revision of one, into the city and the stream."""
        self.cards = [one, *(held for held in self.cards if held["alert_id"] != one["alert_id"])]
        self.say("alert", one)

    def say(self, event: str, data: Json) -> None:
        self.log.append((self._next, event, data))
        self._next += 1

    async def wall_let_go(self) -> None:
        while self.holds_wall:
            await asyncio.sleep(0.03)

    async def stream(self, since: int) -> AsyncIterator[str]:
        missed = since < self.oldest
        at = self._next - 1 if missed else since
        yield f"event: hello\ndata: {json.dumps({'id': str(at), 'missed': missed})}\n\n"
        clocks = {
            "clocks": [city.clock(), city.clock("wall", simulated=False, rate=1.0)],
            "sources": city.sources(),
            "today": {"events": 1},
        }
        turn = 0
        while not self.is_down and not (self._server and self._server.should_exit):
            for number, event, data in [entry for entry in self.log if entry[0] > at]:
                at = number
                yield f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
                if event == "bye":
                    return
            if turn % 60 == 0:  # every few seconds, as contract.ts has it
                yield f"event: clock\ndata: {json.dumps(clocks)}\n\n"
            turn += 1
            await asyncio.sleep(0.03)


def _me(of: Pretend) -> Json:
    who = {
        "username": USER,
        "display_name": "张监察",
        "roles": ["administrator", "supervisor"],
        "region_prefix": "",
        "department_id": None,
    }
    return who | {"csrf_token": "token", "must_change_password": of.must_change}


def _problem(status: int, error: str, zh: str, en: str, **headers: str) -> JSONResponse:
    return JSONResponse({"error": error, "message": city.both(zh, en), "field": None}, status, headers)


def _app(of: Pretend) -> FastAPI:
    app = FastAPI(openapi_url=None)
    sessions: set[str] = set()

    @app.middleware("http")
    async def guard(request: Request, go: Any) -> Response:
        path = request.url.path
        inside = request.cookies.get("session") in sessions
        if of.is_down:
            return _problem(503, "unavailable", "暂不可用", "Not available for now")
        if path.startswith("/api/") and path != "/api/login" and not inside:
            return _problem(401, "unauthenticated", "请登录", "Please log in")
        if (
            path.startswith("/api/")
            and path != "/api/login"
            and request.method != "GET"
            and request.headers.get("X-CSRF-Token") != "token"
        ):
            return _problem(403, "forbidden", "缺少令牌", "No token")
        answer: Response = await go(request)
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @app.post("/api/login")
    async def login(request: Request) -> Response:
        if of.locked_s:
            return _problem(423, "locked", "已锁定", "Locked", **{"Retry-After": str(of.locked_s)})
        if await request.json() != {"username": USER, "password": PASSWORD}:
            return _problem(401, "unauthenticated", "用户名或密码不对", "Wrong")
        sessions.add("s1")
        answer = JSONResponse(_me(of))
        answer.set_cookie("session", "s1", httponly=True, samesite="strict")
        return answer

    @app.post("/api/logout", status_code=204)
    async def logout() -> None:
        sessions.clear()
        of.say("bye", {"why": "logout"})

    @app.post("/api/password", status_code=204)
    async def password(request: Request) -> Response:
        if len((await request.json())["wanted"]) < 10:
            return _problem(400, "weak_password", "新密码至少 10 个字符。", "At least 10 characters.")
        of.must_change = False
        return Response(status_code=204)

    _answers(app, of)
    return app


def _answers(app: FastAPI, of: Pretend) -> None:
    @app.get("/api/me")
    async def me() -> Json:
        return _me(of)

    @app.get("/api/sessions")
    async def open_sessions() -> list[Json]:
        times = {"created_wall": city.NOW, "seen_wall": city.NOW}
        return [
            {"id": name, "agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140", "is_this": name == "s1"} | times
            for name in ("s1", "s2")
        ]

    @app.get("/api/wall")
    async def wall(place: str = "") -> Json:
        await of.wall_let_go()
        made = city.wall([] if of.quiet else of.cards, place, of.quiet)
        return made | {"today": made["today"] | of.figures}

    @app.get("/api/stream")
    async def stream(since: str = "") -> StreamingResponse:
        of.streams_opened.append(since)
        return StreamingResponse(of.stream(int(since) if since else of._next - 1), media_type="text/event-stream")

    @app.get("/api/alerts")
    async def alerts(level: str = "", cursor: str = "", case: str = "") -> Json:
        wanted = [
            one for one in of.cards if (not level or one["level"] in level.split(",")) and (not case or one["case_id"] == case)
        ]
        at = int(cursor or 0)
        return {"cards": wanted[at : at + 10], "cursor": str(at + 10) if at + 10 < len(wanted) else None, "total": len(wanted)}

    @app.get("/api/alerts/{alert_id}")
    async def alert(alert_id: str) -> Any:
        found = [one for one in of.cards if one["alert_id"] == alert_id]
        return city.alert_page(found[0]) if found else _problem(404, "not_found", "没有这张牌", "No such card")

    @app.get("/api/facets")
    async def facets() -> Json:
        return city.facets()

    @app.get("/api/cases/{source}/{case_id:path}")
    async def case(source: str, case_id: str) -> Any:
        found = [one for one in of.cards if one["case_id"] == case_id]
        return city.case_page(found) if found else _problem(404, "not_found", "没有这件办件", "No such case")

    @app.get("/api/rules")
    async def rules() -> list[Json]:
        return [city.rule_row(rule) for rule in city.RULES]

    @app.get("/api/rules/{rule}")
    async def rule(rule: str) -> Json:
        return city.rule_page(rule)

    @app.get("/{rest:path}")
    async def page(rest: str) -> FileResponse:
        file = STATIC / rest
        return FileResponse(file if rest and file.is_file() else STATIC / "index.html")


if __name__ == "__main__":
    with Pretend(8080) as board:
        number = 100
        while True:
            threading.Event().wait(4)
            number += 1
            board.issue(city.card(number, issued_wall=city.NOW + number))
            if number % 4 == 0:
                board.issue(city.revoked(board.cards[2]))
