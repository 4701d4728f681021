"""Twists in pairs, and centres whose systems report less: what a case is said to break follows from what is made and told of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from itertools import combinations

import pytest

from streams.simulator import twists
from streams.simulator.city import City, Hall
from streams.simulator.combining import go_together, sides_of
from streams.simulator.days import Days, Load
from streams.simulator.drawing import Made, finish, open_case
from streams.simulator.feeds import AWAITED, DATES_ONLY, NEEDED, NIGHTLY, NOBODY_NAMED, RESULTS_ONLY, TURNS, Feed
from streams.simulator.profile import PROFILES, YUNZHOU
from streams.simulator.trial import Trial
from streams.simulator.truth import Line
from streams.simulator.twist import Twist
from streams.simulator.wire import Faults
from supervision.alert import Level
from supervision.decoder import decode
from supervision.event import CaseEvent, Precision
from supervision.reference import Source

MONDAY = date(2026, 3, 2).toordinal()
FEEDS = list(dict.fromkeys(TURNS))
CITIES = {name: City(len(TURNS), profile=profile, feeds=True) for name, profile in PROFILES.items()}
PAIRS = [pair for pair in combinations(twists.ALL, 2) if go_together(*pair)]


def hall_of(feed: Feed, city: str = YUNZHOU.name) -> Hall:
    return next(hall for hall in CITIES[city].halls if hall.feed == feed)


def make(hall: Hall, *played: Twist, number: int = 1) -> Made | None:
    """A case with these twists; None where the centre has no item for them."""
    offered = [each for each in hall.promised if all(twist.suits(each[0]) for twist in played)]
    if not offered:
        return None
    chance = random.Random(f"{hall.source}/{number}/{[twist.name for twist in played]}")
    return finish(open_case(hall, chance.choice(offered), MONDAY, number, chance, played))


def its_pairs(city: str, feed: Feed) -> Iterator[Made]:
    """Of all pairs every eighth, for each feed and city from another one on."""
    turn = 2 * FEEDS.index(feed) + list(PROFILES).index(city)
    for number, pair in enumerate(PAIRS[turn::8]):
        made = make(hall_of(feed, city), *pair, number=number)
        if made is not None:
            yield made


def alerts(made: Made) -> list[Line]:
    return [line for line in made.lines if line.expect == "alert"]


def test_many_twists_go_together_and_none_with_one_of_its_own_rule() -> None:
    assert len(PAIRS) > 300
    assert all(one.rule != other.rule for one, other in PAIRS)
    assert {twist.rule for pair in PAIRS for twist in pair} >= {"T02", "T03", "T04", "T05", "T08", "P01", "P02", "P06"}
    assert all(go_together(other, one) for one, other in PAIRS)


@pytest.mark.parametrize("city", PROFILES)
@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name or "all")
def test_no_pair_expects_one_rule_to_speak_and_to_be_quiet(city: str, feed: Feed) -> None:
    made = list(its_pairs(city, feed))
    assert made
    for each in made:
        spoken = {line.rule for line in alerts(each)}
        assert all(line.rule not in spoken for line in each.lines if line.expect == "quiet"), each.lines
        assert len({line.alert_id for line in alerts(each)}) == len(alerts(each))


@pytest.mark.parametrize("city", PROFILES)
def test_every_twist_can_be_played_in_every_city_and_on_every_feed(city: str) -> None:
    for feed in FEEDS:
        offers = [offer for offer, _ in hall_of(feed, city).promised]
        in_hours = {"hours_late"} if feed is DATES_ONLY else set()
        assert {twist.name for twist in twists.ALL if not any(twist.suits(offer) for offer in offers)} <= in_hours, feed


@pytest.mark.parametrize("city", PROFILES)
def test_one_lateness_is_one_card(city: str) -> None:
    """T04 over T03 red; and where the promise ends with the law's limit, T04 alone speaks."""
    seen = 0
    for made in its_pairs(city, TURNS[0]):
        red = [line.at or 0 for line in alerts(made) if line.rule == "T03" and line.level is Level.RED]
        legal = [line.at or 0 for line in alerts(made) if line.rule == "T04"]
        yellow = [line.at or 0 for line in alerts(made) if line.rule == "T03" and line.level is Level.YELLOW]
        seen += bool(legal)
        assert not red or not legal or red[0] < legal[0]
        assert not yellow or not legal or yellow[0] < legal[0]
    assert seen


def test_both_violations_of_a_pair_are_found_where_neither_is_in_the_others_way() -> None:
    names = {twist.name: twist for twist in twists.ALL}
    made = make(hall_of(TURNS[0]), names["a_day_late"], names["second_account"])
    assert made is not None
    assert {(line.rule, line.level) for line in alerts(made)} >= {("T03", Level.YELLOW), ("P02", Level.YELLOW)}


