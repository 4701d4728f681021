"""`supervision verify`: every alert of a span judged again from the stored events, and compared with the stored ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.language import UserError, language, say

if TYPE_CHECKING:
    from streams.store.client import Store
    from streams.verify.cases import Span
    from streams.verify.verification import Found, Living, Unlike
    from supervision.settings import Settings

SHOWN = 20


@app.command()
def verify(
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help=say("从此刻起判定的(含);不写则从头。", "Alerts detected from this instant on; all unless said."),
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="TIME",
            help=say("到此刻止(不含);只写日期的含当日。", "Until before this instant; a bare date is included."),
        ),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help=say("只看这个来源。", "Alerts of this source only."))
    ] = "",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="ID", help=say("只看这些规则。", "Only these rules; may be repeated."))
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help=say("最多列出几处不同。", "Differences to list at most."))
    ] = SHOWN,
    zone: Annotated[
        str,
        typer.Option(
            "--zone", metavar="ZONE", help=say("时间所在时区。", "Time zone of times without an offset, and of those shown.")
        ),
    ] = "Asia/Shanghai",
    data: Data = None,
    cards: Cards = None,
    catalogue: Annotated[
        list[Path] | None,
        typer.Option(
            "--catalogue",
            help=say(
                "用这些目录文件代替 Kafka 中的基础数据;这时不问 Kafka。",
                "Catalogue files, instead of the reference data in Kafka, which is not asked then.",
            ),
        ),
    ] = None,
) -> None:
    """Judge all alerts of a span again from the stored events and compare: not stored, not implied, different. / 全部复算核对。

    Exit code 1 if there is a difference. It may run beside a system at work: what is not due yet is no difference, and what was on
    its way is looked at again. Without running agents the clocks are taken to be where the stored alerts prove them to have been.
    """
    from rich.console import Console

    from rules.book import Rulebook
    from streams.store.client import Patience, Store, address_of
    from streams.verify.reach import by_agents, by_store
    from streams.verify.verification import Asked, Verification
    from supervision.cli.db import PATIENCE_S
    from supervision.cli.explaining import reference_of
    from supervision.cli.summary import progress
    from supervision.logs import configure
    from supervision.settings import load

    configure("error")
    asked = Asked(_span(first, end, zone), source, frozenset(rule or ()))
    settings = load(data=data, cards=cards)
    book = Rulebook.load(settings.rule_cards)
    unknown = sorted(asked.rules - book.by_id.keys())
    if unknown:
        raise UserError(*(say(f"没有规则 {name}", f"no rule {name}") for name in unknown))
    store = Store(address_of(settings), Patience(total_s=PATIENCE_S))
    reference = reference_of(settings, catalogue)
    at_work = None if catalogue else by_agents(settings)
    reached = by_store(store) if at_work is None else at_work
    living = None if at_work is None else _living(settings, store)
    console = Console(stderr=True)
    ((total,),) = store.execute("SELECT count() FROM events_raw")
    with progress(console, say("复算", "judging again"), total) as show:
        found = Verification(store, book, reference, asked, reached, living, show).run(limit)
    _say(found, asked.source, limit, zone)
    if found.differences:
        raise typer.Exit(1)


def _span(first: str | None, end: str | None, zone: str) -> Span:
    from streams.verify.cases import Span
    from supervision.cli.summary import instant_of

    whole = Span()
    since = whole.first if first is None else instant_of(first, zone, "--from", is_end=False)
    until = whole.end if end is None else instant_of(end, zone, "--to", is_end=True)
    if since >= until:
        raise UserError(say(f"--from {first} 不早于 --to {end}", f"--from {first} is not before --to {end}"))
    return Span(since, until)


def _living(settings: Settings, store: Store) -> Living:
    from streams.draining import wait_until_drained
    from streams.verify.reach import by_agents_from_now
    from streams.verify.verification import Living

    def settle() -> dict[str, int]:
        wait_until_drained(settings, store)
        return by_agents_from_now(settings) or {}

    return Living(settle)


def _say(found: Found, source: str, limit: int, zone: str) -> None:
    for one in found.unlike[:limit]:
        for line in _lines(one, zone):
            typer.echo(line)
    more = found.differences - len(found.unlike[:limit])
    if more:
        typer.echo(say(f"另有 {more:,} 处", f"and {more:,} more"))
    if found.moved_on:
        typer.echo(
            say(
                f"其中 {found.moved_on:,} 张牌按现在的规则卡或者日历版本复算,结果相同",
                f"{found.moved_on:,} of them come out the same by other versions of card or calendar than they were judged by",
            )
        )
    if found.of_feeds:
        typer.echo(
            say(
                f"另有 {found.of_feeds:,} 张关于来源数据本身的牌,由数据监测发出,不在复算之列",
                f"{found.of_feeds:,} more alerts are about whole sources: the monitor of feeds gives them, no engine",
            )
        )
    if found.leaves_out_clues:
        typer.echo(
            say(
                f"来源 {source} 与别的来源同用一个时钟:涉及多个办件的线索未核对,去掉 --source 再核对",
                f"{source} shares its clock with other sources: what rests on many cases is left out, verify it without --source",
            )
        )
    typer.echo(
        say(
            f"{found.events:,} 个事件,{found.alerts:,} 张牌,{found.differences:,} 处不同",
            f"{found.events:,} events, {found.alerts:,} alerts, {found.differences:,} difference{'s' * (found.differences != 1)}",
        )
    )


def _lines(one: Unlike, zone: str) -> list[str]:
    from rules.terms import word
    from supervision.cli.explaining import local

    alert = one.alert
    what = (
        say("库中没有", "not stored")
        if one.stored is None
        else say("不应有", "not implied")
        if one.now is None
        else say("不同", "different")
    )
    level, at = word(alert.level.value, language()), local(alert.detected_at, zone)
    head = f"{alert.alert_id} {alert.rule_id} {level} {at} {alert.subject_key}"
    return [f"{head}: {what}", *(f"  {say(each.zh, each.en)}" for each in one.reasons)]
