"""The chdb engine as the server uses it: one session per connection, results as Native blocks, inserts as Native blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from streams.embedded.native.fault import STREAMING_UNSUPPORTED, UNKNOWN_SETTING, QueryError, engine_fault
from streams.embedded.native.framing import arguments, split_blocks
from streams.embedded.native.statement import Insert, Statement

# The engine's newer defaults that would change what a client is promised: an insert that is answered is on disk,
# and a misspelt statement is an error, not an expression.
_DEFAULTS = "SET async_insert = 0, implicit_select = 0"


class Described(msgspec.Struct, frozen=True):
    name: str
    type: str
    default_type: str


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def identifier(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


class Insertion:
    """An INSERT in the making: its blocks are gathered in an unlinked file, which one statement then reads.

    The engine's own streaming insert (`send_insert`) is not used: it answers "written" when the writing failed, as measured with
    a violated constraint, a failing materialized view and too many partitions (chdb 4.4). A statement reports all of these.
    """

    def __init__(self, insert: Insert, run: Callable[[str], bytes]) -> None:
        self._insert = insert
        self._run = run
        self._file: BinaryIO = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115 - closed by __exit__
        self._empty = True

    def append(self, raw: bytes) -> None:
        view = memoryview(raw)
        while view:
            view = view[self._file.write(view) :]
        self._empty = False

    def finish(self) -> None:
        """When this returns, the rows are stored; if it raises QueryError, the statement failed as it would have in one piece."""
        if self._empty:
            return
        self._file.seek(0)
        source = f"FROM INFILE '/dev/fd/{self._file.fileno()}' {self._insert.settings} FORMAT Native"
        self._run(f"{self._insert.head} {source}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


class Session:
    """One client's view of the engine: its own settings, current database and temporary tables. Not for two threads at once.

    `mark` stands in the setting log_comment of everything it runs, so that it can be found and killed.
    """

    def __init__(self, directory: Path, mark: str = "server", database: str = "") -> None:
        self._chdb: Any = import_module("chdb.session").Session(str(directory))  # a second and 250 MB: only when it is needed
        self._mark = mark
        self._outer: dict[str, str] = {}  # what the settings in force replaced, as SQL
        self._settings: dict[str, str] = {}
        self.run(_DEFAULTS + f", log_comment = {quoted(mark)}")
        if database:
            self.run(f"USE {identifier(database)}")

    def close(self) -> None:
        self._chdb.close()

    def run(self, sql: str) -> bytes:
        """The whole result in Native form. Raises QueryError."""
        return bytes(self._query(sql, "Native"))

    def rows(self, sql: str) -> list[list[Any]]:
        """A small result, values as JSON gives them."""
        lines = self._query(sql, "JSONCompactEachRow").splitlines()
        return [msgspec.json.decode(line) for line in lines]

    def _query(self, sql: str, form: str) -> bytes:
        try:
            return self._chdb.query(sql, form).bytes() or b""
        except RuntimeError as error:
            raise engine_fault(error) from None

    def blocks(self, statement: Statement) -> Iterator[bytes]:
        """The result's blocks as they come. Raises QueryError, also in the middle."""
        if not statement.streams:
            yield from split_blocks(self.run(statement.text))
            return
        try:
            stream = self._chdb.send_query(statement.text, "Native")
        except RuntimeError as error:
            fault = engine_fault(error)
            if fault.code != STREAMING_UNSUPPORTED or "Streaming query" not in fault.text:
                raise fault from None
            yield from split_blocks(self.run(statement.text))
            return
        try:
            for chunk in stream:
                yield chunk.bytes()
        except RuntimeError as error:
            raise engine_fault(error) from None
        finally:
            stream.close()

    def header(self, statement: Statement) -> list[tuple[str, str]]:
        """Names and types of a query's columns; needed for empty results, of which the engine gives nothing."""
        if not statement.streams:
            return []
        return [(column.name, column.type) for column in self._describe(f"({statement.text})")]

    def insert_header(self, insert: Insert) -> list[tuple[str, str]]:
        """Names and types of the columns that the client shall send."""
        columns = self._describe(insert.target)
        if insert.columns is None:
            return [(column.name, column.type) for column in columns if column.default_type in ("", "DEFAULT")]
        types = {column.name: column.type for column in columns}
        names = [_bare(part) for part in arguments(insert.columns)]
        if all(name in types for name in names):
            return [(name, types[name]) for name in names]
        chosen = self._describe(f"(SELECT {insert.columns} FROM {insert.target})")  # noqa: S608 - the client's own words
        return [(column.name, column.type) for column in chosen]

    def _describe(self, target: str) -> list[Described]:
        return [Described(row[0], row[1], row[2]) for row in self.rows(f"DESCRIBE TABLE {target}")]

    def insert(self, insert: Insert) -> Insertion:
        return Insertion(insert, self.run)

    def use_settings(self, wanted: dict[str, str], important: frozenset[str] = frozenset()) -> None:
        """Put exactly these settings in force; those of the statement before go back to what they were.

        An unknown one is an error if it is in `important`, else left out, as in ClickHouse.
        """
        if "log_comment" in wanted:
            wanted = {**wanted, "log_comment": f"{self._mark} {wanted['log_comment']}"}
        if wanted == self._settings:
            return
        for name in [name for name in self._settings if name not in wanted]:
            self.run(f"SET {name} = {self._outer[name]}")
            del self._settings[name]
        for name, value in wanted.items():
            if self._settings.get(name) != value:
                self._use_setting(name, value, name in important)

    def _use_setting(self, name: str, value: str, important: bool) -> None:
        if not name.isidentifier():
            raise QueryError(UNKNOWN_SETTING, f"Unknown setting {name[:100]!r}")
        if name not in self._settings:
            found = self.rows(f"SELECT value, changed FROM system.settings WHERE name = {quoted(name)}")  # noqa: S608 - quoted
            if found:
                self._outer[name] = quoted(found[0][0]) if found[0][1] else "DEFAULT"
            elif important:
                raise QueryError(UNKNOWN_SETTING, f"Unknown setting '{name}'")
            else:
                return
        self.run(f"SET {name} = {quoted(value)}")
        self._settings[name] = value

    def kill(self, mark: str) -> bool:
        """Ask whatever runs under `mark` to stop. False if nothing does."""
        condition = f"Settings['log_comment'] = {quoted(mark)} OR startsWith(Settings['log_comment'], {quoted(mark + ' ')})"
        return bool(self.rows(f"KILL QUERY WHERE {condition} ASYNC"))


def _bare(name: str) -> str:
    """A column's name without its quotes."""
    if len(name) > 1 and name[0] == name[-1] and name[0] in '`"':
        return name[1:-1].replace("\\" + name[0], name[0]).replace("\\\\", "\\")
    return name
