"""Cards as files: what the loader takes, every way to be refused, and the schema that is published."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.card import Card, Effective, load_cards, read_card
from rules.schema import card_schema, card_schema_text, published
from supervision.language import UserError
from tests.product import CARDS

DELIVERED = [
    "D14",
    "M01",
    "M02",
    "M10",
    "P01",
    "P02",
    "P03",
    "P04",
    "P06",
    "P09",
    "P16",
    "T01",
    "T02",
    "T03",
    "T04",
    "T05",
    "T08",
    "T09",
    "T13",
    "T17",
]
GOOD = """\
format_version: 1
id: L01
identifier: picked_up_late
name: {zh: 取件, en: Pick-up}
family: time
version: 1
owner: bureau
levels: [notice]
disposition: card
anomaly_class: time
detector:
  kind: deadline
  limit: promised
  at: {notice: [{mark: passed}]}
legal_basis: {zh: 依据, en: basis}
why: {zh: 原因, en: why}
runbook: {zh: 办法, en: do}
sentence:
  notice: {zh: "{due_day}", en: "{due_day}"}
false_positives:
  - {id: late, zh: 迟报, en: late}
examples:
  - {name: {zh: 一, en: one}, kind: fires, clock: "2026-03-12", events: [], expect: [{level: notice, detected_at: "2026-03-12"}]}
  - {name: {zh: 二, en: two}, kind: quiet, clock: "2026-03-12 00:00", events: []}
  - {name: {zh: 三, en: three}, kind: edge, clock: "2026-03-12 00:00", events: [], false_positive: late}
