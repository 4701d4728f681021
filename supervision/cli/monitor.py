"""`supervision monitor`: the process that looks at the feeds of all sources."""

from __future__ import annotations

from supervision.cli import app
from supervision.cli.options import Data


@app.command()
def monitor(
    data: Data = None,
) -> None:
    """Look whether every source sends what it should, until told to stop. / 监视各来源的报送。

    Where the open cases of a source stand still together, one alarm (F01) about the source is raised, and the cards on idle cases
    (T17) of that source are withheld until it sends again. Times that are dates are told, too (F02).
    """
    from rules.book import Rulebook
    from streams.monitor.process import Process
    from streams.probe import run_until_told
    from streams.store.client import address_of
    from streams.store.migration import require_current
    from supervision.logs import configure
    from supervision.settings import load, metrics_port_of

    settings = load(data=data)
    configure(settings.log_level)
    require_current(address_of(settings))
    run_until_told(Process(settings, Rulebook.load(settings.rule_cards)), metrics_port_of(settings, "monitor"))
