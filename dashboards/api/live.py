"""The wall and the stream that keeps it alive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from dashboards.access.rights import Scope
from dashboards.api.answers import ProblemError, answer, not_found
from dashboards.api.openapi import describe
from dashboards.api.services import Services, login_of, now_ms, scope_of, services
from dashboards.board.board import NoSuchPlaceError
from dashboards.board.places import Where
from dashboards.cards import card_of
from dashboards.contract import Card, Wall
from dashboards.live.watcher import Watcher
from streams.feed import position_of

router = APIRouter()

NEWEST = 50
MOST_WATCHERS = 2_000


@router.get("/api/wall", **describe(Wall, parameters={"clock": "a clock's name", "place": "a place's key"}))
def wall(request: Request) -> Response:
    """Today's totals, trend, newest cards, drill-down, feeds."""
    found, scope = services(request), scope_of(request)
    asked = request.query_params
    try:
        shown = found.board.wall(scope, asked.get("clock"), asked.get("place", ""), lambda *at: newest(found, scope, *at))
    except NoSuchPlaceError:
        raise not_found() from None
    return answer(shown)


def newest(found: Services, scope: Scope, clock: str, where: Where) -> list[Card]:
    """The latest alerts by publication, each as it was last said, out of the ring."""
    names, seen, cards = found.names(), set[str](), []
    for frame in found.hub.ring.newest():
        alert = frame.alert
        if alert.clock != clock or alert.alert_id in seen or not scope.sees(alert):
            continue
        seen.add(alert.alert_id)
        if where.holds((alert.region_code or "", alert.owner_centre_id or "", alert.owner_department_id or "")):
            cards.append(card_of(alert, names))
            if len(cards) == NEWEST:
                break
    return cards


class Stream(Response):
    """A watcher as an answer."""

    def __init__(self, watcher: Callable[[Asgi, Receive, Send], Awaitable[None]]) -> None:
        super().__init__()
        self._watcher = watcher

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        await self._watcher(scope, receive, send)


@router.get("/api/stream", **describe(str, media="text/event-stream", parameters={"since": "the id of the last event seen"}))
async def stream(request: Request) -> Response:
    """Server-sent events: hello, alert, clock, bye. Resumed by Last-Event-ID or `since`."""
    found, login = services(request), login_of(request)
    if not found.hub.is_ready:
        zh, en = "监察牌流尚未就绪,请稍后再试。", "The stream of alerts is not ready yet, try again in a moment."
        raise ProblemError(503, "unavailable", zh, en, headers={"Retry-After": "2"})
    if found.hub.watchers >= MOST_WATCHERS or found.hub.is_closing:
        zh, en = "在看的人太多,请稍后再试。", "Too many are watching, try again in a moment."
        raise ProblemError(503, "unavailable", zh, en, headers={"Retry-After": "10"})
    text = request.headers.get("last-event-id") or request.query_params.get("since") or ""
    is_alive = _still(found, login.user.username, login.id)
    return Stream(Watcher(found.hub, login.user.scope, login.id, position_of(text), bool(text), is_alive))


def _still(found: Services, username: str, session_id: str) -> Callable[[], bool]:
    return lambda: found.sessions.is_alive(username, session_id, now_ms())
