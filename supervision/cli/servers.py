"""`supervision kafka`: the embedded broker by itself, and the lock of its jars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

kafka = typer.Typer(invoke_without_command=True)
app.add_typer(kafka, name="kafka")


@kafka.callback()
def run(
    context: typer.Context,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="Port for clients (19092); the next is the controller's.")
    ] = None,
) -> None:
    """Run Apache Kafka on this machine: one node, durable on disk, listening on the loopback only.

    Nothing but Python is needed. Java comes with the extra `embedded`; Kafka's jars (45 MB) are fetched at the first start into the
    user's cache and compared with this project's own lock at every start. KAFKA_HOME names an unpacked Kafka 4.x to run instead.

    Prints the address when Kafka answers. Its data is under DIR/kafka; started again there, it goes on with it.
    """
    if context.invoked_subcommand:
        return
    from rich.console import Console

    from streams.embedded.kafka import Kafka
    from streams.embedded.stack_progress import Show
    from streams.embedded.stack_signals import run_until_stopped, stoppable
    from supervision.settings import load

    settings = load(data=data, kafka_port=port)
    if settings.kafka_bootstrap:
        raise UserError(
            say(
                f"SUPERVISION_KAFKA_BOOTSTRAP = {settings.kafka_bootstrap}: 已指定别的 Kafka, 不必再起内嵌的",
                f"SUPERVISION_KAFKA_BOOTSTRAP = {settings.kafka_bootstrap} names another Kafka: unset it to run the embedded one",
            )
        )
    broker, show = Kafka.of(settings), Show(Console(stderr=True))
    with stoppable() as hold:
        try:
            with show.step("Kafka") as step:
                broker.start(step.report)
                step.detail = broker.bootstrap
            typer.echo(f"kafka {broker.bootstrap}  data {broker.directory}")
            run_until_stopped(broker.check)
        finally:
            hold()
            broker.stop()


@kafka.command()
def lock(
    version: Annotated[str, typer.Option("--version", help="Kafka's version.", metavar="X.Y.Z")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; the project's own lock unless said.")] = None,
) -> None:
    """Rewrite the lock of Kafka's jars: resolve VERSION anew over the network, hash every jar, write `jars.lock`.

    For maintainers: read the difference before you commit it, it decides what every installation trusts.
    """
    from streams.embedded.kafka_jars import LOCK, lock_text, resolve

    jars = resolve(version)
    path = out or LOCK
    path.write_text(lock_text(jars), encoding="utf-8")
    typer.echo(f"{path}: {len(jars)} jars")
