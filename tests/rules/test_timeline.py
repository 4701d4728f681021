"""Every example can be drawn: whole SVG, everything in its place, nothing left out. And what rules can be looked up by."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from rules.card import Card, Example
from rules.lookup import look
from rules.pages import LANGUAGES, worked
from rules.sandbox import each, instant
from rules.timeline import LEFT, RIGHT, SPAN_COLUMNS, WIDTH, columns, timeline
from supervision.event import EventType
from tests import product

CARDS = {card.id: card for card in product.CARDS}
EXAMPLES = [(card, example) for card in CARDS.values() for example in card.examples]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(card: Card, example: Example, language: str = "en") -> ElementTree.Element:
    return ElementTree.fromstring(timeline(card, example, language, styled=False))


def texts(picture: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def shapes(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [one for one in picture.iter() if one.get("class") == kind and one.tag in {f"{SVG}circle", f"{SVG}path"}]


@pytest.mark.parametrize(("card", "example"), EXAMPLES, ids=[f"{card.id}: {example.name.en}" for card, example in EXAMPLES])
def test_an_example_is_drawn_whole_and_in_its_place(card: Card, example: Example) -> None:
    for language in LANGUAGES:
        picture = drawn(card, example, language)
        height = float(picture.get("height", "0"))
        for one in picture.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert -0.05 <= float(one.get(name, 0)) <= WIDTH
            for name in ("y", "y1", "y2", "cy"):
                assert 0 <= float(one.get(name, 0)) <= height
            for name in ("width", "height"):
                assert float(one.get(name, 0)) >= 0
        for circle in picture.iter(f"{SVG}circle"):
            assert LEFT <= float(circle.get("cx", 0)) <= RIGHT
    for level in ("notice", "yellow", "red"):
        assert len(shapes(picture, level)) == sum(one.level.value == level for one in example.expect)
    assert len(shapes(picture, "quiet")) == (not example.expect)
    counted = sum(int(times) for text in texts(picture) for times in re.findall(r"^[a-z ]+ ×(\d+)", text))
    rows = len(shapes(picture, "event")) + len(shapes(picture, "again"))
    grouped = sum(" ×" in text for text in texts(picture))
    events = [event for entry in example.events for event in each(entry) if "clock" not in event]
    assert rows - grouped + counted == len(events), "every event is in a row"
    assert all(columns(text) <= SPAN_COLUMNS + 1 for text in texts(picture))


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_rows_are_in_the_order_of_time_and_to_scale(card: Card) -> None:
    example = worked(card)
    picture = drawn(card, example)
    marks = [one for one in picture.iter(f"{SVG}circle") if one.get("class") == "event"]
    moments = sorted(instant(str(event["at"])) for entry in example.events for event in each(entry) if "at" in event)
    places = [float(mark.get("cx", 0)) for mark in marks]
    assert places == sorted(places)
    if len(places) == len(moments) > 2:
        span, width = moments[-1] - moments[0], places[-1] - places[0]
        for (before, after), (left, right) in zip(pairwise(moments), pairwise(places), strict=True):
            assert abs((after - before) / span - (right - left) / width) < 0.01


def test_a_revoked_alert_is_struck_through_and_a_correction_is_hollow() -> None:
    card = CARDS["T03"]
    example = next(example for example in card.examples if example.false_positive == "wrong_unit")
    picture = drawn(card, example)
    assert [one.text for one in picture.iter(f"{SVG}tspan") if one.get("class") == "gone"] == ["T03 yellow"]
    assert len(shapes(picture, "again")) == 1


def test_days_off_the_limit_and_what_is_late_are_drawn() -> None:
    card = CARDS["T03"]
    example = next(example for example in card.examples if example.name.en == "late by as much as the limit again")
    picture = drawn(card, example)
    of = {kind: [one for one in picture.iter(f"{SVG}rect") if one.get("class") == kind] for kind in ("off", "run", "late", "pause")}
    assert len(of["off"]) == 3, "two weekends, and the end of the Sunday before"
    assert len(of["run"]) == len(of["late"]) == 1
    assert not of["pause"]
    (due,) = [one for one in picture.iter(f"{SVG}line") if one.get("class") == "due"]
    run = of["run"][0]
    assert float(due.get("x1", 0)) == pytest.approx(float(run.get("x", 0)) + float(run.get("width", 0)), abs=0.2)
    paused = next(example for example in card.examples if example.name.en == "ten days of testing are not counted")
    assert len([one for one in drawn(card, paused).iter(f"{SVG}rect") if one.get("class") == "pause"]) == 1


def test_only_the_file_brings_its_own_colours() -> None:
    card = CARDS["T03"]
    styled = ElementTree.fromstring(timeline(card, worked(card), "zh"))
    assert styled.find(f"{SVG}style") is not None
    assert drawn(card, worked(card)).find(f"{SVG}style") is None
    used = {name for one in styled.iter() for name in (one.get("class") or "").split()} - {"timeline-drawn"}
    style = styled.findtext(f"{SVG}style") or ""
    assert {name for name in used if f".{name}" not in style} == set()


def test_rules_are_looked_up_by_what_they_read_and_whom_they_are_about() -> None:
    looked = look(CARDS.values())
    assert looked.keys() == CARDS.keys()
    assert EventType.STEP_COMPLETED in looked["P02"].events
    assert EventType.FEE_PAID not in looked["P02"].events
    assert EventType.LEAVE_APPROVED in looked["M02"].events
    assert looked["T03"].subjects == ("case",)
    assert looked["T05"].subjects == ("step",)
    assert looked["M02"].subjects == ("officer",)
    assert all(one.events and one.subjects for one in looked.values())
    order = list(EventType)
    assert all(list(one.events) == sorted(one.events, key=order.index) for one in looked.values())


def test_the_scale_is_marked_to_its_very_end() -> None:
    example = replace(worked(CARDS["T03"]), events=({"type": "case_accepted", "at": "2026-03-02 22:00"},), expect=())
    picture = drawn(CARDS["T03"], replace(example, clock="2026-03-03 23:00"))
    marks = [text for text in texts(picture) if re.fullmatch(r"\d\d-\d\d|\d\d:\d\d", text)]
    assert marks == ["03-03", "06:00", "12:00", "18:00", "03-04"], "an hour is left free on both sides, so it ends at midnight"


def test_what_an_event_tells_is_shown_plainly_lists_and_parts_too() -> None:
    event = {
        "type": "case_accepted",
        "at": "2026-03-02 09:00",
        "label": "first",
        "codes": ["A", "B"],
        "place": {"floor": 2, "open": True},
    }
    picture = drawn(CARDS["T03"], replace(worked(CARDS["T03"]), events=(event,), expect=(), clock="2026-03-03 09:00"))
    (told,) = [text for text in texts(picture) if text.startswith("case accepted")]
    assert told == "case accepted codes A B, place floor 2 open true"