def test_nothing_is_expected_of_a_test_case_whatever_else_is_wrong_with_it() -> None:
    names = {twist.name: twist for twist in twists.ALL}
    made = make(hall_of(TURNS[0]), names["very_late"], names["test_case"])
    assert made is not None
    assert {(line.rule, line.expect) for line in made.lines} == {("T03", "quiet"), ("P02", "quiet")}


def test_where_only_results_are_reported_what_reads_a_silence_is_off_and_what_is_late_is_late_by_what_is_known() -> None:
    hall = hall_of(RESULTS_ONLY)
    assert {rule for rule in AWAITED if hall.feed.is_off(rule)} == {
        "T01",
        "T05",
        "T08",
        "T09",
        "T13",
        "T17",
        "P01",
        "P02",
        "P04",
        "P09",
        "D14",
    }
    names = {twist.name: twist for twist in twists.ALL}
    made = make(hall, names["pause_over"])
    assert made is not None
    assert made.story.pause is None
    assert [(line.rule, line.expect) for line in made.lines if line.rule == "T08"] == [("T08", "quiet")]
    paused = make(hall_of(TURNS[0]), names["pause_reported_late"])
    assert paused is not None
    assert [line.expect for line in paused.lines if line.rule == "T04"] == ["quiet"]
    unpaused = make(hall, names["pause_reported_late"])
    assert unpaused is not None
    assert [line.expect for line in unpaused.lines if line.rule == "T04"] == ["alert"], "nobody has said that the clock stood"


def test_where_only_dates_are_told_hours_and_minutes_are_nobodys() -> None:
    hall = hall_of(DATES_ONLY)
    names = {twist.name: twist for twist in twists.ALL}
    made = make(hall, names["in_haste"])
    assert made is not None
    assert [line.level for line in alerts(made) if line.rule == "P02"] == [Level.YELLOW]
    assert hall.feed.is_off("M02")
    starts = {hall.calendar.day_start(hall.calendar.day_of(act.at)) for act in made.story.acts}
    assert {act.at for act in made.story.acts} == starts


def test_where_nobody_is_named_nothing_is_said_of_who_did_it() -> None:
    hall = hall_of(NOBODY_NAMED)
    assert {rule for rule in NEEDED if hall.feed.is_off(rule)} == {"P02", "P03", "M01", "M02", "M10"}
    names = {twist.name: twist for twist in twists.ALL}
    made = make(hall, names["second_account"], names["a_day_late"])
    assert made is not None
    assert {act.officer for act in made.story.acts} == {None}
    assert {line.rule for line in alerts(made)} >= {"T03"}
    assert [line.expect for line in made.lines if line.rule == "P02"] == ["quiet"]


@pytest.mark.parametrize("name", PROFILES)
def test_what_each_feed_sends_is_what_its_profile_says(name: str) -> None:
    city = CITIES[name]
    calendar = city.halls[0].calendar
    sources = {entry.name: entry for entry in city.entries if isinstance(entry, Source)}
    assert len(sources) == len(FEEDS)
    arrivals = Days(city, Load(rate=0.1, injected=0.3, faults=Faults(late=0, twice=0, corrected=0)), MONDAY).arrivals(MONDAY + 1)
    seen = set()
    for at, wire in arrivals:
        event = decode(wire)
        assert isinstance(event, CaseEvent)
        source = sources[event.source_system]
        seen.add(source.name)
        assert source.clock == city.clock
        assert source.sends is None or event.event_type in source.sends
        assert event.time_precision is source.precision
        assert source.fills is None or event.actor_officer_id is None
        if source.name.endswith(NIGHTLY.name):
            assert 2 <= (at - calendar.day_start(calendar.day_of(at))) / 3_600_000 < 3
        if source.precision is Precision.DAY:
            assert event.occurred_at == calendar.day_start(calendar.day_of(event.occurred_at))
    assert seen == set(sources)


def test_a_warm_up_has_neither_twists_nor_patterns() -> None:
    trial = Trial.of(1, 3, Load(rate=0.1, injected=0.4), date(2026, 3, 2), days=2, run_on_days=0, warm_up_days=5)
    items = [item for item in trial.items() if isinstance(item, tuple)]
    starts = trial.days.calendar.day_start(MONDAY)
    named = [line for line in trial.lines if line.name is not None]
    assert named
    assert all("-202603" in (line.case_id or "-202603") for line in named)
    assert any(at < starts for at, _ in items)
    assert trial.days.calendar.day_of(min(at for at, _ in items)) == MONDAY - 5


def test_sides_are_named_for_twists_that_are_there() -> None:
    alone = {twist.name for twist in twists.ALL if twist.rule == "P16"} | {"refiled_by_applicant", "duplicate_submission"}
    assert {twist.name for twist in twists.ALL if not sides_of(twist)} == alone
