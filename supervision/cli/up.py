"""`supervision up`, `status`, `stop`, `doctor`: the embedded stack as one thing, with its board and a city at work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.language import say

if TYPE_CHECKING:
    from rich.console import Console

    from streams.embedded.stack import Stack
    from supervision.settings import Settings

WORKERS = typer.Option("--workers", metavar="N", min=1, help="Agent processes; one per spare core.", show_default="1")
DEMO = typer.Option(
    "--demo/--no-demo", help="Bring the example log in and show its alerts.", show_default="at the first start only"
)
CITY = typer.Option("--city/--no-city", help="Let a simulated city work, on a clock of its own.", show_default="on")


@app.command()
def up(
    data: Data = None,
    workers: Annotated[int | None, WORKERS] = None,
    demo: Annotated[bool | None, DEMO] = None,
    city: Annotated[bool, CITY] = True,
    cards: Cards = None,
    background: Annotated[
        bool, typer.Option("--background", help="Return once everything answers; the rest, also the example, goes on behind.")
    ] = False,
) -> None:
    """Start everything on this machine: Kafka, ClickHouse, agents, sink, gateway, board, a made-up city. / 启动整套系统。

    Nothing but Python is needed. All data stays in DIR: started again, it goes on where it was. Ctrl-C, SIGTERM or
    `supervision stop` stop all of it cleanly, last started first. If one part dies, the end of its log is shown and the rest stops.

    The first start makes the board's administrator and shows the password, once (`supervision user reset admin` makes another).
    Addresses are printed and kept in DIR/addresses.json, where the other commands find them; logs are in DIR/logs. Settings come
    from SUPERVISION_* variables or DIR/supervision.toml (`supervision doctor --settings` lists them); one that names another
    Kafka or ClickHouse replaces the embedded one.

    Exit code 0: stopped as asked. 2: could not start, or a part died; nothing is left running.
    """
    from rich.console import Console

    from streams.embedded import stack_background
    from streams.embedded.stack import Stack
    from streams.embedded.stack_progress import Show
    from streams.embedded.stack_services import CITY_COMMAND, FOR_PEOPLE, MONITOR_COMMAND
    from streams.embedded.stack_signals import run_until_stopped, stoppable
    from supervision.settings import load

    settings, console = load(data=data, workers=workers, cards=cards), Console(stderr=True)
    with _administrator(settings) as password:
        if background:
            told = ["--data", str(settings.data.absolute()), "--workers", str(settings.workers)]
            told += [] if demo is None else ["--demo" if demo else "--no-demo"]
            told += ["--city" if city else "--no-city"]
            told += ["--cards", str(cards.absolute())] if cards is not None else []
            _print_addresses(stack_background.start(settings.data, told), settings, password)
            return
        stack = Stack(settings, Show(console), FOR_PEOPLE)
        with stoppable() as hold:
            try:
                stack.start()
                _demonstrate(stack, console, demo)
                stack.join(MONITOR_COMMAND)
                if city:
                    stack.join(CITY_COMMAND, "--live", "--to", "gateway")
                _print_addresses(stack_background.addresses(settings.data) or {}, settings, password)
                console.print(say("Ctrl-C 停止", "Ctrl-C stops it"), style="dim")
                run_until_stopped(stack.check)
            finally:
                hold()
                if stack.children:
                    console.print(say("正在停止", "stopping"), style="dim")
                stack.stop()


class _Password:
    """The administrator's password, if this start made it. `line` is what a person is told, once."""

    def __init__(self, line: str) -> None:
        self._line = line

    def line(self) -> str:
        line, self._line = self._line, ""
        return line


@contextmanager
def _administrator(settings: Settings) -> Iterator[_Password]:
    """Makes the board's first user before the board can; the password is told even if the start then fails."""
    from dashboards.access.first import ensure_administrator, told

    made = ensure_administrator(settings)
    password = _Password(told(made) if made else "")
    try:
        yield password
    finally:
        if left := password.line():
            typer.echo(left)


