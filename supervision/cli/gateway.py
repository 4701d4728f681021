"""`supervision gateway`: events over HTTP; `gateway-key`: keys of sources for it; `person-hash`: persons as it hashes them."""

from __future__ import annotations

from typing import Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

keys = typer.Typer(no_args_is_help=True, help="Keys of sources for the HTTP gateway.")
app.add_typer(keys, name="gateway-key")


@app.command()
def gateway(
    data: Data = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Port to listen on (8081).")] = None,
) -> None:
    """Take events over HTTP: POST /v1/events, with a key of `supervision gateway-key add`. The page /docs explains it.

    An answer 202 means that every replica of Kafka has the events. Numbers of persons are turned into keyed hashes before anything
    is written; the key is made at the first start (person.key in the data directory): keep it, and keep it secret.

    Put TLS before it (a reverse proxy): it speaks plain HTTP. SIGTERM ends in order: what is under way is answered.
    """
    from streams.gateway import process
    from supervision import logs
    from supervision.settings import load

    settings = load(data=data, gateway_host=host, gateway_port=port)
    logs.configure(settings.log_level, process="gateway")
    process.run(settings)


@app.command(name="person-hash")
def person_hash(
    phone: Annotated[bool, typer.Option("--phone", help="The numbers are phones.")] = False,
    data: Data = None,
) -> None:
    """Hash persons' numbers as the gateway does: one a line from standard input, one hash a line to standard output.

    For `person_hash` of officers in a catalogue, so that an officer who is an applicant is known as one. Numbers are read from
    standard input only: what stands on a command line is seen by others on the machine.
    """
    import sys

    from streams.gateway.persons import RAW_ENDINGS, Persons, read_key
    from supervision.settings import load

    persons, ending = Persons(read_key(load(data=data).person_key)), RAW_ENDINGS[phone]
    for line in sys.stdin:
        number = line.strip()
        typer.echo(persons.hash_of(ending, number) if number else "")


@keys.command()
def add(
    source: Annotated[str, typer.Argument(help="Source system that the key is for: `source_system` of its events.")],
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="Only events of this region and those in it; may be repeated.", metavar="CODE"),
    ] = None,
    event_type: Annotated[
        list[str] | None, typer.Option("--type", help="Only events of this type; may be repeated.", metavar="TYPE")
    ] = None,
    clock: Annotated[
        str | None, typer.Option("--clock", help="Log clock of the source, where the reference data do not say it.", metavar="NAME")
    ] = None,
    rate: Annotated[
        int | None, typer.Option("--rate", min=1, help="Most events a second; above it 429 is answered.", metavar="N")
    ] = None,
    data: Data = None,
) -> None:
    """Make a key and print it, once: only its hash is kept. A running gateway takes it within a second."""
    from streams.gateway import keys as file
    from supervision.event import EventType
    from supervision.settings import load

    unknown = [name for name in event_type or () if name not in set(EventType)]
    if unknown or not 0 < len(source) <= 128:
        wrong = ", ".join(unknown) or source
        raise UserError(say(f"{wrong}: 没有这种事件类型或来源名过长", f"{wrong}: no such event type, or a name too long"))
    if not all(code.isdigit() for code in region or ()):
        raise UserError(say("--region 应为数字区划代码", "--region wants region codes, which are digits"))
    types = tuple(EventType(name) for name in event_type or ())
    typer.echo(file.add(load(data=data).gateway_keys, source, tuple(region or ()), types, clock, rate))


@keys.command(name="list")
def show(data: Data = None) -> None:
    """The keys: id, source, what each may send, when it was made and revoked."""
    from rich.console import Console
    from rich.table import Table

    from streams.gateway import keys as file
    from supervision.settings import load

    table = Table("key", "source", "regions", "types", "clock", "rate", "made", "revoked", box=None)
    for key in file.read(load(data=data).gateway_keys):
        scope = (" ".join(key.regions) or "*", " ".join(key.event_types) or "*", key.clock or "", str(key.events_per_s or ""))
        table.add_row(key.key_id, key.source, *scope, key.created_at, key.revoked_at or "")
    Console().print(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as `list` shows it.")],
    data: Data = None,
) -> None:
    """Close a key for good; a running gateway refuses it within a second."""
    from streams.gateway import keys as file
    from supervision.settings import load

    key = file.revoke(load(data=data).gateway_keys, key_id)
    typer.echo(say(f"{key.key_id}({key.source})已作废", f"{key.key_id} ({key.source}) is revoked"))
