"""Kafka's jars: fetched once into the user's cache, and held to the lock `jars.lock` of this folder on every start.

The lock lists every artifact with version and sha256. Starting from lock and cache needs no network; a hash is taken once and then
remembered by size and time of the file. `supervision kafka lock` (`resolve`, `Lock.text`) is the only thing that changes the lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from supervision.language import UserError, say

LOCK = Path(__file__).with_name("jars.lock")
KAFKA = "org.apache.kafka:kafka_2.13"
# Kafka's own archive adds this binding beside the jars it declares; without it the broker dies without a word.
LOGGING = ("org.apache.logging.log4j:log4j-core", "org.apache.logging.log4j:log4j-slf4j-impl")
LINE = re.compile(r"([\w.-]+):([\w.-]+):([\w.-]+) sha256:([0-9a-f]{64})")
TRIES = 3

# Called with the jars at hand and the jars wanted while they are fetched.
Progress = Callable[[int, int], None]


class Jar(Struct, frozen=True, order=True):
    """One artifact; `sha256` in hexadecimal, empty while unknown."""

    group: str
    artifact: str
    version: str
    sha256: str = ""

    @property
    def file(self) -> str:
        """Its file's name, which holds the version."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def lock_text(jars: list[Jar]) -> str:
    """The lock file for these jars."""
    head = "# The jars of the embedded Kafka. Compared at every start; rewritten only by `supervision kafka lock`.\n"
    return head + "".join(f"{jar} sha256:{jar.sha256}\n" for jar in sorted(jars))


def read_lock(path: Path = LOCK) -> list[Jar]:
    """The jars of a lock file. Raises UserError naming every line that is none."""
    jars, faults = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := LINE.fullmatch(line.strip()):
            jars.append(Jar(*found.groups()))
        elif line.strip() and not line.startswith("#"):
            faults.append(f"{path}:{number}: {line!r}: " + say("应为", "wanted") + " group:artifact:version sha256:<64 hex>")
    if faults or not jars:
        raise UserError(*(faults or [f"{path}: " + say("没有列出任何 jar", "lists no jar")]))
    return jars


def digest(path: Path) -> str:
    """sha256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def jars(cache: Path, progress: Progress | None = None, lock: Path = LOCK) -> list[Path]:
    """Paths of all locked jars in `cache`, fetched if missing, every one checked against the lock.

    Raises UserError for a jar that is not the locked one, or that cannot be fetched.
    """
    wanted = read_lock(lock)
    directory = cache / "kafka"
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        missing = [jar for jar in wanted if not (directory / jar.file).exists()]
        if missing:
            _fetch(missing, directory, len(wanted), progress)
        _compare(wanted, directory, lock)
    return [directory / jar.file for jar in wanted]


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two starts at once fetch once."""
    with (directory / "cache.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _compare(wanted: list[Jar], directory: Path, lock: Path) -> None:
    """Hold every jar to the lock; what was hashed before and has not changed since (size, time) is believed."""
    memory = directory / "hashed.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    seen: dict[str, list[Any]] = {}
    for jar in wanted:
        status = (directory / jar.file).stat()
        mark = [status.st_size, status.st_mtime_ns]
        before = known.get(jar.file, [])
        seen[jar.file] = before if before[:2] == mark else [*mark, digest(directory / jar.file)]
    wrong = [jar for jar in wanted if seen[jar.file][2] != jar.sha256]
    if wrong:
        raise UserError(*(_mismatch(jar, seen[jar.file][2], directory / jar.file, lock) for jar in wrong))
    if seen != known:
        memory.write_text(json.dumps(seen), encoding="utf-8")


def _mismatch(jar: Jar, found: str, path: Path, lock: Path) -> str:
    return say(
        f"{jar}: {path} 的 sha256 是 {found[:16]}…, {lock.name} 要 {jar.sha256[:16]}…: 删掉这个文件重取; 再不符就不要用它",
        f"{jar}: {path} has sha256 {found[:16]}…, {lock.name} wants {jar.sha256[:16]}…: delete the file to have it fetched again;"
        " if it differs again, do not trust it",
    )


def _fetch(missing: list[Jar], directory: Path, total: int, progress: Progress | None) -> None:
    """Bring jars into the directory, each only after its hash agrees: a broken download never looks like a jar."""
    done = total - len(missing)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=directory) as scratch, ThreadPoolExecutor(6) as pool:
        for jar, path in pool.map(lambda jar: (jar, download(jar, Path(scratch))), missing):
            found = digest(path)
            if found != jar.sha256:
                raise UserError(_mismatch(jar, found, path, LOCK))
            shutil.move(path, directory / jar.file)
            done += 1
            if progress:
                progress(done, total)


def download(jar: Jar, scratch: Path) -> Path:
    """The jar's file, fetched by jgo into `scratch` from the repositories of jgo's own configuration. Raises UserError."""
    context = _context(scratch)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    reason = ""
    for attempt in range(TRIES):
        try:
            return Path(artifact.resolve())
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, jgo's RuntimeErrors
            reason = str(error)
            artifact.cached_path.unlink(missing_ok=True)
            if attempt + 1 < TRIES:
                time.sleep(0.5 * 2**attempt)
    raise UserError(
        say(
            f"取不到 Kafka 的 jar ({jar}: {reason[:200]}): 首次启动要能上网; 或在 ~/.config/jgo.conf 写镜像, 或把 KAFKA_HOME"
            " 指向解开的 Kafka 4.x, 或用 SUPERVISION_KAFKA_BOOTSTRAP 指向现成的 Kafka",
            f"Kafka's jars cannot be fetched ({jar}: {reason[:200]}): the first start needs the network; or name a mirror in"
            " ~/.config/jgo.conf, or point KAFKA_HOME at an unpacked Kafka 4.x, or SUPERVISION_KAFKA_BOOTSTRAP at a running Kafka",
        )
    )


def _context(scratch: Path) -> Any:
    jgo = _jgo()
    mirrors = jgo.GlobalSettings.load().repositories
    remotes = mirrors if "central" in mirrors else {**mirrors, "central": jgo.MAVEN_CENTRAL_URL}
    return jgo.MavenContext(repo_cache=scratch, remote_repos=remotes, timeout=30)


def _jgo() -> Any:
    try:
        import jgo
    except ModuleNotFoundError:
        raise UserError(
            say("缺 jgo: pip install 'e-supervision[embedded]'", "jgo is not installed: pip install 'e-supervision[embedded]'")
        ) from None
    return jgo


def resolve(version: str) -> list[Jar]:
    """Every jar of Kafka `version`, resolved anew over the network and hashed: the content of a new lock. Raises UserError."""
    remotes = _jgo().GlobalSettings.load().repositories
    try:
        found = [Jar(a.groupId, a.artifactId, a.version) for a in _jgo().resolve(f"{KAFKA}:{version}", repositories=remotes)]
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{KAFKA}:{version}: {error}") from None
    core = next(jar for jar in found if f"{jar.group}:{jar.artifact}" == LOGGING[0])
    group, artifact = LOGGING[1].split(":")
    found.append(Jar(group, artifact, core.version))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(6) as pool:
        hashes = pool.map(lambda jar: digest(download(jar, Path(scratch))), found)
        return [Jar(jar.group, jar.artifact, jar.version, sha256) for jar, sha256 in zip(found, hashes, strict=True)]
