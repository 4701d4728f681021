"""Keys of sources: made once and shown once, kept as hashes, each scoped to one source, regions and event types.

A key is 256 random bits, so one SHA-256 of it is as good as a slow hash of a password: there is nothing to guess. The file is read
again when it changes; `supervision gateway-key` writes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta, Struct

from supervision.event import CaseEvent, EventType, Id
from supervision.language import UserError, say
from supervision.refusal import Reason, Refusal
from supervision.regions import covers

_log = structlog.get_logger("gateway.keys")
FORMAT_VERSION = 1
PREFIX = "svk"
_LOOK_EVERY_S = 0.5


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one key may do. `regions`: prefixes of region codes, empty for all; `event_types` empty for all.

    `clock`: the log clock its source runs on, where the reference data do not say it; `events_per_s`: above it 429 is answered.
    """

    key_id: Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]
    source: Id
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    regions: tuple[str, ...] = ()
    event_types: tuple[EventType, ...] = ()
    clock: Id | None = None
    events_per_s: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    created_at: str = ""
    revoked_at: str | None = None

    def refuses(self, event: CaseEvent, region_of_source: str | None) -> Refusal | None:
        """Why this key may not send this event; None: it may. An event that names no region is of its source's region."""
        if event.source_system != self.source:
            return Refusal(reason=Reason.NOT_PERMITTED, field="source_system", wanted=self.source)
        if self.event_types and event.event_type not in self.event_types:
            return Refusal(reason=Reason.NOT_PERMITTED, field="event_type", wanted="one of " + ", ".join(self.event_types))
        if self.regions:
            wanted = "a region of " + ", ".join(self.regions)
            if not self._has_region(event.region_code or region_of_source):
                return Refusal(reason=Reason.NOT_PERMITTED, field="region_code", wanted=wanted)
            if event.matter_region_code is not None and not self._has_region(event.matter_region_code):
                return Refusal(reason=Reason.NOT_PERMITTED, field="matter_region_code", wanted=wanted)
        return None

    def _has_region(self, code: str | None) -> bool:
        return code is not None and any(covers(region, code) for region in self.regions)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    format_version: Annotated[int, Meta(ge=FORMAT_VERSION, le=FORMAT_VERSION)]
    keys: tuple[Key, ...]


def read(path: Path) -> tuple[Key, ...]:
    """The keys of the file; none if there is no file. Raises UserError for a file that is unreadable or no key file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).keys
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(say(f"{path}: 无法读取密钥文件({error})", f"{path}: the file of keys cannot be read ({error})")) from None


def add(
    path: Path,
    source: str,
    regions: tuple[str, ...] = (),
    event_types: tuple[EventType, ...] = (),
    clock: str | None = None,
    events_per_s: int | None = None,
) -> str:
    """Make a key and return it: the only time that it can be seen."""
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    token = f"{PREFIX}_{key_id}_{secret}"
    key = Key(
        key_id=key_id,
        source=source,
        sha256=_hash(token),
        regions=regions,
        event_types=event_types,
        clock=clock,
        events_per_s=events_per_s,
        created_at=_now(),
    )
    with _locked(path):
        _write(path, (*read(path), key))
    return token


def revoke(path: Path, key_id: str) -> Key:
    """Close a key for good. Raises UserError if there is none with this id."""
    with _locked(path):
        keys = read(path)
        found = next((key for key in keys if key.key_id == key_id), None)
        if found is None:
            raise UserError(say(f"{path}: 没有密钥 {key_id}", f"{path}: there is no key {key_id}"))
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=_now())
            _write(path, tuple(found if key.key_id == key_id else key for key in keys))
        return found


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two commands at once: the second waits and reads what the first wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    draft = path.with_name(f".{path.name}.new")
    text = msgspec.json.format(msgspec.json.encode(_File(FORMAT_VERSION, keys)), indent=1) + b"\n"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Keyring:
    """The keys in force, looked up by what a client sends. Raises UserError at the start if the file is broken; later it keeps what
    it has and says so once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._seen()
        self._looked = time.monotonic()
        self._keys = {key.key_id: key for key in read(path)}

    def __len__(self) -> int:
        return sum(key.revoked_at is None for key in self._keys.values())

    def sources(self) -> list[str]:
        return sorted({key.source for key in self._keys.values()})

    def find(self, authorization: str) -> Key | None:
        """The key of an `Authorization: Bearer ...` header; None if it is none of ours, or revoked."""
        self._look()
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        parts = token.split("_", 2)
        if scheme.lower() != "bearer" or len(parts) != 3 or parts[0] != PREFIX:
            return None
        key = self._keys.get(parts[1])
        if key is None or key.revoked_at is not None or not hmac.compare_digest(key.sha256, _hash(token)):
            return None
        return key

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        stamp = self._seen()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = {key.key_id: key for key in read(self._path)}
            _log.info("keys_read", file=str(self._path), in_force=len(self))
        except UserError as error:
            _log.error("keys_unreadable", file=str(self._path), fault=str(error))

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
