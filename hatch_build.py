"""What an installation builds: the board's pages, and where a C compiler is at hand the compiled modules.

Without a compiler, or without Python's headers, everything works as it does with them; the agents need more time for an event.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from shutil import copy, copytree
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULES = ("rules.swift", "supervision.sight", "supervision.utf8")
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"


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
        fault = compile_modules(root)
        if fault is None:
            build_data["artifacts"] += [f"/{built_of(module)}" for module in MODULES]
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
        else:
            self.app.display_warning(f"supervision: nothing is compiled, all runs as plain Python ({fault})")


def built_of(module: str) -> str:
    """Where a compiled module lies, from the root of the project: beside its sources."""
    return module.replace(".", "/") + SUFFIX


def compile_modules(root: Path) -> str | None:
    """Builds them; why it could not be done. What was built before for this Python is replaced, or gone."""
    try:
        from Cython.Build import cythonize
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext
        from setuptools.errors import BaseError, CCompilerError
    except ImportError as error:
        return str(error)
    with TemporaryDirectory() as directory:
        extensions = []
        for module in MODULES:
            source = Path(module.replace(".", "/") + ".pyx")
            package = Path(directory, source.parent)
            copytree(root / source.parent, package, ignore=_others, dirs_exist_ok=True)
            extensions.append(Extension(module, [str(Path(directory, source))], extra_compile_args=["-g0"]))
        modules = cythonize(extensions, build_dir=directory, include_path=[directory], quiet=True)
        command = build_ext(Distribution({"name": "e-supervision", "ext_modules": modules}))
        command.build_lib, command.build_temp = str(Path(directory, "built")), str(Path(directory, "temporary"))
        try:
            command.ensure_finalized()
            command.run()
        except (BaseError, CCompilerError) as error:
            for module in MODULES:
                (root / built_of(module)).unlink(missing_ok=True)
            return str(error)
        for module in MODULES:
            built = root / built_of(module)
            fresh = built.with_suffix(".fresh")  # a process may be using the old one
            copy(Path(directory, "built", built_of(module)), fresh)
            fresh.replace(built)
    return None


def _others(_directory: str, names: list[str]) -> list[str]:
    """What of a directory is no source of a compiled module."""
    return [name for name in names if name != "__init__.py" and not name.endswith((".pyx", ".pxi", ".pxd"))]
