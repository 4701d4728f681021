"""Users: made, reset, disabled and listed by an administrator at the command line; read at every login."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from dashboards.access import passwords
from dashboards.access.database import Database
from dashboards.access.rights import ROLES, Scope, scope_of
from supervision.language import UserError, say

ADMINISTRATOR = "admin"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_COLUMNS = "username, display_name, password_hash, roles, region_prefix, department_id, is_disabled, must_change"


class User(Struct, frozen=True):
    username: str
    display_name: str
    password_hash: str
    roles: tuple[str, ...]
    region_prefix: str
    department_id: str | None
    is_disabled: bool
    must_change: bool

    @property
    def scope(self) -> Scope:
        return scope_of(self.roles, self.region_prefix, self.department_id)


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, username: str) -> User | None:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM users WHERE username = ?", username.strip().lower())  # noqa: S608 - our own names
        return _user(rows[0]) if rows else None

    def all(self) -> list[User]:
        return [_user(row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM users ORDER BY username")]  # noqa: S608 - our own names

    def add(
        self,
        username: str,
        roles: Iterable[str],
        *,
        display_name: str = "",
        region_prefix: str = "",
        department_id: str | None = None,
        must_change: bool = True,
    ) -> str:
        """Make a user and return the password made for him. Raises UserError for a bad name or role, or one that is taken."""
        name, wanted = username.strip().lower(), _roles(roles)
        if not _NAME.fullmatch(name):
            raise UserError(
                say(
                    f"用户名 {username}: 应为 2 至 64 个小写字母、数字、点、下划线或连字符",
                    f"user name {username}: wanted 2 to 64 small letters, digits, dots, dashes or underscores",
                )
            )
        _require_department(wanted, department_id)
        password = passwords.made()
        values = (name, display_name or name, passwords.hashed(password), msgspec.json.encode(wanted).decode(), region_prefix)
        with self._database.work() as work:
            if work.execute("SELECT 1 FROM users WHERE username = ?", (name,)).fetchone():
                raise UserError(say(f"用户 {name} 已存在", f"user {name} exists already (`supervision user reset {name}`)"))
            work.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                (*values, department_id, int(must_change), time.time_ns() // 1_000_000),
            )
        return password

    def reset(self, username: str) -> str:
        """A new password, to be changed at the next login; every session of his ends. Raises UserError for an unknown name."""
        password = passwords.made()
        self._change(username, "password_hash = ?, must_change = 1, is_disabled = 0", passwords.hashed(password))
        return password

    def set_password(self, username: str, password: str) -> None:
        """By the user himself. His sessions stay; the caller ends the others."""
        self._change(username, "password_hash = ?, must_change = 0", passwords.hashed(password), ends_sessions=False)

    def disable(self, username: str) -> None:
        """No login any more, and every session ends."""
        self._change(username, "is_disabled = ?", 1)

    def set_roles(self, username: str, roles: Iterable[str], region_prefix: str | None, department_id: str | None) -> None:
        """Other rights; every session ends, so that none goes on with the old ones."""
        user = self.find(username)
        wanted = _roles(roles)
        if user is None:
            raise _unknown(username)
        department = user.department_id if department_id is None else department_id or None
        _require_department(wanted, department)
        prefix = user.region_prefix if region_prefix is None else region_prefix
        self._change(
            username, "roles = ?, region_prefix = ?, department_id = ?", msgspec.json.encode(wanted).decode(), prefix, department
        )

    def _change(self, username: str, assignments: str, *values: object, ends_sessions: bool = True) -> None:
        name = username.strip().lower()
        with self._database.work() as work:
            done = work.execute(f"UPDATE users SET {assignments} WHERE username = ?", (*values, name))  # noqa: S608 - our own names
            if not done.rowcount:
                raise _unknown(username)
            if ends_sessions:
                work.execute("DELETE FROM sessions WHERE username = ?", (name,))


def _roles(roles: Iterable[str]) -> list[str]:
    wanted = [role for role in dict.fromkeys(roles) if role]
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        known = ", ".join(ROLES)
        raise UserError(
            *(say(f"没有角色 {role}; 有 {known}", f"no role {role}; there are {known}") for role in unknown or ["(none)"])
        )
    return wanted


def _require_department(roles: list[str], department_id: str | None) -> None:
    if "department" in roles and not department_id:
        raise UserError(say("角色 department 需要 --department", "the role department needs --department"))


def _unknown(username: str) -> UserError:
    return UserError(say(f"没有用户 {username}", f"no user {username} (`supervision user list`)"))


def _user(row: tuple[object, ...]) -> User:
    name, display, password_hash, roles, prefix, department, disabled, must_change = row
    return User(
        username=str(name),
        display_name=str(display),
        password_hash=str(password_hash),
        roles=tuple(msgspec.json.decode(str(roles), type=list[str])),
        region_prefix=str(prefix),
        department_id=None if department is None else str(department),
        is_disabled=bool(disabled),
        must_change=bool(must_change),
    )
