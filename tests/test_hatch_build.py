"""What an installation builds besides pages: the compiled modules, where a C compiler is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rules.runner import IS_COMPILED

ROOT = Path(__file__).parents[1]
BUILD = "import hatch_build, pathlib, sys; print(hatch_build.compile_modules(pathlib.Path(sys.argv[1])))"
ASK = """
import rules.runner, supervision.glance, supervision.text
tells = supervision.text.is_utf8 is not supervision.text.decodes
print(rules.runner.IS_COMPILED, supervision.glance.CAN_GLANCE, tells, rules.runner.__file__)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A project without anything built."""
    for package in ("rules", "supervision"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return tmp_path


def _run(directory: Path, *command: str, **environment: str) -> str:
    """The last line that Python says."""
    given = os.environ | environment
    done = subprocess.run(
        [sys.executable, *command], cwd=directory, env=given, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    return done.stdout.splitlines()[-1]


def _built(copy: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in copy.rglob("*") if path.suffix in {".so", ".pyd"})


@pytest.mark.skipif(not IS_COMPILED and "CI" not in os.environ, reason="no C compiler here")
def test_modules_are_built_beside_their_sources(copy: Path) -> None:
    assert _run(ROOT, "-c", BUILD, str(copy)) == "None"
    assert _built(copy) == ["sight", "swift", "utf8"]
    assert _run(copy, "-c", ASK) == f"True True True {copy / 'rules' / 'runner.py'}"


def test_without_a_compiler_they_are_left_out_and_all_goes_on_without_them(copy: Path) -> None:
    (copy / "rules" / "swift.of-another-python.so").write_bytes(b"")  # not ours to take away
    assert "no-such-compiler" in _run(ROOT, "-c", BUILD, str(copy), CC="no-such-compiler")
    assert _built(copy) == ["swift"]
    assert _run(copy, "-c", ASK) == f"False False False {copy / 'rules' / 'runner.py'}"
