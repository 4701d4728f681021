"""The embedded data in one file and back: `supervision backup` and `supervision restore`.

Everything is stopped while its files are copied: Kafka's log, ClickHouse's tables, keys, passwords and users of one instant. The
file is a tar with a manifest at its end, which names every file with its length and SHA-256; nothing is restored that differs.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec
from msgspec import Struct

from streams.embedded.clickhouse import SUBDIRECTORY
from streams.embedded.stack import LOCK
from streams.embedded.stack_lock import DirectoryLock
from supervision.language import UserError, say
from supervision.settings import ADDRESSES

FORMAT = 1
MANIFEST = "manifest.json"
INSIDE = "data"
PIECE = 1 << 20
LOCKS = {"": LOCK, "kafka": "kafka.lock", SUBDIRECTORY: "lock"}
# Of the running processes, not of the data.
LEFT_OUT = frozenset({"logs", ADDRESSES, *(str(PurePosixPath(folder) / name) for folder, name in LOCKS.items())})


class Entry(Struct, frozen=True):
    """One thing of the directory: a file (`sha256`, `bytes`), a link (`target`), or a directory (neither)."""

    sha256: str | None = None
    bytes: int = 0
    target: str | None = None


class Manifest(Struct, frozen=True):
    """What a backup holds. `product`: the version that wrote it; `at`: ms UTC."""

    format: int
    product: str
    at: int
    entries: dict[str, Entry]

    @property
    def total(self) -> int:
        return sum(entry.bytes for entry in self.entries.values())


def backup(data: Path, file: Path) -> Manifest:
    """Copy the data directory into `file`, which must not exist; readable by its owner only, for it holds keys.

    Raises UserError if something runs on the directory, if there is nothing, or if the file exists.
    """
    if not data.is_dir() or not any(path for path in data.iterdir() if path.name not in LEFT_OUT):
        raise UserError(say(f"{data}: 没有可备份的数据", f"{data}: there is nothing to back up"))
    if file.exists():
        raise UserError(say(f"{file}: 已存在, 不覆盖", f"{file} exists: it is not overwritten"))
    if data.resolve() in file.resolve().parents:
        raise UserError(say(f"{file}: 备份不能放在数据目录里", f"{file} lies in the data directory itself: put it elsewhere"))
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _alone(data), open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            before = _marks(data)
            manifest = _write(data, output)
            _require_still(before, _marks(data))
            output.flush()
            os.fsync(output.fileno())
        os.link(draft, file)  # and not a rename: whoever made the file meanwhile keeps his
    except FileExistsError:
        raise UserError(say(f"{file}: 已存在, 不覆盖", f"{file} exists: it is not overwritten")) from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """The locks of everything that works on the directory: UserError if one is held, and nothing starts meanwhile."""
    with ExitStack() as stack:
        for folder, name in LOCKS.items():
            if (data / folder).is_dir():
                lock = DirectoryLock(data / folder, name, "supervision")
                stack.callback(lock.release)
        yield


def _marks(data: Path) -> dict[Path, tuple[int, int]]:
    """Length and time of change of everything that is copied."""
    return {path: (found.st_size, found.st_mtime_ns) for path in _walk(data) for found in (path.lstat(),)}


def _require_still(before: dict[Path, tuple[int, int]], after: dict[Path, tuple[int, int]]) -> None:
    """A gateway or a board that runs by itself holds none of the locks. Raises UserError if anything was written meanwhile."""
    moved = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if moved:
        raise UserError(
            say(
                f"{moved[0]}: 备份期间被改动: 还有进程在用这个目录 (单独起的 gateway、dashboard?), 先停掉",
                f"{moved[0]} changed while it was copied: something still works on the directory"
                " (a gateway or dashboard started by itself?), stop it first",
            )
        )


def _write(data: Path, output: IO[bytes]) -> Manifest:
    entries: dict[str, Entry] = {}
    # Kafka's indexes are allocated ahead and mostly zeros; the rest is compressed already.
    with gzip.GzipFile(fileobj=output, mode="wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for path in _walk(data):
            name = path.relative_to(data).as_posix()
            info = tar.gettarinfo(path, f"{INSIDE}/{name}")
            if path.is_symlink():
                entries[name] = Entry(target=_inner(name, os.readlink(path)))
                tar.addfile(info)
            elif path.is_dir():
                entries[name] = Entry()
                tar.addfile(info)
            else:
                with path.open("rb") as content:
                    reader = _Hashing(content)
                    info.type = tarfile.REGTYPE  # ClickHouse links files of one content: each is written whole
                    info.size = os.fstat(content.fileno()).st_size
                    tar.addfile(info, reader)
                entries[name] = Entry(reader.digest.hexdigest(), info.size)
        manifest = Manifest(FORMAT, version("e-supervision"), time.time_ns() // 1_000_000, entries)
        text = msgspec.json.encode(manifest)
        last = tarfile.TarInfo(MANIFEST)
        last.size, last.mode = len(text), 0o600
        tar.addfile(last, io.BytesIO(text))
    return manifest


def _walk(data: Path) -> Iterator[Path]:
    """Everything below, directories before what is in them, in one order; links are not followed."""
    for folder, directories, files in os.walk(data):
        here = Path(folder)
        directories.sort()
        links = [name for name in directories if (here / name).is_symlink()]
        directories[:] = [name for name in directories if name not in links and _is_kept(data, here / name)]
        yield from (here / name for name in directories)
        for name in sorted([*files, *links]):
            if _is_kept(data, here / name):
                yield here / name


def _is_kept(data: Path, path: Path) -> bool:
    return path.relative_to(data).as_posix() not in LEFT_OUT


class _Hashing(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        super().__init__()
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self._content.read(size)
        self.digest.update(found)
        return found


def restore(file: Path, data: Path) -> Manifest:
    """Bring a backup into `data`, which must not exist or be empty; whole or not at all.

    Raises UserError if the directory holds anything, or the file is no backup, is cut off, or was changed.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise UserError(
            say(f"{data}: 不是空目录; 恢复只写空目录", f"{data} is not empty: a backup is restored into an empty directory only")
        )
    draft = data.absolute().with_name(f".{data.absolute().name}.restoring.{os.getpid()}")
    try:
        draft.mkdir(parents=True, mode=0o700)
        manifest = _read(file, draft)
        if data.exists():
            data.rmdir()
        draft.rename(data.absolute())
    except (OSError, EOFError, tarfile.TarError, gzip.BadGzipFile, msgspec.MsgspecError, ValueError) as error:
        raise UserError(say(f"{file}: 不能恢复: {error}", f"{file} cannot be restored: {error}")) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _read(file: Path, target: Path) -> Manifest:
    """Unpack into `target` and hold it against the manifest. Raises ValueError where they differ."""
    found: dict[str, Entry] = {}
    manifest: Manifest | None = None
    with gzip.open(file, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        for member in tar:
            if member.name == MANIFEST:
                content: Any = tar.extractfile(member)
                manifest = msgspec.json.decode(content.read(), type=Manifest)
            else:
                name = _safe(member.name)
                found[name] = _unpack(tar, member, target / name, name)
    if manifest is None:
        raise ValueError(say("清单缺失, 文件不完整", "its manifest is missing: the file was cut off"))
    if manifest.format != FORMAT:
        raise ValueError(say(f"格式 {manifest.format}, 应为 {FORMAT}", f"it has format {manifest.format}, wanted is {FORMAT}"))
    differing = sorted(name for name in found.keys() | manifest.entries.keys() if found.get(name) != manifest.entries.get(name))
    if differing:
        raise ValueError(say(f"{differing[0]} 与清单不符", f"{differing[0]} is not as its manifest says ({len(differing)} differ)"))
    return manifest


def _safe(name: str) -> str:
    """The place below the data directory. Raises ValueError for one outside of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or path.parts[0] != INSIDE:
        raise ValueError(f"{name!r}: " + say("不在数据目录内", "it does not lie in the data directory"))
    return PurePosixPath(*path.parts[1:]).as_posix()


def _inner(name: str, link: str) -> str:
    """A link's target, if it stays inside the directory. Raises UserError."""
    if os.path.isabs(link) or os.path.normpath(PurePosixPath(name).parent / link).startswith(".."):
        raise UserError(
            say(f"{name} -> {link}: 链接指到数据目录之外", f"{name} -> {link}: the link leads out of the data directory")
        )
    return link


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, name: str) -> Entry:
    path.parent.mkdir(parents=True, exist_ok=True)
    if any(parent.is_symlink() for parent in path.parents):
        raise ValueError(f"{name}: " + say("经由链接", "it lies behind a link"))
    if member.isdir():
        path.mkdir(exist_ok=True)
        path.chmod(member.mode & 0o777 | 0o700)
        return Entry()
    if member.issym():
        path.symlink_to(_inner(name, member.linkname))
        return Entry(target=member.linkname)
    if not member.isreg():
        raise ValueError(f"{name}: " + say("不是普通文件", "it is no plain file"))
    content: Any = tar.extractfile(member)
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o777), "wb") as output:
        while piece := content.read(PIECE):
            digest.update(piece)
            size += len(piece)
            output.write(piece)
    return Entry(digest.hexdigest(), size)
