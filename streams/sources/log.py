"""A whole log, read by its mapping and put in order: what replay and import go through. Also counts what was refused, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import IO
from uuid import UUID

import msgspec
from msgspec import structs

from streams.sources import delimited, parquet, xes
from streams.sources.drafting import Draft
from streams.sources.identity import MOST_ALIKE, event_id, moment_of, place
from streams.sources.mapper import Mapper
from streams.sources.mapping import Format, Mapping, columns_of
from streams.sources.row import Opened, RefusedRow, Row, RowReason, opened
from streams.sources.spool import Pair, Spool
from supervision.decoder import decode, encode
from supervision.event import CaseEvent
from supervision.language import UserError, say

Progress = Callable[[int], None]
_EVERY = 500  # rows between two reports of progress
_ID_AT = len(b'{"event_id":"')
_ID_SIZE = 36


class Refusals:
    """Every refused row: counted by reason, the first `shown` kept, all written to `file` if there is one (JSON lines)."""

    def __init__(self, file: IO[bytes] | None = None, shown: int = 20) -> None:
        self.counts: Counter[str] = Counter()
        self.first: list[RefusedRow] = []
        self._file = file
        self._shown = shown

    def add(self, row: RefusedRow) -> None:
        self.counts[str(row.reason)] += 1
        if len(self.first) < self._shown:
            self.first.append(row)
        if self._file is not None:
            self._file.write(msgspec.json.encode(row) + b"\n")


class Log:
    """The events of a file in the order of their ids. `read` fills it; iterating gives (occurred_at, wire bytes) of each."""

    def __init__(self, refusals: Refusals | None = None) -> None:
        self.refusals = refusals or Refusals()
        self.ignored: Counter[str] = Counter()
        self.never_seen: list[str] = []  # columns or attributes of the mapping that no row has
        self.rows = 0
        self.cases: set[str] = set()
        self.sources: set[str] = set()
        self._ordered = Spool()
        self._chains = Spool()

    @property
    def events(self) -> int:
        return self._ordered.count

    def read(self, path: Path, mapping: Mapping, progress: Progress = lambda position: None) -> None:
        """Take up the file; `progress` is told the bytes read so far. Raises UserError for a file that cannot be read."""
        mapper = Mapper(mapping)
        self.sources.add(mapping.source)
        awaited = columns_of(mapping)
        with opened(path) as file:
            for row in rows(file, mapping):
                self.rows += 1
                if self.rows % _EVERY == 0:
                    progress(file.position())
                if isinstance(row, RefusedRow):
                    self.refusals.add(row)
                    continue
                if awaited:
                    awaited = _still_awaited(awaited, row, path, mapping)
                for draft in mapper.drafts(row):
                    self._take(draft)
            progress(file.size)
        self.ignored += mapper.ignored
        self.never_seen = sorted(awaited)
        self._link()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """(occurred_at in ms UTC, the event as bytes of the wire), ordered by (occurred_at, event_id)."""
        before, ordinal = b"", 0
        for key, wire in self._ordered:
            ordinal = ordinal + 1 if place(key) == before else 0
            before = place(key)
            if ordinal >= MOST_ALIKE:
                raise UserError(say(f"同一时刻相同的行超过 {MOST_ALIKE} 条", f"more than {MOST_ALIKE} equal rows at one instant"))
            made = str(event_id(key, ordinal)).encode()
            yield moment_of(key), wire[:_ID_AT] + made + wire[_ID_AT + _ID_SIZE :]

    def close(self) -> None:
        self._ordered.close()
        self._chains.close()

    def _take(self, draft: Draft | RefusedRow) -> None:
        if isinstance(draft, RefusedRow):
            self.refusals.add(draft)
            return
        event = draft.event
        if event.case_id is not None:
            self.cases.add(event.case_id)
        if draft.chain:
            line = draft.line.to_bytes(8, "big")
            self._chains.add(draft.chain + event.data_version.to_bytes(4, "big") + draft.key, encode(event) + line)
        else:
            self._ordered.add(draft.key, encode(event))

    def _link(self) -> None:
        """Give each fact told in versions its chain: of each version one row, each pointing to the version before it."""
        for _, pairs in groupby(self._chains, key=lambda pair: pair[0][:16]):
            before: tuple[UUID, CaseEvent] | None = None
            for _, alike in groupby(pairs, key=lambda pair: pair[0][:20]):
                key, event = self._greatest(list(alike))
                if before is not None:
                    if _says_the_same(event, before[1]):
                        continue
                    event = structs.replace(event, supersedes_event_id=before[0])
                self._ordered.add(key, encode(event))
                before = event_id(key), event
        self._chains.close()

    def _greatest(self, alike: list[Pair]) -> tuple[bytes, CaseEvent]:
        """The last of the rows that claim to be one version of one fact; those that say something else are refused."""
        key, value = alike[-1]
        for _, other in {pair[1][:-8]: pair for pair in alike}.values():
            if other[:-8] != value[:-8]:
                event = _decoded(other[:-8])
                reason = RowReason.VERSION_TAKEN if event.data_version > 1 else RowReason.CASE_VALUE_DIFFERS
                found = f"{event.event_type} {event.case_id}"
                self.refusals.add(RefusedRow(int.from_bytes(other[-8:], "big"), reason, value=found))
        return key[20:], _decoded(value[:-8])


def rows(file: Opened, mapping: Mapping) -> Iterator[Row | RefusedRow]:
    """The rows of the file by its format."""
    chosen = mapping.file
    found = format_of(file.path, mapping)
    if found is Format.XES:
        return xes.rows(file)
    if found is Format.PARQUET:
        return parquet.rows(file)
    return delimited.rows(file, chosen.encoding, chosen.delimiter, chosen.columns)


def format_of(path: Path, mapping: Mapping) -> Format:
    """The mapping's word, else the name's: `.xes`, `.xes.gz` and `.xml` are XES, `.parquet` is Parquet, anything else CSV."""
    if mapping.file.format is not None:
        return mapping.file.format
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".parquet", ".pq")):
        return Format.PARQUET
    return Format.XES if name.endswith((".xes", ".xml")) else Format.CSV


def _still_awaited(awaited: dict[str, str], row: Row, path: Path, mapping: Mapping) -> dict[str, str]:
    """The columns not seen yet; a table has all its columns in every row, so that one it lacks is a mistake at once."""
    rest = {name: place for name, place in awaited.items() if name not in row.values}
    if rest and format_of(path, mapping) is not Format.XES:
        raise UserError(*(_no_column(path, name, place, list(row.values)) for name, place in rest.items()))
    return rest


def _no_column(path: Path, name: str, place: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    meant = say(f",是否为「{close[0]}」?", f"; did you mean {close[0]!r}?") if close else ""
    has = ", ".join(known)
    return say(
        f"{path}: 没有映射中 {place} 的列「{name}」{meant}(有: {has})", f"{path}: no column {name!r} ({place}){meant} (has: {has})"
    )


def _decoded(wire: bytes) -> CaseEvent:
    event = decode(wire)
    assert isinstance(event, CaseEvent)
    return event


def _says_the_same(event: CaseEvent, before: CaseEvent) -> bool:
    return structs.replace(event, data_version=before.data_version, supersedes_event_id=before.supersedes_event_id) == before
