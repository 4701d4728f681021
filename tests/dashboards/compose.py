"""docker-compose.yml as the tests read it, and its services as commands and environments of this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.dashboards.operating import ROOT, document

COMPOSE: dict[str, Any] = document(ROOT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: its for name, its in SERVICES.items() if "build" in its}
ONE_SHOT = frozenset({"topics", "tables"})


class Machine(Struct, frozen=True):
    """What stands here in place of the containers' addresses, ports and paths."""

    kafka: str
    clickhouse_port: int
    ports: dict[str, int]  # by setting, e.g. SUPERVISION_GATEWAY_PORT
    secrets: Path
    data: Path

    def environment(self, service: str) -> dict[str, str]:
        """The variables of a service, the same but for addresses, ports and paths."""
        said = {name: str(value) for name, value in OURS[service]["environment"].items()}
        replaced = {
            "SUPERVISION_KAFKA_BOOTSTRAP": self.kafka,
            "SUPERVISION_CLICKHOUSE_HOST": "127.0.0.1",
            "SUPERVISION_DATA": str(self.data / ("product" if OURS[service].get("volumes") else service)),
        }
        found = {name: replaced.get(name, value) for name, value in said.items()}
        found = {name: "127.0.0.1" if value == "0.0.0.0" else value for name, value in found.items()}
        found = {name: re.sub(r"^/run/secrets/", f"{self.secrets}/", value) for name, value in found.items()}
        return found | {"SUPERVISION_CLICKHOUSE_PORT": str(self.clickhouse_port)} | {k: str(v) for k, v in self.ports.items()}


def command(service: str) -> list[str]:
    """The words behind `supervision`."""
    return [str(word) for word in OURS[service]["command"]]


def health(service: str) -> list[str] | None:
    """The words of the health check behind CMD; None if it has none."""
    check = SERVICES[service].get("healthcheck")
    if check is None:
        return None
    assert check["test"][0] == "CMD"
    return [str(word) for word in check["test"][1:]]
