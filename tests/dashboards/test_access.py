"""Users, sessions and the lockout, on a file of their own; time is given."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.access import passwords
from dashboards.access.database import FILE_NAME, Database
from dashboards.access.desk import MOST_WAITING, BusyError, Desk
from dashboards.access.first import ensure_administrator
from dashboards.access.lockout import FREE, LONGEST_S, Lockout, wait_s
from dashboards.access.sessions import IDLE_MS, LONGEST_MS, Sessions
from dashboards.access.users import Users
from supervision.language import UserError
from supervision.settings import load

NOW = 1_800_000_000_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path)
    yield made
    made.close()


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database)


@pytest.fixture
def sessions(database: Database, users: Users) -> Sessions:
    return Sessions(database, users)


def test_the_file_is_its_owners_alone(database: Database) -> None:
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600


def test_a_user_comes_in_with_the_password_made_for_him(users: Users) -> None:
    password = users.add("wang.li", ["supervisor"], region_prefix="4301")
    found = users.find("Wang.Li ")
    assert found is not None
    assert passwords.matches(found.password_hash, password)
    assert not passwords.matches(found.password_hash, password + "x")
    assert password not in found.password_hash
    assert found.must_change
    assert found.scope.region_prefix == "4301"


def test_nobody_has_no_password() -> None:
    assert not passwords.matches(None, "anything")


@pytest.mark.parametrize("name", ["", "a", "-x", "a b", "名字", "x" * 65, "a/b"])
def test_names_that_are_none_are_refused(users: Users, name: str) -> None:
    with pytest.raises(UserError):
        users.add(name, ["auditor"])


def test_unknown_roles_doubled_names_and_missing_departments_are_refused(users: Users) -> None:
    with pytest.raises(UserError, match="king"):
        users.add("one", ["king"])
    with pytest.raises(UserError):
        users.add("one", ["department"])
    users.add("one", ["auditor"])
    with pytest.raises(UserError):
        users.add("one", ["auditor"])
    with pytest.raises(UserError):
        users.reset("nobody")


def test_a_session_lives_until_idle_old_or_revoked(users: Users, sessions: Sessions) -> None:
    users.add("one", ["auditor"])
    user = users.find("one")
    assert user is not None
    opened = sessions.open(user, "browser", NOW)
    assert sessions.find(opened.token, NOW + IDLE_MS) is not None
    assert sessions.find(opened.token, NOW + 2 * IDLE_MS + 1) is None, "idle since it was last seen"
    assert sessions.find("x" + opened.token[1:], NOW) is None
    kept = sessions.open(user, "browser", NOW)
    at = NOW
    while at < NOW + LONGEST_MS:
        assert sessions.find(kept.token, at) is not None
        at += IDLE_MS // 2
    assert sessions.find(kept.token, NOW + LONGEST_MS + 1) is None
    third = sessions.open(user, "browser", NOW)
    assert sessions.end("one", third.session.id)
    assert sessions.find(third.token, NOW) is None


def test_to_watch_is_to_use_a_session_but_not_for_ever(users: Users, sessions: Sessions) -> None:
    users.add("one", ["auditor"])
    user = users.find("one")
    assert user is not None
    opened = sessions.open(user, "browser", NOW)
    at = NOW
    while at <= NOW + LONGEST_MS:
        assert sessions.is_alive("one", opened.session.id, at)
        at += IDLE_MS
    assert not sessions.is_alive("one", opened.session.id, at)


def test_whoever_floods_the_desk_is_sent_away() -> None:
    desk, gate = Desk(), threading.Event()

    async def flood() -> list[BaseException | bool]:
        asked = [asyncio.create_task(desk.run(gate.wait)) for _ in range(MOST_WAITING + 5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(flood())
    desk.close()
    assert sum(isinstance(answer, BusyError) for answer in answers) == 5
    assert sum(answer is True for answer in answers) == MOST_WAITING


@pytest.mark.parametrize("act", ["reset", "disable", "roles"])
def test_what_changes_a_user_ends_his_sessions(users: Users, sessions: Sessions, act: str) -> None:
    users.add("one", ["supervisor"])
    user = users.find("one")
    assert user is not None
    opened = sessions.open(user, "browser", NOW)
    if act == "reset":
        users.reset("one")
    elif act == "disable":
        users.disable("one")
    else:
        users.set_roles("one", ["auditor"], "43", None)
    assert sessions.find(opened.token, NOW) is None
    assert not sessions.is_alive("one", opened.session.id, NOW)


def test_the_token_is_nowhere_in_the_file(users: Users, sessions: Sessions, database: Database) -> None:
    users.add("one", ["auditor"])
    user = users.find("one")
    assert user is not None
    opened = sessions.open(user, "browser", NOW)
    database.close()
    assert all(opened.token.encode() not in path.read_bytes() for path in database.path.parent.glob(f"{FILE_NAME}*"))


def test_waits_grow_and_end(database: Database) -> None:
    lockout = Lockout(database)
    for number in range(FREE):
        assert lockout.left_s("nobody", NOW) == 0, number
        lockout.failed("nobody", NOW)
    assert lockout.left_s("NOBODY ", NOW) == wait_s(FREE) > 0
    assert lockout.left_s("somebody", NOW) == 0
    assert lockout.left_s("nobody", NOW + wait_s(FREE) * 1000) == 0
    lockout.succeeded("nobody")
    assert lockout.left_s("nobody", NOW) == 0
    waits = [wait_s(count) for count in range(60)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_S


def test_the_first_administrator_is_made_once(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    password = ensure_administrator(settings)
    assert password is not None
    assert ensure_administrator(settings) is None


@pytest.mark.parametrize(
    ("password", "is_good"), [("short", False), ("long enough", True), ("x" * 300, False), ("my-wang.li-1", False)]
)
def test_acceptable_passwords(password: str, is_good: bool) -> None:
    assert passwords.is_acceptable(password, "wang.li") is is_good
