"""`supervision agents`: the processes that judge; `supervision topics`: what they read and write."""

from __future__ import annotations

from typing import Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.language import say

topics = typer.Typer(no_args_is_help=True, help="The Kafka topics of the product.")
app.add_typer(topics, name="topics")


@app.command()
def agents(
    workers: Annotated[
        int | None, typer.Option("--workers", "-n", min=1, help="Processes to run; one per core is a good number.", metavar="N")
    ] = None,
    data: Data = None,
    rules: Annotated[
        str | None, typer.Option("--rules", help="Only these rules, separated by commas, e.g. T03,P02.", metavar="IDS")
    ] = None,
    cards: Cards = None,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Go on although records were deleted before they were judged; the gap is recorded."),
    ] = False,
    worker: Annotated[int | None, typer.Option("--worker", hidden=True)] = None,
) -> None:
    """Judge: read case and activity events, apply the rules, write alerts, clues and dead letters.

    Workers share the partitions; start this command on as many machines as you like. A worker that dies is started again, and its
    partitions move to the others meanwhile; nothing is lost and nothing is said twice. Ctrl-C or SIGTERM ends in order: what was
    begun is finished, and the next start goes on behind it.

    Worker n serves /metrics and /readyz on SUPERVISION_METRICS_PORT + 10 + n (not ready while it takes up state).
    """
    from rules.book import Rulebook
    from streams import admin
    from streams.agents import engines
    from streams.agents import worker as agent
    from streams.agents.crew import Crew, worker_command
    from streams.embedded.stack_signals import run_until_stopped, stoppable
    from supervision import logs
    from supervision.settings import load

    settings = load(data=data, workers=workers, cards=cards)
    only = None if rules is None else [name.strip() for name in rules.split(",") if name.strip()]
    book = Rulebook.load(settings.rule_cards, only=only)
    if worker is not None:
        logs.configure(settings.log_level, worker=worker)
        rules_of = tuple((rule.id, rule.card.disposition) for rule in book.rules)
        return agent.run(settings, engines.by(book), agent.Options(index=worker, accept_loss=accept_loss, rules=rules_of))

    admin.check(settings)
    logs.configure(settings.log_level)
    arguments = [
        *(() if data is None else ("--data", str(data))),
        *(() if rules is None else ("--rules", rules)),
        *(() if cards is None else ("--cards", str(cards))),
        *(("--accept-loss",) if accept_loss else ()),
    ]
    crew = Crew([worker_command(index, arguments) for index in range(settings.workers)])
    with stoppable():
        try:
            run_until_stopped(crew.keep)
        finally:
            crew.stop()


@topics.command()
def create(data: Data = None) -> None:
    """Create the topics that do not exist yet; harmless to repeat. A topic with another number of partitions is an error."""
    from streams import admin
    from supervision.settings import load

    made = admin.create(load(data=data))
    for name in made:
        typer.echo(name)
    if not made:
        typer.echo(say("主题都已存在", "all topics exist"))


@topics.command(name="list")
def show(data: Data = None) -> None:
    """The topics: key, partitions found and wanted, how long they keep, what they are compacted by."""
    from rich.console import Console
    from rich.table import Table

    from streams import admin
    from supervision.durations import DAY_MS
    from supervision.settings import load

    settings = load(data=data)
    with admin.connected(settings) as client:
        found = admin.look(client, settings)
    table = Table("topic", "key", "partitions", "wanted", "cleanup", "keeps", box=None)
    for entry in found:
        keeps = "for ever" if entry.topic.retention_ms < 0 else f"{entry.topic.retention_ms // DAY_MS} d"
        count = str(entry.partitions) if entry.partitions else say("没有", "missing")
        table.add_row(entry.name, entry.topic.key, count, str(entry.wanted), entry.topic.cleanup.value, keeps)
    Console().print(table)
