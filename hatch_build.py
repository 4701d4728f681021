"""What an installation builds: the board's pages, and the compiled short way of events where a C compiler is at hand.

Without a compiler, or without Python's headers, everything works as it does with them; the agents need more time for an event.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("swift.pyx", "swift_fields.pxi", "swift_tables.pxi")  # in rules/
BUILT = "swift" + (sysconfig.get_config_var("EXT_SUFFIX") or ".so")


class Hook(BuildHookInterface):  # type: ignore[type-arg]  # older hatchling has no parameter here
    """What hatch calls before it packs a wheel, a source archive or an editable installation."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from dashboards import bundle

        try:
            bundle.build()
        except bundle.PagesError as error:
            self.app.abort(f"supervision: {error}")
        if self.target_name != "wheel":
            return
        fault = compile_short_way(root / "rules")
        if fault is None:
            build_data["artifacts"].append(f"/rules/{BUILT}")
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
        else:
            self.app.display_warning(f"supervision: the short way of events is not compiled and runs as plain Python ({fault})")


def compile_short_way(rules: Path) -> str | None:
    """Builds it beside its sources; why it could not be. What was built before for this Python is replaced, or gone."""
    built = rules / BUILT
    try:
        from Cython.Build import cythonize
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext
        from setuptools.errors import BaseError, CCompilerError
    except ImportError as error:
        return str(error)
    with TemporaryDirectory() as directory:
        package = Path(directory, "rules")
        package.mkdir()
        for name in ("__init__.py", *SOURCES):
            copy(rules / name, package)
        modules = cythonize(
            [Extension("rules.swift", [str(package / "swift.pyx")], extra_compile_args=["-g0"])], build_dir=directory, quiet=True
        )
        command = build_ext(Distribution({"name": "rules", "ext_modules": modules}))
        command.build_lib, command.build_temp = str(Path(directory, "built")), str(Path(directory, "temporary"))
        try:
            command.ensure_finalized()
            command.run()
        except (BaseError, CCompilerError) as error:
            built.unlink(missing_ok=True)
            return str(error)
        fresh = built.with_suffix(".fresh")  # a process may be using the old one
        copy(Path(directory, "built", "rules", BUILT), fresh)
        fresh.replace(built)
    return None
