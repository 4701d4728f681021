"""A gateway as a process of a deployment, and raw connections to it, as clients good and bad make them."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.flow.harness import Deployment, until


def key_of(deployment: Deployment, source: str, *scope: str) -> Path:
    """A file with a new key for the source."""
    path = deployment.logs.parent / f"{source}.key"
    path.write_text(deployment.run("gateway-key", "add", source, *scope).strip())
    return path


def start_gateway(deployment: Deployment, name: str = "gateway") -> None:
    """Start it and wait until it is ready."""
    deployment.start(name, "gateway")
    until(
        lambda: deployment.lives(name) and status_of(deployment.settings.gateway_port, "/readyz") == 200, "the gateway to be ready"
    )


def status_of(port: int, path: str) -> int:
    """The status of a GET; 0: nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def head(key: str, length: int | None, *more: str) -> bytes:
    """A request's head."""
    lines = ["POST /v1/events HTTP/1.1", "Host: gateway", f"Authorization: Bearer {key}", "Content-Type: application/json", *more]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


class Answered(Struct, frozen=True):
    """Status (0: the connection ended instead) and content."""

    status: int
    content: dict[str, Any] = {}


async def answer_of(reader: asyncio.StreamReader) -> Answered:
    """The next answer on the connection, interim ones left out."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(lines.split(" ", 2)[1])
        if status == 100:
            return await answer_of(reader)
        length = int(lines.partition("content-length: ")[2].partition("\r\n")[0])
        return Answered(status, _content(await reader.readexactly(length)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answered(0)


def _content(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
