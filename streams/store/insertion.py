"""An INSERT through clickhouse-driver whose block is ours: built by `columns` where it can, else by the driver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.block import BlockInfo
from clickhouse_driver.bufferedwriter import CompressedBufferedWriter
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.defines import DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str

from streams.store.columns import encoded

_BUFFER = 1 << 16


def insert(client: Client, query: str, data: Sequence[Sequence[Any]], settings: Mapping[str, Any]) -> None:
    """What `client.execute(query, data, columnar=True, settings=settings)` does, without compression and as one block."""
    with client.disconnect_on_error(query, settings):
        connection = client.connection
        connection.send_query(query)
        connection.send_external_tables(None)
        sample = client.receive_sample_block()
        _send(connection, block(connection.context, sample.columns_with_types, data))
        client.receive_profile_events()
        _send(connection, block(connection.context, (), ()))
        client.receive_end_of_insert_query()


def block(context: Any, columns: Sequence[tuple[str, str]], data: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """A Native block in pieces, each made when it is asked for. `columns`: (name, type) of each, as the server gave them."""
    lengths = {len(values) for values in data}
    if len(columns) != len(data) or len(lengths) > 1:
        raise ValueError(f"{len(data)} columns of {sorted(lengths)} rows for {len(columns)} of the table")
    revision = context.server_info.used_revision
    flag = b"\0" if revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION else b""
    head = BytesIO()
    write_varint(len(columns), head)
    write_varint(max(lengths, default=0), head)
    yield head.getvalue()
    for (name, spec), values in zip(columns, data, strict=True):
        told = BytesIO()
        write_binary_str(name, told)
        write_binary_str(spec, told)
        column = encoded(spec, values)
        yield told.getvalue() + flag
        yield _by_driver(context, name, spec, values) if column is None else column


def _by_driver(context: Any, name: str, spec: str, values: Sequence[Any]) -> bytes:
    sink = BytesIO()
    writer = CompressedBufferedWriter(sink, _BUFFER)  # the driver's writer into whatever has `write`
    write_column(context, name, spec, list(values), writer)
    writer.flush()
    return sink.getvalue()


def _send(connection: Any, pieces: Iterable[bytes]) -> None:
    """A Data packet. Past the driver's buffer, in which a block of many megabytes would only be copied."""
    out = BytesIO()
    write_varint(ClientPacketTypes.DATA, out)
    write_binary_str("", out)
    BlockInfo().write(out)
    connection.fout.flush()
    connection.socket.sendall(out.getvalue())
    for piece in pieces:
        connection.socket.sendall(piece)
