"""docker-compose.yml and Dockerfile: right by the schema and by docker-compose, and true of the code.

Every variable is a setting, every command a subcommand, every health check something that answers, every image pinned.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from supervision.cli import app
from supervision.settings import LOOPBACK, env_names, load, metrics_port_of
from tests.dashboards.compose import COMPOSE, ONE_SHOT, OURS, SERVICES, command, health
from tests.dashboards.operating import PROMETHEUS, ROOT, document, tool

SCHEMA = Path("/usr/lib/python3/dist-packages/compose/config/compose_spec.json")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
USAGE = typer.BadParameter.__mro__[1]  # what the command line raises of anything it does not know


def test_it_fits_the_schema_of_compose_files() -> None:
    if not SCHEMA.exists():
        tool("docker-compose")  # skips, or fails in CI
    plain = {name: value for name, value in COMPOSE.items() if not name.startswith("x-")}
    jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(plain)


def test_docker_compose_reads_it() -> None:
    done = subprocess.run(
        [tool("docker-compose"), "--profile", "city", "config"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_services_stand_in_the_order_of_the_flow() -> None:
    flow = [
        "kafka",
        "clickhouse",
        "topics",
        "tables",
        "gateway",
        "agents",
        "sink",
        "monitor",
        "dashboard",
        "simulator",
        "prometheus",
        "grafana",
    ]
    assert list(SERVICES) == flow
    for name, its in SERVICES.items():
        assert all(flow.index(other) < flow.index(name) for other in its.get("depends_on", {})), name


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.search(r"\d+\.\d+\.\d+", tag), image
    if name in OURS:
        assert tag == version("e-supervision")


def test_the_images_of_the_build_are_pinned_and_the_product_runs_as_nobody_special() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", bases[0])
    last = DOCKERFILE.rsplit("FROM", 1)[1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["supervision"]' in last
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE))
    assert {word for line in copied for word in line.split()} == {
        *(
            "pyproject.toml",
            "hatch_build.py",
            "README.md",
            "LICENSE",
            "CHANGELOG.md",
            "supervision",
            "rules",
            "streams",
            "dashboards",
        )
    }
    ignored = (ROOT / ".dockerignore").read_text("utf-8")
    assert all(f"!{word}\n" in ignored for line in copied for word in line.split())
    assert "COPY . " not in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_write_nothing_but_their_data_and_have_limits(name: str) -> None:
    its = OURS[name]
    assert its["read_only"] is True
    assert its["tmpfs"] == ["/tmp"]
    assert its["cap_drop"] == ["ALL"]
    assert its["security_opt"] == ["no-new-privileges:true"]
    assert its["mem_limit"]
    assert its["restart"] == ("on-failure" if name in ONE_SHOT else "unless-stopped")
    assert "user" not in its, "the image's"


@pytest.mark.parametrize("name", SERVICES)
def test_passwords_come_from_files_and_ports_open_on_this_machine_only(name: str) -> None:
    its = SERVICES[name]
    for variable, value in its.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|KEY", variable):
            assert re.search("_FILE$", variable), variable
            assert str(value).startswith("/run/secrets/")
            assert str(value).removeprefix("/run/secrets/") in its["secrets"]
    assert set(its.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert all(port.startswith(f"{LOOPBACK}:") for port in its.get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_with_a_value_it_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {variable for variable, _, _ in env_names()}
    its = OURS[name]["environment"]
    assert set(its) <= known
    for variable in [variable for variable in os.environ if variable.startswith("SUPERVISION_")]:
        monkeypatch.delenv(variable)
    for variable, value in its.items():
        assert isinstance(value, str), variable
        monkeypatch.setenv(variable, value)
    settings = load()
    assert settings.kafka_address == "kafka:9092"
    assert settings.clickhouse_address == ("clickhouse", 9000)
    assert settings.message_max_bytes == int(SERVICES["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"])


def _parse(words: list[str]) -> None:
    """As the command line would, short of doing it."""
    found: Any = get_command(app)
    context = None
    rest = list(words)
    while isinstance(found, TyperGroup):
        context = found.make_context(rest[0] if context else "supervision", rest[:1], parent=context, resilient_parsing=True)
        found, rest = found.commands[rest[0]], rest[1:]
    found.make_context(words[0], rest, parent=context)


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_health_check_is_one_of_ours(name: str) -> None:
    _parse(command(name))
    check = health(name)
    assert (check is None) == (name in ONE_SHOT)
    if check is not None:
        assert check == ["supervision", "ready", name]
        _parse(check[1:])


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    for words in (["agent"], ["agents", "--worker-count", "3"], ["topics", "make"], ["ready", "kafka"]):
        with pytest.raises((KeyError, USAGE)):
            _parse(words)


def test_the_ports_that_are_published_are_those_the_processes_listen_on() -> None:
    settings = load(data=Path("nowhere"))
    wanted = {"gateway": settings.gateway_port, "dashboard": settings.dashboard_port}
    for name, port in wanted.items():
        assert OURS[name]["ports"] == [f"{LOOPBACK}:{port}:{port}"]
        assert OURS[name]["environment"][f"SUPERVISION_{name.upper()}_HOST"] == "0.0.0.0"


def test_prometheus_scrapes_every_process_where_it_listens() -> None:
    scraped = {
        target
        for job in document(PROMETHEUS / "prometheus.yml")["scrape_configs"]
        for config in job["static_configs"]
        for target in config["targets"]
    }
    first, workers = (int(OURS["sink"]["environment"][f"SUPERVISION_{name}"]) for name in ("METRICS_PORT", "WORKERS"))
    settings = load(metrics_port=first, workers=workers)
    wanted = {f"{name}:{metrics_port_of(settings, name)}" for name in ("sink", "gateway", "dashboard", "monitor", "simulator")}
    assert scraped == wanted | {f"agents:{metrics_port_of(settings, 'agents', index)}" for index in range(workers)}


def test_what_is_mounted_exists() -> None:
    for its in SERVICES.values():
        for volume in its.get("volumes", []):
            place = volume.split(":")[0]
            assert (ROOT / place).is_dir() if place.startswith("./") else place in COMPOSE["volumes"]
