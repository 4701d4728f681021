"""What is shown while the stack starts: spinner or bar for the step at hand, a line for each one done; plain without a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn


class Step:
    """One step under way. `report` turns its spinner into a bar, `detail` is what its line says at the end."""

    def __init__(self, bar: Progress | None, what: str) -> None:
        self.detail = ""
        self._bar = bar
        self._task = bar.add_task(what, total=None) if bar else None

    def report(self, done: int, total: int) -> None:
        """So much of it is done; fits `kafka_jars.Progress`."""
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)


class Show:
    """Steps on a console; `Show()` shows nothing, for tests and other programs."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(quiet=True)

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Within: the step runs. A line with its time if it succeeds; if it fails its error says enough."""
        begun = time.monotonic()
        if self.console.is_terminal:
            with Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), console=self.console, transient=True
            ) as bar:
                step = Step(bar, what)
                yield step
        else:
            step = Step(None, what)
            yield step
        self.console.print(f"[green]✓[/] {what:<12} {step.detail}  [dim]{time.monotonic() - begun:.1f} s[/]", highlight=False)
