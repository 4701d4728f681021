"""`supervision dead-letters`: what no stream could read, what each of it holds, and putting it back once it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say
from supervision.refusal import Reason

if TYPE_CHECKING:
    from streams.store.client import Store
    from streams.store.letters import Filter, Place
    from supervision.settings import Settings

letters = typer.Typer(no_args_is_help=True, help="What no stream could read, and putting it back.")
app.add_typer(letters, name="dead-letters")

REASON = typer.Option("--reason", help="Only of this reason, e.g. not_json.", metavar="WORD")
SOURCE = typer.Option("--source", help="Only of this source system, as far as it can be told.", metavar="NAME")
TOPIC = typer.Option("--topic", help="Only what came by this topic.", metavar="TOPIC")
SINCE = typer.Option(
    "--since", help="Only refused since: 2026-03-02, 2026-03-02T09:30, or with a zone; this machine's zone unless said."
)
UNTIL = typer.Option("--until", help="Only refused before.")
PLACES = typer.Argument(help="Letters by where they came from: topic/partition/offset.", metavar="PLACE...")
MOST = 1_000_000
SHOWN_VALUE = 60


@letters.command(name="list")
def list_(
    reason: Annotated[Reason | None, REASON] = None,
    source: Annotated[str | None, SOURCE] = None,
    topic: Annotated[str | None, TOPIC] = None,
    since: Annotated[str | None, SINCE] = None,
    until: Annotated[str | None, UNTIL] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest first.")] = 50,
    data: Data = None,
) -> None:
    """The letters: where each came from, why it could not be read, what was wanted, whether it was put back. / 死信清单。"""
    from rich.console import Console
    from rich.table import Table

    from streams.store import letters as stored

    wanted = _filter(reason, source, topic, since, until)
    with _store(data) as (_, store):
        found, total = stored.letters(store, wanted, limit), stored.count(store, wanted)
    table = Table("at", "letter", "reason", "field", "wanted", "source", "value", "replayed", box=None)
    for letter in found:
        beginning = letter.value[:SHOWN_VALUE].decode("utf-8", "replace")
        at = f"{letter.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(at, str(letter.place), letter.reason, letter.field, letter.wanted, letter.source, beginning, letter.standing)
    Console(soft_wrap=True).print(table, markup=False)
    typer.echo(say(f"共 {total} 条, 列出 {len(found)} 条", f"{len(found)} of {total}"))


@letters.command()
def show(place: Annotated[str, typer.Argument(metavar="PLACE")], data: Data = None) -> None:
    """All of one letter: reason, headers, and the bytes as they came. PLACE: topic/partition/offset. / 查看一条死信。"""
    from streams.store import letters as stored
    from supervision.refusal import explain

    with _store(data) as (_, store):
        found = stored.letters(store, stored.Filter(places=(_place(place),)), 1)
    if not found:
        raise UserError(say(f"没有来自 {place} 的死信", f"there is no dead letter from {place} (`supervision dead-letters list`)"))
    letter = found[0]
    reason = next((explain(one) for one in Reason if one.value == letter.reason), "")
    typer.echo(f"{letter.place}  {letter.at:%Y-%m-%d %H:%M:%S} UTC")
    typer.echo(f"{letter.reason}: {reason}")
    typer.echo(f"{letter.field or '-'}: {letter.wanted or '-'}")
    if letter.replayed_at is not None:
        typer.echo(say(f"重放: {letter.standing} {letter.replayed_at}", f"replay: {letter.standing} {letter.replayed_at}"))
    for name, content in (("key", letter.key), *letter.headers, ("value", letter.value)):
        typer.echo(f"{name}: {_readable(content)}")


@letters.command()
def replay(
    places: Annotated[list[str] | None, PLACES] = None,
    reason: Annotated[Reason | None, REASON] = None,
    source: Annotated[str | None, SOURCE] = None,
    topic: Annotated[str | None, TOPIC] = None,
    since: Annotated[str | None, SINCE] = None,
    until: Annotated[str | None, UNTIL] = None,
    every: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were sent before, or may have been.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    data: Data = None,
) -> None:
    """Put letters back: the bytes and headers as they came, on their topic under their key, marked by a header. / 重放死信。

    After what was wrong is mended: a catalogue, a rule of the decoder, an event in quarantine whose time has come. A letter
    that was sent is not sent a second time unless --again says so; events are harmless twice, because an event_id counts once.
    """
    from streams import resending
    from streams.store import letters as stored

    wanted = _filter(reason, source, topic, since, until, places or [])
    if wanted == stored.Filter() and not every:
        raise UserError(
            say(
                "要重放哪些? 写出 topic/partition/offset, 或 --reason --source --topic --since --until, 或 --all",
                "which letters? Name them (topic/partition/offset), or say --reason, --source, --topic, --since, --until or --all",
            )
        )
    with _store(data) as (settings, store):
        found = stored.letters(store, wanted, MOST)
        result = resending.replay(settings, store, found, again=again, dry_run=dry_run)
    typer.echo(
        say(f"会重放 {result.sent} 条", f"{result.sent} would be replayed")
        if dry_run
        else say(f"已重放 {result.sent} 条", f"{result.sent} replayed")
    )
    for left, count in sorted(result.left.items()):
        typer.echo(say(*(f"{words} ({count})" for words in resending.WHY[left])))


@contextmanager
def _store(data: Path | None) -> Iterator[tuple[Settings, Store]]:
    from streams.store.client import Patience, Store, address_of
    from streams.store.migration import require_current
    from supervision.cli.db import PATIENCE_S
    from supervision.logs import configure
    from supervision.settings import load

    configure("error")
    settings = load(data=data)
    address = address_of(settings)
    require_current(address)
    store = Store(address, Patience(total_s=PATIENCE_S))
    try:
        yield settings, store
    finally:
        store.close()


def _filter(
    reason: Reason | None,
    source: str | None,
    topic: str | None,
    since: str | None,
    until: str | None,
    places: list[str] | None = None,
) -> Filter:
    from streams.store.letters import Filter

    return Filter(
        reason=None if reason is None else reason.value,
        source=source,
        topic=topic,
        since=_instant("--since", since),
        until=_instant("--until", until),
        places=tuple(_place(place) for place in places or ()),
    )


def _instant(option: str, text: str | None) -> datetime | None:
    """A time as a person writes it, with this machine's zone unless it says its own."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise UserError(
            f"{option} {text}: " + say("要 2026-03-02 或 2026-03-02T09:30", "wanted: 2026-03-02 or 2026-03-02T09:30")
        ) from None


def _place(text: str) -> Place:
    from streams.store.letters import Place

    topic, _, rest = text.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise UserError(
            f"{text}: " + say("要 topic/partition/offset", "wanted: topic/partition/offset, as `dead-letters list` shows it")
        )
    return Place(topic, int(partition), int(offset))


def _readable(content: bytes) -> str:
    """The text, or what Python writes for bytes that are none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return repr(content)
