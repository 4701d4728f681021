"""Backup and restore: what is in the file, what is refused, and a stack that lives on from it."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.embedded import stack_backup
from streams.embedded.stack import LOCK, Stack, on_free_ports
from streams.embedded.stack_lock import DirectoryLock
from streams.store.client import Store, address_of
from supervision.cli import app
from supervision.language import UserError
from tests.flow.conftest import DEMO


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "en")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory like that of a stack."""
    data = tmp_path / "data"
    for name in ("kafka/node-1/log/00.log", "clickhouse/engine/store/a/1.bin", "logs/sink.log"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(name.encode() * 1000)
    (data / "clickhouse/engine/tmp").mkdir()
    (data / "clickhouse/engine/data").mkdir()
    (data / "clickhouse/engine/data/events").symlink_to("../store/a")
    (data / "clickhouse.password").write_text("secret")
    (data / "clickhouse.password").chmod(0o600)
    (data / "addresses.json").write_text("{}")
    return data


def held(data: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Mode and content of everything below; links by their target, directories by nothing."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(data.rglob("*")):
        content: bytes | str | None = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
        found[path.relative_to(data).as_posix()] = stat.S_IMODE(path.lstat().st_mode), content
    return found


def test_what_comes_back_is_what_went_in_but_logs_locks_and_addresses(data: Path, tmp_path: Path) -> None:
    before = {name: its for name, its in held(data).items() if not name.startswith("logs") and name != "addresses.json"}
    manifest = stack_backup.backup(data, tmp_path / "b.tar.gz")
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    stack_backup.restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert held(tmp_path / "again") == before
    assert set(manifest.entries) == set(before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "b.tar.gz", "data"], "no drafts are left"


def test_a_directory_in_use_is_not_copied(data: Path, tmp_path: Path) -> None:
    for folder, name in (("", LOCK), ("kafka", "kafka.lock"), ("clickhouse", "lock")):
        lock = DirectoryLock(data / folder, name, "a test")
        with pytest.raises(UserError, match=str(os.getpid())):
            stack_backup.backup(data, tmp_path / "b.tar.gz")
        lock.release()
    assert not (tmp_path / "b.tar.gz").exists()


@pytest.mark.parametrize("name", ["clickhouse.password", "board.sqlite-wal"], ids=["a file grows", "a file comes"])
def test_what_is_written_while_it_is_copied_is_no_backup(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A board that was started by itself holds none of the locks."""
    write = stack_backup._write

    def disturbed(*arguments: Any) -> stack_backup.Manifest:
        with (data / name).open("a") as file:
            file.write("more")
        return write(*arguments)

    monkeypatch.setattr(stack_backup, "_write", disturbed)
    with pytest.raises(UserError, match=name):
        stack_backup.backup(data, tmp_path / "b.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    stack_backup.backup(data, tmp_path / "b.tar.gz")
    with pytest.raises(UserError, match="exists"):
        stack_backup.backup(data, tmp_path / "b.tar.gz")
    with pytest.raises(UserError, match="not empty"):
        stack_backup.restore(tmp_path / "b.tar.gz", data)
    (tmp_path / "empty").mkdir()
    stack_backup.restore(tmp_path / "b.tar.gz", tmp_path / "empty")
    assert (tmp_path / "empty" / "clickhouse.password").read_text() == "secret"


def test_there_must_be_something_to_back_up_and_a_place_outside_of_it(data: Path, tmp_path: Path) -> None:
    (tmp_path / "bare" / "logs").mkdir(parents=True)
    for nothing in (tmp_path / "none", tmp_path / "bare"):
        with pytest.raises(UserError, match="nothing"):
            stack_backup.backup(nothing, tmp_path / "b.tar.gz")
    with pytest.raises(UserError, match="elsewhere"):
        stack_backup.backup(data, data / "b.tar.gz")


def test_a_link_that_leads_out_is_refused(data: Path, tmp_path: Path) -> None:
    (data / "clickhouse/engine/data/out").symlink_to("/etc")
    with pytest.raises(UserError, match="/etc"):
        stack_backup.backup(data, tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()


def _changed(file: Path, edit: object) -> None:
    """Write the backup anew with `edit(member, content)` in place of each member; None leaves it out."""
    members = []
    with gzip.open(file) as packed, tarfile.open(fileobj=packed) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            members.append((member, None if stream is None else stream.read()))
    with gzip.open(file, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for member, content in members:
            changed = edit(member, content)  # type: ignore[operator]  # a function of the test
            if changed is not None:
                member.size = len(changed[1] or b"")
                tar.addfile(changed[0], None if changed[1] is None else io.BytesIO(changed[1]))


def _flip(member: tarfile.TarInfo, content: bytes | None) -> tuple[tarfile.TarInfo, bytes | None]:
    return member, content[:-1] + b"!" if content and member.name.endswith("00.log") else content


def _drop(member: tarfile.TarInfo, content: bytes | None) -> tuple[tarfile.TarInfo, bytes | None] | None:
    return None if member.name.endswith("1.bin") else (member, content)


def _no_manifest(member: tarfile.TarInfo, content: bytes | None) -> tuple[tarfile.TarInfo, bytes | None] | None:
    return None if member.name == "manifest.json" else (member, content)


def _escape(member: tarfile.TarInfo, content: bytes | None) -> tuple[tarfile.TarInfo, bytes | None]:
    if member.name.endswith("00.log"):
        member.name = "data/../../escaped"
    return member, content


def _relink(member: tarfile.TarInfo, content: bytes | None) -> tuple[tarfile.TarInfo, bytes | None]:
    if member.issym():
        member.linkname = "../../../../.."
    return member, content


@pytest.mark.parametrize("edit", [_flip, _drop, _no_manifest, _escape, _relink])
def test_a_changed_backup_restores_nothing(data: Path, tmp_path: Path, edit: object) -> None:
    stack_backup.backup(data, tmp_path / "b.tar.gz")
    _changed(tmp_path / "b.tar.gz", edit)
    with pytest.raises(UserError, match=r"b\.tar\.gz|data directory"):
        stack_backup.restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "escaped").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "data"]


@pytest.mark.parametrize("length", [0, 100, -200], ids=["empty", "head", "all but the end"])
def test_a_backup_that_was_cut_off_restores_nothing(data: Path, tmp_path: Path, length: int) -> None:
    stack_backup.backup(data, tmp_path / "b.tar.gz")
    (tmp_path / "b.tar.gz").write_bytes((tmp_path / "b.tar.gz").read_bytes()[:length])
    with pytest.raises(UserError, match="cannot be restored"):
        stack_backup.restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_server_of_ones_own_is_not_ours_to_back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_CLICKHOUSE_HOST", "elsewhere")
    for command in ("backup", "restore"):
        result = CliRunner().invoke(app, [command, str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "data")])
        assert isinstance(result.exception, UserError)


QUESTIONS = (
    "SELECT count(), uniqExact(event_id), sum(cityHash64(toString(event_id), event_type, payload)) FROM events",
    "SELECT count(), sum(cityHash64(alert_id, state, revision, facts)) FROM alerts",
    "SELECT count(), sum(cityHash64(alert_id, state, revision, facts)) FROM clues",
    "SELECT topic, partition, max(last) FROM offset_progress GROUP BY topic, partition ORDER BY topic, partition",
    "SELECT version, checksum FROM schema_migrations ORDER BY version",
)


def answers(stack: Stack) -> list[object]:
    store = Store(address_of(stack.settings))
    try:
        return [store.execute(question) for question in QUESTIONS]
    finally:
        store.close()


@pytest.mark.service
def test_a_stack_lives_on_from_its_backup(tmp_path: Path) -> None:
    """Import, back up, destroy, restore elsewhere: the same by SQL, and the import finds that all of it was sent and judged."""
    files = [str(DEMO / name) for name in ("log.csv", "mapping.yaml", "catalogue.yaml")]
    bring_in = ("import", files[0], "-m", files[1], "-c", files[2])
    with Stack(on_free_ports(tmp_path / "first", partitions=3)) as stack:
        stack.run(*bring_in)
        before = answers(stack)
        with pytest.raises(UserError):
            stack_backup.backup(tmp_path / "first", tmp_path / "b.tar.gz")
    assert before[0] != [(0, 0, 0)]
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "first")])
    assert done.exit_code == 0, done.output
    (tmp_path / "first").rename(tmp_path / "destroyed")
    done = CliRunner().invoke(app, ["restore", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "second")])
    assert done.exit_code == 0, done.output
    with Stack(on_free_ports(tmp_path / "second", partitions=3)) as stack:
        assert answers(stack) == before
        stack.run(*bring_in, "--again")
        assert answers(stack)[:3] == before[:3], "what comes a second time changes nothing: agents have their state"