def _demonstrate(stack: Stack, console: Console, wanted: bool | None) -> None:
    from streams.embedded import stack_demo

    first = stack_demo.is_there() and not stack_demo.stamp(stack.settings).exists()
    if wanted or (wanted is None and first):
        console.print(stack_demo.show(stack))


def _print_addresses(found: dict[str, object], settings: Settings, password: _Password) -> None:
    login = f"{found.get('clickhouse_user')}, {settings.data / 'clickhouse.password'}"
    typer.echo(f"kafka       {found.get('kafka')}")
    typer.echo(f"clickhouse  {found.get('clickhouse')}  ({login})")
    typer.echo(f"gateway     {found.get('gateway')}/docs")
    typer.echo(f"data        {settings.data.absolute()}")
    typer.echo(f"board       {found.get('dashboard')}  {password.line()}".rstrip())


@app.command()
def status(data: Data = None) -> None:
    """The stack's processes, addresses and what the agents still have to judge. / 查看运行状态。

    Exit code 0: it runs and every part is alive. 1: it does not run, or a part is dead.
    """
    from rich.console import Console
    from rich.table import Table

    from streams.embedded import stack_background, stack_ready
    from supervision.settings import load

    settings = load(data=data)
    found = stack_background.addresses(settings.data)
    if found is None:
        typer.echo(say(f"{settings.data}: 没有在运行", f"{settings.data}: not running (or still starting)"))
        raise typer.Exit(1)
    parts = stack_background.parts(found)
    table = Table(say("进程", "process"), "pid", say("状态", "state"), "MB", say("地址", "address"))
    for part in parts:
        alive = say("[green]运行[/]", "[green]runs[/]") if part.is_alive else say("[red]已死[/]", "[red]dead[/]")
        table.add_row(part.name, str(part.pid), alive, str(part.resident_mb or ""), str(found.get(part.name, "")))
    Console().print(table)
    for topic, behind in stack_ready.lag(settings).items():
        typer.echo(say(f"{topic}: 待判 {behind} 条", f"{topic}: {behind} records to judge"))
    if not all(part.is_alive for part in parts):
        raise typer.Exit(1)


@app.command()
def stop(data: Data = None) -> None:
    """Stop the stack that runs on DIR and wait until nothing of it is left. / 停止整套系统。"""
    from streams.embedded import stack_background
    from supervision.settings import load

    settings = load(data=data)
    stopped = stack_background.stop(settings.data)
    typer.echo(say("已停止", "stopped") if stopped else say(f"{settings.data}: 没有在运行", f"{settings.data}: was not running"))


@app.command()
def doctor(
    data: Data = None,
    settings_only: Annotated[bool, typer.Option("--settings", help="List every setting and what it is, and stop.")] = False,
) -> None:
    """Look at everything the stack needs and say what is wrong and what to do. / 体检。

    Python and packages, Kafka's jars against their lock, ports, disk, misspelt variables; and if the stack runs: whether Kafka and
    ClickHouse answer, topics, tables, agents. Exit code 0: all well. 1: something is not.
    """
    from rich.console import Console

    from supervision.settings import load

    settings = load(data=data)
    if settings_only:
        _list_settings()
        return
    from streams.embedded.stack_doctor import examine

    console, well = Console(), True
    for finding in examine(settings):
        well &= finding.ok
        mark = "[green]ok [/]" if finding.ok else "[red]bad[/]"
        advice = f"\n                 [yellow]{finding.advice}[/]" if finding.advice else ""
        console.print(f"{mark} {finding.what:<12} {finding.seen}{advice}", highlight=False, soft_wrap=True)
    sys.exit(0 if well else 1)


def _list_settings() -> None:
    from supervision.settings import env_names

    for name, default, words in env_names():
        typer.echo(f"{name:<36} {words}" + (f" [{default}]" if default else ""))
