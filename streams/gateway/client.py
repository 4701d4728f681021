"""A sender's side of the gateway: post events, come back when told to, give up in time. For imports and the simulated city."""

from __future__ import annotations

import gzip
import http.client
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from rules.clocks import WALL
from streams.importer import Journal, Sender, Sent
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.language import UserError, say
from supervision.topics import topic_of

PATIENCE_S = 120.0
MOST_EVENTS = 1_000
MOST_BYTES = 1 << 20
_PACKED_FROM = 16 * 1024
_CALL_S = 60.0
_AGAIN = frozenset({408, 429, 503})


class Answer(Struct, frozen=True):
    """What became of the events of one request. `results`: those that were not accepted."""

    accepted: int
    quarantined: int = 0
    refused: int = 0
    results: tuple[dict[str, Any], ...] = ()


class _Content(Struct, frozen=True):
    accepted: int | None = None
    quarantined: int = 0
    refused: int = 0
    results: tuple[dict[str, Any], ...] = ()
    error: str = ""
    wanted: str = ""


class Gateway:
    """One connection to a gateway. `key` as `supervision gateway-key add` printed it."""

    def __init__(
        self,
        url: str,
        key: str,
        patience_s: float = PATIENCE_S,
        pause: Callable[[float], None] = time.sleep,
        *,
        packed: bool = True,
    ) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(
                say(f"{url}: 应为网关地址, 如 http://127.0.0.1:8081", f"{url}: wanted a gateway as http://127.0.0.1:8081")
            )
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=_CALL_S)
        self._path = parts.path.rstrip("/") + "/v1/events"
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson", "Prefer": "return=minimal"}
        self._patience_s = patience_s
        self._pause = pause
        self._packed = packed

    def post(self, events: Sequence[bytes], trace: str | None = None) -> Answer:
        """Send events (and steps of a clock), each as its JSON in one line. Returns when Kafka has them; tries again as long as the
        gateway is busy or away. Raises UserError if it refuses the whole request or patience is at its end."""
        body, headers = b"\n".join(events), self._headers | ({"traceparent": trace} if trace else {})
        if self._packed and len(body) >= _PACKED_FROM:
            body, headers = gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
        until, wait_s = time.monotonic() + self._patience_s, 0.2
        while True:
            why = ""
            try:
                status, content, after_s = self._ask(body, headers)
                if status not in _AGAIN:
                    return self._read(status, content)
                why = f"{status} {content[:200].decode('utf-8', 'replace')}"
            except (OSError, http.client.HTTPException) as fault:
                self._connection.close()
                why, after_s = str(fault) or type(fault).__name__, None
            if time.monotonic() > until:
                raise UserError(say(f"网关 {self._url} 不再接收({why})", f"the gateway at {self._url} takes no more ({why})"))
            self._pause(after_s if after_s is not None else wait_s)
            wait_s = min(wait_s * 2, 5.0)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, float | None]:
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        after = answer.headers.get("Retry-After", "")
        return answer.status, content, float(after) if after.isdigit() else None

    def _read(self, status: int, content: bytes) -> Answer:
        try:
            found = msgspec.json.decode(content, type=_Content)
        except msgspec.DecodeError:
            found = _Content(error=content[:200].decode("utf-8", "replace"))
        if found.accepted is not None:
            return Answer(found.accepted, found.quarantined, found.refused, found.results)
        what = f"{status} {found.error} {found.wanted}".strip()
        raise UserError(say(f"网关 {self._url} 拒绝: {what}", f"the gateway at {self._url} refuses: {what}"))


class Courier(Sender):
    """Sends one import through a gateway. `refused`: what it did not accept, by reason."""

    def __init__(self, gateway: Gateway, journal: Journal, topics: dict[str, str], note_every_s: float = 2.0) -> None:
        super().__init__(journal, topics, note_every_s)
        self._gateway = gateway
        self._waiting: list[bytes] = []
        self._bytes = 0
        self.refused: Counter[str] = Counter()

    def _send(self, item: Sent) -> None:
        if isinstance(item, ClockAdvanced):
            if item.clock == WALL:
                return
            wire = encode(item)
        else:
            wire = item[1]
            event = decode(wire)
            assert isinstance(event, CaseEvent), "the feed gives only events that decode"
            self.sent[topic_of(event).name] += 1
        if len(self._waiting) >= MOST_EVENTS or self._bytes + len(wire) > MOST_BYTES:
            self._flush()
        self._waiting.append(wire)
        self._bytes += len(wire)

    def _flush(self) -> None:
        if self._waiting:
            answer = self._gateway.post(self._waiting)
            self._waiting, self._bytes = [], 0
            self.refused.update(f"{each.get('reason')} {each.get('field', '')}".strip() for each in answer.results)
