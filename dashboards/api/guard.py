"""The door: every path under /api needs a session unless it is named here; what changes something needs its token too.

Also the headers that every answer carries, and the largest body that is taken. A path that somebody adds is closed by default.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.access.sessions import Login, Sessions
from dashboards.api.answers import ProblemError, forbidden, unauthenticated
from dashboards.api.services import COOKIE, now_ms

log = structlog.get_logger("board.door")

OPEN = frozenset({("POST", "/api/login")})
BEFORE_CHANGE = frozenset({"/api/me", "/api/password", "/api/logout"})  # all that is open to who must change the password first
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BODY = 64 * 1024
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI around the application."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"] == "/api" or scope["path"].startswith("/api/")
        is_secure = scope["scheme"] == "https"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers[name] = value
                if is_secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if is_api:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            if is_api:
                _require_small(Headers(scope=scope))
                self._admit(scope)
        except ProblemError as problem:
            await problem.response()(scope, receive, with_headers)
            return
        await self._app(scope, _limited(receive) if is_api else receive, with_headers)

    def _admit(self, scope: Scope) -> None:
        """Puts the session into the request's state. Raises ProblemError."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        if method not in SAFE:
            _require_same_origin(headers)
        if (method, path) in OPEN:
            return
        login = self.login(headers.get("cookie"))
        if login is None:
            raise unauthenticated()
        if method not in SAFE and not login.has_csrf(headers.get("x-csrf-token")):
            raise forbidden("缺少或者不对的 X-CSRF-Token,请刷新页面。", "X-CSRF-Token is missing or wrong: load the page again.")
        if login.user.must_change and path not in BEFORE_CHANGE:
            zh, en = "请先修改密码。", "Change the password first."
            raise ProblemError(403, "password_change_required", zh, en)
        scope.setdefault("state", {})["login"] = login

    def login(self, cookie: str | None) -> Login | None:
        """The living session of a Cookie header."""
        token = token_of(cookie)
        return None if token is None else self._sessions.find(token, now_ms())


def token_of(cookie: str | None) -> str | None:
    try:
        found = SimpleCookie(cookie or "").get(COOKIE)
    except CookieError:
        return None
    return None if found is None or not found.value else found.value


def _require_same_origin(headers: Headers) -> None:
    """A browser names where a request comes from; another place may not change anything here."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        raise forbidden("请求来自别的网站。", "The request comes from another site.")


def _require_small(headers: Headers) -> None:
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BODY:
        raise _too_large()


def _too_large() -> ProblemError:
    return ProblemError(413, "too_large", "请求太大。", f"The request is larger than {MOST_BODY} bytes.")


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY:
            raise _too_large()
        return message

    return limited
