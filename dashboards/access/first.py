"""The first administrator: made when there is no user yet, with a random password that is shown once and kept nowhere."""

from __future__ import annotations

from contextlib import closing

from dashboards.access.database import Database
from dashboards.access.users import ADMINISTRATOR, Users
from supervision.language import say
from supervision.settings import Settings


def told(password: str) -> str:
    """The line in which a person is told the administrator's password, once."""
    return say(
        f"用户 {ADMINISTRATOR}  密码 {password}  (只显示这一次)", f"user {ADMINISTRATOR}  password {password}  (shown this once)"
    )


def ensure_administrator(settings: Settings) -> str | None:
    """The password of the administrator `admin` made now, or None: there are users already."""
    with closing(Database(settings.data)) as database:
        users = Users(database)
        if users.all():
            return None
        return users.add(ADMINISTRATOR, ["administrator", "supervisor"], must_change=False)
