"""`supervision ready`: whether a process does its work, as its `/readyz` says. For health checks of containers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

ASK_S = 3.0


class Kind(StrEnum):
    """The processes that can be asked."""

    AGENTS = "agents"
    SINK = "sink"
    GATEWAY = "gateway"
    DASHBOARD = "dashboard"
    SIMULATOR = "simulator"
    MONITOR = "monitor"


@app.command()
def ready(
    process: Annotated[Kind, typer.Argument(help="Which process; of agents every worker of the crew.")],
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where it runs.")] = "127.0.0.1",
    data: Data = None,
) -> None:
    """Ask a process on SUPERVISION_METRICS_PORT whether it does its work. / 进程是否就绪。

    Exit code 0: it does. 1: it does not, or nobody answers.
    """
    from streams.readiness import READY, ask
    from supervision.settings import PREFIX, load, metrics_port_of

    settings = load(data=data)
    if not settings.metrics_port:
        raise UserError(
            say(
                f"{PREFIX}METRICS_PORT 未设, 进程没有 /readyz: 设为进程启动时的值",
                f"{PREFIX}METRICS_PORT is not set, so there is no /readyz: set it as the process has it",
            )
        )
    count = settings.workers if process is Kind.AGENTS else 1
    ports = [metrics_port_of(settings, process.value, index) for index in range(count)]
    answers = [(port, *ask(host, port, ASK_S)) for port in ports]
    for port, _, said in answers:
        typer.echo(f"http://{host}:{port}{READY}: {said}")
    if not all(good for _, good, _ in answers):
        raise typer.Exit(1)
