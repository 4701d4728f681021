"""The truth of the city is found by the engines, offline; and the comparison sees every kind of difference."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from rules.card import BUILTIN, load_cards
from streams.simulator import truth
from streams.simulator.accuracy import Score, Standing, scores
from streams.simulator.days import Load
from streams.simulator.feeds import TURNS
from streams.simulator.profile import CHIHE
from streams.simulator.trial import Trial, judged, standing
from streams.simulator.truth import Line
from supervision.alert import Level

RULES = {card.id for card in load_cards(BUILTIN)}
WEEKS = ((1, "2026-03-02"), (2, "2026-02-09"), (3, "2026-04-27"), (4, "2026-09-14"))  # the last three run into holidays


def _scores(seed: int, first: str) -> list[Score]:
    trial = Trial.of(seed, 3, Load(rate=0.15, injected=0.6), date.fromisoformat(first))
    run = judged(trial, trial.items())
    assert not run.alarms
    assert not run.refused
    return scores(trial.lines, standing(run.alerts), trial.until)


@pytest.mark.parametrize(("seed", "first"), WEEKS)
def test_every_violation_is_found_at_its_instant_and_nothing_else(seed: int, first: str) -> None:
    found = _scores(seed, first)
    assert {score.rule for score in found} == RULES
    for score in found:
        assert score.is_right, score
        assert score.injected > 0, score
        assert score.quiet > 0, score


def test_the_truth_of_centres_that_report_less_is_found_after_a_warm_up() -> None:
    trial = Trial.of(
        5, len(TURNS), Load(rate=0.15, injected=0.5), date(2026, 3, 9), profile=CHIHE, working_days=3, warm_up_days=5, feeds=True
    )
    run = judged(trial, trial.items())
    found = standing(run.alerts)
    assert [score for score in scores(trial.lines, found, trial.until) if not score.is_right] == []
    for source in trial.days.city.sources:
        assert any(f":{source}/" in alert.subject for alert in found), source
    assert any(line.name and "+" in line.name for line in trial.lines), "no two twists met"


LINE = Line(expect="alert", rule="T03", level=Level.YELLOW, subject="case:s/1", segment="0", at=10)
QUIET = Line(expect="quiet", rule="T03", subject="case:s/2")
FOUND = Standing("T03", Level.YELLOW, "case:s/1", "0", 10)


@pytest.mark.parametrize(
    ("standing_alerts", "what"),
    [
        ([], "missed"),
        ([FOUND, Standing("T03", Level.RED, "case:s/1", "0", 10)], "false"),
        ([Standing("T03", Level.YELLOW, "case:s/1", "0", 11)], "moved"),
        ([FOUND, Standing("T03", Level.YELLOW, "case:s/2", "0", 10)], "disturbed"),
    ],
)
def test_each_kind_of_difference_is_seen(standing_alerts: list[Standing], what: str) -> None:
    (score,) = scores([LINE, QUIET], standing_alerts, until=100)
    assert getattr(score, what)
    assert not score.is_right


def test_what_is_due_after_the_clock_need_not_be_there() -> None:
    (score,) = scores([LINE, QUIET], [], until=9)
    assert score.is_right


def test_an_event_that_is_lost_is_seen() -> None:
    trial = Trial.of(1, 3, Load(rate=0.05, injected=0.4), date(2026, 3, 2))
    items = list(trial.items())
    kept = [item for item in items if not (isinstance(item, tuple) and b'"case_completed"' in item[1] and b'-60003"' in item[1])]
    assert len(kept) < len(items)
    found = scores(trial.lines, standing(judged(trial, kept).alerts), trial.until)
    assert not all(score.is_right for score in found)


def test_a_truth_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    lines = [structs.replace(LINE, name="a_day_late"), QUIET]
    assert truth.write(tmp_path / "truth.jsonl", lines) == 2
    assert truth.read(tmp_path / "truth.jsonl") == lines
