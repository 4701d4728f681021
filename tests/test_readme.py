"""What README.md says of the code is so: commands, make targets, paths, settings, map, topics, metrics, rules, examples."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from typer.core import TyperGroup
from typer.main import get_command

from rules.card import BUILTIN, load_cards
from streams.embedded.stack_doctor import OF_TESTS, OTHER_VARIABLES
from supervision import metrics as _metrics
from supervision.cli import app
from supervision.decoder import decode
from supervision.durations import DAY_MS
from supervision.event import CaseEvent
from supervision.settings import env_names
from supervision.topics import ALL, key_of, topic_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DECLARED = (_metrics,)  # importing them declares the metrics
# Written or fetched at run time, or files of the reader's own.
NOT_OURS = re.compile(r"data(/|$)|~|https?:|/|.*<|north|my-cards")

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL))


def block(language: str, holds: str) -> str:
    """The only block of that language with these words in it."""
    (found,) = [text for name, text in BLOCKS if name == language and holds in text]
    return str(found)


def section(title: str) -> str:
    """From a heading to the next one of its rank or above."""
    rank = title.split(" ")[0]
    found = re.search(rf"^{re.escape(title)}.*?(?=^#{{1,{len(rank)}}} |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group()


def cells(text: str) -> list[list[str]]:
    """The rows of the Markdown tables in a text, without heads."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in row] for row in rows]


def commands() -> Iterator[list[str]]:
    """Every `supervision ...` in a block or a code span, as words, without prompt and remark."""
    for text in [line for _, lines in BLOCKS for line in lines.splitlines()] + SPANS:
        command = text.removeprefix("$ ")
        if command.startswith("supervision "):
            yield shlex.split(command, comments=True)[1:]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_named_exists_with_its_options(words: list[str]) -> None:
    command: Any = get_command(app)
    rest = list(words)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, f"supervision {' '.join(words)}: there is no {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in rest if word.startswith("-")} <= known


