"""What a process shows over HTTP, read as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.probe import Probe
from supervision import metrics


class Shown:
    """A probe and its answers."""

    def __init__(self) -> None:
        self.is_ready = False
        self.probe = Probe(0, lambda: self.is_ready, "127.0.0.1")

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.probe.port}{path}", trust_env=False)

    def families(self, path: str) -> dict[str, list[float]]:
        """By name the values of all samples of each metric."""
        told = text_string_to_metric_families(self.get(path).text)
        return {family.name: [sample.value for sample in family.samples] for family in told}


@pytest.fixture
def shown() -> Iterator[Shown]:
    found = Shown()
    yield found
    found.probe.close()


def test_all_metrics_are_shown_and_whether_the_process_is_ready(shown: Shown) -> None:
    assert shown.families("/metrics")["supervision_ready_state"] == [0]
    shown.is_ready = True
    assert {"supervision_ready_state", "supervision_records", "supervision_board_watchers"} <= shown.families("/metrics").keys()
    assert shown.families("/metrics")["supervision_ready_state"] == [1]


@pytest.mark.parametrize("names", [["supervision_ready_state"], ["supervision_board_alerts_total", "supervision_ready_state"]])
def test_named_metrics_are_shown_alone(shown: Shown, names: list[str]) -> None:
    before = metrics.BOARD_ALERTS._value.get()
    found = shown.families("/metrics?" + "&".join(f"name[]={name}" for name in names))
    assert found.keys() == {name.removesuffix("_total") for name in names}
    assert found.get("supervision_board_alerts", [before])[0] == before


def test_a_name_that_no_metric_has_shows_nothing(shown: Shown) -> None:
    assert shown.families("/metrics?name[]=supervision_unheard_of") == {}


def test_readiness_is_told_by_the_status(shown: Shown) -> None:
    assert (shown.get("/readyz").status_code, shown.get("/readyz?verbose").text) == (503, "not ready\n")
    shown.is_ready = True
    assert (shown.get("/readyz").status_code, shown.get("/readyz").text) == (200, "ready\n")
    assert shown.get("/").status_code == 404
