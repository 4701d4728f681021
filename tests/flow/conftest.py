"""What is brought in, and what it must lead to, worked out once for all tests of the flow: the real log, and a crowd of examples.

The real log raises no clues; the example raises something by every card, so many copies of it show that signals get through.
"""

from __future__ import annotations

import csv

import pytest

from tests.flow.truth import Input, Truth, truth
from tests.streams.case_log import ROOT, case_log

RECEIPT = ROOT / "examples" / "receipt"
DEMO = ROOT / "examples" / "demo"
COPIES = 24
CASE, OFFICER = "办件编号", "经办人"


@pytest.fixture(scope="session")
def receipt() -> Input:
    """The real log. Missing, the test is skipped; in CI it fails."""
    return Input(case_log(), RECEIPT / "mapping.yaml", RECEIPT / "catalogue.yaml")


@pytest.fixture(scope="session")
def receipt_truth(receipt: Input, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return truth(receipt, tmp_path_factory.mktemp("offline"))


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Input:
    """The example log many times over, each copy with cases and officers of its own."""
    log = tmp_path_factory.mktemp("crowd") / "log.csv"
    with (DEMO / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with log.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            copies = ({CASE: f"{row[CASE]}-{copy}", OFFICER: row[OFFICER] and f"{row[OFFICER]}{copy}"} for copy in range(COPIES))
            writer.writerows(row | own for own in copies)
    return Input(log, DEMO / "mapping.yaml", DEMO / "catalogue.yaml")


@pytest.fixture(scope="session")
def crowd_truth(crowd: Input, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    found = truth(crowd, tmp_path_factory.mktemp("offline"))
    assert sum(alert.rule_id == "M02" for alert in found.standing) >= COPIES, "every copy raises a clue"
    return found
