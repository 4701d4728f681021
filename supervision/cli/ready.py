"""`supervision ready`: whether a process does its work, as its `/readyz` says. For health checks of containers."""

from __future__ import annotations

import urllib.error
import urllib.request
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supervision.cli import app
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
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data directory.", show_default="./data")] = None,
) -> None:
    """Ask a process on SUPERVISION_METRICS_PORT whether it does its work. / 进程是否就绪。

    Exit code 0: it does. 1: it does not, or nobody answers.
    """
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
    answers = [_ask(host, metrics_port_of(settings, process.value, index)) for index in range(count)]
    for answer in answers:
        typer.echo(answer[1])
    if not all(good for good, _ in answers):
        raise typer.Exit(1)


def _ask(host: str, port: int) -> tuple[bool, str]:
    url = f"http://{host}:{port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=ASK_S) as answer:
            return answer.status == 200, f"{url}: {answer.read(100).decode('ascii', 'replace').strip()}"
    except urllib.error.HTTPError as error:
        with error:
            return False, f"{url}: {error.code} {error.read(100).decode('ascii', 'replace').strip()}"
    except OSError as error:
        return False, f"{url}: {error}"
