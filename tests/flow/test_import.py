"""The real log through Kafka, agents and ClickHouse: the same alerts as the offline replay, however it is brought in."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from supervision.topics import CASE_EVENTS
from tests.flow.harness import Deployment, until
from tests.flow.truth import Input, Truth, assert_holds

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


@pytest.mark.log
@pytest.mark.parametrize(
    ("workers", "partitions", "how"),
    [(1, 3, []), (2, 12, ["--shuffle", "7"]), (1, 12, ["--twice"]), (2, 5, ["--twice", "--shuffle", "11"])],
    ids=["as it is", "shuffled, two workers", "every event twice", "every event twice and shuffled"],
)
def test_an_import_leads_to_the_alerts_of_the_offline_replay(
    receipt: Input, receipt_truth: Truth, tmp_path: Path, workers: int, partitions: int, how: list[str]
) -> None:
    with Deployment(tmp_path, workers, partitions=partitions) as deployment:
        deployment.run("import", *receipt.arguments(), *how)
        assert_holds(deployment.settings, receipt_truth)
        deployment.check()


def test_alerts_and_clues_of_every_card_are_those_of_the_offline_replay(crowd: Input, crowd_truth: Truth, tmp_path: Path) -> None:
    with Deployment(tmp_path, 2, partitions=4) as deployment:
        deployment.run("import", *crowd.arguments(), "--twice", "--shuffle", "3")
        assert_holds(deployment.settings, crowd_truth)
        deployment.check()


@pytest.mark.log
def test_a_second_import_begun_half_way_through_the_first_and_killed_changes_nothing(
    receipt: Input, receipt_truth: Truth, tmp_path: Path
) -> None:
    half = (len(receipt_truth.events) + receipt_truth.steps * 12) // 2
    with Deployment(tmp_path, partitions=12) as deployment:
        first = deployment.start("first", "import", *receipt.arguments())
        until(lambda: deployment.records(CASE_EVENTS) > half, "half of the first import")
        os.kill(first.pid, signal.SIGSTOP)
        reached = deployment.records(CASE_EVENTS)
        second = deployment.start("second", "import", "--again", *receipt.arguments())
        until(lambda: deployment.records(CASE_EVENTS) > reached + half // 4, "the second import to send")
        second.kill()
        os.kill(first.pid, signal.SIGCONT)
        until(lambda: not first.is_alive, "the first import")
        assert first.process.returncode == 0, first.log.read_text()
        del deployment.parts["first"], deployment.parts["second"]
        assert_holds(deployment.settings, receipt_truth)
        deployment.check()


@pytest.mark.log
def test_an_import_that_was_killed_goes_on_when_repeated(receipt: Input, receipt_truth: Truth, tmp_path: Path) -> None:
    half = (len(receipt_truth.events) + receipt_truth.steps * 3) // 2
    with Deployment(tmp_path, partitions=3) as deployment:
        first = deployment.start("first", "import", *receipt.arguments())
        until(lambda: deployment.records(CASE_EVENTS) > half, "half of the first import")
        first.kill()
        del deployment.parts["first"]
        deployment.run("import", *receipt.arguments())
        assert_holds(deployment.settings, receipt_truth)
        deployment.run("import", *receipt.arguments())
        assert_holds(deployment.settings, receipt_truth)
