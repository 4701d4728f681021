"""`supervision rules`: list the cards, check and test them, write their pages, and explain an alert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Cards, Data
from supervision.language import UserError, language, say

if TYPE_CHECKING:
    from rules.card import Card

group = typer.Typer(
    no_args_is_help=True,
    help=say("规则卡:查看、检查、测试、生成文档、解释一张牌。", "Rule cards: list, check, test, document, explain."),
)
app.add_typer(group, name="rules")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help=say("规则卡文件或目录;不写则为产品自带的卡。", "Card files or directories; none: the product's own cards.")
    ),
]


@group.command("list")
def list_cards(paths: Paths = None) -> None:
    """Every card: id, name, levels, disposition, detector kind. / 列出规则卡。"""
    from rich.console import Console
    from rich.table import Table

    from rules.pages import kind_of
    from rules.terms import word

    table = Table(
        "id", say("名称", "name"), say("级别", "levels"), say("处置", "disposition"), say("检测器", "kind"), say("例子", "examples")
    )
    for card in _cards(paths):
        levels = " → ".join(word(level.value, language()) for level in card.levels)
        kind = kind_of(card.detector)
        table.add_row(
            card.id, getattr(card.name, language()), levels, word(card.disposition.value, language()), kind, str(len(card.examples))
        )
    Console().print(table)


@group.command("check")
def check(paths: Paths = None) -> None:
    """Whether cards can be taken; every mistake with file, line and key. / 检查规则卡,列出全部错误。"""
    cards = _cards(paths)
    typer.echo(say(f"{len(cards)} 张规则卡,没有错误", f"{len(cards)} cards, no mistakes"))


@group.command("test")
def run_examples(
    paths: Paths = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="ID", help=say("只测这些规则。", "Only these rules; may be repeated."))
    ] = None,
) -> None:
    """Run the examples of cards; exit code 1 if one does not come out as it says. / 运行规则卡的例子。"""
    from rules.examples import bench, run

    cards = [card for card in _cards(paths) if not rule or card.id in rule]
    unknown = sorted(set(rule or ()) - {card.id for card in cards})
    if unknown:
        raise UserError(*(say(f"没有规则 {name}", f"no rule {name}") for name in unknown))
    book = bench(cards)
    failed = total = 0
    for card in cards:
        for example in card.examples:
            total += 1
            outcome = run(book, card, example)
            failed += bool(outcome.problems)
            for problem in outcome.problems:
                typer.echo(f"{card.id}: {getattr(example.name, language())}: {problem}")
    typer.echo(
        say(f"{len(cards)} 张卡,{total} 个例子,{failed} 个不符", f"{len(cards)} cards, {total} examples, {failed} not as they say")
    )
    if failed:
        raise typer.Exit(1)


@group.command("docs")
def docs(
    paths: Paths = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help=say("写到此目录。", "Directory to write to."))] = Path("docs/rules"),
    check: Annotated[bool, typer.Option("--check", help=say("只比较,不写。", "Compare only; exit code 1 if stale."))] = False,
) -> None:
    """Write a page per card and language, and an index. / 生成规则文档。"""
    from rules.pages import pages

    wanted = pages(_cards(paths))
    stale = sorted(name for name, text in wanted.items() if _read(out / name) != text)
    if check:
        for name in stale:
            typer.echo(say(f"{out / name}:与规则卡不符", f"{out / name}: not as the cards say"))
        raise typer.Exit(1 if stale else 0)
    out.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (out / name).write_text(wanted[name], "utf-8")
    typer.echo(say(f"{out}:{len(wanted)} 个文件,更新 {len(stale)} 个", f"{out}: {len(wanted)} files, {len(stale)} written"))


@group.command("schema")
def schema() -> None:
    """The JSON Schema of a card file, for editors. / 规则卡的 JSON Schema。"""
    from rules.schema import card_schema_text

    typer.echo(card_schema_text(), nl=False)


def _read(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _cards(paths: list[Path] | None) -> list[Card]:
    from rules.card import BUILTIN, load_cards

    return load_cards(paths or BUILTIN)


@group.command("explain")
def explain(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help=say("监察编号。", "The alert's id."))],
    data: Data = None,
    cards: Cards = None,
    catalogue: Annotated[
        list[Path] | None,
        typer.Option(
            "--catalogue",
            help=say("用这些目录文件代替 Kafka 中的基础数据。", "Catalogue files, instead of the reference data in Kafka."),
        ),
    ] = None,
) -> None:
    """Why an alert was issued: its sentence, facts and evidence, judged again from the stored events. / 解释一张牌。

    Exit code 1 if it does not come out as it is stored.
    """
    from rules.book import Rulebook
    from rules.reasons import Known, passed_over, reasons
    from rules.recompute import is_judged, judged_again
    from streams.store.client import Patience, Store, address_of
    from streams.store.evidence import arrivals, stored_alert, stored_events, unjudged
    from supervision.cli.db import PATIENCE_S
    from supervision.cli.explaining import reference_of, show
    from supervision.logs import configure
    from supervision.settings import load

    configure("error")
    settings = load(data=data, cards=cards)
    store = Store(address_of(settings), Patience(total_s=PATIENCE_S))
    alert = stored_alert(store, alert_id)
    if alert is None:
        raise UserError(say(f"没有监察编号 {alert_id}", f"no alert {alert_id}"))
    events = stored_events(store, alert)
    book = Rulebook.load(settings.rule_cards)
    reference = reference_of(settings, catalogue)
    if not is_judged(alert):
        show(alert, events, None)
        return
    now = judged_again(book, reference, events, alert)
    known = Known()
    if alert.source_system is not None and alert.case_id is not None:
        place = (store, alert.source_system, alert.case_id)
        known = Known(arrivals(*place), unjudged(*place))
    found = reasons(book, reference, events, known, alert, now)
    show(alert, events, found, passed_over(alert, now))
    if found:
        raise typer.Exit(1)
