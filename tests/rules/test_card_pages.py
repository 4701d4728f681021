"""The generated pages are what the cards say, and the table of all rules is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from rules.book import Rule, Rulebook
from rules.pages import kind_of, pages
from rules.terms import word
from supervision.event import TOPIC_OF, EventType, Stream
from tests.product import CARDS

BOOK = Rulebook(CARDS)

ROOT = Path(__file__).parents[2]
README = (ROOT / "rules" / "README.md").read_text("utf-8")
IDS = [*(f"T{n:02}" for n in range(1, 18)), *(f"P{n:02}" for n in range(1, 21))]
IDS += [*(f"M{n:02}" for n in range(1, 24)), *(f"D{n:02}" for n in range(1, 22))]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines() if re.match(r"\| [TPMD]\d\d \|", line)
]
KINDS = {row[0]: row[1] for row in re.findall(r"^\| `([a-z]+)` \| .* \| (yes|later) \|$", README, re.MULTILINE)}


def test_the_pages_in_docs_are_those_of_the_cards() -> None:
    wanted = pages(CARDS)
    folder = ROOT / "docs" / "rules"
    assert {file.name for file in folder.iterdir()} == set(wanted)
    stale = [name for name, text in wanted.items() if (folder / name).read_text("utf-8") != text]
    assert stale == [], "run: supervision rules docs"


def test_the_table_has_all_81_rules_once() -> None:
    assert [row[0] for row in ROWS] == IDS
    assert len(IDS) == 81


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_names_known_kinds_events_and_places(row: list[str]) -> None:
    _, kinds, key, reads, remembered, where = row
    assert set(kinds.split(" + ")) <= set(KINDS)
    assert key
    assert remembered
    events = re.findall(r"`([^`]+)`", reads)
    assert set(events) <= {kind.value for kind in EventType}
    assert len(events) == len(set(events))
    signals = set(re.findall(r"\*([a-z_]+)\*", reads))
    assert signals <= set(re.findall(r"\*([a-z_]+)\*", README.split("## 5.")[0]))
    assert events or signals or reads.startswith("every ")
    assert set(where.split(", ")) <= {"stream", "history"}
    assert ("history" in where) == ("history" in kinds)


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: str(rule.id))
def test_what_a_row_says_is_read_is_read(rule: Rule) -> None:
    """The other way round the engine may read more: one table of clock events serves several cards."""
    row = next(row for row in ROWS if row[0] == rule.id)
    on_cases = {EventType(name) for name in re.findall(r"`([^`]+)`", row[3]) if TOPIC_OF[EventType(name)] is Stream.CASE}
    assert on_cases <= set(rule.reads)


def test_a_delivered_card_has_the_kind_its_row_says() -> None:
    kinds = {row[0]: row[1] for row in ROWS}
    for card in CARDS:
        assert kinds[card.id] == kind_of(card.detector)
        assert KINDS[kind_of(card.detector)] == "yes"


@pytest.mark.parametrize("kind", EventType)
def test_every_event_has_a_chinese_name(kind: EventType) -> None:
    assert re.search("[\u4e00-\u9fff]", word(kind.value, "zh"))
    assert word(kind.value, "en") == kind.value.replace("_", " ")


def test_names_of_examples_are_said_in_the_language_of_the_page() -> None:
    told = pages(CARDS)
    for card in CARDS:
        zh, en = (told[f"{card.id}.{language}.md"] for language in ("zh", "en"))
        for example in card.examples:
            assert f"· {example.name.zh}: " in zh
            assert f"· {example.name.en}: " in en
            assert re.search("[\u4e00-\u9fff]", example.name.zh), example.name
            assert f"· {example.name.en}: " not in zh
            assert example.name.en not in told[f"{card.id}.zh.svg"]


def test_a_worked_example_says_where_the_clock_comes_between_its_events() -> None:
    card = BOOK.by_id["P04"].card
    example = next(one for one in card.examples if any("clock" in event for event in one.events))
    told = pages([replace(card, examples=(example,))])
    for language, words in (("en", "the clock reaches this"), ("zh", "时钟走到此处")):
        assert re.search(rf"^2026-03-04 09:00 +{words}$", told[f"P04.{language}.md"], re.MULTILINE)
