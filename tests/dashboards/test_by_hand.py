"""The processes of docker-compose.yml, started by hand: healthy, connected, watched; the boards' questions get answers."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from streams.embedded.clickhouse import ClickHouseProcess
from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from streams.store.client import Address, Store
from supervision.settings import METRICS_OFFSETS
from tests.dashboards.compose import OURS, Machine
from tests.dashboards.deployment import STARTED, Deployment
from tests.dashboards.operating import FOREIGN, GRAFANA, PROMETHEUS, declared, document, series
from tests.flow.conftest import DEMO
from tests.flow.harness import until

BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "boards").glob("*.json"))}
QUERIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (f"{name}: {panel['title']}", panel, target)
    for name, board in BOARDS.items()
    for panel in board["panels"]
    for target in panel["targets"]
]
PROMQL = [(title, target["expr"]) for title, panel, target in QUERIES if panel["datasource"]["type"] == "prometheus"]
SQL = [(title, panel, target) for title, panel, target in QUERIES if panel["datasource"]["type"] == "grafana-clickhouse-datasource"]
RECORDED = {rule["record"] for group in document(PROMETHEUS / "recording.yml")["groups"] for rule in group["rules"]}
TRACE = "0af7651916cd43dd8448eb211c80319c"
SOURCE = "by-hand"


# -- without servers ----------------------------------------------------------------------------------------------------


def test_every_query_belongs_to_a_data_source_that_is_provisioned() -> None:
    provisioned = document(GRAFANA / "provisioning" / "datasources" / "sources.yml")["datasources"]
    known = {(one["type"], one["uid"]) for one in provisioned}
    assert {(target["datasource"]["type"], target["datasource"]["uid"]) for _, _, target in QUERIES} == known
    assert len(PROMQL) + len(SQL) == len(QUERIES)
    assert {len(PROMQL) > 20, len(SQL) > 10} == {True}


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_lie_on_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
        assert re.search(r"[\u4e00-\u9fff].* · \w", panel["title"]), "Chinese first, English beside it"


@pytest.mark.parametrize(("title", "expression"), PROMQL)
def test_a_board_reads_metrics_that_are_exposed_or_recorded(title: str, expression: str) -> None:
    exposed = declared()
    read = series(expression)
    assert read, title
    for name, labels in read.items():
        assert name in exposed or name in RECORDED or name in FOREIGN
        assert name not in exposed or labels <= exposed[name]


@pytest.mark.parametrize(("title", "panel", "target"), SQL)
def test_no_board_shows_clues(title: str, panel: dict[str, Any], target: dict[str, Any]) -> None:
    assert "clue" not in target["rawSql"].lower(), f"{title}: clues are for discipline inspectors"
    assert panel["type"] != "timeseries" or " AS time," in target["rawSql"]


# -- on the real servers ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deployment(kafka: Kafka, clickhouse: ClickHouseProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything of the file runs. Names of its own keep it apart from other tests on the same servers."""
    directory = tmp_path_factory.mktemp("deployment")
    (directory / "secrets").mkdir()
    (directory / "secrets" / "clickhouse_password").write_text(clickhouse.password + "\n")
    first = free_ports(24)
    ports = {"METRICS_PORT": first, "GATEWAY_PORT": first + 20, "DASHBOARD_PORT": first + 21}
    machine = Machine(
        kafka.bootstrap,
        clickhouse.port,
        {f"SUPERVISION_{name}": port for name, port in ports.items()},
        directory / "secrets",
        directory / "volumes",
    )
    own = f"hand-{uuid4().hex[:8]}"
    apart = {"APP_ID": own, "TOPIC_PREFIX": f"{own}.", "CLICKHOUSE_DATABASE": own.replace("-", "_"), "PARTITIONS": "3"}
    with pytest.MonkeyPatch.context() as patch:
        for its in OURS.values():
            patch.setitem(its, "environment", its["environment"] | {f"SUPERVISION_{name}": value for name, value in apart.items()})
        running = Deployment(machine, directory)
        try:
            running.start()
            running.watch(first + 22)
            _bring_in(running)
            yield running
        finally:
            codes = running.stop()
    assert codes == dict.fromkeys(codes, 0), "SIGTERM ends every process in order"


