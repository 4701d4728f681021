"""Processes die, freeze, come and go while the real log comes in: in the end nothing is missing, doubled or judged otherwise.

SUPERVISION_CHAOS_RUNS seeded runs, one unless said (`make chaos`: twenty); SUPERVISION_CHAOS_SEED is the first seed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flow.chaos import Chaos
from tests.flow.harness import Deployment
from tests.flow.truth import Input, Truth, assert_holds

pytestmark = [pytest.mark.service, pytest.mark.log, pytest.mark.timeout(1200)]

FIRST = int(os.environ.get("SUPERVISION_CHAOS_SEED", "1"))
RUNS = int(os.environ.get("SUPERVISION_CHAOS_RUNS", "1"))
# One run belongs to `make test`.
SEEDS = [pytest.param(FIRST), *(pytest.param(FIRST + more, marks=pytest.mark.chaos) for more in range(1, RUNS))]


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_stopped_and_added_processes_change_nothing(receipt: Input, receipt_truth: Truth, tmp_path: Path, seed: int) -> None:
    with Deployment(tmp_path, workers=3, partitions=12, batch_events=200) as deployment:
        chaos = Chaos(deployment, receipt, seed)
        try:
            chaos.run()
            deployment.drain()
        finally:
            print("\n".join(chaos.told))
        assert_holds(deployment.settings, receipt_truth)
        deployment.check()
