"""The one way to ClickHouse: clickhouse-driver with patience. A passing fault is tried again, waiting longer each time; a real
error is raised at once. Used by the sink, the migrations, the queries and the command line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, NetworkError, ServerException, SocketTimeoutError
from msgspec import Struct

from streams.store import insertion
from supervision.language import UserError, say
from supervision.settings import Settings, clickhouse_password

_log = structlog.get_logger("store")

# Errors of a server that is busy, short of memory, restarting or without its coordination: the same statement may succeed later.
PASSING = frozenset(
    {
        ErrorCodes.TIMEOUT_EXCEEDED,
        ErrorCodes.TOO_MANY_SIMULTANEOUS_QUERIES,
        ErrorCodes.NO_FREE_CONNECTION,
        ErrorCodes.SOCKET_TIMEOUT,
        ErrorCodes.NETWORK_ERROR,
        ErrorCodes.ABORTED,
        ErrorCodes.MEMORY_LIMIT_EXCEEDED,
        ErrorCodes.TABLE_IS_READ_ONLY,
        ErrorCodes.TOO_MANY_PARTS,
        ErrorCodes.NO_ZOOKEEPER,
        ErrorCodes.TOO_LESS_LIVE_REPLICAS,
        ErrorCodes.UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE,
        ErrorCodes.UNKNOWN_STATUS_OF_INSERT,
        ErrorCodes.ALL_CONNECTION_TRIES_FAILED,
        ErrorCodes.KEEPER_EXCEPTION,
    }
)
_REFUSED = frozenset({192, 193, 516})  # unknown user, wrong password, authentication failed (unknown to the driver's list)
# An answered insert is stored, a repeated one is recognised by its token, also by what hangs on the table.
_SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,  # one import may reach over decades of months
    # Rows of one key meet when parts are merged, and before that in the views. To merge each insert with itself as well cost the
    # server 12.4 us of CPU an event instead of 8.5 (bench/sink.py, three runs of each by turns, 50,000 rows an insert).
    "optimize_on_insert": 0,
}


class Address(Struct, frozen=True):
    """Where ClickHouse is, and as whom and in which database to work there."""

    host: str = "127.0.0.1"
    port: int = 9000
    user: str = "default"
    password: str = ""
    database: str = "supervision"


def address_of(settings: Settings) -> Address:
    """Where the settings say ClickHouse is."""
    host, port = settings.clickhouse_address
    user, database = settings.clickhouse_user, settings.clickhouse_database
    return Address(host, port, user, clickhouse_password(settings), database)


class Patience(Struct, frozen=True):
    """Waits of `first_s`, doubling up to `longest_s`; after `total_s` the last fault is raised (None: never)."""

    first_s: float = 0.1
    longest_s: float = 10.0
    total_s: float | None = 30.0


class Stopped(BaseException):
    """Waiting for ClickHouse was ended by the caller's `should_stop`: no error, so only the edge catches it."""


class Store:
    """One connection. `should_stop` is asked while waiting; `on_retry(fault)` is told of every passing fault.

    A statement after an unknown outcome is sent again: statements given to it are safe to repeat (inserts by their token).
    """

    def __init__(
        self,
        address: Address,
        patience: Patience | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        on_retry: Callable[[Exception], None] = lambda _fault: None,
    ) -> None:
        logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)  # else every refused connection is a traceback
        self.address = address
        self._patience = patience or Patience()
        self._should_stop = should_stop
        self._on_retry = on_retry
        self._client = Client(
            address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            connect_timeout=5,
            send_receive_timeout=120,
            client_name="supervision",
        )

    def execute(self, query: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query, or an empty list. Raises ServerException for a real error, UserError when patience ends."""
        return list(self._persist(lambda: self._client.execute(query, params, settings=_SETTINGS)) or [])

    def insert(self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]], token: str) -> None:
        """Append at most a million rows given by column. `token` names them: a second insert under it changes nothing.

        `data` is kept unchanged, so that the same lists are sent again after a fault.
        """
        query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
        self._persist(lambda: insertion.insert(self._client, query, data, _SETTINGS | {"insert_deduplication_token": token}))

    def close(self) -> None:
        self._client.disconnect()

    def _persist(self, attempt: Callable[[], Any]) -> Any:
        started = time.monotonic()
        wait_s = self._patience.first_s
        while True:
            try:
                return attempt()
            except (NetworkError, SocketTimeoutError, EOFError, OSError, ServerException) as fault:
                self._client.disconnect()
                if isinstance(fault, ServerException) and fault.code not in PASSING:
                    raise self._explained(fault, fault.code) from None
                total_s = self._patience.total_s
                if total_s is not None and time.monotonic() - started + wait_s > total_s:
                    raise self._unreachable(fault) from None
                self._on_retry(fault)
                _log.warning("clickhouse_retry", wait_s=wait_s, fault=str(fault).split("\n", 2)[:2])
            self._sleep(wait_s)
            wait_s = min(wait_s * 2, self._patience.longest_s)

    def _sleep(self, wait_s: float) -> None:
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            if self._should_stop():
                raise Stopped
            time.sleep(min(left, 0.1))

    def _explained(self, fault: Exception, code: int) -> Exception:
        """A mistake in the settings, said as one; anything else as it is."""
        where = f"{self.address.host}:{self.address.port}"
        if code in _REFUSED:
            return UserError(
                say(
                    f"ClickHouse {where} 拒绝用户 {self.address.user}:请检查 SUPERVISION_CLICKHOUSE_USER 和密码设置。",
                    f"ClickHouse at {where} refuses user {self.address.user}: check SUPERVISION_CLICKHOUSE_USER and the password",
                )
            )
        if code == ErrorCodes.UNKNOWN_DATABASE:
            return UserError(
                say(
                    f"ClickHouse {where} 中没有数据库 {self.address.database}:请先执行 supervision db migrate。",
                    f"ClickHouse at {where} has no database {self.address.database}: run `supervision db migrate` first",
                )
            )
        return fault

    def _unreachable(self, fault: Exception) -> UserError:
        where = f"{self.address.host}:{self.address.port}"
        reason = str(fault).split("\n")[0] or type(fault).__name__
        return UserError(
            say(
                f"ClickHouse {where} 无法使用({reason}):请确认它已启动(supervision up 或 supervision clickhouse)。",
                f"ClickHouse at {where} cannot be used ({reason}): is it running (`supervision up` or `supervision clickhouse`)?",
            )
        )
