"""A gateway without Kafka: the real application over a broker that keeps what it is given, fails or waits as told."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import uvicorn

from streams.gateway import keys
from streams.gateway.admission import Admission, Bytes
from streams.gateway.app import build
from streams.gateway.body import Limits
from streams.gateway.broker import Headers
from streams.gateway.intake import Intake, Profile, Record
from streams.gateway.keys import Key, Keyring
from streams.gateway.persons import Persons
from streams.gateway.service import Events
from streams.gateway.wire import bounded
from supervision.event import ClockAdvanced

NOW = 1_772_500_000_000  # 2026-03-03 09:06:40 +08:00
SOURCE = "north-office"
LIMITS = Limits(body_bytes=100_000, events=50, body_s=5.0)
Sent = tuple[str, Record | ClockAdvanced, dict[str, bytes]]


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An event that is taken; a change to None takes the field out."""
    whole = {
        "event_id": f"0190a000-0000-7000-8000-{number:012d}",
        "event_type": "step_completed",
        "occurred_at": NOW - 60_000,
        "source_system": SOURCE,
        "case_id": f"C-{number}",
        "region_code": "430111",
        "payload": {"step_code": "review"},
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


class FakeBroker:
    """Keeps records in the order in which they were acknowledged; `gate` clear: nothing is acknowledged yet."""

    def __init__(self) -> None:
        self.is_there = True
        self.acknowledges = True
        self.sent: list[Record | ClockAdvanced] = []
        self.headers: list[Headers] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, records: Sequence[Record], headers: Headers) -> bool:
        await self.gate.wait()
        if self.acknowledges:
            self.sent += records
            self.headers.append(headers)
        return self.acknowledges

    async def step(self, step: ClockAdvanced, wire: bytes, headers: Headers) -> bool:
        await self.gate.wait()
        if self.acknowledges:
            self.sent.append(step)
        return self.acknowledges

    def values(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(each.value) for each in self.sent if isinstance(each, Record) and each.topic.name == topic]


class FakeReferences:
    """`late`: the profile that is known only after a fresh look."""

    def __init__(self) -> None:
        self.profile = Profile()
        self.late: Profile | None = None
        self.looks = 0

    def profile_of(self, key: Key) -> Profile:
        return Profile(key.clock or self.profile.clock, self.profile.region)

    async def fresh(self) -> None:
        self.looks += 1
        if self.late is not None:
            self.profile = self.late


class Rig:
    """The application, a key for it, and `post`."""

    def __init__(self, folder: Path, limits: Limits = LIMITS, memory: int = 1_000_000, requests: int = 8, **scope: Any) -> None:
        self.path = folder / "keys.json"
        self.token = keys.add(self.path, SOURCE, **scope)
        self.broker, self.references, self.memory = FakeBroker(), FakeReferences(), Bytes(memory)
        self.admission = Admission(requests)
        intake = Intake(Persons(bytes(32)), self.references.profile_of)
        self.events = Events(
            Keyring(self.path), intake, self.broker, self.references, limits, self.memory, self.admission, now_ms=lambda: NOW
        )
        self.app = build(self.events, lambda: self.broker.is_there, limits)

    async def post(self, body: Any, *, pieces: int = 1, cut: bool = False, **headers: str) -> Answer:
        """POST a body (bytes as they are, anything else as JSON) in so many pieces; `cut`: the client leaves before the last."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        told = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        size = -(-len(raw) // pieces) or 1
        parts = [raw[start : start + size] for start in range(0, len(raw), size)] or [b""]
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": number < len(parts)} for number, part in enumerate(parts, 1)
        ]
        if cut:
            messages[-1:] = [{"type": "http.disconnect"}]
        return await self.ask("POST", "/v1/events", told, messages)

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, messages: list[dict[str, Any]] | None = None
    ) -> Answer:
        waiting = list(messages if messages is not None else [{"type": "http.request", "body": b"", "more_body": False}])
        came: list[Any] = []

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            await asyncio.Event().wait()
            return None

        async def send(message: Any) -> None:
            came.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path.partition("?")[0],
            "query_string": path.partition("?")[2].encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items() if value],
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "root_path": "",
        }
        await self.app(scope, receive, send)
        return Answer(came)


class Answer:
    """What was answered: status, headers, content. Status 0: nobody was there to be answered."""

    def __init__(self, messages: list[Any]) -> None:
        self.status = messages[0]["status"] if messages else 0
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]} if messages else {}
        self.body = b"".join(each.get("body", b"") for each in messages[1:])

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def statuses(self) -> list[str]:
        return [each["status"] for each in self.content["results"]]


def posted(rig: Rig, body: Any, **how: Any) -> Answer:
    """`rig.post` in a loop of its own."""
    return asyncio.run(rig.post(body, **how))


class Served:
    """The rig's application on a real port, under the gateway's own protocol, in a thread. A context manager."""

    def __init__(self, rig: Rig, connections: int = 64) -> None:
        config = uvicorn.Config(
            rig.app,
            host="127.0.0.1",
            port=0,
            http=bounded(connections),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._server.has_started.wait(60)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(60)

    def ask(self, *pieces: bytes) -> bytes:
        """All that is answered on one connection until it is closed, pieces sent one behind the other."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            came = b""
            with suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(piece)
            with suppress(ConnectionError):
                while part := connection.recv(65_536):
                    came += part
            return came


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()
