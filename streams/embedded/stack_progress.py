"""What is shown while the stack starts: a line per step, a bar while jars are fetched; without a terminal, plain lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from streams.embedded.kafka_jars import Progress as Report
from supervision.language import say


@contextmanager
def fetching(console: Console) -> Iterator[Report]:
    """A report for `Kafka.start` that shows a bar once there is something to fetch."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task(say("取 Kafka 的 jar (仅首次)", "fetching Kafka's jars (first start only)"))

    def report(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
