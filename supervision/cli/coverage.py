"""`supervision coverage`: which rules can run on a file or on a source, and why the others cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.cli.replay import CATALOGUE, MAPPING, read
from supervision.language import UserError, language, say

if TYPE_CHECKING:
    from rich.console import Console

    from rules.book import Rulebook
    from rules.coverage import Covered, Held
    from supervision.reference import Source

_FILES = {".csv", ".xes", ".xml", ".parquet", ".pq", ".jsonl", ".gz"}


@app.command()
def coverage(
    feed: Annotated[str, typer.Argument(metavar="FILE|SOURCE", help="A log, as for `import`; or the name of a source.")],
    mapping: Annotated[Path | None, MAPPING] = None,
    catalogue: Annotated[list[Path] | None, CATALOGUE] = None,
    data: Data = None,
    cards: Cards = None,
) -> None:
    """Rule by rule: can it run on this feed, and if not, what never comes. / 逐条说明规则能否适用于一个来源。

    Of a FILE: what its mapping says that it sends, and what the file really has. Of a SOURCE: its registered profile, and what
    ClickHouse really holds of it. Ends with the profile entry (sends, fills) that says what is really there.
    """
    from rich.console import Console

    from rules.book import Rulebook

    console = Console()
    book = Rulebook.load("builtin" if cards is None else [cards])
    file = Path(feed)
    if mapping is not None or file.exists() or file.suffix.lower() in _FILES:
        _of_file(console, book, file, mapping, catalogue or [])
    else:
        _of_source(console, book, feed, data, catalogue)


def _of_file(console: Console, book: Rulebook, file: Path, mapping: Path | None, catalogue: list[Path]) -> None:
    from rich.console import Console

    from rules.coverage import held_in
    from streams.sources.preview import events_of
    from supervision.cli.summary import check_files

    check_files([file, mapping, *catalogue], [])
    _, log, reference = read(Console(stderr=True), file, mapping, catalogue, None)
    for name in sorted(log.sources):
        held = held_in(event for event in events_of(log) if event.source_system == name)
        _show(console, book, reference.source(name), held)
    if not log.sources:
        raise UserError(say(f"{file}: 没有可用的事件", f"{file}: holds no event that can be read"))


def _of_source(console: Console, book: Rulebook, name: str, data: Path | None, catalogue: list[Path] | None) -> None:
    from streams.store.client import Patience, Store, address_of
    from streams.store.held import held_of
    from supervision.cli.db import PATIENCE_S
    from supervision.cli.explaining import reference_of
    from supervision.logs import configure
    from supervision.settings import load

    configure("error")
    settings = load(data=data)
    reference = reference_of(settings, catalogue)
    held = held_of(Store(address_of(settings), Patience(total_s=PATIENCE_S)), name)
    is_known = any(entry.key == name for entry in reference.of_kind("source"))
    if not is_known and not held.types:
        raise UserError(say(f"没有来源 {name},也没有它的事件", f"no source {name} is registered, and no event of it is stored"))
    if not is_known:
        console.print(say("该来源没有登记,按全部报送处理", "this source is not registered: it counts as sending everything"))
    _show(console, book, reference.source(name), held)


def _show(console: Console, book: Rulebook, source: Source, held: Held) -> None:
    from rich.markup import escape
    from rich.table import Table

    from rules.coverage import covered

    total, types, name = sum(held.types.values()), len(held.types), escape(source.name)
    console.print(say(f"来源 {name}:{total:,} 个事件,{types} 种", f"source {name}: {total:,} events of {types} types"))
    table = Table(say("规则", "rule"), say("名称", "name"), say("能否适用", "runs"))
    table.add_column(say("原因", "why"), overflow="fold")
    found = covered(book, source, held)
    for each in found:
        mark, why = _words(each)
        table.add_row(each.rule.id, escape(getattr(each.rule.card.name, language())), mark, escape(why))
    console.print(table)
    count = sum(each.can_run for each in found)
    console.print(say(f"{len(found)} 条规则中 {count} 条适用", f"{count} of {len(found)} rules can run"))
    console.print(_entry(source, held), soft_wrap=True, highlight=False)


def _words(each: Covered) -> tuple[str, str]:
    if each.by_profile:
        said = each.by_profile.words(language())
        return say("否", "no"), say(f"已关闭:{said}", f"off: {said}")
    if each.by_data:
        said = each.by_data.words(language())
        return say("否", "no"), say(f"未关闭,但实际{said};应写入来源档案", f"on, but in fact {said}: say so in its profile")
    return say("是", "yes"), ""


def _entry(source: Source, held: Held) -> str:
    """The suggested entry, as it stands in a catalogue file."""
    from rules.coverage import suggested

    wanted = suggested(source, held)
    sends, fills = (", ".join(names) for names in (wanted.sends or (), wanted.fills or ()))
    head = say("# 建议的来源档案(目录文件中):", "# suggested profile, for a catalogue file:")
    return "\n".join([head, "sources:", f"  - name: {source.name}", f"    sends: \\[{sends}]", f"    fills: \\[{fills}]"])
