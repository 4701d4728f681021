"""The project as it is handed over: its packages are its own, the wheel is whole, modules stay short, nothing names a workplace."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from rules.runner import IS_COMPILED

ROOT = Path(__file__).parents[1]
PACKAGES = ("supervision", "rules", "streams", "dashboards")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FOLDERS = (*PACKAGES, "tests", "bench", "examples", "docs", ".ci")
LONGEST = 400
# A new host is a deliberate choice: standards that files refer to, this machine, and services of docker-compose.yml.
HOSTS = {"json-schema.org", "www.xes-standard.org", "keepachangelog.com", "semver.org", "www.w3.org", "127.0.0.1", "prometheus"}
# What tools fetched or built, and what is no text.
BUILT = {"__pycache__", "node_modules", "static"}
BINARY = {".png", ".so", ".pyd"}
LOCK = "dashboards/web/package-lock.json"


def _files() -> Iterator[tuple[str, str]]:
    """(path, text) of every text file of the project; what tools left behind is not read."""
    tops = [path for path in ROOT.iterdir() if path.is_file() and (path.suffix in {".md", ".toml"} or path.name == "Makefile")]
    for path in [*tops, *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")))]:
        if path.is_file() and path.suffix not in BINARY and not BUILT.intersection(path.relative_to(ROOT).parts):
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_this_projects_own(package: str, tmp_path: Path) -> None:
    """Asked from elsewhere, so that the working directory does not decide: other projects have packages of these names."""
    command = [sys.executable, "-I", "-c", f"import {package}; print({package}.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True).stdout.strip()
    assert Path(found).resolve() == ROOT / package / "__init__.py"


def test_the_installed_version_is_the_projects_and_in_the_changelog() -> None:
    assert version("e-supervision") == PROJECT["version"]
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    ours = {path for path, _ in _files() if path.startswith(tuple(f"{package}/" for package in PACKAGES))}
    wanted = {path for path in ours if not path.startswith("dashboards/web/")}  # the pages are in it as built
    pages = {path for path in held if path.startswith("dashboards/static/")}
    names = ("rules/swift.", "supervision/sight.", "supervision/utf8.")
    compiled = {path for path in held if path.startswith(names) and Path(path).suffix in BINARY}
    assert len(compiled) == 3 * IS_COMPILED
    assert {path for path in held - pages - compiled if ".dist-info/" not in path} == wanted
    assert {"dashboards/static/index.html", "dashboards/static/sources.sha256"} <= pages
    kinds = {Path(path).name if path.endswith("jars.lock") else Path(path).suffix for path in held}
    assert {".py", ".yaml", ".json", ".sql", "jars.lock"} <= kinds


def test_no_module_is_too_long_to_be_read_in_a_sitting() -> None:
    lengths = {path: len(text.splitlines()) for path, text in _files() if path.endswith(".py")}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_no_file_names_somebodys_directory() -> None:
    """Paths under a home or a workplace; /tmp, /etc and /opt may stand in tests and examples."""
    absolute = re.compile(r"(?<![\w.~{}*])/(?:work|root|home|Users|mnt|workspace)/[\w.-]*")
    assert {path: found for path, text in _files() if (found := absolute.findall(text)) and path != "tests/test_packages.py"} == {}


def test_no_file_names_a_host_but_standards_and_this_machine() -> None:
    address = re.compile(r"https?://([A-Za-z0-9.-]+)")
    named = {path: set(address.findall(text)) - HOSTS for path, text in _files()}
    # Names under .test are nobody's, by standard: tests may invent them.
    found = {path: hosts for path, all_of in named.items() if (hosts := {host for host in all_of if not host.endswith(".test")})}
    assert set(found) <= {LOCK}  # authors of packages say there where to thank them


def test_the_lock_of_the_pages_names_no_registry() -> None:
    packages = json.loads((ROOT / LOCK).read_text("utf-8"))["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert fetched
    assert [name for name, package in fetched.items() if "resolved" in package or "integrity" not in package] == []
