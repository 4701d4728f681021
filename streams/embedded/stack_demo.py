"""The example log that a first `supervision up` brings in, and the alerts it raises as a table: proof that the whole way works."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.table import Table

from streams.embedded.stack import Stack
from streams.store.client import Store, address_of
from supervision.language import UserError, language, say
from supervision.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "demo"
SHOWN = 20
WAIT_S = 30.0
COLOURS = {"notice": "cyan", "yellow": "yellow", "red": "red"}

# Standing alerts of the example's source, the latest first.
QUERY = """
SELECT rule_id, toString(level), case_id, toString(toTimeZone(detected_at, 'Asia/Shanghai')), description[%(language)s]
FROM alerts WHERE state != 'revoked' AND source_system = 'demo-county' ORDER BY detected_at DESC, alert_id
"""


def is_there() -> bool:
    """Whether the example is at hand; it comes with the source tree, not with the wheel."""
    return EXAMPLE.is_dir()


def stamp(settings: Settings) -> Path:
    """A file that says the example was brought in."""
    return settings.data / "demo.done"


def show(stack: Stack) -> Table:
    """Bring the example in (again changes nothing) and wait for its alerts. Raises UserError if there are none in time."""
    if not is_there():
        raise UserError(f"{EXAMPLE}: " + say("没有示例", "the example is not here: it comes with the source tree"))
    with stack.show.step(say("示例", "example")) as step:
        mapping, catalogue = str(EXAMPLE / "mapping.yaml"), str(EXAMPLE / "catalogue.yaml")
        stack.run("import", str(EXAMPLE / "log.csv"), "--mapping", mapping, "--catalogue", catalogue)
        rows = _alerts(stack)
        step.detail = say(f"{len(rows)} 张监察牌", f"{len(rows)} alerts")
    stamp(stack.settings).touch()
    return _table(rows)


def _alerts(stack: Stack) -> list[tuple[Any, ...]]:
    """The example's alerts once there are some and their number has stopped growing."""
    store = Store(address_of(stack.settings))
    until, seen = time.monotonic() + WAIT_S, 0
    try:
        while time.monotonic() < until:
            rows = store.execute(QUERY, {"language": language()})
            if rows and len(rows) == seen:
                return rows
            seen = len(rows)
            stack.check()
            time.sleep(0.7)
    finally:
        store.close()
    raise UserError(say("示例没有产生监察牌: 看 ", "the example raised no alerts in time: see ") + str(stack.logs))


def _table(rows: list[tuple[Any, ...]]) -> Table:
    more = say(f"最近 {SHOWN} 张, 共 {len(rows)} 张", f"the latest {SHOWN} of {len(rows)}") if len(rows) > SHOWN else None
    table = Table(title=say("示例的监察牌", "Alerts of the example"), caption=more)
    for heading in (say("规则", "rule"), say("级别", "level"), say("办件", "case"), say("时刻", "at"), say("说明", "why")):
        table.add_column(heading, overflow="fold")
    for rule, level, case, at, why in rows[:SHOWN]:
        table.add_row(rule, f"[{COLOURS.get(level, 'white')}]{level}[/]", case, at[:19], why)
    return table
