"""Where the real case log is: SUPERVISION_CASE_LOG, else receipt.xes.gz in SUPERVISION_TEST_DATA, else beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def case_log() -> Path:
    """The log's path. Missing, the test is skipped with one line that says so; in CI it fails."""
    directory = Path(os.environ.get("SUPERVISION_TEST_DATA", ROOT.parent / "shared" / "data"))
    path = Path(os.environ.get("SUPERVISION_CASE_LOG", directory / "receipt.xes.gz"))
    if not path.exists():
        message = f"the real case log is not at {path}; name it in SUPERVISION_CASE_LOG"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