def test_every_make_target_named_exists() -> None:
    text = "\n".join([text for _, text in BLOCKS] + SPANS)
    targets = set(re.findall(r"\bmake ([a-z]+)\b", text))
    assert {"up", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def _paths() -> Iterator[str]:
    yield from re.findall(r"\]\(([^)#]+)\)", README)
    outside_the_map = README.replace(section("## Map of the code"), "")
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", outside_the_map, flags=re.MULTILINE | re.DOTALL))
    for span in spans:
        if " " not in span and not NOT_OURS.match(span) and re.fullmatch(r"[\w.*-]+(/[\w.*-]*)+|[\w-]+\.(py|md|json|toml)", span):
            yield span


@pytest.mark.parametrize("path", sorted(set(_paths())))
def test_every_path_named_exists(path: str) -> None:
    assert path == "supervision.toml" or (ROOT / path).exists()


def _mapped(package: str) -> set[Path]:
    """What the map names under a package's heading; a folder stands for all in it."""
    base, named = ROOT / package, set()
    for where, what in cells(section(f"### `{package}/`"))[1:]:
        places = re.findall(r"`([^`]+)`", where)
        folders = [base / place for place in places if place.endswith("/")]
        for place in places:
            found = list(base.glob(place.rstrip("/")))
            assert found, f"{package}/{place} does not exist"
            named.update(found)
        for detail in re.findall(r"`([\w/]+\.py)`", what):
            assert any((folder / detail).is_file() for folder in [base, *folders]), f"{package}: {detail} does not exist"
    return named


@pytest.mark.parametrize("package", ["supervision", "rules", "streams", "dashboards"])
def test_the_map_names_every_module_and_nothing_else(package: str) -> None:
    named = _mapped(package)
    modules = [path for path in (ROOT / package).rglob("*.py") if path != ROOT / package / "__init__.py"]
    missing = [path for path in modules if not named.intersection((path, *path.parents))]
    assert [str(path.relative_to(ROOT)) for path in missing if path.name != "__init__.py"] == []


def test_the_rest_of_the_map_exists() -> None:
    rows = cells(section("### The rest"))[1:]
    assert all((ROOT / row[0].strip("`")).exists() for row in rows)


def test_the_table_of_settings_is_that_of_the_code() -> None:
    wanted = [[f"`{name}`", f"`{default}`" if default else "", words] for name, default, words in env_names()]
    assert cells(section("## Settings"))[1:] == wanted


def test_every_variable_named_is_known() -> None:
    known = {*OTHER_VARIABLES, *(name for name, _, _ in env_names())}
    named = {name for name in re.findall(r"SUPERVISION_[A-Z_]+", README) if not name.startswith(OF_TESTS)}
    assert named <= known


def test_the_table_of_topics_is_that_of_the_code() -> None:
    def keeps(retention_ms: int, cleanup: str) -> str:
        return "compacted" if cleanup == "compact" else "for ever" if retention_ms < 0 else f"{retention_ms // DAY_MS} d"

    found = [row for row in cells(section("### Straight to Kafka")) if len(row) == 4][1:]
    wanted = [[topic.name, topic.key, str(topic.count()), keeps(topic.retention_ms, topic.cleanup)] for topic in ALL]
    assert [[cell.replace("`", "") for cell in row] for row in found] == wanted


def test_every_metric_named_is_declared() -> None:
    declared = {name for metric in REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")}
    named = set(re.findall(r"`(supervision_\w+)`", README))
    assert DECLARED
    assert named <= declared


def test_the_table_of_rules_lists_the_cards() -> None:
    ids = {row[0] for row in cells(section("## The rules that are there"))[1:]}
    cards = {card.id for card in load_cards(BUILTIN)}
    assert ids == cards
    assert f"{81 - len(cards)} of the 81 rules" in README


def test_the_event_shown_is_one() -> None:
    event = decode(block("json", "case_accepted").encode())
    assert isinstance(event, CaseEvent)
    assert topic_of(event).name == "case-events"
    assert f"`{key_of(event)}`" in README


def test_the_card_shown_is_that_of_the_walkthrough() -> None:
    guide = (ROOT / "rules" / "README.md").read_text("utf-8")
    indented = re.search(r"^   ```yaml\n(.*?)^   ```$", guide, re.MULTILINE | re.DOTALL)
    assert indented
    assert yaml.safe_load(block("yaml", "detector:")) == yaml.safe_load(indented.group(1))


def _replay(log: Path, mapping: Path, catalogue: Path, out: Path) -> str:
    environment = os.environ | {"COLUMNS": "120", "SUPERVISION_LANGUAGE": "en"}
    files = [str(log), "-m", str(mapping), "-c", str(catalogue), "-o", str(out / "alerts.jsonl")]
    command = [sys.executable, "-m", "supervision", "replay", *files]
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, encoding="utf-8", check=True)
    return done.stdout + done.stderr


def _shown(holds: str) -> list[str]:
    """The rows of numbers in the block that shows an output."""
    return [line for line in block("", holds).splitlines() if line.startswith("│")]


def test_the_demo_gives_what_is_shown(tmp_path: Path) -> None:
    demo = ROOT / "examples" / "demo"
    output = _replay(demo / "log.csv", demo / "mapping.yaml", demo / "catalogue.yaml", tmp_path)
    assert set(_shown("37 alerts written")) <= set(output.splitlines())
    assert "37 alerts written" in output
    alerts = (tmp_path / "alerts.jsonl").read_text("utf-8")
    assert all(f'"{named}"' in alerts for named in re.findall(r"\b[TPMD][0-9]{2}[NYR][A-Z2-7]{16}\b", README))


def test_the_log_of_ones_own_gives_what_is_shown(tmp_path: Path) -> None:
    for name, language, words in [
        ("north.csv", "csv", "Case;Office"),
        ("north.yaml", "yaml", "case_events:"),
        ("office.yaml", "yaml", "items:"),
    ]:
        (tmp_path / name).write_text(block(language, words), "utf-8")
    output = _replay(tmp_path / "north.csv", tmp_path / "north.yaml", tmp_path / "office.yaml", tmp_path)
    assert [line for line in output.splitlines() if re.match("│ [A-Z]", line)] == _shown("north.csv")
