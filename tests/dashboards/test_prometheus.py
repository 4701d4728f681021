"""Prometheus's files: right by promtool, each rule tested where it fires and where not, no metric in them that nobody exposes."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from supervision.settings import METRICS_OFFSETS
from tests.dashboards.operating import FOREIGN, PROMETHEUS, declared, document, series, tool

RECORDED = document(PROMETHEUS / "recording.yml")["groups"]
ALERTING = document(PROMETHEUS / "alerting.yml")["groups"]
RULES: list[dict[str, Any]] = [rule for group in [*RECORDED, *ALERTING] for rule in group["rules"]]
NAMES = [rule["alert"] for rule in RULES if "alert" in rule]
OF_TARGETS = {"job", "instance"}  # labels that scraping adds


def test_promtool_finds_nothing_wrong() -> None:
    promtool = tool("promtool")
    for arguments in (["check", "rules", "recording.yml", "alerting.yml"], ["check", "config", "prometheus.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_fires_where_it_must_and_nowhere_else() -> None:
    done = subprocess.run(
        [tool("promtool"), "test", "rules", "tests.yml"], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_has_both_tests_and_says_what_to_do(name: str) -> None:
    its = [test for test in document(PROMETHEUS / "tests.yml")["tests"] if test["name"].split(" ", 1)[0] == name]
    wanted = [bool(case["exp_samples"]) for test in its for case in test["promql_expr_test"]]
    assert {True, False} <= set(wanted)
    assert all(f'alertname="{name}"' in case["expr"] for test in its for case in test["promql_expr_test"])
    (rule,) = [rule for rule in RULES if rule.get("alert") == name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert all(rule["annotations"][key] for key in ("summary", "summary_zh", "do"))
    assert re.search(r"[\u4e00-\u9fff]", rule["annotations"]["summary_zh"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.get("record") or rule["alert"]))
def test_a_rule_reads_what_is_exposed_or_recorded(rule: dict[str, Any]) -> None:
    exposed, recorded = declared(), {one["record"] for one in RULES if "record" in one}
    read = series(rule["expr"])
    assert read
    for name, labels in read.items():
        assert name in exposed or name in recorded or name in FOREIGN
        assert name not in exposed or labels <= exposed[name] | OF_TARGETS


def test_the_reader_of_expressions_would_notice_a_wrong_name() -> None:
    read = series('sum by (topic) (rate(supervision_nonsense_total{source="x"}[5m])) > 0 and on (le) supervision:lag:sum')
    assert read == {"supervision_nonsense_total": {"source"}, "supervision:lag:sum": set()}
    assert "supervision_nonsense_total" not in declared()
    assert declared()["supervision_alert_latency_seconds_bucket"] == {"since", "until", "le"}


def test_the_targets_are_where_the_processes_listen() -> None:
    found = {
        job["job_name"]: [target.split(":") for config in job["static_configs"] for target in config["targets"]]
        for job in document(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    }
    for job, targets in found.items():
        offset = next(its for process, its in METRICS_OFFSETS.items() if process == job)
        assert [int(port) for _, port in targets] == [9400 + offset + number for number in range(len(targets))]
        assert {host for host, _ in targets} == {job}
    assert {"agents", "sink", "gateway", "dashboard"} <= set(found)
