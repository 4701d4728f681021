"""Logs posted to the gateway lead to the alerts of the offline replay, as those written to Kafka do."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.embedded.stack_lock import free_ports
from tests.flow.gateways import key_of, start_gateway
from tests.flow.harness import Deployment
from tests.flow.truth import Input, Truth, assert_holds

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


def test_an_import_through_the_gateway_leads_to_the_alerts_of_the_offline_replay(
    crowd: Input, crowd_truth: Truth, tmp_path: Path
) -> None:
    with Deployment(tmp_path, 2, partitions=4, gateway_port=free_ports(1)) as deployment:
        key = key_of(deployment, "demo-county")
        start_gateway(deployment)
        via = ["--via", "gateway", "--key-file", str(key)]
        deployment.run("import", *crowd.arguments(), *via, "--twice")
        assert_holds(deployment.settings, crowd_truth)
        gateway = deployment.parts.pop("gateway").process
        gateway.terminate()
        assert gateway.wait(60) == 0
        assert "all of it was sent before" in deployment.run("import", *crowd.arguments(), *via, "--twice")
        deployment.check()


def test_what_a_key_is_not_for_ends_an_import_with_the_reason(crowd: Input, tmp_path: Path) -> None:
    with Deployment(tmp_path, partitions=2, gateway_port=free_ports(1)) as deployment:
        key = key_of(deployment, "another-office")
        start_gateway(deployment)
        with pytest.raises(AssertionError, match="not_permitted source_system"):
            deployment.run("import", *crowd.arguments(), "--via", "gateway", "--key-file", str(key), "--no-wait")
