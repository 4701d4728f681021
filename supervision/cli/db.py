"""`supervision clickhouse`, `supervision db` and `supervision sink`: the store, its schema, and what fills it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

if TYPE_CHECKING:
    from streams.sink import Plan
    from streams.store.client import Address
    from supervision.settings import Settings

db = typer.Typer(no_args_is_help=True, help="The schema of the store.")
app.add_typer(db, name="db")

PATIENCE_S = 10.0  # a person is waiting


@app.command()
def clickhouse(
    data: Data = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Port of the native protocol (19000).")] = None,
) -> None:
    """Run the embedded ClickHouse: the chdb engine behind the native protocol, on the loopback only, durable on disk.

    Keeps its tables under DIR/clickhouse and asks for the password in DIR/clickhouse.password, made at the first start.
    SIGTERM or Ctrl-C lets running queries end, ten seconds at most. Started again on the same directory, it goes on with its data.
    """
    from streams.embedded.clickhouse import SUBDIRECTORY, serve
    from supervision.logs import configure
    from supervision.settings import clickhouse_password, load

    settings = load(data=data, clickhouse_port=port)
    configure(settings.log_level)
    if settings.clickhouse_host:
        raise UserError(
            say(
                f"SUPERVISION_CLICKHOUSE_HOST = {settings.clickhouse_host}:已指定别的 ClickHouse,不必再起内嵌的",
                f"SUPERVISION_CLICKHOUSE_HOST = {settings.clickhouse_host} names another ClickHouse: unset it to run this one",
            )
        )
    password = clickhouse_password(settings)
    serve(settings.data / SUBDIRECTORY, settings.clickhouse_port, settings.clickhouse_user, password)


@db.command()
def migrate(data: Data = None) -> None:
    """Create the database if need be and bring its tables to this version. Harmless to repeat."""
    from streams.store.client import Patience, address_of
    from streams.store.migration import migrate as bring_up
    from supervision.logs import configure

    configure("error")
    applied = bring_up(address_of(_settings(data)), patience=Patience(total_s=PATIENCE_S))
    for title in applied:
        typer.echo(title)
    if not applied:
        typer.echo(say("已是最新。", "up to date"))


@db.command()
def status(data: Data = None) -> None:
    """Which migrations are applied, and how many rows the store holds. Exit code 1 if some are pending."""
    from streams.store.client import Patience, Store, address_of
    from streams.store.migration import status as migrations
    from streams.store.queries import table_sizes
    from supervision.logs import configure

    configure("error")
    address = address_of(_settings(data))
    entries = migrations(address, Patience(total_s=PATIENCE_S))
    for entry in entries:
        typer.echo(f"{entry.title:<24} {entry.applied_at or say('未执行', 'pending')}")
    if any(entry.applied_at is None for entry in entries):
        raise typer.Exit(1)
    store = Store(address)
    for name, rows in table_sizes(store).items():
        typer.echo(f"{name:<24} {rows:>14,}")
    store.close()


@app.command()
def sink(
    data: Data = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on behind records that Kafka removed before they were stored; recorded.")
    ] = False,
) -> None:
    """Write events, alerts, clues and dead letters from Kafka to ClickHouse, each once, until told to stop.

    It goes on behind what ClickHouse holds, waits for Kafka or ClickHouse as long as they are away, and stops loudly where records
    were removed before they were stored. With metrics on, `/readyz` says whether it is writing.
    """
    from streams.probe import run_until_told
    from streams.sink import Sink
    from streams.store.client import address_of
    from streams.store.migration import require_current
    from supervision.logs import configure
    from supervision.settings import metrics_port_of

    settings = _settings(data)
    configure(settings.log_level)
    address = address_of(settings)
    require_current(address)
    run_until_told(Sink(_plan(settings, address, accept_loss=accept_loss)), metrics_port_of(settings, "sink"))


def _plan(settings: Settings, address: Address, *, accept_loss: bool) -> Plan:
    from streams.sink import Plan

    return Plan(
        bootstrap=settings.kafka_address,
        clickhouse=address,
        consumer=f"{settings.app_id}-sink",
        topic_prefix=settings.topic_prefix,
        batch_rows=settings.sink_batch_rows,
        batch_wait_s=settings.sink_batch_wait_ms / 1000,
        accept_loss=accept_loss,
    )


def _settings(data: Path | None) -> Settings:
    from supervision.settings import load

    return load(data=data)
