"""`supervision backup` and `supervision restore`: everything the embedded servers keep, in one file and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

if TYPE_CHECKING:
    from supervision.settings import Settings

FILE = typer.Argument(metavar="FILE", help="The backup, e.g. supervision-2026-03-02.tar.gz.")
ELSEWHERE = ("clickhouse_password_file", "gateway_keys_file", "person_key_file")


@app.command()
def backup(
    file: Annotated[Path, FILE],
    data: Data = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the stack first, if it runs.")] = False,
) -> None:
    """Copy everything in DIR to FILE: Kafka, ClickHouse, keys of sources and persons, users, passwords. / 备份。

    The stack must stand still (--stop sees to it). FILE holds secrets and is readable by its owner only; every file in it has its
    SHA-256 in a manifest. A cluster of your own is backed up by its own means.
    """
    from streams.embedded import stack_background, stack_backup
    from supervision.settings import load

    settings = load(data=data)
    _require_embedded(settings)
    if stop and stack_background.stop(settings.data):
        typer.echo(say("已停止", "stopped"))
    manifest = stack_backup.backup(settings.data, file)
    files = sum(entry.sha256 is not None for entry in manifest.entries.values())
    typer.echo(say(f"{file}: {files} 个文件, {manifest.total:,} 字节", f"{file}: {files} files, {manifest.total:,} bytes"))
    for name in ELSEWHERE:
        place = getattr(settings, name, None)
        if place is not None and settings.data.resolve() not in place.resolve().parents:
            typer.echo(say(f"不在其中: {place} ({name})", f"not in it: {place} ({name}) lies elsewhere, keep a copy of its own"))


@app.command()
def restore(file: Annotated[Path, FILE], data: Data = None) -> None:
    """Bring a backup back into DIR, which must be empty or not exist; then `supervision up` goes on from there. / 恢复。

    Every file is held against the manifest; if one differs or is missing, nothing is restored.
    """
    from streams.embedded import stack_backup
    from supervision.settings import load

    settings = load(data=data)
    _require_embedded(settings)
    manifest = stack_backup.restore(file, settings.data)
    typer.echo(
        say(
            f"{settings.data}: 已恢复 {len(manifest.entries)} 项 (由 {manifest.product} 版备份)",
            f"{settings.data}: {len(manifest.entries)} entries restored (written by version {manifest.product})",
        )
    )


def _require_embedded(settings: Settings) -> None:
    if settings.kafka_bootstrap or settings.clickhouse_host:
        raise UserError(
            say(
                "SUPERVISION_KAFKA_BOOTSTRAP 或 SUPERVISION_CLICKHOUSE_HOST 指向别的服务器: 用它们自己的备份办法",
                "SUPERVISION_KAFKA_BOOTSTRAP or SUPERVISION_CLICKHOUSE_HOST names a server of yours: back that up by its own means",
            )
        )
