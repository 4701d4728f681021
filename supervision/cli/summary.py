"""What replay and import print: progress on a terminal, what was read and refused, alerts by rule and level."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    return None if text is None else _instant(text, zone, "--until", time.max)


def instant_of(text: str, zone: str, option: str, *, is_end: bool) -> int:
    """An option's instant in ms UTC, as `until_of`; a bare date means its beginning, or the beginning of the next where it ends."""
    return _instant(text, zone, option, time.max) + 1 if is_end and _is_date(text) else _instant(text, zone, option, time.min)


def _is_date(text: str) -> bool:
    return len(text) <= 10 and ":" not in text


def _instant(text: str, zone: str, option: str, of_date: time) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if _is_date(text):
            moment = datetime.combine(date.fromisoformat(text), of_date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        wanted = "2026-03-02T09:00:00+08:00"
        raise UserError(say(f"{option} {text}: 不是时间,例如 {wanted}", f"{option} {text}: not a time such as {wanted}")) from None
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


def show_left(console: Console, left_out: int, refused: Counter[str]) -> None:
    """Events that were read and yet are in no verdict: behind --until, or refused by the engine, by reason."""
    if left_out:
        console.print(say(f"--until 之后略去: {left_out:,} 个事件", f"left out behind --until: {left_out:,} events"))
    for reason, count in sorted(refused.items()):
        console.print(say(f"未研判({reason}): {count:,} 个事件", f"not judged ({reason}): {count:,} events"), highlight=False)


def check_files(inputs: Iterable[Path | None], outputs: Iterable[Path | None]) -> None:
    """UserError naming every input that does not exist and every output that cannot be written, before any work is done."""
    wrong = [
        say(f"{path}: 没有这个文件", f"{path}: there is no such file") for path in inputs if path is not None and not path.exists()
    ]
    for path in outputs:
        if path is None:
            continue
        if path.is_dir():
            wrong.append(say(f"{path}: 是目录,不能写成文件", f"{path}: is a directory, a file is wanted"))
        elif not path.parent.is_dir():
            wrong.append(say(f"{path}: 没有目录 {path.parent}", f"{path}: there is no directory {path.parent}"))
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            wrong.append(say(f"{path}: 没有写入权限", f"{path}: may not be written"))
    if wrong:
        raise UserError(*wrong)
