"""`supervision dashboard` and `supervision user`: the board, and who may look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.language import say

if TYPE_CHECKING:
    from dashboards.access.users import Users

user = typer.Typer(no_args_is_help=True, help="Users of the board.")
app.add_typer(user, name="user")

NAME = typer.Argument(metavar="NAME", help="User name.")
ROLE = typer.Option("--role", metavar="ROLE", help="administrator, supervisor, auditor, department or discipline; repeatable.")
REGION = typer.Option("--region", metavar="CODE", help="Sees this region and what lies in it; everything unless said.")
DEPARTMENT = typer.Option("--department", metavar="ID", help="Sees this department's alerts only.")


@app.command()
def dashboard(
    data: Data = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on (127.0.0.1).", metavar="HOST")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port (8080).", metavar="PORT")] = None,
    cards: Cards = None,
) -> None:
    """Serve the live board: the wall, cards, history. / 监察大屏。

    Needs Kafka and ClickHouse. Nobody gets in without a user (`supervision user add`); without any, an administrator is made, his
    password printed once. Behind TLS, let the proxy on the same machine set X-Forwarded-Proto. SIGTERM or Ctrl-C stops it; browsers
    come back by themselves and miss nothing.
    """
    from dashboards import server
    from dashboards.access.first import ensure_administrator, told
    from streams.store.client import address_of
    from streams.store.migration import require_current
    from supervision import logs
    from supervision.settings import load

    settings = load(data=data, dashboard_host=host, dashboard_port=port, cards=cards)
    require_current(address_of(settings))
    password = ensure_administrator(settings)
    if password is not None:
        typer.echo(told(password))
    logs.configure(settings.log_level)
    server.run(settings)


@contextmanager
def _users(data: Path | None) -> Iterator[Users]:
    from dashboards.access.database import Database
    from dashboards.access.users import Users
    from supervision.settings import load

    with closing(Database(load(data=data).data)) as database:
        yield Users(database)


@user.command()
def add(
    name: Annotated[str, NAME],
    role: Annotated[list[str], ROLE],
    region: Annotated[str, REGION] = "",
    department: Annotated[str | None, DEPARTMENT] = None,
    display_name: Annotated[str, typer.Option("--display-name", metavar="TEXT", help="How the person is called.")] = "",
    data: Data = None,
) -> None:
    """Make a user and print the password made for him; he changes it when he first logs in."""
    with _users(data) as users:
        _print(users.add(name, role, display_name=display_name, region_prefix=region, department_id=department))


@user.command()
def reset(name: Annotated[str, NAME], data: Data = None) -> None:
    """Print a new password for a user, let a disabled one in again, end his sessions."""
    with _users(data) as users:
        _print(users.reset(name))


@user.command()
def disable(name: Annotated[str, NAME], data: Data = None) -> None:
    """Let a user in no more and end his sessions."""
    with _users(data) as users:
        users.disable(name)


@user.command()
def roles(
    name: Annotated[str, NAME],
    role: Annotated[list[str], ROLE],
    region: Annotated[str | None, REGION] = None,
    department: Annotated[str | None, DEPARTMENT] = None,
    data: Data = None,
) -> None:
    """Give a user these roles in place of his own; region and department stay unless said ("" takes them away)."""
    with _users(data) as users:
        users.set_roles(name, role, region, department)


@user.command(name="list")
def show(data: Data = None) -> None:
    """The users and what they may see."""
    from rich.console import Console
    from rich.table import Table

    table = Table("user", "name", "roles", "region", "department", "state", box=None)
    with _users(data) as users:
        for each in users.all():
            state = (
                say("停用", "disabled") if each.is_disabled else say("须改密码", "must change password") if each.must_change else ""
            )
            table.add_row(each.username, each.display_name, ", ".join(each.roles), each.region_prefix, each.department_id, state)
    Console().print(table)


def _print(password: str) -> None:
    typer.echo(say(f"密码 {password}  (只显示这一次)", f"password {password}  (shown once)"))
