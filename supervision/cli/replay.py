"""`supervision replay`: judge a log offline, without servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards
from supervision.language import UserError, say

if TYPE_CHECKING:
    from rich.console import Console

    from rules.book import Rulebook
    from streams.sources.jsonl import Lines
    from streams.sources.log import Log
    from streams.sources.mapping import Mapping
    from supervision.reference import Entry, Reference

MAPPING = typer.Option(
    "--mapping", "-m", metavar="M.yaml", help="Which columns mean what. Only JSONL of our own events does without."
)
CATALOGUE = typer.Option(
    "--catalogue", "-c", metavar="C.yaml", help="Items, regions, calendars, officers; may be given several times."
)
UNTIL = typer.Option(
    "--until", metavar="TIME", help="Run the clock to TIME, inclusive, and leave later events out. A bare date means its end."
)
REFUSED = typer.Option("--refused", metavar="FILE", help="Write every refused row here, as JSON lines.")
DRY_RUN = typer.Option("--dry-run", help="Show the first events and every problem; judge and send nothing.")
ALARMED = 3
SHOWN, PROBLEMS = 20, 10_000  # refused rows printed by a run and by a dry run


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XES, Parquet or JSONL, gzipped or not.")],
    mapping: Annotated[Path | None, MAPPING] = None,
    catalogue: Annotated[list[Path] | None, CATALOGUE] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="alerts.jsonl", help="Where the alerts go.")] = None,
    until: Annotated[str | None, UNTIL] = None,
    rules: Annotated[str | None, typer.Option("--rules", metavar="T03,P02", help="Only these rules; all, unless said.")] = None,
    cards: Cards = None,
    refused: Annotated[Path | None, REFUSED] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
) -> None:
    """Judge a case log offline: the engines of the live system in one process, on the log's own clock, without servers.

    One line of alerts.jsonl is one alert in its final state (issued, revoked, withheld), sorted by `detected_at` and `alert_id`,
    times in milliseconds UTC. Two runs give identical files.

    Without --until the clock ends at the log's last event: what was still open then is judged as open at that moment.

    Exit code 0: done. 2: something in the command or a file is wrong. 3: done, but an alarm (such as a calendar year without data)
    left cases unjudged; the alarms are printed.
    """
    from rich.console import Console

    from rules.book import Rulebook
    from supervision.cli.summary import check_files

    console = Console(stderr=True)
    if out is None and not dry_run:
        raise UserError(say("缺少 --out alerts.jsonl(或 --dry-run)", "--out alerts.jsonl is missing (or --dry-run)"))
    check_files([file, mapping, *(catalogue or [])], [out, refused])
    described, log, reference = read(console, file, mapping, catalogue or [], refused, dry_run=dry_run)
    if dry_run or out is None:
        show_dry_run(console, log, reference)
        return
    only = None if rules is None else [rule.strip() for rule in rules.split(",")]
    book = Rulebook.load("builtin" if cards is None else [cards], only=only)
    raise typer.Exit(_judge(console, described, log, reference, out, until, book))


def read(
    console: Console, file: Path, mapping: Path | None, catalogue: list[Path], refused: Path | None, *, dry_run: bool = False
) -> tuple[Mapping | None, Log | Lines, Reference]:
    """Mapping, events and reference data of the command line's files; UserError for whatever is wrong with them."""
    from contextlib import ExitStack

    from streams.sources.feed import read as read_log
    from streams.sources.feed import reference_of
    from streams.sources.log import Refusals
    from supervision.cli.summary import progress

    described, entries = _described(console, mapping, catalogue)
    reference = reference_of(entries, described, "replay")
    with ExitStack() as stack:
        rows = None if refused is None else stack.enter_context(refused.open("wb"))
        refusals = Refusals(rows, PROBLEMS if dry_run else SHOWN)
        told = stack.enter_context(progress(console, say("读取", "reading"), file.stat().st_size))
        return described, read_log(file, described, refusals, told), reference


def _described(console: Console, mapping: Path | None, catalogue: list[Path]) -> tuple[Mapping | None, list[Entry]]:
    """Mapping and catalogue; prints what is odd but allowed. UserError with the mistakes of both."""
    from streams.sources.loading import load_mapping
    from supervision.loading import load_catalogue

    mistakes: list[str] = []
    described: Mapping | None = None
    entries: list[Entry] = []
    try:
        described = None if mapping is None else load_mapping(mapping)
    except UserError as error:
        mistakes += error.lines
    try:
        entries = load_catalogue(catalogue, lambda text: _note(console, text))
    except UserError as error:
        mistakes += error.lines
    if mistakes:
        raise UserError(*mistakes)
    return described, entries


def _judge(
    console: Console,
    mapping: Mapping | None,
    log: Log | Lines,
    reference: Reference,
    out: Path,
    until: str | None,
    book: Rulebook,
) -> int:
    from rules.engine import CaseEngine
    from rules.subjects import SubjectEngine
    from streams.replay import Replay, Tally, write_alerts
    from streams.sources.feed import feed
    from supervision.cli.summary import progress, show_alarms, show_alerts, show_left, show_log, until_of

    end = until_of(until, mapping.times.zone if mapping is not None else "Asia/Shanghai")
    with progress(console, say("研判", "judging"), log.events) as told:
        run = Replay(CaseEngine(book, reference), SubjectEngine(book, reference), told)
        run.run(feed(log, mapping, reference, end))
    write_alerts(out, run.alerts)
    show_log(console, log)
    show_left(console, log.events - run.events, run.refused)
    show_alerts(console, Tally.of(run.alerts))
    console.print(say(f"{len(run.alerts):,} 条告警写入 {out}", f"{len(run.alerts):,} alerts written to {out}"), highlight=False)
    show_alarms(console, run.alarms)
    return ALARMED if run.alarms else 0


def show_dry_run(console: Console, log: Log | Lines, reference: Reference) -> None:
    """The first mapped events on standard output, counts and problems beside it."""
    import msgspec

    from streams.sources.preview import first_events, problems, types_of_events
    from supervision.cli.summary import show_log

    for event in first_events(log):
        typer.echo(msgspec.json.encode(event).decode())
    show_log(console, log)
    for kind, count in sorted(types_of_events(log).items()):
        console.print(f"{kind}: {count:,}", highlight=False)
    for line in problems(log, reference):
        _note(console, line)


def _note(console: Console, text: str) -> None:
    console.print(say(f"注意: {text}", f"note: {text}"), markup=False, highlight=False, soft_wrap=True)
