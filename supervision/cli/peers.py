"""`supervision peers`: count from the stored events what is usual for each item among offices of one level, and publish it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

if TYPE_CHECKING:
    from supervision.reference import Peer
    from supervision.settings import Settings

group = typer.Typer(
    no_args_is_help=True, help=say("同级快照:各事项的通常情况。", "Snapshots of peers: what is usual for each item.")
)
app.add_typer(group, name="peers")

PATIENCE_S = 10.0


@group.command("build")
def build(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help=say("第一天。", "The first date counted."))],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help=say("最后一天。", "The last date counted."))],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.yaml", help=say("写成目录文件。", "Write them as a catalogue file."))
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help=say("发布,次日起生效。", "Publish; in force from the day after."))
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help=say("快照名称。", "Name of the snapshot; else its dates."))] = None,
    least: Annotated[
        int, typer.Option("--least", min=1, help=say("少于这么多件的不算。", "What fewer cases or grants say is left out."))
    ] = 200,
    catalogue: Annotated[
        list[Path] | None,
        typer.Option("--catalogue", metavar="FILE", help=say("用这些目录文件,不读 Kafka。", "Catalogue files instead of Kafka.")),
    ] = None,
    data: Data = None,
) -> None:
    """Medians, p99 and shares of each item and region level over a span of stored events. / 由库存事件统计同级快照。"""
    from streams.peers import stored
    from streams.peers.usual import Span, entries
    from streams.store.client import Patience, Store, address_of
    from supervision.cli.explaining import reference_of
    from supervision.logs import configure
    from supervision.settings import load

    configure("error")
    if last < first:
        raise UserError(say(f"--to {last:%Y-%m-%d} 早于 --from", f"--to {last:%Y-%m-%d} is before --from"))
    settings = load(data=data)
    span = Span.of(reference_of(settings, catalogue), first.date(), last.date())
    store = Store(address_of(settings), Patience(total_s=PATIENCE_S))
    try:
        made = entries(stored.count(store, span), span, name or f"{span.first}..{span.last}", least)
    finally:
        store.close()
    _show(made)
    if out is not None:
        out.write_text(written(made, span.zone), "utf-8")
        typer.echo(say(f"已写入 {out}", f"written to {out}"))
    if publish:
        _publish(settings, made)


def written(made: list[Peer], zone: str) -> str:
    """The entries as a catalogue file."""
    from zoneinfo import ZoneInfo

    import msgspec
    import yaml

    def plain(entry: Peer) -> dict[str, Any]:
        content: dict[str, Any] = msgspec.to_builtins(entry)
        if entry.valid_from is not None:
            content["valid_from"] = datetime.fromtimestamp(entry.valid_from / 1000, ZoneInfo(zone)).isoformat()
        return content

    content = {"format_version": 1, "time_zone": zone, "peers": [plain(entry) for entry in made]}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _show(made: list[Peer]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        say("事项", "item"), say("层级", "level"), say("办件", "cases"), say("中位用时(分钟)", "median minutes"),
        say("准予", "grants"), "p99 / 10 min", say("有件日中位数", "median of days"), say("准予占比", "granted"),
    )  # fmt: skip
    for each in made:
        figures = (each.median_minutes, each.grants, each.p99_grants_10min, each.median_grants_day, each.granted_share)
        shown = ["—" if value is None else f"{value:g}" for value in figures]
        table.add_row(each.item_code, "—" if each.region_level is None else str(each.region_level), str(each.cases), *shown)
    Console().print(table)


def _publish(settings: Settings, made: list[Peer]) -> None:
    from streams import reference

    offset = reference.publish(settings, made)
    typer.echo(say(f"已发布 {len(made)} 条(位置 {offset})", f"published {len(made)} entries, up to offset {offset}"))
