"""What the paths of the server work with, made once by `dashboards.server`."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request

from dashboards.access.desk import Desk
from dashboards.access.lockout import Lockout
from dashboards.access.rights import Scope
from dashboards.access.sessions import Login, Sessions
from dashboards.access.users import Users
from dashboards.board.board import Board
from dashboards.live.hub import Hub
from dashboards.names import Names
from dashboards.page.rule import RulePages
from dashboards.queries.pool import Pool
from rules.book import Rulebook

COOKIE = "supervision_session"


class Services(Struct, frozen=True):
    users: Users
    sessions: Sessions
    lockout: Lockout
    desk: Desk
    hub: Hub
    board: Board
    pool: Pool
    names: Callable[[], Names]
    book: Rulebook
    rules: RulePages
    is_ready: Callable[[], bool]


def services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


def login_of(request: Request) -> Login:
    """The session that the guard found."""
    found = request.scope["state"]["login"]
    assert isinstance(found, Login)
    return found


def scope_of(request: Request) -> Scope:
    return login_of(request).user.scope


def now_ms() -> int:
    return time.time_ns() // 1_000_000
