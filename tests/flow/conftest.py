"""The real case log and what it must lead to, worked out once for all tests of the flow."""

from __future__ import annotations

import pytest

from tests.flow.truth import Input, Truth, truth
from tests.streams.case_log import ROOT, case_log

RECEIPT = ROOT / "examples" / "receipt"


@pytest.fixture(scope="session")
def receipt() -> Input:
    """The real log. Missing, the test is skipped; in CI it fails."""
    return Input(case_log(), RECEIPT / "mapping.yaml", RECEIPT / "catalogue.yaml")


@pytest.fixture(scope="session")
def receipt_truth(receipt: Input, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return truth(receipt, tmp_path_factory.mktemp("offline"))
