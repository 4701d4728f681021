"""The pieces of pages: ruler, facts, markup, CSV, the wall's sums, why it is quiet, clocks and places."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.access.rights import Scope
from dashboards.board.clocks import Clocks
from dashboards.board.places import Atlas, Where, where_of
from dashboards.board.quiet import BEHIND_MS, Seen, why_quiet
from dashboards.board.shared import Shared
from dashboards.board.wall import Figures, ranking, tiles, totals, trend
from dashboards.cards import card_of
from dashboards.names import Names
from dashboards.page.facts import facts
from dashboards.page.markup import html
from dashboards.page.rule import RulePages
from dashboards.page.ruler import days_off
from dashboards.queries.figures import AlertCount, EventCount, OpenCount
from dashboards.sheet import BOM, escaped, heading, line
from rules.card import load_cards
from rules.pages import LANGUAGES
from supervision.alert import Disposition
from supervision.calendars import calendars_of
from supervision.durations import HOUR_MS
from supervision.reference import Centre, Department, Reference, Region
from tests.dashboards.alerts import alert

REFERENCE = Reference(
    [
        Region(code="430000", name="湖南省"),
        Region(code="430100", name="长沙市"),
        Region(code="430111", name="雨花区"),
        Region(code="430200", name="株洲市"),
        Centre(centre_id="C1", name="雨花中心", region_code="430111"),
        Department(department_id="D1", name="市场监管局"),
    ]
)
NAMES = Names(REFERENCE, {})
DAY = 1_772_380_800_000  # 2026-03-02 00:00 in China
NOW = DAY + 10 * HOUR_MS + 5


def counted(hour: int, *, level: str = "yellow", state: str = "issued", region: str = "430111", kind: str = "card") -> AlertCount:
    visibility = "discipline_only" if kind == "clue" else "department"
    return AlertCount(DAY + hour * HOUR_MS, "T03", level, state, kind, visibility, region, "C1", "D1", 2)


FIGURES = Figures(
    DAY,
    NOW,
    [EventCount(DAY + hour * HOUR_MS, "430111", "C1", "D1", 10, 2, 1) for hour in (-2, 9, 10)],
    [counted(9), counted(-2), counted(10, level="red"), counted(9, state="revoked"), counted(9, kind="clue")],
    [OpenCount("430111", "C1", "D1", 7), OpenCount("430200", "C9", "D9", 5)],
)


def test_the_days_totals_leave_out_yesterday_and_clues() -> None:
    today = totals(FIGURES.seen_by(Scope(), Where()))
    assert (today.events, today.cases_accepted, today.cases_completed, today.cases_open) == (20, 4, 2, 12)
    assert (today.notice, today.yellow, today.red, today.revoked) == (0, 2, 2, 2)
    assert totals(FIGURES.seen_by(Scope(sees_clues=True), Where())).yellow == 4
    assert totals(FIGURES.seen_by(Scope("4302"), Where())).cases_open == 5
    assert totals(FIGURES.seen_by(Scope("", "D9"), Where())).events == 0


def test_the_trend_has_every_hour_once_the_running_one_last() -> None:
    points = trend(FIGURES.seen_by(Scope(), Where()))
    assert [point.at for point in points] == [DAY + hour * HOUR_MS for hour in range(-13, 11)]
    assert [point.events for point in points][-2:] == [10, 10]
    assert sum(point.yellow for point in points) == 4


def test_the_drill_down_leads_from_the_whole_to_the_department() -> None:
    atlas = Atlas(NAMES, Scope(), FIGURES.spots())
    seen = FIGURES.seen_by(Scope(), Where())
    where, keys = Where(), []
    for _ in range(5):
        below = atlas.below(where)
        found = tiles(seen, below)
        assert sum(tile.yellow for tile in found) == 2
        (tile,) = [tile for tile in found if tile.yellow]
        keys.append(tile.place.key)
        narrowed = where_of(tile.place.key)
        assert narrowed is not None
        assert atlas.exists(narrowed)
        where = narrowed
    assert keys == ["region:43", "region:4301", "region:430111", "centre:C1", "department:C1/D1"]
    assert [place.name for place in atlas.path(where)] == ["", "湖南省", "长沙市", "雨花区", "雨花中心", "市场监管局"]
    assert atlas.below(where) == []


def test_a_narrow_scope_begins_at_its_own_region() -> None:
    atlas = Atlas(NAMES, Scope("4301"), FIGURES.spots())
    assert atlas.path(Where())[0].name == "长沙市"
    assert [place.key for place, _ in atlas.below(Where())] == ["region:430111"]
    assert not atlas.exists(Where(region="4302"))
    assert not atlas.exists(Where(centre="C9"))


@pytest.mark.parametrize("key", ["x", "region:", "centre:", "department:", "department:x", "department:x/", "planet:1"])
def test_what_is_no_place(key: str) -> None:
    assert where_of(key) is None


def test_rules_are_ranked_by_what_stands() -> None:
    (first,) = ranking(FIGURES.seen_by(Scope(), Where()), NAMES)
    assert (first.rule_id, first.yellow, first.red) == ("T03", 2, 2)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Seen(5, True, True, 0, 0), "all_in_order"),
        (Seen(0, True, True, None, 0), "no_events"),
        (Seen(5, False, True, 0, 0), "feeds_silent"),
        (Seen(5, True, True, 0, 3), "sink_behind"),
        (Seen(5, True, True, BEHIND_MS + 1, 3), "agents_behind"),
        (Seen(5, True, False, None, 0), "agents_behind"),
    ],
)
def test_why_it_is_quiet(seen: Seen, why: str) -> None:
    found = why_quiet(seen)
    assert found.why == why
    assert "{" not in found.sentence.zh + found.sentence.en


def test_a_clock_is_where_the_slowest_worker_has_it_and_never_goes_back() -> None:
    clocks = Clocks()
    assert clocks.now("log:x", 0) is None
    clocks.hear([{"log:x": 5_000, "wall": 9}, {"log:x": 4_000}], 0)
    assert clocks.now("log:x", 0) == 4_000
    clocks.hear([{"log:x": 1_000}], 1_000)
    assert clocks.now("log:x", 0) == 4_000
    assert clocks.rate("log:x") is None
    clocks.hear([{"log:x": 604_000}], 10_000)
    assert clocks.rate("log:x") == 60.0
    assert clocks.now("wall", 77) == 77


def test_a_shared_value_is_computed_once_and_a_failure_is_not_kept() -> None:
    calls: list[str] = []

    def compute(key: str) -> int:
        calls.append(key)
        if key == "bad":
            raise ValueError(key)
        return len(calls)

    shared: Shared[int] = Shared(compute, 1000.0, _pool())
    assert [shared.get("a"), shared.get("a"), shared.get("b")] == [1, 1, 2]
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            shared.get("bad")
    assert calls == ["a", "b", "bad", "bad"]


def test_who_asks_for_an_old_value_gets_it_at_once_and_a_new_one_is_made() -> None:
    now = [0.0]
    made: list[float] = []

    def compute() -> int:
        made.append(now[0])
        return len(made)

    with _pool() as pool:
        shared: Shared[int] = Shared(compute, 5.0, pool, lambda: now[0])
        now[0] = 4.9
        assert [shared.get(), shared.get()] == [1, 1]
        now[0] = 10.0
        assert shared.get() == 1
    assert made == [4.9, 10.0]
    assert shared.get() == 2


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


def test_days_off_join_weekends_and_holidays_and_leave_out_make_up_days() -> None:
    calendar = calendars_of(REFERENCE).of_region("430111", NOW)
    start, end = calendar.day_start(739_663), calendar.day_start(739_663 + 14) - 1  # 2026-02-09, a Monday, and two weeks
    spans = list(days_off(calendar, start, end))
    days = [(calendar.day_of(span.from_), calendar.day_of(span.to - 1)) for span in spans]
    off = {day for first, last in days for day in range(first, last + 1)}
    assert off == {day for day in range(739_663, 739_677) if not calendar.is_working(day)}
    assert {span.label.en for span in spans} <= {"weekend", "holiday"}


def test_facts_are_given_with_names_units_and_kinds() -> None:
    shown = {
        fact.name: fact for fact in facts({"limit": 7, "limit_unit": "working_day", "gap_s": 90, "due_at": 5, "odd": ("a", 1)})
    }
    assert set(shown) == {"limit", "gap_s", "due_at", "odd"}
    assert shown["limit"].unit is not None
    assert shown["limit"].unit.en == "working days"
    assert (shown["gap_s"].value, shown["gap_s"].kind) == (90_000, "duration_ms")
    assert (shown["odd"].value, shown["odd"].kind) == (["a", 1], "list")


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs or tag in DRAWN
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


DRAWN = {"figure", "svg", "title", "rect", "line", "circle", "path", "text", "tspan"}
KNOWN = {"h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "code"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rules_page_is_whole_html(language: str) -> None:
    pages = RulePages(load_cards())
    for card in load_cards():
        made = pages.page(card.id)
        assert made is not None
        balance = _Balance()
        balance.feed(getattr(made.page, language))
        assert balance.open == []
        assert balance.seen <= KNOWN | DRAWN
        assert {"h1", "table", "pre", "svg"} <= balance.seen
        assert made.events
        assert made.subjects


def test_a_rule_is_seen_by_those_who_may_see_its_alerts() -> None:
    pages = RulePages(load_cards())
    everything, discipline, department = Scope(), Scope(sees_clues=True), Scope("", "D1")
    clues = {card.id for card in load_cards() if card.disposition is Disposition.CLUE}
    assert "M02" in clues
    feeds = {"F01", "F02"}
    assert {row.rule_id for row in pages.rows(discipline)} == {card.id for card in load_cards()} | feeds
    assert feeds <= {row.rule_id for row in pages.rows(everything)}
    assert feeds.isdisjoint(row.rule_id for row in pages.rows(department))
    silent = pages.page("F01")
    assert silent is not None
    assert "<h2>" in silent.page.zh
    assert (pages.may_see("F01", everything), pages.may_see("F01", department)) == (True, False)
    assert {row.rule_id for row in pages.rows(everything)}.isdisjoint(clues)
    assert {row.rule_id for row in pages.rows(department)} <= {row.rule_id for row in pages.rows(everything)}
    assert not pages.may_see("M02", everything)
    assert pages.may_see("M02", discipline)
    assert pages.may_see("T03", department)
    assert not pages.may_see("T99", discipline)
    assert pages.page("T99") is None


def test_a_picture_that_is_not_ours_is_words() -> None:
    assert html("![a <b>](x.svg)") == "<p>!a &lt;b&gt;</p>"
    assert html("![a](x.svg)", {"x.svg": "<svg></svg>"}) == '<figure tabindex="0"><svg></svg></figure>'


@given(st.text(alphabet="<>&\"'`|-#[]() \nax", max_size=80))
def test_no_text_becomes_a_tag(text: str) -> None:
    balance = _Balance()
    balance.feed(html(text))
    assert balance.seen <= KNOWN | {"h4", "h5", "h6"} | {f"h{rank}" for rank in range(7, 81)}
    assert balance.open == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\n=1"])
def test_no_cell_runs_as_a_formula(text: str) -> None:
    assert escaped(text).startswith("'")


def test_a_sheet_has_a_line_for_an_alert_in_the_order_of_its_headings() -> None:
    card = card_of(alert(description={"zh": "=cmd|'x", "en": 'a "b", c\nd'}), NAMES)
    text = (BOM + heading("en") + line(card, "en") + line(card, "zh")).decode("utf-8-sig")
    head, english, chinese = csv.reader(io.StringIO(text))
    assert len(head) == len(english) == len(chinese)
    assert dict(zip(head, english, strict=True))["why"] == 'a "b", c\nd'
    assert dict(zip(head, chinese, strict=True))["why"] == "'=cmd|'x"
