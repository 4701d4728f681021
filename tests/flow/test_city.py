"""The simulated city on real servers: every violation of its truth file is found, by subject, level and instant, and nothing else.

Straight to Kafka here; through the gateway in the same way. Offline, without servers: `tests/streams/simulator/test_truth.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.simulator import truth
from streams.simulator.accuracy import scores
from streams.simulator.city import SOURCE
from streams.simulator.stored import standing
from streams.store import queries
from tests.flow.harness import Deployment
from tests.flow.truth import said_twice

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

FOR_EVER = 1 << 62  # all that the truth says is due by then: the clock was run on for 60 days


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_of_a_week_is_found_on_the_full_path(seed: int, tmp_path: Path) -> None:
    lines = tmp_path / "truth.jsonl"
    with Deployment(tmp_path, partitions=4) as deployment:
        city = ["--centres", "3", "--rate", "0.1", "--injections", "0.4", "--seed", str(seed), "--truth", str(lines)]
        deployment.run("simulate", *city, "--to", "kafka")
        _assert_found(deployment, lines)


def _assert_found(deployment: Deployment, lines: Path) -> None:
    store = deployment.store()
    try:
        found = scores(truth.read(lines), standing(store), FOR_EVER)
        assert len(found) == 9
        assert [score for score in found if not score.is_right] == []
        assert all(score.injected and score.quiet for score in found)
        assert queries.event_count(store, SOURCE) == queries.event_count(store)
        assert queries.doubled_events(store) == []
        assert said_twice(store) == []
    finally:
        store.close()
    deployment.check()
