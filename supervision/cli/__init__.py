"""The `supervision` command. Each module of this package is one group of subcommands; this one joins them."""

from __future__ import annotations

import sys

import typer

from supervision.language import UserError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


def main() -> None:
    """Entry point: a user's mistake ends with its lines and exit code 2, never with a traceback."""
    try:
        app()
    except UserError as error:
        for line in error.lines:
            sys.stderr.write(f"supervision: {line}\n")
        raise SystemExit(2) from None


# The groups register their commands on `app`, so they come after it.
from supervision.cli import agents, backup, board, coverage, db, gateway, importing, letters, monitor, ready  # noqa: E402, F401, I001
from supervision.cli import peers, replay, rules, schema, servers, simulating, up, verify  # noqa: E402, F401
