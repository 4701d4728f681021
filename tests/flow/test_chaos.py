"""Processes die, freeze, come and go while a log comes in: in the end nothing is missing, doubled or judged otherwise.

SUPERVISION_CHAOS_RUNS seeded runs, one unless said (`make chaos`: twenty); SUPERVISION_CHAOS_SEED is the first seed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flow.chaos import Chaos
from tests.flow.harness import Deployment
from tests.flow.truth import Input, Truth, assert_holds

pytestmark = [pytest.mark.service, pytest.mark.timeout(1200)]

FIRST = int(os.environ.get("SUPERVISION_CHAOS_SEED", "1"))
RUNS = int(os.environ.get("SUPERVISION_CHAOS_RUNS", "1"))
# One run belongs to `make test`.
SEEDS = [pytest.param(FIRST), *(pytest.param(FIRST + more, marks=pytest.mark.chaos) for more in range(1, RUNS))]


@pytest.mark.log
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_stopped_and_added_processes_change_nothing(receipt: Input, receipt_truth: Truth, tmp_path: Path, seed: int) -> None:
    survive(receipt, receipt_truth, tmp_path, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_signals_and_clues_get_through_as_well(crowd: Input, crowd_truth: Truth, tmp_path: Path, seed: int) -> None:
    survive(crowd, crowd_truth, tmp_path, seed)


def survive(given: Input, wanted: Truth, directory: Path, seed: int) -> None:
    with Deployment(directory, workers=3, partitions=12, batch_events=200) as deployment:
        chaos = Chaos(deployment, given, seed)
        try:
            chaos.run()
            deployment.drain()
            assert_holds(deployment.settings, wanted)
            deployment.check()
        except BaseException:
            print(deployment.last_words())
            raise
        finally:
            print("\n".join(chaos.told))
