"""What `supervision doctor` looks at beside the servers: gateway and board, keys, metrics ports, the pages that were built."""

from __future__ import annotations

import http.client
import importlib.util
import stat
from collections.abc import Iterator
from pathlib import Path

from streams.embedded import stack_background
from streams.embedded.stack_finding import Finding
from streams.embedded.stack_lock import is_free
from streams.gateway import keys, persons
from supervision.language import UserError, say
from supervision.settings import LOOPBACK, PASSWORD_FILE, PREFIX, Process, Settings, metrics_port_of

ASK_S = 2.0
FOR_OTHERS = 0o077


def services(settings: Settings, running: int | None) -> Iterator[Finding]:
    """Gateway and board: with a stack that runs them, whether they are ready; without one, whether their ports are free."""
    found = stack_background.addresses(settings.data) if running is not None else None
    ours = found["processes"] if found else {}
    for name, host, port in (
        ("gateway", settings.gateway_host, settings.gateway_port),
        ("dashboard", settings.dashboard_host, settings.dashboard_port),
    ):
        if name in ours:
            yield _asked(name, host, port, settings)
        elif not settings.kafka_bootstrap:
            yield _port(name, port, f"{PREFIX}{name.upper()}_PORT")


def _port(name: str, port: int, setting: str) -> Finding:
    free = is_free(port)
    seen = f"{port} " + (say("空闲", "free") if free else say("被占用", "busy"))
    advice = "" if free else say(f"停掉占用者或改 {setting}", f"stop what uses it, or set {setting}")
    return Finding(f"{name} port", free, seen, advice)


def _asked(name: str, host: str, port: int, settings: Settings) -> Finding:
    """What a service of the stack says of itself."""
    where = f"{LOOPBACK if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 - compared, not bound
    log = settings.data / "logs" / f"{name}.log"
    status = _status(where)
    if status is None:
        return Finding(name, False, say(f"{where} 没有应答", f"{where} does not answer"), say(f"看 {log}", f"see {log}"))
    if status != http.client.OK:
        waiting = say(f"{where} 未就绪 ({status}): 等 Kafka 或 ClickHouse", f"{where} is not ready ({status})")
        return Finding(
            name,
            False,
            waiting,
            say(f"先看 kafka、clickhouse 两行, 再看 {log}", f"first the lines of kafka and clickhouse, then {log}"),
        )
    return Finding(name, True, where)


def _status(where: str, path: str = "/readyz") -> int | None:
    connection = http.client.HTTPConnection(where, timeout=ASK_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def secrets(settings: Settings) -> Iterator[Finding]:
    """The keys of sources and of persons, and that nobody else on the machine can read what is secret."""
    yield _keys(settings)
    yield _person_key(settings)
    password = settings.data / PASSWORD_FILE
    for path in (settings.gateway_keys, settings.person_key, password, *settings.data.glob("*.sqlite*")):
        mode = stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0
        if mode & FOR_OTHERS:
            seen = say(f"{path} 他人可读 ({mode:o})", f"{path} can be read by others ({mode:o})")
            yield Finding("secrets", False, seen, f"chmod 600 {path}")


def _keys(settings: Settings) -> Finding:
    try:
        there = [key for key in keys.read(settings.gateway_keys) if key.revoked_at is None]
    except UserError as error:
        advice = say("从备份恢复此文件", "bring the file back from a backup, or move it away and make new keys")
        return Finding("gateway keys", False, "; ".join(error.lines), advice)
    add = say(
        "给来源发密钥: supervision gateway-key add 来源", "for a source that sends over HTTP: `supervision gateway-key add SOURCE`"
    )
    return Finding("gateway keys", True, say(f"{len(there)} 个有效", f"{len(there)} in force"), "" if there else add)


def _person_key(settings: Settings) -> Finding:
    path = settings.person_key
    back = say(
        "从备份恢复: 换了密钥, 同一个人就成了另一个散列",
        "if there was one, bring it back from a backup: under another key the same person becomes another hash",
    )
    if not path.exists():
        seen = say("还没有, 网关首次启动时生成", "none yet: the gateway makes it at its first start")
        return Finding("person key", True, seen, back if settings.gateway_keys.exists() else "")
    try:
        persons.read_key(path)
    except UserError as error:
        return Finding("person key", False, "; ".join(error.lines), back)
    return Finding("person key", True, str(path))


def metrics_ports(settings: Settings, running: int | None) -> Iterator[Finding]:
    """With metrics on: free before a start; while the stack runs, each process answers there."""
    if not settings.metrics_port:
        return
    found = stack_background.addresses(settings.data) if running is not None else None
    ours = found["processes"] if found else {}
    wrong: list[str] = []
    places = list(_places(settings))
    for name, process, port in places:
        if found is None:
            if not is_free(port):
                wrong.append(say(f"{port} 被占用 ({name})", f"{port} is busy ({name})"))
        elif process in ours and _status(f"{LOOPBACK}:{port}", "/metrics") != http.client.OK:
            wrong.append(say(f"{name} 在 {port} 没有应答", f"{name} does not answer at {port}"))
    first, last = min(port for *_, port in places), max(port for *_, port in places)
    if wrong:
        yield Finding(
            "metrics ports",
            False,
            "; ".join(wrong),
            say(f"换 {PREFIX}METRICS_PORT, 再启动", f"set another {PREFIX}METRICS_PORT, and start again"),
        )
    else:
        yield Finding("metrics ports", True, f"{first}-{last}")


def _places(settings: Settings) -> Iterator[tuple[str, Process, int]]:
    kinds: tuple[Process, ...] = ("sink", "gateway", "dashboard")
    for process in kinds:
        yield process, process, metrics_port_of(settings, process)
    for index in range(settings.workers):
        yield f"worker {index}", "agents", metrics_port_of(settings, "agents", index)


def pages() -> Finding:
    """Whether the board's pages were built with the installation."""
    spec = importlib.util.find_spec("dashboards")
    built = spec is not None and spec.origin is not None and (Path(spec.origin).parent / "static" / "index.html").is_file()
    advice = (
        ""
        if built
        else say(
            "重新安装: pip install . (构建网页要能取到 npm 包)",
            "install again (`make up`, or pip install .): the pages are built then",
        )
    )
    return Finding("board pages", built, say("已构建", "built") if built else say("没有构建", "not built"), advice)
