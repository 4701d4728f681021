"""What `survivors*.yaml` explain is about the code as it stands."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(__file__).parent.glob("survivors*.yaml"))
REASONS = [reason for file in FILES for reason in yaml.safe_load(file.read_text("utf-8"))]


@pytest.mark.parametrize("reason", [pytest.param(each, id=f"{each['module']}: {each['why'][:40]}") for each in REASONS])
def test_an_explained_change_is_of_lines_that_are_there(reason: dict[str, object]) -> None:
    lines = [line.strip() for line in (ROOT / str(reason["module"])).read_text("utf-8").splitlines()]
    for change in msgspec.convert(reason["changes"], list[dict[str, str]]):
        assert set(change) == {"in", "was", "now"}
        assert change["was"].strip() != change["now"].strip()
        for line in change["was"].splitlines():
            assert line.strip() in lines


def test_no_change_is_explained_twice() -> None:
    known = [(reason["module"], *sorted(change.items())) for reason in REASONS for change in reason["changes"]]
    assert len(set(known)) == len(known)
