"""`supervision schema`: the JSON Schemas of events, alerts, signals and catalogue files."""

from __future__ import annotations

from typing import Annotated

import typer

from supervision.cli import app
from supervision.language import UserError, say

schema = typer.Typer(no_args_is_help=True, help="JSON Schemas of events, alerts, signals and catalogue files.")
app.add_typer(schema, name="schema")


@schema.command()
def write(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is not what it should be.")] = False,
) -> None:
    """Write the schemas and the AsyncAPI document of the topics, made from the types, to supervision/schemas."""
    from supervision.schema import files

    stale = [(path, text) for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text]
    if check and stale:
        what = say("已过时,请运行 supervision schema write", "is out of date; run supervision schema write")
        raise UserError(*(f"{path}: {what}" for path, _ in stale))
    for path, text in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        typer.echo(path)
    if not stale:
        typer.echo(say("所有模式文件均为最新", "every schema is up to date"))
