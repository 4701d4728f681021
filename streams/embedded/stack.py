"""The embedded stack: Kafka, ClickHouse, agents, sink and what people see, as children of one supervisor. For `up` and tests.

Started in the order of the flow, each when the one before answers; stopped in the reverse order; none outlives the supervisor. What
the settings place elsewhere (another Kafka, another ClickHouse) is only asked whether it answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from streams.embedded import clickhouse, stack_ready
from streams.embedded.kafka import Kafka
from streams.embedded.stack_child import Child, leashed, tail, turn
from streams.embedded.stack_lock import DirectoryLock, free_ports, require_free
from streams.embedded.stack_progress import Show
from streams.embedded.stack_services import Service
from supervision.language import UserError, say
from supervision.settings import ADDRESSES, Settings, clickhouse_password, environment, load

LOCK = "stack.lock"
READY_S = 90.0
LOOK_EVERY_S = 0.1


def on_free_ports(data: Path, **given: Any) -> Settings:
    """Settings for a stack beside any other on this machine; `given` are further settings."""
    first = free_ports(5)
    ports = {"kafka_port": first, "clickhouse_port": first + 2, "gateway_port": first + 3, "dashboard_port": first + 4}
    return load(**{"data": data, **ports, **given})


class Stack:
    """All servers of one data directory. `with Stack(on_free_ports(tmp_path)) as stack:` gives a running one.

    Tests kill and restart its parts: `stack.children["agents"].kill()`, `stack.launch("agents")`, `stack.kafka_server`.
    """

    def __init__(self, settings: Settings, show: Show | None = None, services: Iterable[Service] = ()) -> None:
        self.settings = settings
        self.services = tuple(services)
        self.show = show or Show()
        self.data = settings.data.absolute()
        self.logs = self.data / "logs"
        self.environment = environment(settings)
        self.children: dict[str, Child] = {}
        self.kafka_server: Kafka | None = None
        self._lock: DirectoryLock | None = None

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return self.settings.kafka_address

    @property
    def clickhouse_url(self) -> str:
        """`clickhouse://user:password@host:port/database`, as clickhouse-driver takes it."""
        host, port = self.settings.clickhouse_address
        login = f"{quote(self.settings.clickhouse_user)}:{quote(clickhouse_password(self.settings), safe='')}"
        return f"clickhouse://{login}@{host}:{port}/{self.settings.clickhouse_database}"

    def start(self) -> Self:
        """Start everything and return when all of it answers. Raises UserError; then nothing is left running."""
        self._lock = DirectoryLock(self.data, LOCK, "supervision up")
        try:
            self._servers()
            with self.show.step(say("数据库表", "tables")):
                self.run("db", "migrate")
            with self.show.step(say("主题", "topics")):
                self.run("topics", "create")
            with self.show.step(say("规则代理", "agents")) as step:
                self.launch("agents")
                since = time.time()
                self._until("agents", lambda: stack_ready.workers(self.settings, since).are_enough(self.settings))
                step.detail = f"{self.settings.workers} x"
            with self.show.step(say("入库", "sink")):
                self.launch("sink")
            for service in self.services:
                self.serve(service)
            self._write_addresses()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything, last started first; harmless if some of it is gone."""
        for name in reversed(list(self.children)):
            self.children.pop(name).stop()
        if self.kafka_server:
            self.kafka_server.stop()
            self.kafka_server = None
        if self._lock:
            (self.data / ADDRESSES).unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def check(self) -> None:
        """Raises UserError with the end of its log if a part has ended by itself; keeps the logs short."""
        if self.kafka_server:
            self.kafka_server.check()
        for child in self.children.values():
            if not child.is_alive:
                raise child.death()
            turn(child.log)

    def launch(self, name: str, *arguments: str) -> Child:
        """Start `supervision NAME` as a part of the stack; in place of the one of that name, if there was one."""
        log = self.logs / f"{name}.log"
        turn(log)
        child = Child(name, _command(name, *arguments), log, env=self.environment)
        self.children[name] = child
        return child

    def serve(self, service: Service) -> None:
        """Start an HTTP service of ours and wait until it says that it is ready. Raises UserError."""
        with self.show.step(service.name) as step:
            require_free(service.address(self.settings)[1], service.name, service.setting)
            self.launch(service.command)
            self._until(service.command, lambda: service.is_ready(self.settings))
            step.detail = service.url(self.settings)

    def join(self, name: str, *arguments: str) -> None:
        """Launch one more part of a stack that runs, and tell the other commands of it."""
        self.launch(name, *arguments)
        self._write_addresses()

    def run(self, *arguments: str) -> None:
        """Run `supervision ARGUMENTS` to its end. Raises UserError with the end of what it said if it fails."""
        log = self.logs / f"{'-'.join(word for word in arguments[:2] if word.isalpha())}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            ended = subprocess.run(  # noqa: S603 - our own command
                leashed(_command(*arguments)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                check=False,
            )
        if ended.returncode:
            line = f"supervision {' '.join(arguments)}"
            raise UserError(
                say(f"{line} 失败 (退出码 {ended.returncode}):", f"{line} failed (exit code {ended.returncode}):"),
                *(f"  {said}" for said in tail(log)),
            )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _servers(self) -> None:
        """Kafka and ClickHouse. The embedded ClickHouse starts while Kafka does."""
        host, port = self.settings.clickhouse_address
        if not self.settings.clickhouse_host:
            require_free(port, "ClickHouse", "SUPERVISION_CLICKHOUSE_PORT")
            clickhouse_password(self.settings)
            self.launch("clickhouse")
        with self.show.step("Kafka") as step:
            if self.settings.kafka_bootstrap:
                self._until("kafka", lambda: stack_ready.kafka(self.settings))
            else:
                self.kafka_server = Kafka.of(self.settings)
                self.kafka_server.start(step.report)
            step.detail = self.kafka
        with self.show.step("ClickHouse") as step:
            user, password = self.settings.clickhouse_user, clickhouse_password(self.settings)
            self._until("clickhouse", lambda: clickhouse.answers(host, port, user, password))
            step.detail = f"{host}:{port}"

    def _until(self, name: str, answers: Callable[[], bool]) -> None:
        """Wait until `answers`; UserError if a part dies meanwhile or it takes too long."""
        until = time.monotonic() + READY_S
        while not answers():
            self.check()
            if time.monotonic() > until:
                raise self._silence(name)
            time.sleep(LOOK_EVERY_S)

    def _silence(self, name: str) -> UserError:
        """What to say of a part that runs but does not answer, or of a server elsewhere."""
        child = self.children.get(name)
        head = say(f"{name} {READY_S:.0f} 秒内没有应答", f"{name} gave no answer within {READY_S:.0f} s")
        if child is None:
            return UserError(f"{head}: {self.kafka if name == 'kafka' else self.settings.clickhouse_address}")
        return UserError(f"{head}; {child.log}", *(f"  {line[:300]}" for line in tail(child.log)))

    def _write_addresses(self) -> None:
        """`addresses.json`: where everything is, for people and for the other commands; whole or not at all."""
        host, port = self.settings.clickhouse_address
        found: dict[str, Any] = {
            "pid": os.getpid(),
            "kafka": self.kafka,
            "clickhouse": f"{host}:{port}",
            "clickhouse_user": self.settings.clickhouse_user,
            "clickhouse_database": self.settings.clickhouse_database,
            "logs": str(self.logs),
            "processes": {name: child.pid for name, child in self.children.items()},
        }
        if self.settings.cards is not None:
            found["cards"] = str(self.settings.cards.absolute())
        for service in self.services:
            found[service.command] = service.url(self.settings)
            found[f"{service.command}_port"] = service.address(self.settings)[1]
        if self.kafka_server:
            found["kafka_port"] = self.settings.kafka_port
            found["processes"] = {"kafka": self.kafka_server.children[1].pid, **found["processes"]}
        if not self.settings.clickhouse_host:
            found["clickhouse_port"] = port
        draft = self.data / f".{ADDRESSES}"
        draft.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.data / ADDRESSES)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "supervision", *arguments]
