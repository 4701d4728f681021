"""Brings a database to the schema of this version: numbered SQL files, each applied once and recorded with its checksum.

Every statement in them is safe to repeat (IF NOT EXISTS and the like), since ClickHouse has no transaction around a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Sequence
from importlib import resources

from clickhouse_driver.errors import ErrorCodes, ServerException
from msgspec import Struct

from streams.store.client import Address, Patience, Store
from supervision.language import UserError, say

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt16,
    name String,
    checksum FixedString(64),
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY version
"""
_LOCK_WAIT_S = 30.0


class Migration(Struct, frozen=True):
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def title(self) -> str:
        return f"{self.version:04d}_{self.name}"


class Status(Struct, frozen=True):
    """One migration: `applied_at` as text, None if it is pending."""

    title: str
    applied_at: str | None


def statements(sql: str) -> list[str]:
    """The statements of a file: each ends with a semicolon at a line's end; comments of whole lines are dropped."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", "\n".join(lines)) if part.strip()]


def shipped() -> list[Migration]:
    """The migrations of this version, in order."""
    found = []
    for file in resources.files("streams.store").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


def migrate(address: Address, migrations: Sequence[Migration] | None = None, patience: Patience | None = None) -> list[str]:
    """Create the database if need be and apply what is missing. Returns the titles applied.

    Raises UserError if an applied migration was changed, or the database is newer than this version.
    """
    wanted = shipped() if migrations is None else list(migrations)
    _create_database(address, patience)
    store = Store(address, patience)
    try:
        store.execute(_TABLE)
        _check(store, wanted)
        owner = _lock(store)
        try:
            return _apply_missing(store, wanted)
        finally:
            _unlock(store, owner)
    finally:
        store.close()


def status(address: Address, patience: Patience | None = None) -> list[Status]:
    """What is applied and what is pending, after the same checks as `migrate`; a missing database has everything pending."""
    server = Store(_without_database(address), patience)
    try:
        known = server.execute(f"EXISTS TABLE `{address.database}`.schema_migrations")
    finally:
        server.close()
    applied: dict[int, str] = {}
    if known[0][0]:
        store = Store(address, patience)
        try:
            _check(store, shipped())
            rows = store.execute("SELECT version, toString(applied_at) FROM schema_migrations FINAL")
            applied = dict(rows)
        finally:
            store.close()
    return [Status(migration.title, applied.get(migration.version)) for migration in shipped()]


def require_current(address: Address) -> None:
    """Raises UserError unless every migration of this version is applied; for those who are about to write."""
    missing = [entry.title for entry in status(address) if entry.applied_at is None]
    if missing:
        raise UserError(
            say(
                f"数据库 {address.database} 缺少结构更新 {'、'.join(missing)}:请先执行 supervision db migrate。",
                f"database {address.database} lacks {', '.join(missing)}: run `supervision db migrate` first",
            )
        )


def _without_database(address: Address) -> Address:
    return Address(address.host, address.port, address.user, address.password, "")


def _create_database(address: Address, patience: Patience | None) -> None:
    server = Store(_without_database(address), patience)
    try:
        server.execute(f"CREATE DATABASE IF NOT EXISTS `{address.database}`")
    finally:
        server.close()


def _check(store: Store, wanted: Sequence[Migration]) -> None:
    by_version = {migration.version: migration for migration in wanted}
    problems = []
    rows = store.execute("SELECT version, name, toString(checksum) FROM schema_migrations FINAL ORDER BY version")
    for version, name, checksum in rows:
        migration = by_version.get(version)
        title = f"{version:04d}_{name}"
        if migration is None:
            problems.append(
                say(
                    f"数据库已有本版本不认识的结构更新 {title}:请升级程序。",
                    f"the database has migration {title}, which this version does not know: upgrade the program",
                )
            )
        elif migration.checksum != checksum:
            problems.append(
                say(
                    f"已执行的结构更新 {title} 被改动过(校验和 {migration.checksum[:12]},应为 {checksum[:12]}):"
                    "请恢复原文件,改动写成新文件。",
                    f"migration {title} was changed after it was applied (checksum {migration.checksum[:12]}, applied "
                    f"{checksum[:12]}): restore the file, put the change into a new one",
                )
            )
    if problems:
        raise UserError(*problems)


def _apply_missing(store: Store, wanted: Sequence[Migration]) -> list[str]:
    applied = {row[0] for row in store.execute("SELECT version FROM schema_migrations FINAL")}
    done = []
    for migration in wanted:
        if migration.version in applied:
            continue
        for statement in statements(migration.sql):
            store.execute(statement)
        columns = ("version", "name", "checksum")
        store.insert("schema_migrations", columns, [[migration.version], [migration.name], [migration.checksum]], migration.title)
        done.append(migration.title)
    return done


def _lock(store: Store) -> str:
    """One runner at a time, by a table that only one can create. A holder that is silent too long died: its place is taken."""
    owner = f"{os.uname().nodename}:{os.getpid()}"
    until = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            store.execute(f"CREATE TABLE schema_lock ENGINE = Log AS SELECT '{owner}' AS owner")
        except ServerException as error:
            if error.code != ErrorCodes.TABLE_ALREADY_EXISTS:
                raise
            if time.monotonic() > until:
                store.execute("DROP TABLE IF EXISTS schema_lock")
            time.sleep(0.1)
        else:
            return owner


def _unlock(store: Store, owner: str) -> None:
    try:
        holder = store.execute("SELECT owner FROM schema_lock")
    except ServerException as error:
        if error.code == ErrorCodes.UNKNOWN_TABLE:
            return
        raise
    if holder == [(owner,)]:
        store.execute("DROP TABLE IF EXISTS schema_lock")