def _event(number: int, event_type: str, hours_ago: float, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    head = {
        "event_id": f"0190a000-0000-7000-8000-{number:012d}",
        "event_type": event_type,
        "occurred_at": at.isoformat(timespec="seconds"),
        "source_system": SOURCE,
        "case_id": "7",
        "item_catalog_code": "430111-XK-0101",
        "region_code": "430111",
    }
    return head | more


def _bring_in(running: Deployment) -> None:
    """The example by import; then, through the gateway, a case whose separate steps one person did, and an event that is none."""
    files = [str(DEMO / name) for name in ("log.csv", "mapping.yaml", "catalogue.yaml")]
    done = running.run("agents", ["import", files[0], "-m", files[1], "-c", files[2]])
    assert done.returncode == 0, done.stdout + done.stderr
    key = running.run("gateway", ["gateway-key", "add", SOURCE]).stdout.strip()
    (running.directory / "key").write_text(key)
    one = {"actor_officer_id": "K-4", "payload": {"step_code": "review"}}
    events = [
        _event(1, "case_accepted", 3),
        _event(2, "step_completed", 2, **one),
        _event(3, "step_completed", 1, **one | {"payload": {"step_code": "approve"}}),
        _event(4, "case_eaten", 1),
    ]
    until(lambda: _posted(running, events) == 202, "the gateway to take its new key, and the events")


def _posted(running: Deployment, events: list[dict[str, Any]]) -> int:
    """The gateway's answer to these events."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.machine.ports['SUPERVISION_GATEWAY_PORT']}/v1/events",
        json.dumps(events).encode(),
        {
            "Authorization": f"Bearer {(running.directory / 'key').read_text()}",
            "Content-Type": "application/json",
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.fixture(scope="module")
def store(deployment: Deployment, clickhouse: ClickHouseProcess) -> Iterator[Store]:
    database = deployment.machine.environment("sink")["SUPERVISION_CLICKHOUSE_DATABASE"]
    store = Store(Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, database))
    until(lambda: bool(store.execute("SELECT 1 FROM alerts WHERE source_system = %(s)s", {"s": SOURCE})), "the alert")
    yield store
    store.close()


@pytest.mark.service
def test_every_process_is_healthy_and_the_trace_leads_from_the_gateway_to_the_alert(deployment: Deployment, store: Store) -> None:
    assert set(deployment.children) == {name for name in STARTED if name not in ("topics", "tables")}
    ((alert_id, rule),) = store.execute(
        "SELECT alert_id, rule_id FROM alerts WHERE source_system = %(source)s AND state = 'issued'", {"source": SOURCE}
    )
    assert rule == "P02"
    lines = [json.loads(line) for line in deployment.children["agents"].log.read_text("utf-8").splitlines() if '"alert_id"' in line]
    (line,) = [line for line in lines if line["alert_id"] == alert_id]
    assert (line["trace_id"], line["rule"], line["alert_level"], line["event"]) == (TRACE, "P02", "yellow", "alert")
    assert len({line["trace_id"] for line in lines}) > 1, "what the example's clock caused has traces of its own"


@pytest.mark.service
def test_prometheus_sees_every_process_and_no_rule_fires(deployment: Deployment, store: Store) -> None:
    def up() -> dict[str, str]:
        found = deployment.ask("query", query="up")["result"]
        return {f"{one['metric']['job']} {one['metric']['instance']}": one["value"][1] for one in found}

    def down() -> set[str]:
        return {name.split()[0] for name, value in up().items() if value == "0"}

    until(lambda: len(up()) == 7 and down() == {"simulator"}, "all targets to be up but the city, which does not run yet")
    until(lambda: bool(deployment.ask("query", query="supervision:records:rate5m")["result"]), "recording rules")
    firing = deployment.ask("query", query='ALERTS{alertstate="firing"}')["result"]
    # Where 30 working days from now lie in a year whose holidays nobody has announced, that is said, and nothing else.
    unknown = ("CasesWaitForAPerson", "calendar_missing")
    assert [one["metric"] for one in firing if (one["metric"]["alertname"], one["metric"].get("kind")) != unknown] == []
    groups = deployment.ask("rules")["groups"]
    assert [rule["name"] for group in groups for rule in group["rules"] if rule.get("lastError")] == []


@pytest.mark.service
def test_the_processes_expose_what_is_declared_and_count_what_happened(deployment: Deployment, store: Store) -> None:
    exposed = set(deployment.ask("label/__name__/values"))
    missing = declared().keys() - exposed
    labelled = {name for name in missing if declared()[name]}
    assert missing <= labelled, "a series without labels is there from the start"

    def value(query: str) -> float:
        found = deployment.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else 0.0

    for query, least in {
        f'sum(supervision_events_total{{source="{SOURCE}"}})': 3,
        f'sum(supervision_gateway_events_total{{source="{SOURCE}", outcome="accepted"}})': 3,
        'sum(supervision_alerts_total{rule="P02", level="yellow", state="issued"})': 1,
        'sum(supervision_alert_latency_seconds_count{since="received", until="published"})': 1,
        'sum(supervision_alert_latency_seconds_count{since="occurred", until="stored"})': 1,
        'sum(supervision_alert_latency_seconds_count{since="published", until="stored"})': 1,
        "sum(supervision_timers_fired_total)": 1,
        "sum(supervision_state_subjects)": 1,
        "sum(supervision_state_bytes)": 1,
        'count(supervision_lag_records{topic="case-events"})': 3,
        'count(supervision_sink_lag_records{topic="alerts"})': 3,
        f'count(supervision_source_heard_timestamp_seconds{{source="{SOURCE}"}})': 1,
    }.items():
        until(lambda query=query, least=least: value(query) >= least, query)  # type: ignore[misc]
    until(lambda: value("sum(supervision_lag_records) + sum(supervision_sink_lag_records)") == 0, "no lag when all is read")


def _is_there(running: Deployment, name: str) -> bool:
    """Whether Prometheus has such a series. A share of no requests is none, so the gateway is asked something meanwhile."""
    _posted(running, [])
    return bool(running.ask("query", query=f"count({{__name__={json.dumps(name)}}})")["result"])


@pytest.mark.service
@pytest.mark.parametrize(("title", "expression"), PROMQL)
def test_prometheus_answers_every_question_of_the_boards(deployment: Deployment, store: Store, title: str, expression: str) -> None:
    """A question that reads nothing at all would show an empty panel for ever: what it reads must be there."""
    assert deployment.ask("query", query=expression) is not None, title
    for name in series(expression):
        if name not in ("process_resident_memory_bytes", "process_cpu_seconds_total"):
            until(lambda name=name: _is_there(deployment, name), name)  # type: ignore[misc]


@pytest.mark.service
@pytest.mark.parametrize(("title", "panel", "target"), SQL)
def test_clickhouse_answers_every_question_of_the_boards(
    store: Store, title: str, panel: dict[str, Any], target: dict[str, Any]
) -> None:
    rows = store.execute(expanded(target["rawSql"]))
    if "revoke" not in target["rawSql"] and "dead_letters" not in target["rawSql"]:
        assert rows, title
    if "doubled" in target["rawSql"]:
        assert rows == [(0,)]


@pytest.mark.service
def test_a_quarantined_event_is_put_back_and_counts_then(deployment: Deployment, store: Store) -> None:
    """A rating said that it happens in ten minutes; the gateway kept it from the topic, and a person lets it in."""
    ahead = _event(5, "rating_submitted", -1 / 6, payload={"rating_id": "R-5"})
    assert _posted(deployment, [ahead]) == 202
    quarantined = "SELECT 1 FROM dead_letters WHERE reason = 'in_the_future' AND position(value, %(id)s) > 0"
    until(lambda: bool(store.execute(quarantined, {"id": ahead["event_id"]})), "the letter")
    arrived = "SELECT 1 FROM events WHERE event_id = toUUID(%(id)s)"
    assert store.execute(arrived, {"id": ahead["event_id"]}) == []
    replay = ["dead-letters", "replay", "--source", SOURCE, "--reason", "in_the_future"]
    assert "1 replayed" in deployment.run("sink", replay).stdout
    until(lambda: bool(store.execute(arrived, {"id": ahead["event_id"]})), "the event")
    assert "0 replayed" in deployment.run("sink", replay).stdout


@pytest.mark.service
def test_a_case_event_from_the_future_is_told_until_it_is_corrected(deployment: Deployment, store: Store) -> None:
    """It said that it happens in ten minutes; it is stored and told, and the notice goes with its correction."""
    ahead = _event(6, "step_completed", -1 / 6, payload={"step_code": "handle"})
    told = "SELECT state FROM alerts WHERE rule_id = 'P16' AND position(subject_key, %(id)s) > 0"
    assert _posted(deployment, [ahead]) == 202
    until(lambda: store.execute(told, {"id": ahead["event_id"]}) == [("issued",)], "the notice")
    version = {"supersedes_event_id": ahead["event_id"], "data_version": 2, "payload": ahead["payload"]}
    assert _posted(deployment, [_event(7, "step_completed", 1, **version)]) == 202
    until(lambda: store.execute(told, {"id": ahead["event_id"]}) == [("revoked",)], "the notice to go")


@pytest.mark.service
def test_the_simulated_city_joins_and_leaves_in_order(deployment: Deployment, store: Store) -> None:
    """Last, because what it sends goes on and on."""
    deployment.launch("simulator")
    deployment.wait("simulator")
    until(lambda: bool(store.execute("SELECT 1 FROM events WHERE source_system NOT IN ('demo-county', 'by-hand')")), "its events")


def expanded(sql: str) -> str:
    """What Grafana's plugin makes of its macros, for the last two days in steps of a minute."""
    sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 >= toDateTime(now() - 172800) AND \1 <= toDateTime(now() + 60)", sql)
    sql = re.sub(r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 60 second)", sql)
    assert "$__" not in sql, "a macro that this test does not know"
    return sql


def test_the_offsets_of_metrics_ports_leave_room_in_the_fixture() -> None:
    assert max(METRICS_OFFSETS.values()) + 2 < 20
