"""The process says in one line what it lacks, and ends with exit code 2."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams import admin
from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from supervision.settings import load


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {f"SUPERVISION_{name.upper()}": value for name, value in settings.items()}
    environment = os.environ | {"SUPERVISION_DATA": str(folder), "SUPERVISION_LANGUAGE": "en"} | given
    command = [sys.executable, "-m", "supervision", "gateway"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_without_a_broker(tmp_path: Path) -> None:
    done = run(tmp_path, kafka_bootstrap=f"127.0.0.1:{free_ports(1)}")
    assert "no answer from Kafka" in last_line(done)


@pytest.mark.parametrize("name", ["gateway-keys.json", "person.key"])
def test_with_a_broken_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{")
    assert name in last_line(run(tmp_path))


@pytest.mark.service
def test_with_a_port_that_is_taken(tmp_path: Path, kafka: Kafka) -> None:
    settings = {"kafka_bootstrap": kafka.bootstrap, "topic_prefix": "gateway-process-", "partitions": "1"}
    admin.create(load(data=tmp_path, **settings))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, gateway_port=str(port), **settings)
    assert f"cannot listen on 127.0.0.1:{port}" in last_line(done)
