"""Errors as the protocol carries them: ClickHouse's code, its name and its message. The engine's own texts are read here."""

from __future__ import annotations

import re

NOT_IMPLEMENTED = 48
SYNTAX = 62
UNKNOWN_DATABASE = 81
UNEXPECTED_PACKET = 101
UNKNOWN_PACKET = 99
UNKNOWN_SETTING = 115
TOO_LARGE = 131
CHECKSUM = 40
CANNOT_PARSE = 27
CANCELLED = 394
AUTHENTICATION = 516
STREAMING_UNSUPPORTED = 36
UNKNOWN_EXCEPTION = 1002

_ENGINE = re.compile(r"Code: (\d+)\. (DB::Exception: .*)", re.DOTALL)


class QueryError(Exception):
    """An error for the client: `code` is ClickHouse's, `text` what the client prints. The connection lives on."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text if text.startswith("DB::Exception") else f"DB::Exception: {text}"
        super().__init__(f"Code: {code}. {self.text}")


class ProtocolError(QueryError):
    """Bytes that break the protocol, or ask for what cannot be skipped: the client is told, then the connection ends."""


def engine_fault(error: BaseException) -> QueryError:
    """What the engine raised, with the code and the message it carries; without any, UNKNOWN_EXCEPTION."""
    found = _ENGINE.search(str(error))
    if found is None:
        return QueryError(UNKNOWN_EXCEPTION, str(error) or type(error).__name__)
    return QueryError(int(found[1]), found[2])
