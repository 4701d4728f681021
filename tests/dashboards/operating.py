"""The files operators get, as tests read them: Prometheus's rules and configuration, Grafana's boards, the compose file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from supervision import metrics

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "dashboards" / "prometheus"
GRAFANA = ROOT / "dashboards" / "grafana"
DECLARED = metrics  # importing it declares the metrics
FOREIGN = frozenset({"up", "process_resident_memory_bytes", "process_cpu_seconds_total", "ALERTS"})


def tool(name: str) -> str:
    """The path of a program of the machine; without it the test is skipped, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed (.ci/machine installs it)")
        pytest.skip(f"{name} is not installed")
    return found


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def declared() -> dict[str, frozenset[str]]:
    """Labels by the name of each series that our processes expose, `le` of histograms among them."""
    found: dict[str, frozenset[str]] = {}
    for value in vars(metrics).values():
        labels = getattr(value, "_labelnames", None)
        if labels is None or getattr(value, "_name", None) is None:
            continue
        for family in value.describe():
            plain = frozenset(labels)
            endings = {"counter": ["_total"], "histogram": ["_sum", "_count", "_bucket"]}.get(family.type, [""])
            for ending in endings:
                found[family.name + ending] = plain | {"le"} if ending == "_bucket" else plain
    assert REGISTRY
    return found


def series(expression: str) -> dict[str, set[str]]:
    """The metrics that a PromQL expression reads, with the labels its selectors name."""
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)", " ", expression)
    found: dict[str, set[str]] = {}
    for name, _, selector in re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(\{([^}]*)\})?", re.sub(r"\[[^\]]*\]", "", text)):
        if name.startswith(("supervision", "process_")) or name in FOREIGN:
            found.setdefault(name, set()).update(re.findall(r"(\w+) *(?:=~|!~|!=|=)", selector))
    return found
