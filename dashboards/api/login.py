"""Coming in and going out: login, logout, who am I, a new password, the sessions of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
import structlog
from fastapi import APIRouter, Path, Request, Response
from msgspec import Struct

from dashboards.access import passwords
from dashboards.access.desk import BusyError
from dashboards.access.sessions import Login, Opened
from dashboards.access.users import User
from dashboards.api.answers import ProblemError, answer, not_found, nothing
from dashboards.api.openapi import describe
from dashboards.api.services import COOKIE, Services, login_of, now_ms, services
from dashboards.contract import Me, Session
from supervision import metrics

log = structlog.get_logger("board.access")
router = APIRouter()
Body = TypeVar("Body")


class Credentials(Struct, forbid_unknown_fields=True):
    username: str
    password: str


class NewPassword(Struct, forbid_unknown_fields=True):
    current: str
    wanted: str


@router.post("/api/login", **describe(Me, body=Credentials))
async def login(request: Request) -> Response:
    """Opens a session and sets its cookie."""
    given = await _read(request, Credentials)
    found = services(request)
    agent = request.headers.get("user-agent", "")
    opened = await _at_the_desk(found, lambda: _verified(found, given, agent))
    response = answer(_me(opened.session))
    response.set_cookie(
        COOKIE, opened.token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/", max_age=7 * 86_400
    )
    return response


def _verified(found: Services, given: Credentials, agent: str) -> Opened:
    """Raises ProblemError: the same in the same time for a wrong password and for nobody of that name."""
    now = now_ms()
    left_s = found.lockout.left_s(given.username, now)
    if left_s:
        metrics.BOARD_LOGINS.labels("locked").inc()
        zh, en = f"错误次数太多,请等 {left_s} 秒再试。", f"Too many wrong passwords: wait {left_s} s."
        raise ProblemError(423, "locked", zh, en, headers={"Retry-After": str(left_s)})
    user: User | None = found.users.find(given.username)
    is_right = passwords.matches(None if user is None else user.password_hash, given.password)
    if user is None or not is_right or user.is_disabled:
        found.lockout.failed(given.username, now)
        metrics.BOARD_LOGINS.labels("failed").inc()
        log.warning("login failed", username=given.username[:64])
        raise ProblemError(401, "unauthenticated", "用户名或者密码不对。", "Wrong user name or password.")
    found.lockout.succeeded(given.username)
    metrics.BOARD_LOGINS.labels("succeeded").inc()
    log.info("login", username=user.username)
    return found.sessions.open(user, agent, now)


@router.post("/api/logout", **describe(None))
async def logout(request: Request) -> Response:
    """Ends the session; its streams close."""
    found, login = services(request), login_of(request)
    found.sessions.end(login.user.username, login.id)
    found.hub.end([login.id])
    response = nothing()
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/api/me", **describe(Me))
async def me(request: Request) -> Response:
    """Who is looking, with what rights, and the token for what changes something."""
    return answer(_me(login_of(request)))


@router.post("/api/password", **describe(None, body=NewPassword))
async def password(request: Request) -> Response:
    """A new password; every other session ends."""
    given, found, login = await _read(request, NewPassword), services(request), login_of(request)
    await _at_the_desk(found, lambda: _change(found, login, given))
    found.hub.end(found.sessions.end_others(login.user.username, login.id))
    return nothing()


def _change(found: Services, login: Login, given: NewPassword) -> None:
    username, now = login.user.username, now_ms()
    if found.lockout.left_s(username, now):
        raise ProblemError(423, "locked", "错误次数太多,请稍后再试。", "Too many wrong passwords: try again later.")
    if not passwords.matches(login.user.password_hash, given.current):
        found.lockout.failed(username, now)
        raise ProblemError(403, "wrong_password", "当前密码不对。", "The current password is wrong.", field="current")
    if not passwords.is_acceptable(given.wanted, username) or given.wanted == given.current:
        zh = f"新密码应为 {passwords.LEAST} 至 {passwords.LONGEST} 个字符, 不含用户名, 与旧密码不同。"
        en = f"Wanted a password of {passwords.LEAST} to {passwords.LONGEST} characters without the user name, not the old one."
        raise ProblemError(400, "weak_password", zh, en, field="wanted")
    found.users.set_password(username, given.wanted)
    log.info("password changed", username=username)


@router.get("/api/sessions", **describe(list[Session]))
async def sessions(request: Request) -> Response:
    """One's own sessions, the newest first."""
    login = login_of(request)
    own = services(request).sessions.of(login.user.username)
    return answer([Session(each.id, each.created_at, each.seen_at, each.agent, each.id == login.id) for each in own])


@router.delete("/api/sessions/{id}", **describe(None))
async def end_session(request: Request, session_id: Annotated[str, Path(alias="id")]) -> Response:
    """Ends one of them."""
    found = services(request)
    if not found.sessions.end(login_of(request).user.username, session_id):
        raise not_found()
    found.hub.end([session_id])
    return nothing()


def _me(login: Login) -> Me:
    user = login.user
    return Me(
        username=user.username,
        display_name=user.display_name,
        roles=list(user.roles),  # type: ignore[arg-type]  # of `rights.ROLES`
        region_prefix=user.scope.region_prefix,
        department_id=user.department_id,
        csrf_token=login.csrf_token,
        must_change_password=user.must_change,
    )


async def _at_the_desk(found: Services, act: Callable[[], Body]) -> Body:
    try:
        return await found.desk.run(act)
    except BusyError:
        zh, en = "登录的人太多,请稍后再试。", "Too many are logging in, try again in a moment."
        raise ProblemError(503, "unavailable", zh, en, headers={"Retry-After": "5"}) from None


async def _read(request: Request, kind: type[Body]) -> Body:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ProblemError(415, "bad_request", "应为 application/json。", "Wanted application/json.")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(400, "bad_request", f"请求读不了: {error}", f"The request cannot be read: {error}") from None
