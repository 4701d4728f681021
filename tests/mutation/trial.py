"""One run of tests in a process of its own, on the project's modules imported afresh, one of them perhaps changed.

The process that forks holds what other people wrote and nothing of ours, so no cache, table or object made by unchanged code
reaches a trial. Everything is seeded, so that a mutant that is killed once is killed always.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

OURS = ("supervision", "rules", "streams", "dashboards", "tests", "bench")
MEMORY = 2 << 30  # what a trial may take beyond what it begins with, bytes
FEW = {"SUPERVISION_LAW_CASES": "250"}
PORTION = 8  # of the examples of a property one in so many is tried
QUIET = "-q -x --tb=no --no-header --no-summary -p no:cacheprovider -p no:xdist --assert=plain"
CALM = (*QUIET.split(), "-m", "not service and not log")


def preload(names: Sequence[str]) -> None:
    """Import what trials need of others, once for all of them."""
    for name in names:
        with suppress(ImportError):  # compiled packages show modules that only they can make
            importlib.import_module(name)


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def strangers() -> list[str]:
    """Modules of others that the process has imported."""
    return sorted(name for name in sys.modules if name.partition(".")[0] not in (*OURS, "__main__"))


class _Changed(importlib.machinery.SourceFileLoader):
    """A module of this path from another text."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._text, self.path, "exec", dont_inherit=True)
        return code


class _Finder:
    """Finds the one module that is changed, before the others look."""

    def __init__(self, path: Path, text: str) -> None:
        self._name = module_name(path)
        self._path, self._text = str(path.resolve()), text

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found is not None:
            found.loader = _Changed(name, self._path, self._text)
        return found


def forked(work: Callable[[], int], cpu_s: int = 0) -> tuple[int, float]:
    """(exit code, or less than 0: the signal; CPU seconds) of work in a forked process, silent, of limited time and memory."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            _limit(cpu_s)
            quiet = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(quiet, number)
            code = work()
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def _limit(cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_s:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0]) if Path("/proc/self/statm").exists() else 0
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def run(arguments: Sequence[str], plugins: Sequence[object], path: Path | None = None, text: str = "") -> int:
    """pytest on these files; with a path, the module of that path is made from `text`."""
    import pytest

    os.environ.update(FEW)
    if path is not None:
        sys.meta_path.insert(0, _Finder(path, text))
    return int(pytest.main([*CALM, *arguments], plugins=[Seeded(), *plugins]))


class Seeded:
    """Examples are few, the same in every run, and a failing one is not made smaller."""

    def pytest_collection(self) -> None:
        from hypothesis import HealthCheck, Phase, settings

        phases = (Phase.explicit, Phase.generate)
        health = [HealthCheck.too_slow]
        settings.register_profile(
            "mutation", deadline=None, derandomize=True, database=None, phases=phases, suppress_health_check=health
        )
        settings.load_profile("mutation")

    def pytest_itemcollected(self, item: Any) -> None:
        from hypothesis import settings

        name = "_hypothesis_internal_use_settings"  # where `@settings` leaves its own on a test
        own = getattr(getattr(item, "obj", None), name, None)
        if own is not None and not getattr(item.obj, "made_few", False):
            setattr(item.obj, name, settings(own, max_examples=max(own.max_examples // PORTION, 5)))
            item.obj.made_few = True


class Chosen:
    """Only these tests, the quickest first. `cost`: seconds by node id."""

    def __init__(self, cost: dict[str, float]) -> None:
        self._cost = cost

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self._cost), key=lambda item: self._cost[item.nodeid])
