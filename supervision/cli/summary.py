"""What replay and import print: progress on a terminal, what was read and refused, alerts by rule and level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from supervision.language import UserError, say

if TYPE_CHECKING:
    from rules.output import Alarm
    from streams.replay import Tally
    from streams.sources.jsonl import Lines
    from streams.sources.log import Log


@contextmanager
def progress(console: Console, title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; the function it gives takes how far things are."""
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def until_of(text: str | None, zone: str) -> int | None:
    """`--until` in ms UTC: a time in ISO 8601, local to `zone` without offset; a bare date means its end. UserError else."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= 10 and ":" not in text:
            moment = datetime.combine(date.fromisoformat(text), time.max)
    except ValueError:
        wanted = "2026-03-02T09:00:00+08:00"
        raise UserError(say(f"--until {text}: 不是时间,例如 {wanted}", f"--until {text}: not a time such as {wanted}")) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 // 1)


def show_log(console: Console, log: Log | Lines) -> None:
    """What was read: rows, events, cases; what was refused, by reason, with the first rows."""
    table = Table(title=say("读入", "Read"), title_justify="left", show_header=False)
    for name, count in ((say("行", "rows"), log.rows), (say("事件", "events"), log.events), (say("办件", "cases"), len(log.cases))):
        table.add_row(name, f"{count:,}")
    for why, count in sorted(log.ignored.items()):
        table.add_row(say(f"按映射略去: {why}", f"left out by the mapping: {why}"), f"{count:,}")
    for why, count in sorted(log.refusals.counts.items()):
        table.add_row(say(f"拒收: {why}", f"refused: {why}"), f"{count:,}")
    console.print(table)
    for row in log.refusals.first:
        console.print(say(f"第 {row.line} 行: {row}", f"line {row.line}: {row}"), markup=False, highlight=False, soft_wrap=True)
    more = sum(log.refusals.counts.values()) - len(log.refusals.first)
    if more:
        console.print(say(f"另有 {more:,} 行,--refused FILE 写出全部", f"and {more:,} more; --refused FILE writes all"))


def show_alerts(console: Console, tally: Tally) -> None:
    """Alerts by rule and level."""
    from supervision.alert import State

    columns = {
        State.ISSUED: say("成立", "standing"),
        State.REVOKED: say("已撤销", "revoked"),
        State.WITHHELD: say("暂缓", "withheld"),
    }
    table = Table(say("规则", "rule"), say("级别", "level"), title=say("告警", "Alerts"), title_justify="left")
    for name in columns.values():
        table.add_column(name, justify="right")
    for rule, level in tally.rules():
        table.add_row(rule, level, *(f"{tally.count(rule, level, state):,}" for state in columns))
    console.print(table)


def show_alarms(console: Console, alarms: Iterable[Alarm]) -> None:
    """What a person must mend before the cases concerned can be judged."""
    for alarm in alarms:
        console.print(f"[bold red]{say('告急', 'ALARM')}[/] {alarm.kind} {alarm.subject}: {alarm.detail}", highlight=False)


def check_inputs(*paths: Path | None) -> None:
    """UserError naming every file that does not exist."""
    missing = [path for path in paths if path is not None and not path.exists()]
    if missing:
        raise UserError(*(say(f"{path}: 没有这个文件", f"{path}: there is no such file") for path in missing))
