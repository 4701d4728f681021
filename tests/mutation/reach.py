"""Which test runs which line, and how long each takes: coverage of one run of all of them, told apart by test."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage

from tests.mutation import trial

CACHE = type(lru_cache(int))
SHARED = ("tests.product",)  # what several files of tests share: whoever imports it first, all of them reach what it runs
READER = "test_the_published_schema_is_the_one_of_the_types"  # reads what modules define, and runs no line of theirs


class Reach(msgspec.Struct):
    """`cost`: seconds a test takes; `lines`: path, line, places in `tests`; `loads`: path, lines that run while it is imported."""

    tests: list[str]
    cost: dict[str, float]
    lines: dict[str, dict[int, list[int]]]
    loads: dict[str, list[int]]

    def tests_of(self, path: str, first: int, last: int) -> dict[str, float]:
        """The tests that run one of these lines, with their cost; of lines that run at an import all that reach the module."""
        lines = self.lines.get(path, {})
        wanted = range(first, last + 1)
        numbers = {each for line in wanted for each in lines.get(line, ())}
        if any(line in self.loads.get(path, ()) for line in wanted):
            numbers |= {each for found in lines.values() for each in found} or set(range(len(self.tests)))
            numbers |= {each for each, name in enumerate(self.tests) if name.endswith(READER)}
        return {self.tests[each]: self.cost[self.tests[each]] for each in numbers}


class Watch:
    """A plugin of pytest that tells coverage which test is running."""

    def __init__(self, coverage: Coverage, is_used: Callable[[str], bool]) -> None:
        self._coverage = coverage
        self._is_used = is_used
        self.cost: dict[str, float] = {}
        self._caches: list[Any] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._is_used(item.nodeid)]

    def pytest_collection_finish(self) -> None:
        """Find every cache of ours: what one test has made another would find, and not reach the code that makes it."""
        found = [each for each in gc.get_objects() if isinstance(each, CACHE)]
        self._caches = [each for each in found if str(getattr(each, "__module__", "")).partition(".")[0] in trial.OURS]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[Any]:
        if isinstance(collector, pytest.Module):  # what a module makes for its tests counts as reached by each of them
            self._coverage.switch_context(f"file {collector.nodeid}")
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        for each in self._caches:
            each.cache_clear()
        self._coverage.switch_context(f"test {item.nodeid}")
        begun = time.process_time()
        result = yield
        self.cost[item.nodeid] = time.process_time() - begun
        return result


def measure(selection: list[str], is_used: Callable[[str], bool], sources: list[str], target: Path) -> int:
    """Run what is used of the selection and write a Reach to `target`; pytest's exit code."""
    coverage = Coverage(data_file=None, include=sources)
    watch = Watch(coverage, is_used)
    coverage.start()
    coverage.switch_context("load")
    trial.preload([*(trial.module_name(Path(source)) for source in sources), *SHARED])
    try:
        code = trial.run(selection, [watch])
    finally:
        coverage.stop()
    data = coverage.get_data()
    tests = sorted(watch.cost)
    place = {name: number for number, name in enumerate(tests)}
    of_file: dict[str, list[int]] = {}
    for name in tests:
        of_file.setdefault(name.partition("::")[0], []).append(place[name])
    lines: dict[str, dict[int, list[int]]] = {}
    loads: dict[str, list[int]] = {}
    for file in data.measured_files():
        path = str(Path(file).relative_to(Path.cwd()))
        lines[path], loads[path] = {}, []
        for line, contexts in data.contexts_by_lineno(file).items():
            found: set[int] = set()
            for context in contexts:
                kind, _, name = context.partition(" ")
                found.update([place[name]] if kind == "test" and name in place else of_file.get(name, ()))
            lines[path][line] = sorted(found)
            if "load" in contexts:
                loads[path].append(line)
    target.write_bytes(msgspec.json.encode(Reach(tests, watch.cost, lines, loads)))
    return code
