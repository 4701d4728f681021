"""`supervision import`: a log through Kafka, agents and ClickHouse; `supervision mapping`: check a mapping, write its schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.cli.replay import CATALOGUE, DRY_RUN, MAPPING, REFUSED, UNTIL, read, show_dry_run
from supervision.language import UserError, say

if TYPE_CHECKING:
    from rich.console import Console

    from streams.gateway.client import Gateway
    from streams.sources.jsonl import Lines
    from streams.sources.log import Log
    from streams.sources.mapping import Mapping
    from supervision.reference import Reference
    from supervision.settings import Settings

mapping_group = typer.Typer(no_args_is_help=True, help="Mapping files of logs.")
app.add_typer(mapping_group, name="mapping")

WAIT_S = 60.0


@app.command(name="import")
def import_log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XES, Parquet or JSONL, gzipped or not.")],
    mapping: Annotated[Path | None, MAPPING] = None,
    catalogue: Annotated[list[Path] | None, CATALOGUE] = None,
    until: Annotated[str | None, UNTIL] = None,
    refused: Annotated[Path | None, REFUSED] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    data: Data = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return when all is sent, without waiting for the alerts.")] = False,
    via: Annotated[
        str | None,
        typer.Option("--via", metavar="URL", help="Post the events to a gateway, `gateway` for the one here; needs --key-file."),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="The key for the gateway (`supervision gateway-key add`).")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send all of it again, even what is known to be sent.")] = False,
    shuffle: Annotated[int | None, typer.Option("--shuffle", metavar="SEED", help="For tests: mix events by this seed.")] = None,
    twice: Annotated[bool, typer.Option("--twice", help="For tests: send every event twice.")] = False,
) -> None:
    """Bring a case log in: through Kafka and the agents into ClickHouse, on the log's own clock, beside whatever runs there live.

    The mapping's source and the catalogue are published first; the events follow when every agent judges by them. Then the
    command waits until all is judged and stored, and shows the alerts by rule and level.

    With --via the events go over HTTP, as a window system's do; catalogue and source are published to Kafka all the same.

    Harmless to repeat: an import that was interrupted goes on where it was, a complete one sends nothing, and even sent again
    (--again) no event and no alert is doubled.

    Needs Kafka with agents and, unless --no-wait, ClickHouse with a sink: `supervision up`, or your own.
    """
    from rich.console import Console

    from supervision.cli.summary import check_files

    console = Console(stderr=True)
    check_files([file, mapping, *(catalogue or [])], [refused])
    described, log, reference = read(console, file, mapping, catalogue or [], refused, dry_run=dry_run)
    if dry_run:
        show_dry_run(console, log, reference)
        return
    from confluent_kafka import KafkaException

    from supervision.cli.summary import show_log, until_of
    from supervision.settings import load

    settings = load(data=data)
    gateway = _gateway(settings, via, key_file)
    end = until_of(until, described.times.zone if described is not None else "Asia/Shanghai")
    files = [file, *([mapping] if mapping is not None else [])]
    try:
        _send(console, settings, described, log, reference, files, end, shuffle, twice, again, gateway)
    except KafkaException as fault:
        error, where = fault.args[0], settings.kafka_address
        raise UserError(say(f"{where} 上的 Kafka 没有应答({error})", f"no answer from Kafka at {where} ({error})")) from None
    show_log(console, log)
    if not no_wait:
        _wait(console, settings, log)


def _send(
    console: Console,
    settings: Settings,
    mapping: Mapping | None,
    log: Log | Lines,
    reference: Reference,
    files: list[Path],
    until: int | None,
    shuffle: int | None,
    twice: bool,
    again: bool,
    gateway: Gateway | None,
) -> None:
    from streams import admin
    from streams.gateway.client import Courier
    from streams.importer import EVENT_TOPICS, Importer, Journal, arranged, topic_ids
    from streams.reference import publish, wait_until_used
    from streams.sources.feed import clocks_of, feed
    from supervision.cli.summary import progress

    found = admin.check(settings)
    counts = {topic.name: found[topic.name] for topic in EVENT_TOPICS}
    with console.status(say("等待代理读入目录", "waiting until the agents judge by this catalogue")):
        wait_until_used(settings, publish(settings, reference.entries), counts, WAIT_S)
    journal = Journal(
        settings.data / "imports",
        files,
        until,
        shuffle,
        twice,
        clocks_of(log, reference),
        *(() if gateway is None else ("gateway",)),
    )
    if again:
        journal.forget()
    topics = topic_ids(settings)
    if (note := journal.read(topics)).finished:
        console.print(say("先前已全部送出(--again 重送)", "all of it was sent before (--again sends it again)"))
        return
    if note.items:
        console.print(say(f"从第 {note.items:,} 条之后继续", f"going on behind item {note.items:,}"))
    sender = Importer(settings, counts, journal, topics) if gateway is None else Courier(gateway, journal, topics)
    with progress(console, say("送出", "sending"), log.events * (2 if twice else 1)) as told:
        sender.run(arranged(feed(log, mapping, reference, until), shuffle, twice=twice), told)
    for topic, count in sorted(sender.sent.items()):
        console.print(say(f"送往 {topic}: {count:,}", f"sent to {topic}: {count:,}"), highlight=False)
    if isinstance(sender, Courier) and sender.refused:
        journal.forget()
        words = "; ".join(f"{reason}: {count:,}" for reason, count in sender.refused.most_common(10))
        raise UserError(say(f"网关未接收一部分事件: {words}", f"the gateway did not accept some events: {words}"))


def _gateway(settings: Settings, via: str | None, key_file: Path | None) -> Gateway | None:
    """The gateway that --via names."""
    from streams.gateway.client import Gateway

    if via is None:
        return None
    if key_file is None:
        raise UserError(say("--via 需要 --key-file", "--via needs --key-file"))
    try:
        key = key_file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(say(f"{key_file}: 无法读取密钥({error})", f"{key_file}: the key cannot be read ({error})")) from None
    return Gateway(f"http://{settings.gateway_host}:{settings.gateway_port}" if via == "gateway" else via, key)


def _wait(console: Console, settings: Settings, log: Log | Lines) -> None:
    """Wait until all is judged and stored, then show what ClickHouse holds of the log's sources."""
    from collections import Counter

    from streams.draining import Lag, wait_until_drained
    from streams.replay import Tally
    from streams.store import queries
    from streams.store.client import Patience, Store, address_of
    from supervision.cli.summary import show_alerts

    store = Store(address_of(settings), Patience(total_s=WAIT_S))
    try:
        with console.status(say("等待研判和入库", "waiting for agents and sink")) as status:

            def show(lag: Lag) -> None:
                status.update(
                    say(f"等待 {lag.whom}: 还有 {lag.records:,} 条", f"waiting for the {lag.whom}: {lag.records:,} to go")
                )

            wait_until_drained(settings, store, show)
        counts: Counter[tuple[str, str, str]] = Counter()
        for source in sorted(log.sources):
            counts.update(queries.alerts_by_rule_and_level(store, source))
            stored = queries.event_count(store, source)
            console.print(say(f"{source}: 库中 {stored:,} 个事件", f"{source}: {stored:,} events stored"), highlight=False)
        show_alerts(console, Tally(counts))
    finally:
        store.close()


@mapping_group.command()
def check(files: Annotated[list[Path], typer.Argument(metavar="M.yaml ...")]) -> None:
    """Name every mistake of the mapping files, by file, line and key."""
    from streams.sources.loading import load_mapping

    lines: list[str] = []
    for file in files:
        try:
            load_mapping(file)
            typer.echo(f"{file}: " + say("无误", "good"))
        except UserError as error:
            lines += error.lines
    if lines:
        raise UserError(*lines)


@mapping_group.command()
def schema(write: Annotated[bool, typer.Option("--write", help="Into the source tree, instead of printing it.")] = False) -> None:
    """The JSON Schema of a mapping file, for editors that complete and check YAML by it."""
    import json

    from streams.sources import loading

    text = json.dumps(loading.schema(), ensure_ascii=False, indent=1) + "\n"
    if write:
        Path(loading.__file__).with_name("mapping.schema.json").write_text(text, "utf-8")
    else:
        typer.echo(text, nl=False)
