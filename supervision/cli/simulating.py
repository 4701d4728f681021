"""`supervision simulate`: a made-up city into a file, Kafka or the gateway, with the truth of what is wrong in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from supervision.cli import app
from supervision.cli.options import Data
from supervision.language import UserError, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from streams.importer import Sent
    from streams.simulator.city import City
    from supervision.settings import Settings


CITY = "yunzhou"
CENTRES, RATE, SPEED, SEED, DAYS = 5, 20.0, 30.0, 1, 7
FIRST = "2026-03-02"  # a Monday
LIVE = "2026-03-17"  # a Tuesday
LIVE_MINUTE = 10 * 60 + 30
RUN_ON_DAYS = 60
INJECTED = 0.06
STORE_S = 60.0
WAYS = ("kafka", "gateway")


class Way(NamedTuple):
    """Where it goes, as the command line says: `to` is one of WAYS or a file."""

    console: Console
    to: str
    data: Path | None
    url: str | None
    key_file: Path | None

    def gateway(self, settings: Settings, city: City) -> tuple[str, str] | None:
        """Address and key of the gateway, if it goes there."""
        from streams.simulator import outlets

        return outlets.gateway(settings, city, self.url, self.key_file) if self.to == "gateway" else None


class Span(NamedTuple):
    """`days` from the `first`, and `warm_up` before it, are days on which cases open."""

    first: date
    days: int
    warm_up: int


@app.command()
def simulate(
    city: Annotated[str | None, typer.Option("--city", metavar="NAME", help=f"Which city: yunzhou or chihe ({CITY}).")] = None,
    centres: Annotated[int | None, typer.Option("--centres", metavar="N", help=f"Service centres ({CENTRES}).")] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="R", min=0.001, help=f"Events a second of office time; live: of wall time ({RATE:g})."),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="D", min=1, help="Days on which cases open, days off among them.")] = DAYS,
    warm_up: Annotated[
        int, typer.Option("--warm-up", metavar="D", min=0, help="Days before the first one: cases, but no twist and no pattern.")
    ] = 0,
    feeds: Annotated[
        bool, typer.Option("--feeds", help="Of eight centres four report less: a batch a night, results, dates, no names.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", metavar="S", help=f"The same seed makes the same bytes ({SEED}).")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help=f"The first day ({FIRST}; live: the Tuesday {LIVE}).")
    ] = None,
    until_clock: Annotated[
        str | None,
        typer.Option("--until-clock", metavar="TIME", help=f"Run the clock on to TIME ({RUN_ON_DAYS} days after the last day)."),
    ] = None,
    injections: Annotated[
        float | None,
        typer.Option(
            "--injections", min=0, max=1, metavar="SHARE", help=f"Share of cases with a promise that get a twist ({INJECTED})."
        ),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="truth.jsonl", help="Write what must be found, and what must stay quiet.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="kafka|gateway|FILE", help="Where it goes; FILE is JSON lines.")] = "kafka",
    live: Annotated[bool, typer.Option("--live", help="Go on until stopped, at --speed; take up where it was left.")] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.1, metavar="X", help=f"Live: seconds of its clock a wall second ({SPEED:g}).")
    ] = None,
    data: Data = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="The gateway; the one of the settings, unless said.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="The gateway's key; made and kept in the data directory, unless said."),
    ] = None,
) -> None:
    """Make up a city: its registers, cases, mistakes and misconduct, and things that only look like it. / 模拟一座城市。

    Cases open on --days days; then its clock, a log clock of its own, runs on until all limits have passed. The same options make
    the same bytes. Source and clock are called after city and seed (yunzhou-1): several may stand in one deployment. The truth file
    says rule, subject, level and instant of every alert that must stand, injected or natural, and which look-alikes must stay
    quiet; it follows from how the cases were made.

    With --to FILE a catalogue for `supervision replay` is written beside it (FILE.catalogue.yaml).

    With --live it begins on a working Tuesday at 10:30 with ten days of cases before it, and goes on until it is stopped: a second
    takes --speed seconds of its clock, a night or a lunch break takes eight seconds in all. Its place is kept in simulator.json of
    the data directory: started again, it goes on there.
    """
    from rich.console import Console

    way = Way(Console(stderr=True), to, data, url, key_file)
    if feeds and (live or to == "gateway"):
        raise UserError(
            say("--feeds 只与 kafka 或文件同用", "--feeds goes to Kafka or a file only: a key of the gateway is of one source")
        )
    if live:
        if truth is not None:
            raise UserError(say("--truth 不能与 --live 同用", "--truth and --live do not go together: a live city has no end"))
        _live(way, city, centres, rate, seed, start, injections, speed)
        return
    if speed is not None:
        raise UserError(say("--speed 只与 --live 同用", "--speed goes with --live only"))
    load = (RATE / SPEED if rate is None else rate, INJECTED if injections is None else injections)
    _finite(
        way,
        _city(city or CITY, centres or CENTRES, SEED if seed is None else seed, feeds=feeds),
        load,
        Span(_day(start or FIRST), days, warm_up),
        until_clock,
        truth,
    )


def _city(name: str, centres: int, seed: int, *, feeds: bool = False) -> City:
    from streams.simulator.city import City
    from streams.simulator.profile import profile_of

    return City(centres, seed, profile_of(name), feeds=feeds)


def _finite(
    way: Way,
    city: City,
    load: tuple[float, float],
    span: Span,
    until_clock: str | None,
    truth: Path | None,
) -> None:
    from streams.simulator.days import Days, Load
    from streams.simulator.truth import Line, write
    from streams.sources.feed import with_clock
    from supervision.cli.summary import until_of

    first = span.first.toordinal()
    made = Days(city, Load(rate=load[0], injected=load[1]), first - span.warm_up, injected_from=first)
    last = first + span.days - 1
    end = until_of(until_clock, made.calendar.time_zone)
    until = made.calendar.day_start(last + 1 + RUN_ON_DAYS) if end is None else end
    lines: list[Line] = []
    items = with_clock(made.arrivals(last, note=lines.extend), [city.clock], until=until)
    if way.to in WAYS:
        _send(way, city, (city.source, city.centres, city.feeds, load, span, until, way.to), items)
    else:
        _to_file(way, city, items)
    if truth is not None:
        for _ in items:
            """What was sent before is made all the same: the truth is of all cases."""
        count = write(truth, lines)
        way.console.print(say(f"{count:,} 行写入 {truth}", f"{count:,} lines written to {truth}"), highlight=False)


def _send(way: Way, city: City, options: tuple[object, ...], items: Iterator[Sent]) -> None:
    """Through Kafka or the gateway, then wait until it is judged and stored."""
    from confluent_kafka import KafkaException

    from streams.importer import Journal
    from streams.simulator import outlets
    from supervision.settings import load

    settings = load(data=way.data)
    console = way.console
    try:
        with console.status(say("等待代理读入目录", "waiting until the agents judge by its registers")):
            counts = outlets.introduce(settings, city)
        sender = outlets.sender(
            settings, counts, Journal(settings.data / "imports", [], "simulate", *options), way.gateway(settings, city)
        )
        sender.run(items)
        for topic, count in sorted(sender.sent.items()):
            console.print(say(f"送往 {topic}: {count:,}", f"sent to {topic}: {count:,}"), highlight=False)
        if refused := outlets.refused(sender):
            words = "; ".join(f"{reason}: {count:,}" for reason, count in refused.items())
            raise UserError(say(f"网关未接收一部分事件: {words}", f"the gateway did not accept some events: {words}"))
        _wait(console, settings, city)
    except KafkaException as fault:
        error, where = fault.args[0], settings.kafka_address
        raise UserError(say(f"{where} 上的 Kafka 没有应答({error})", f"no answer from Kafka at {where} ({error})")) from None


def _wait(console: Console, settings: Settings, city: City) -> None:
    """Until all is judged and stored; then the alerts by rule and level."""
    from collections import Counter

    from streams.draining import wait_until_drained
    from streams.replay import Tally
    from streams.store import queries
    from streams.store.client import Patience, Store, address_of
    from supervision.cli.summary import show_alerts

    store = Store(address_of(settings), Patience(total_s=STORE_S))
    try:
        with console.status(say("等待研判和入库", "waiting for agents and sink")):
            wait_until_drained(settings, store)
        counts: Counter[tuple[str, str, str]] = Counter()
        for source in city.sources:
            counts.update(queries.alerts_by_rule_and_level(store, source))
        show_alerts(console, Tally(counts))
    finally:
        store.close()


def _to_file(way: Way, city: City, items: Iterator[Sent]) -> None:
    from streams.simulator import outlets

    path = Path(way.to)
    catalogue = path.with_name(f"{path.name}.catalogue.yaml")
    try:
        outlets.write_catalogue(catalogue, city.entries)
        events = outlets.write_file(path, items)
    except OSError as error:
        raise UserError(say(f"--to {path}: 写不了: {error}", f"--to {path}: cannot be written: {error}")) from None
    told = say(
        f"{events:,} 个事件写入 {path},目录写入 {catalogue}", f"{events:,} events written to {path}, registers to {catalogue}"
    )
    way.console.print(told, highlight=False, soft_wrap=True)


def _live(
    way: Way,
    city: str | None,
    centres: int | None,
    rate: float | None,
    seed: int | None,
    start: str | None,
    injected: float | None,
    speed: float | None,
) -> None:
    """A city without end. What is not said on the command line is as it was, else the default."""
    from msgspec import structs

    from streams.embedded.stack_signals import stoppable
    from streams.simulator import live
    from supervision import logs
    from supervision.settings import load

    if way.to not in WAYS:
        raise UserError(
            say(f"--to {way.to}: --live 只能送往 kafka 或 gateway", f"--to {way.to}: --live goes to kafka or gateway only")
        )
    settings = load(data=way.data)
    logs.configure(settings.log_level, process="simulator")
    file = live.StateFile(settings.data / "simulator.json")
    known = file.known()
    begins = _at_work(city or (known.city if known else CITY), _day(start or LIVE))
    usual = live.State(city=CITY, seed=SEED, centres=CENTRES, rate=RATE, speed=SPEED, injected=INJECTED, start=begins)
    given = {
        "city": city,
        "seed": seed,
        "centres": centres,
        "rate": rate,
        "speed": speed,
        "injected": injected,
        "start": start and begins,
    }
    wanted = structs.replace(known or usual, **{name: value for name, value in given.items() if value is not None})
    with stoppable():
        live.run(settings, file, wanted, way.gateway(settings, _city(wanted.city, wanted.centres, wanted.seed)))


def _at_work(city: str, day: date) -> int:
    from streams.simulator.profile import profile_of
    from supervision.worktime.zone import zone

    return zone(profile_of(city).zone).day_start(day.toordinal()) + LIVE_MINUTE * 60_000


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(say(f"--from {text}: 不是日期,例如 {FIRST}", f"--from {text}: not a date such as {FIRST}")) from None