"""


def mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in read_card("L01.yaml", text)[1]]


def test_the_product_brings_the_nine_cards_of_its_first_issue() -> None:
    assert [card.id for card in CARDS] == DELIVERED


def test_a_good_card_is_taken() -> None:
    card, wrong = read_card("L01.yaml", GOOD)
    assert wrong == []
    assert isinstance(card, Card)
    assert card.name.zh == "取件"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        pytest.param("id: L01\n", "id: L001\n", "L01.yaml:2: id:", id="an id of another form"),
        pytest.param("owner: bureau\n", "", "L01.yaml:1: owner is missing", id="a missing key"),
        pytest.param("owner:", "ownr:", "L01.yaml:7: ownr: unknown key; did you mean owner?", id="an unknown key"),
        pytest.param(
            "levels: [notice]", "levels: [pink]", "L01.yaml:8: levels[0]: Invalid enum value 'pink'", id="an unknown level"
        ),
        pytest.param(
            "[notice]", "[yellow]", "L01.yaml:8: levels: the detector implies notice", id="levels that the detector lacks"
        ),
        pytest.param("limit: promised", "limit: promise", "L01.yaml:13: detector.limit", id="an unknown limit"),
        pytest.param(
            "kind: deadline", "kind: deadlin", "L01.yaml:12: detector.kind: Invalid value 'deadlin'", id="an unknown kind"
        ),
        pytest.param("mark: passed", "mark: pased", "L01.yaml:14: detector.at", id="an unknown mark"),
        pytest.param('zh: "{due_day}"', 'zh: "{due_dy}"', "unknown placeholder {due_dy}; did you mean due_day", id="a placeholder"),
        pytest.param(
            'zh: "{due_day}"', 'zh: "{due_day!r}"', "L01.yaml:19: sentence.notice.zh: unknown placeholder", id="a conversion"
        ),
        pytest.param('zh: "{due_day}"', 'zh: "{due_day"', "L01.yaml:19: sentence.notice.zh: not a template", id="an open brace"),
        pytest.param("kind: quiet", "kind: edge", "L01.yaml:22: examples: no example of kind quiet", id="no quiet example"),
        pytest.param(", false_positive: late", "", "no example with false_positive: late", id="a false positive without example"),
        pytest.param(
            "false_positive: late", "false_positive: lat", "examples[2].false_positive: not listed; did you mean late", id="wolf"
        ),
        pytest.param("en: two", "en: one", "L01.yaml:24: examples[1].name: another example has this name", id="a name twice"),
        pytest.param("zh: 二", "zh: 一", "L01.yaml:24: examples[1].name: another example has this name", id="a Chinese name twice"),
        pytest.param(
            "{zh: 二, en: two}", "two", "L01.yaml:24: examples[1].name: Expected `object`, got `str`", id="a name in one language"
        ),
        pytest.param("version: 1\nowner", "version: 1\nversion: 2\nowner", "L01.yaml:7: version: given twice", id="a key twice"),
        pytest.param("owner: bureau", "owner: [", "L01.yaml:", id="no yaml"),
        pytest.param("owner: bureau", 'owner: bureau\nwhen: item.risk == "high"', "unknown field item.risk", id="an unknown field"),
        pytest.param("limit: promised", "limit: fixed", "start and stops go with limit: fixed", id="fixed without start"),
        pytest.param(
            "[{mark: passed}]}", "[]}", "L01.yaml:14: detector.at.notice: wanted at least one mark", id="a level without marks"
        ),
        pytest.param(
            "[{mark: passed}]}",
            "[{mark: passed}]}\n  yields: {red: [T04]}",
            "L01.yaml:15: detector.yields.red: not a level of this detector",
            id="a foreign level yields",
        ),
        pytest.param(
            "limit: promised", "limit: idle", "L01.yaml:14: detector.at.notice: limit: idle takes marks", id="idle, but passed"
        ),
        pytest.param(
            "{mark: passed}",
            "{mark: paused_for, days: 9}",
            "L01.yaml:14: detector.at.notice: paused_for goes with limit: idle only",
            id="a pause's mark",
        ),
        pytest.param(
            "  notice: {zh", "  red: {zh", "L01.yaml:18: sentence: no sentence for level notice", id="a level without sentence"
        ),
        pytest.param("  notice: {zh", "  red: {zh", "L01.yaml:19: sentence.red: not a level of this card", id="a foreign sentence"),
        pytest.param(
            "levels: [notice]", "levels: [notice, notice]", "L01.yaml:8: levels: wanted each level once", id="a level twice"
        ),
        pytest.param(
            ', expect: [{level: notice, detected_at: "2026-03-12"}]',
            "",
            "L01.yaml:23: examples[0].expect: an example that fires expects an alert",
            id="fires without an alert",
        ),
        pytest.param("kind: fires", "kind: quiet", "examples[0].expect: an example that stays quiet", id="quiet with an alert"),
        pytest.param(
            "level: notice, det", "level: red, det", "L01.yaml:23: examples[0].expect[0].level: not a level", id="a foreign alert"
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(old: str, new: str, wanted: str) -> None:
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new, 1))
    assert any(wanted in line for line in found), found


SEPARATION = re.sub(r"  kind: deadline.*?\nlegal", "  kind: separation\n  level: notice\nlegal", GOOD, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("raised: red", "detector.raised: wanted together with raised_gap_s or raised_when"),
        ("raised_gap_s: 600", "detector.raised: wanted together with raised_gap_s or raised_when"),
        ("raised: red\n  raised_when: item.risk", "detector.raised_when: at character 1: unknown field item.risk"),
    ],
)
def test_what_raises_a_level_and_the_level_go_together(more: str, wanted: str) -> None:
    found = mistakes(SEPARATION.replace("level: notice\n", f"level: notice\n  {more}\n", 1))
    assert any(wanted in line for line in found), found


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("id: L01", "id: L0001").replace("owner: bureau", "ownr: x"), "utf-8")
    (tmp_path / "b.yaml").write_text("- 1", "utf-8")
    with pytest.raises(UserError) as refused:
        load_cards([tmp_path])
    assert len(refused.value.lines) == 4


def test_two_cards_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, "utf-8")
    with pytest.raises(UserError, match=r"L01 is also the id of .*a\.yaml"):
        load_cards([tmp_path])


@pytest.mark.parametrize("make", [lambda p: p / "nothing", lambda p: p], ids=["no such path", "an empty directory"])
def test_a_place_without_cards_is_a_mistake(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(UserError):
        load_cards([make(tmp_path)])


@pytest.mark.parametrize("text", ["", "1", "[]", "\x00", "a: &a [*a]", "{" * 2000, "? [1]\n: 2", "!!python/object:os.system x"])
def test_no_text_makes_the_loader_raise(text: str) -> None:
    card, wrong = read_card("x.yaml", text)
    assert card is None
    assert wrong


def test_the_published_schema_is_the_one_of_the_types() -> None:
    assert published() == card_schema_text(), "run: supervision rules schema > rules/schemas/card.schema.json"


@pytest.mark.parametrize("card_id", DELIVERED)
def test_a_delivered_card_obeys_the_published_schema(card_id: str) -> None:
    path = Path(__file__).parents[2] / "rules" / "cards" / f"{card_id}.yaml"
    value: Any = yaml.load(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    jsonschema.Draft202012Validator(card_schema()).validate(value)


def test_effective_dates_are_both_included() -> None:
    span = Effective(first="2026-01-01", last="2026-12-31")
    assert [span.covers(day) for day in ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")] == [False, True, True, False]
    assert Effective().covers("1999-01-01")


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!!int ",
    "? ",
    '"',
    "'",
    "|",
    "1e999",
    "~",
    "2026-03-02",
    "é",
    "\x00",
    "\t",
    "%",
]


@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
def test_a_card_spoilt_anywhere_is_taken_or_named(at: int, length: int, put: str) -> None:
    card, wrong = read_card("x.yaml", GOOD[:at] + put + GOOD[at + length :])
    assert card is not None or wrong
    assert all(mistake.file == "x.yaml" and mistake.line >= 1 and mistake.text for mistake in wrong)
