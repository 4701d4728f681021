"""Rows of a CSV file: any delimiter and encoding, quoted line breaks, byte order marks; a bad row is refused, never lost."""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from streams.sources.row import Opened, RefusedRow, Row, RowReason, is_clean, shown
from supervision.language import UserError, say

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_ROW = 200  # physical lines one row may span; a quote never closed must not swallow the rest of the file


def rows(
    file: Opened, encoding: str = "utf-8", delimiter: str | None = None, columns: Sequence[str] = ()
) -> Iterator[Row | RefusedRow]:
    """The rows below the header; with `columns` the file has none and these are its names. `delimiter` None: the header tells.

    Raises UserError for an unreadable header or one that names a column twice.
    """
    text = io.TextIOWrapper(file.stream, encoding=_signed(encoding), errors="surrogateescape", newline="")
    lines = _Lines(text)
    try:
        if not columns:
            header = lines.header()
            delimiter = delimiter or sniff(header)
            columns = next(csv.reader([header], delimiter=delimiter), [])
        names = _checked(file.path, encoding, [name.strip() for name in columns])
        yield from _below(lines, delimiter or sniff(lines.peek()), names)
    finally:
        text.detach()


def sniff(line: str) -> str:
    """The delimiter that occurs most often outside quotes in the line; a comma if none does."""
    counts = Counter("".join(line.split('"')[::2]))
    return max(_DELIMITERS, key=lambda each: (counts[each], -_DELIMITERS.index(each)))


class _Lines:
    """The physical lines of the file with their numbers; lines taken in vain can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self.number = 0

    def take(self) -> str:
        """The next line with its end; empty at the end of the file."""
        line = self._back.popleft() if self._back else self._text.readline()
        self.number += bool(line)
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def peek(self) -> str:
        line = self.take()
        if line:
            self.give_back([line])
        return line

    def header(self) -> str:
        """The first row as it stands, with the lines a quoted name may span."""
        header = self.take()
        while header.count('"') % 2 and (more := self.take()):
            header += more
        return header


def _below(lines: _Lines, delimiter: str, names: list[str]) -> Iterator[Row | RefusedRow]:
    while first := lines.take():
        number = lines.number
        cells = _cells(first, delimiter)
        if cells is None:
            cells = _spanning(first, lines, delimiter)
        if cells is None:
            yield RefusedRow(number, RowReason.BROKEN_ROW, value=shown(first.rstrip("\r\n")))
        elif cells:
            yield _row(number, names, cells)


def _spanning(first: str, lines: _Lines, delimiter: str) -> list[str] | None:
    """The cells of a row whose quoted values span lines; None, with all but the first line given back, if no quote ends it."""
    taken: list[str] = []
    while len(taken) < _LONGEST_ROW and (line := lines.take()):
        taken.append(line)
        if '"' in line and (cells := _cells(first + "".join(taken), delimiter)) is not None:
            return cells
    lines.give_back(taken)
    return None


def _cells(record: str, delimiter: str) -> list[str] | None:
    """The cells of the record, empty for a blank line, None if its quotes are wrong or not closed yet."""
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _row(line: int, names: list[str], cells: list[str]) -> Row | RefusedRow:
    if len(cells) != len(names):
        reason = RowReason.TOO_FEW_COLUMNS if len(cells) < len(names) else RowReason.TOO_MANY_COLUMNS
        return RefusedRow(line, reason, value=str(len(cells)), wanted=str(len(names)))
    for name, cell in zip(names, cells, strict=True):
        if not is_clean(cell):
            return RefusedRow(line, RowReason.NOT_DECODABLE, name, shown(cell))
    return Row(line, dict(zip(names, cells, strict=True)))


def _checked(path: Path, encoding: str, names: list[str]) -> list[str]:
    if not names:
        raise UserError(say(f"{path}:1: 没有表头", f"{path}:1: there is no header"))
    if not all(map(is_clean, names)):
        raise UserError(
            say(
                f"{path}:1: 表头无法按 {encoding} 解码;请在映射的 file.encoding 中写明编码,例如 gb18030",
                f"{path}:1: the header is not {encoding}; name the file's encoding in the mapping's file.encoding, e.g. gb18030",
            )
        )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UserError(say(f"{path}:1: 列名重复: {', '.join(twice)}", f"{path}:1: columns named twice: {', '.join(twice)}"))
    return names


def _signed(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
