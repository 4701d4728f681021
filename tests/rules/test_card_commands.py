"""`supervision rules ...` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rules.card import load_cards
from rules.schema import published
from supervision.cli import app
from supervision.language import UserError
from tests.rules.test_card import GOOD


def rules(*words: str) -> Result:
    return CliRunner().invoke(app, ["rules", *words])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory with a card that says one thing too much."""
    (tmp_path / "L01.yaml").write_text(GOOD, "utf-8")
    return tmp_path


def test_list_shows_every_card() -> None:
    shown = rules("list").output
    assert all(card.id in shown for card in load_cards())


def test_check_takes_the_products_cards_and_ones_own(own: Path) -> None:
    assert rules("check").output == f"{len(load_cards())} cards, no mistakes\n"
    assert rules("check", str(own)).output == "1 cards, no mistakes\n"


def test_check_names_the_mistake(own: Path) -> None:
    (own / "L01.yaml").write_text(GOOD.replace("owner: bureau", "ownr: bureau"), "utf-8")
    refused = rules("check", str(own)).exception
    assert isinstance(refused, UserError)
    assert any("L01.yaml:7: ownr: unknown key; did you mean owner?" in line for line in refused.lines)


def test_test_runs_examples_of_some_rules() -> None:
    result = rules("test", "--rule", "P06", "--rule", "T02")
    assert (result.exit_code, result.output) == (0, "2 cards, 19 examples, 0 not as they say\n")


def test_test_tells_what_did_not_come_out(own: Path) -> None:
    result = rules("test", str(own))
    assert result.exit_code == 1
    assert "L01: one: expected notice at 2026-03-12, segment 0" in result.output


def test_test_refuses_an_unknown_rule() -> None:
    assert isinstance(rules("test", "--rule", "T99").exception, UserError)


def test_docs_are_written_once_and_then_fresh(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "docs"
    assert rules("docs", str(own), "--out", str(out), "--check").exit_code == 1
    assert rules("docs", str(own), "--out", str(out)).exit_code == 0
    assert rules("docs", str(own), "--out", str(out), "--check").exit_code == 0
    assert (out / "L01.zh.md").read_text("utf-8").startswith("# L01 取件")


def test_schema_prints_what_is_published() -> None:
    assert json.loads(rules("schema").output) == json.loads(published())


def test_explain_without_a_store_says_so_soon_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("supervision.cli.db.PATIENCE_S", 0.3)
    monkeypatch.setenv("SUPERVISION_CLICKHOUSE_PORT", "1")
    with pytest.raises(UserError, match="supervision up"):
        CliRunner().invoke(app, ["rules", "explain", "T03Y", "--data", str(tmp_path)], catch_exceptions=False)
    assert "retry" not in capfd.readouterr().err
