"""Rules for every test: who touches a service must say so, and nobody asserts a time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a time, so neither do the properties: a busy machine is no failure.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ["tests.services"]

# The fixtures of tests/services.py.
SERVICES = frozenset({"kafka", "clickhouse", "stack"})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.sharing import Sharing

    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that takes a fixture of tests/services.py without the mark `service` is a mistake, reported before anything runs."""
    unmarked = [item.nodeid for item in items if isinstance(item, pytest.Function) and _takes_a_service(item)]
    if unmarked:
        raise pytest.UsageError("these take a service and lack @pytest.mark.service: " + ", ".join(unmarked))


def _takes_a_service(item: pytest.Function) -> bool:
    return item.get_closest_marker("service") is None and not SERVICES.isdisjoint(item.fixturenames)
