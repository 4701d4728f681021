"""One client's conversation: hello, then pings, queries and inserts until it leaves. Runs in a thread of its own."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from streams.embedded.native import fault
from streams.embedded.native.compression import FrameReader, frames
from streams.embedded.native.engine import Session, identifier
from streams.embedded.native.fault import ProtocolError, QueryError
from streams.embedded.native.framing import Block, header_of, read_block
from streams.embedded.native.statement import Insert, Statement, parse
from streams.embedded.native.watch import Watcher
from streams.embedded.native.wire import Reader, string, varint

# The protocol revision we speak: the last that carries settings as text and the first that asks for nothing an engine
# without a server cannot give. Drivers fall back to it by themselves.
REVISION = 54430
_INFO = varint(1) + b"\0" + varint(2) + struct.pack("<i", -1) + varint(0)
_RECEIVE = 1 << 18
_IMPORTANT = 1


class Query(Struct, frozen=True):
    text: str
    settings: dict[str, str]
    important: frozenset[str]
    compressed: bool


class House(Struct, frozen=True):
    """What all connections share. `admits(user, password)` decides who comes in."""

    directory: Path
    version: tuple[int, int, int]
    time_zone: str
    admits: Callable[[str, str], bool]
    knows: Callable[[str], bool]
    watcher: Watcher


class Connection:
    def __init__(self, client: socket.socket, number: int, house: House) -> None:
        self._client = client
        self._house = house
        self._mark = f"connection-{number}"
        self._session: Session | None = None
        self._database = ""
        self._reader = Reader(self._receive)
        self._frames = FrameReader(self._reader)
        self._compressed = False
        self.busy = False

    def _receive(self) -> bytes:
        piece = self._client.recv(_RECEIVE)
        if not piece:
            raise EOFError
        return piece

    def _send(self, *parts: bytes) -> None:
        self._client.sendall(b"".join(parts))

    def run(self) -> None:
        """Until the client leaves or breaks the protocol. Its session goes with it."""
        try:
            self._client.settimeout(10)
            self._hello()
            self._client.settimeout(None)
            while True:
                self._packet()
        except ProtocolError as broken:
            self._refuse(broken)
        except (EOFError, OSError):
            pass
        finally:
            if self._session is not None:
                self._session.close()

    def _refuse(self, reason: QueryError) -> None:
        with contextlib.suppress(OSError):
            self._send_fault(reason)

    def _send_fault(self, reason: QueryError) -> None:
        self._send(varint(2), struct.pack("<i", reason.code), string("DB::Exception"), string(reason.text), string(""), b"\0")

    def _hello(self) -> None:
        if self._reader.varint() != 0:
            raise ProtocolError(fault.UNEXPECTED_PACKET, "the first packet was not Hello")
        self._reader.binary()
        for _ in range(3):
            self._reader.varint()
        self._database, user, password = self._reader.text(), self._reader.text(), self._reader.text()
        if not self._house.admits(user, password):
            text = f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
            raise ProtocolError(fault.AUTHENTICATION, text)
        if self._database and not self._house.knows(self._database):
            raise ProtocolError(fault.UNKNOWN_DATABASE, f"Database {self._database} does not exist")
        major, minor, patch = self._house.version
        numbers = varint(major) + varint(minor) + varint(REVISION)
        self._send(varint(0), string("ClickHouse"), numbers, string(self._house.time_zone), string("chdb"), varint(patch))

    def _packet(self) -> None:
        match self._reader.varint():
            case 1:
                self.busy = True
                self._answer()
                self.busy = False
            case 2:  # a block nobody waits for, sent behind a query that had failed
                self._block()
            case 3:  # Cancel for a query that is over
                pass
            case 4:
                self._send(varint(4))
            case 0 | 5 as known:
                raise ProtocolError(fault.NOT_IMPLEMENTED, f"packet {known} is not served here")
            case unknown:
                raise ProtocolError(fault.UNKNOWN_PACKET, f"Unknown packet {unknown} from client")

    def _block(self) -> tuple[str, Block]:
        """A Data packet's table name and block; the packet's number has been read."""
        name = self._reader.text()
        source: Reader = self._frames if self._compressed else self._reader
        while field := source.varint():
            if field > 2:
                raise ProtocolError(fault.CANNOT_PARSE, f"unknown field {field} in block info")
            source.skip(1 if field == 1 else 4)
        return name, read_block(source)

    def _data(self) -> Iterator[tuple[str, Block]]:
        """Data packets up to the empty one."""
        while True:
            if (packet := self._reader.varint()) != 2:
                if packet == 3:
                    raise EOFError
                raise ProtocolError(fault.UNEXPECTED_PACKET, f"packet {packet} where Data was expected")
            name, block = self._block()
            if not block.columns:
                return
            yield name, block

    def _query(self) -> Query:
        reader = self._reader
        reader.binary()
        if reader.byte():
            for _ in range(3):
                reader.binary()
            reader.byte()
            for _ in range(3):
                reader.binary()
            for _ in range(3):
                reader.varint()
            reader.binary()
            reader.varint()
        settings = {}
        important = set()
        while name := reader.text():
            flags = reader.byte()
            settings[name] = reader.text()
            if flags & _IMPORTANT:
                important.add(name)
        reader.varint()
        compressed = bool(reader.varint())
        return Query(reader.text(), settings, frozenset(important), compressed)

    def _answer(self) -> None:
        query = self._query()
        self._compressed = query.compressed
        try:
            if self._session is None:
                self._session = Session(self._house.directory, self._mark, self._database)
            session = self._session
        except QueryError as reason:
            raise ProtocolError(reason.code, reason.text) from None
        tables: list[str] = []
        try:
            self._take_tables(session, tables)
            session.use_settings(query.settings, query.important)
            statement = parse(query.text)
            if statement.uses_file:
                raise QueryError(fault.NOT_IMPLEMENTED, "INTO OUTFILE and FROM INFILE are the client's work, not the server's")
            if not statement.text:
                raise QueryError(fault.SYNTAX, "Syntax error: Empty query")
            if statement.insert is not None:
                self._insert(session, statement.insert)
            else:
                self._select(session, statement)
            self._send(varint(5))
        except ProtocolError:
            raise
        except QueryError as reason:
            self._send_fault(reason)
        finally:
            for table in tables:
                session.run(f"DROP TEMPORARY TABLE IF EXISTS {identifier(table)}")

    def _take_tables(self, session: Session, tables: list[str]) -> None:
        """Tables that the client sends along with its query, up to the empty block that ends them."""
        failed: QueryError | None = None
        for name, block in self._data():
            try:
                if name and name not in tables:
                    columns = ", ".join(f"{identifier(column)} {spec}" for column, spec in block.columns)
                    session.run(f"CREATE TEMPORARY TABLE {identifier(name)} ({columns}) ENGINE = Memory")
                    tables.append(name)
                if name and block.rows:
                    with session.insert(Insert(f"INSERT INTO {identifier(name)}", name, None)) as insertion:
                        insertion.append(block.raw)
                        insertion.finish()
            except QueryError as reason:
                failed = failed or reason
        if failed is not None:
            raise failed

    def _select(self, session: Session, statement: Statement) -> None:
        watch = self._house.watcher.begin(self._client, self._mark)
        empty = True
        try:
            for raw in session.blocks(statement):
                if watch.cancelled:
                    return
                if empty:  # drivers learn the columns from a block without rows, which comes first
                    self._send_header(_header(session, statement, raw))
                    empty = False
                self._send_block(raw)
            if empty:
                self._send_header(session.header(statement))
        except QueryError as reason:
            if not (watch.cancelled and reason.code == fault.CANCELLED):
                raise
        finally:
            self._house.watcher.end(watch)

    def _insert(self, session: Session, insert: Insert) -> None:
        columns = session.insert_header(insert)
        with session.insert(insert) as insertion:
            self._send_header(columns)
            for _, block in self._data():
                if block.rows:
                    insertion.append(block.raw)
            insertion.finish()

    def _send_header(self, columns: Sequence[tuple[str, str]]) -> None:
        """A block without rows: what columns there are, or that there are none."""
        names = b"".join(string(name) + string(spec) for name, spec in columns)
        self._send_block(varint(len(columns)) + varint(0) + names)

    def _send_block(self, raw: bytes) -> None:
        body = _INFO + raw
        self._send(varint(1), string(""), frames(body, self._frames.method) if self._compressed else body)


def _header(session: Session, statement: Statement, raw: bytes) -> Sequence[tuple[str, str]]:
    """The columns of a result from its first block; asked of the engine where the block has a type we cannot step over."""
    try:
        return header_of(raw)
    except ProtocolError:
        return session.header(statement)


def database_exists(session: Session, name: str) -> bool:
    return session.rows(f"EXISTS DATABASE {identifier(name)}") == [[1]]
