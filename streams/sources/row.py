"""What every reader gives: rows of named values, and rows it had to refuse, each with its line. Called by readers and mapper."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import Struct

from supervision.language import UserError, say

Value = str | tuple[str, ...]
_GZIP_MAGIC = b"\x1f\x8b"


class RowReason(StrEnum):
    """Why a row made no event: a closed list, beside `supervision.refusal.Reason` for rows whose event was refused."""

    BROKEN_ROW = "broken_row"
    TOO_FEW_COLUMNS = "too_few_columns"
    TOO_MANY_COLUMNS = "too_many_columns"
    NOT_DECODABLE = "not_decodable"
    NO_CASE = "no_case"
    NO_ACTIVITY = "no_activity"
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    BAD_VALUE = "bad_value"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_ACTIVITY = "unknown_activity"
    UNKNOWN_TRANSITION = "unknown_transition"
    CASE_VALUE_DIFFERS = "case_value_differs"  # one case, two values of what it can have only one of; the greater one counts
    VERSION_TAKEN = "version_taken"  # two rows claim to be the same version of the same fact


class Row(Struct, frozen=True):
    """One row of a log. `values` by column or attribute (`case:<key>` for those of the case), `line` counts from 1.

    `tells_event`: it reports something that happened; `tells_case`: the case's own attributes are in it.
    """

    line: int
    values: dict[str, Value]
    tells_event: bool = True
    tells_case: bool = True


class RefusedRow(Struct, frozen=True, omit_defaults=True):
    """A row, or one event of it, that was not taken: where, why, the value found and what was wanted."""

    line: int
    reason: str
    field: str = ""
    value: str = ""
    wanted: str = ""

    def __str__(self) -> str:
        where = f" {self.field}" if self.field else ""
        found = f" {self.value!r}" if self.value else ""
        wanted = f" ({self.wanted})" if self.wanted else ""
        return f"{self.reason}{where}{found}{wanted}"


class Opened:
    """A file being read, unpacked if it is gzip (told by its first bytes, not its name)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw = path.open("rb")
        packed = self._raw.peek(2)[:2] == _GZIP_MAGIC
        self.stream: BinaryIO = cast("BinaryIO", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    def position(self) -> int:
        """Bytes of the file as stored that were read so far; at most `size`."""
        return self._raw.tell()

    def close(self) -> None:
        self.stream.close()
        self._raw.close()


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file at `path`; a missing, unreadable or damaged one is a UserError that names it."""
    try:
        file = Opened(path)
    except OSError as error:
        raise UserError(say(f"{path}: 无法打开({error.strerror})", f"{path}: cannot be opened ({error.strerror})")) from None
    try:
        yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(say(f"{path}: 压缩文件已损坏({error})", f"{path}: the compressed file is damaged ({error})")) from None
    finally:
        file.close()


def is_clean(text: str) -> bool:
    """Whether every byte of it could be decoded (readers decode with `surrogateescape`)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object, limit: int = 60) -> str:
    """The value for a message: undecodable bytes escaped, long ones cut."""
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else text[: limit - 1] + "…"
