"""`supervision monitor`: the process that looks at the feeds of all sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervision.cli import app


@app.command()
def monitor(
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data directory.", show_default="./data")] = None,
) -> None:
    """Look whether every source sends what it should, until told to stop. / 监视各来源的报送。

    Where the open cases of a source stand still together, one alarm (F01) about the source is raised, and the cards on idle cases
    (T17) of that source are withheld until it sends again. Times that are dates are told, too (F02).
    """
    import signal

    from rules.book import Rulebook
    from streams.monitor.process import Process
    from streams.probe import Probe
    from streams.store.client import address_of
    from streams.store.migration import require_current
    from supervision.logs import configure
    from supervision.settings import load, metrics_port_of

    settings = load(data=data)
    configure(settings.log_level)
    require_current(address_of(settings))
    running = Process(settings, Rulebook.load("builtin" if settings.cards is None else [settings.cards]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: running.stop())
    port = metrics_port_of(settings, "monitor")
    probe = Probe(port, lambda: running.is_ready) if port else None
    try:
        running.run()
    finally:
        if probe is not None:
            probe.close()
