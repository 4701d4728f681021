"""What an installation builds besides pages: the compiled short way, where a C compiler is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rules.runner import IS_COMPILED

ROOT = Path(__file__).parents[1]
BUILD = "import hatch_build, pathlib, sys; print(hatch_build.compile_short_way(pathlib.Path(sys.argv[1])))"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The sources of the rules, apart."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return tmp_path / "rules"


def _build(rules: Path, **environment: str) -> str:
    """What stops the building; None: nothing did."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(rules)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()[-1]


def _built(rules: Path) -> list[Path]:
    return [path for path in rules.iterdir() if path.name.startswith("swift.") and path.suffix in {".so", ".pyd"}]


@pytest.mark.skipif(not IS_COMPILED and "CI" not in os.environ, reason="no C compiler here")
def test_the_short_way_is_built_beside_its_sources(rules: Path) -> None:
    assert _build(rules) == "None"
    assert len(_built(rules)) == 1
    asked = [sys.executable, "-c", "import rules.runner; print(rules.runner.IS_COMPILED, rules.runner.__file__)"]
    found = subprocess.run(asked, cwd=rules.parent, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert found.split() == ["True", str(rules / "runner.py")]


def test_without_a_compiler_it_is_left_out_and_all_goes_on_without_it(rules: Path) -> None:
    (rules / "swift.old.so").write_bytes(b"")  # of another Python: not ours to take away
    assert "no-such-compiler" in _build(rules, CC="no-such-compiler")
    assert [path.name for path in _built(rules)] == ["swift.old.so"]
    asked = [sys.executable, "-c", "import rules.runner; print(rules.runner.IS_COMPILED, rules.runner.__file__)"]
    found = subprocess.run(asked, cwd=rules.parent, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert found.split() == ["False", str(rules / "runner.py")]
