"""Reading catalogue files, YAML and CSV, into reference entries; called by `supervision import`, `replay` and `check`.

A YAML file holds any kinds under `sources`, `items`, `officers` and so on, with `format_version: 1` and, for dates without a time,
a `time_zone` (else Asia/Shanghai). A CSV file holds one kind and is named after it: `officers.csv`, `waivers-2026.csv`. All
mistakes of all files are named at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path as File
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from supervision.consistency import findings, is_time_zone
from supervision.document import Document, Mistake, Path, spell
from supervision.language import UserError, say
from supervision.reading import Reader
from supervision.reference import ENTRY_TYPES, CalendarData, Centre, Entry, Region

FORMAT_VERSION = 1
DEFAULT_ZONE = "Asia/Shanghai"
SECTIONS: dict[str, type[Entry]] = {f"{kind}s": struct for kind, struct in ENTRY_TYPES.items()}
TABLES = ("officers", "authorisations", "fee_standards", "departments", "regions", "windows", "outages", "waivers")


class Located(Struct, frozen=True):
    """An entry and where it stands. `line_of` gives the line of a path inside it; `path` is its own."""

    entry: Entry
    file: str
    path: Path
    line_of: Callable[[Path], int]


def load_catalogue(paths: Iterable[File], warn: Callable[[str], None] | None = None) -> list[Entry]:
    """All entries of the files, and of the .yaml, .yml and .csv files of the folders, in their order.

    Raises UserError with every mistake as `file:line: key: what`. `warn` is called with what is odd but allowed.
    """
    mistakes: list[Mistake] = []
    located: list[Located] = []
    files = list(_files(paths))
    for file in files:
        located += _load(file, mistakes)
    known = _shipped_calendars() if any(isinstance(each.entry, CalendarData | Region | Centre) for each in located) else set()
    warnings: list[Mistake] = []
    for finding in findings([each.entry for each in located], known, whole=not mistakes):
        place = located[finding.entry]
        path = (*place.path, *finding.path)
        mistake = Mistake(place.file, place.line_of(path), spell(path), finding.text)
        (warnings if finding.warning else mistakes).append(mistake)
    if mistakes:
        order = {str(file): position for position, file in enumerate(files)}
        raise UserError(*map(str, sorted(mistakes, key=lambda mistake: (order[mistake.file], mistake.line))))
    if warn is not None:
        for warning in warnings:
            warn(str(warning))
    return [each.entry for each in located]


def _shipped_calendars() -> set[str]:
    from supervision.calendars import builtin  # reads files; only a catalogue that can name a calendar pays

    return {calendar.name for calendar in builtin()}


def _files(paths: Iterable[File]) -> Iterator[File]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.iterdir() if inner.suffix in {".yaml", ".yml", ".csv"})
        else:
            yield path


def _load(file: File, mistakes: list[Mistake]) -> list[Located]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(Mistake(str(file), 1, "", say(f"无法读取({error})", f"cannot be read ({error})")))
        return []
    return _table(file, text, mistakes) if file.suffix == ".csv" else _document(file, text, mistakes)


def _document(file: File, text: str, mistakes: list[Mistake]) -> list[Located]:
    document = Document(str(file), text)
    mistakes += document.mistakes
    if document.value is None and document.mistakes:
        return []
    content = document.value if isinstance(document.value, dict) else {}
    reader = Reader(ZoneInfo(DEFAULT_ZONE))
    _head(reader, document.value, content)
    zone = content.get("time_zone", DEFAULT_ZONE)
    reader.zone = ZoneInfo(zone if isinstance(zone, str) and is_time_zone(zone) else DEFAULT_ZONE)
    located: list[Located] = []
    for section, struct in SECTIONS.items():
        rows = content.get(section)
        if rows is not None and not isinstance(rows, list):
            reader.wrong((section,), rows, say("列表", "a list"))
        for position, value in enumerate(rows if isinstance(rows, list) else ()):
            entry = reader.read((section, position), value, struct)
            if entry is not None:
                located.append(Located(entry, str(file), (section, position), document.line))
    mistakes += (document.mistake(path, what) for path, what in reader.mistakes)
    return located


def _head(reader: Reader, value: Any, content: dict[str, Any]) -> None:
    """The keys at the top of a file."""
    if not isinstance(value, dict):
        known = ", ".join(SECTIONS)
        reader.wrong((), value, say(f"一组键和值: format_version, {known}", f"keys with values: format_version, {known}"))
        return
    for key in content:
        if key not in {"format_version", "time_zone", *SECTIONS}:
            reader.unknown((str(key),), ["format_version", "time_zone", *SECTIONS])
    if content.get("format_version") != FORMAT_VERSION:
        reader.wrong(("format_version",), content.get("format_version"), str(FORMAT_VERSION))
    zone = content.get("time_zone", DEFAULT_ZONE)
    if not isinstance(zone, str) or not is_time_zone(zone):
        reader.wrong(("time_zone",), zone, say("时区名,例如 Asia/Shanghai", "the name of a time zone such as Asia/Shanghai"))


def _table(file: File, text: str, mistakes: list[Mistake]) -> list[Located]:
    """A CSV file: one entry a row, columns named as fields, empty cells absent. The mistakes name line and column."""
    section = next((name for name in TABLES if file.stem.startswith(name)), None)
    if section is None:
        names = ", ".join(f"{name}*.csv" for name in TABLES)
        mistakes.append(Mistake(str(file), 1, "", say(f"文件名不是 {names} 之一", f"the file's name is none of {names}")))
        return []
    located: list[Located] = []
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(rows, []), SECTIONS[section], str(file), mistakes)
        for row in rows:
            cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name and cell.strip()}
            if len(row) > len(columns):
                mistakes.append(Mistake(str(file), rows.line_num, "", say("单元格多于列", "more cells than columns")))
            reader = Reader(ZoneInfo(DEFAULT_ZONE), cells=True)
            entry = reader.read((), cells, SECTIONS[section]) if cells else None
            if entry is not None:
                located.append(Located(entry, str(file), (), _always(rows.line_num)))
            mistakes += (Mistake(str(file), rows.line_num, spell(path), what) for path, what in reader.mistakes)
    except csv.Error as error:
        mistakes.append(Mistake(str(file), rows.line_num, "", say(f"不是 CSV: {error}", f"not CSV: {error}")))
    return located


def _columns(row: list[str], struct: type[Entry], file: str, mistakes: list[Mistake]) -> list[str]:
    """The names of the columns; an unknown one is a mistake, named once, and its cells are passed over ("")."""
    known = list(struct.__struct_encode_fields__)
    reader = Reader(ZoneInfo(DEFAULT_ZONE))
    names = [name.strip() for name in row]
    for name in names:
        if name not in known:
            reader.unknown((name,), known)
    mistakes += (Mistake(file, 1, spell(path), what) for path, what in reader.mistakes)
    return [name if name in known else "" for name in names]


def _always(line: int) -> Callable[[Path], int]:
    return lambda _path: line
