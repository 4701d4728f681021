"""Every example of every delivered card is a test of its own; and the runner sees what does not come out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from rules.book import Rulebook
from rules.card import Card, Example, ExampleKind, Expected
from rules.examples import play, run
from rules.sandbox import instant, moment, sandbox
from rules.sentence import FACTS
from supervision.alert import Alert, Level, State
from supervision.event import CaseEvent
from supervision.language import UserError
from tests.product import CARDS

BOOK = Rulebook(CARDS)
# Whom a card yields to, and whose card says how the legal limit runs.
BESIDE = {"T03": {"T04", "T01"}, "T04": {"T01"}, "T09": {"T04", "T01"}, "T17": {"T08"}}
ALONE = {one.id: Rulebook(card for card in CARDS if card.id in {one.id, *BESIDE.get(one.id, ())}) for one in CARDS}
EXAMPLES = [pytest.param(card, example, id=f"{card.id} {example.name.en}") for card in CARDS for example in card.examples]
T03 = next(card for card in CARDS if card.id == "T03")
FIRES = T03.examples[0]


@pytest.mark.parametrize(("card", "example"), EXAMPLES)
def test_an_example_comes_out_as_its_card_says(card: Card, example: Example) -> None:
    assert run(BOOK, card, example).problems == ()


@pytest.mark.parametrize(("card", "example"), EXAMPLES)
def test_a_card_reads_by_itself_all_that_it_judges_by(card: Card, example: Example) -> None:
    assert run(ALONE[card.id], card, example).problems == ()


@pytest.mark.parametrize(("card", "example"), EXAMPLES)
def test_an_alert_of_an_example_can_be_read(card: Card, example: Example) -> None:
    """Its sentence has a value in every place, its evidence is in the input, its instant is not before its limit's end."""
    outcome = run(BOOK, card, example)
    given = {event.event_id for event in outcome.steps if hasattr(event, "event_id")}
    for alert in outcome.alerts:
        for text in alert.description.values():
            assert text
            assert "—" not in text
        assert set(alert.facts) <= FACTS[type(card.detector)]
        assert not {"", None} & {value for value in alert.facts.values() if isinstance(value, str | None)}
        assert set(alert.evidence_event_ids) <= given
        assert alert.evidence_event_ids
        if alert.due_at is not None and alert.level is not Level.NOTICE:
            assert alert.detected_at > alert.due_at


@pytest.mark.parametrize(("card", "example"), EXAMPLES)
def test_what_stands_does_not_hang_on_the_order_of_arrival(card: Card, example: Example) -> None:
    outcome = run(BOOK, card, example)
    events = [step for step in outcome.steps if isinstance(step, CaseEvent)]
    backwards = [*reversed(events), *events[:2], outcome.steps[-1]]
    told = [alert for alert in play(BOOK, sandbox(example.catalogue, card.id), backwards) if alert.rule_id == card.id]
    assert standing(told) == standing(outcome.alerts)


def standing(alerts: Iterable[Alert]) -> set[tuple[str, int, State]]:
    return {(alert.alert_id, alert.detected_at, alert.state) for alert in alerts if alert.state is not State.REVOKED}


def changed(example: Example, **values: object) -> Example:
    return msgspec.structs.replace(example, **values)


def test_an_alert_that_is_missing_or_wrong_is_a_problem() -> None:
    early = changed(FIRES, clock="2026-03-11 12:00")
    assert run(BOOK, T03, early).problems == ("expected yellow at 2026-03-12 00:00, segment 0",)
    (problem,) = run(BOOK, T03, changed(FIRES, expect=())).problems
    assert problem.startswith("not expected: issued yellow at 2026-03-12 00:00")


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        (Expected(level=Level.RED, detected_at="2026-03-12 00:00"), "level is 'yellow'"),
        (Expected(level=Level.YELLOW, detected_at="2026-03-12 00:00:00.001"), "detected_at is '2026-03-12 00:00'"),
        (Expected(level=Level.YELLOW, detected_at="2026-03-12 00:00", state=State.REVOKED), "state is 'issued'"),
        (Expected(level=Level.YELLOW, detected_at="2026-03-12 00:00", segment="1"), "segment is '0'"),
        (Expected(level=Level.YELLOW, detected_at="2026-03-12 00:00", facts={"late_wd": 2}), "facts.late_wd is 1"),
    ],
)
def test_a_problem_says_what_differs(expected: Expected, named: str) -> None:
    problems = run(BOOK, T03, changed(FIRES, expect=(expected,), kind=ExampleKind.EDGE)).problems
    assert named in problems[0]


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"type": "case_acepted", "at": "2026-03-02 09:00"}, "'case_acepted' is no event type"),
        ({"type": "case_accepted", "at": "yesterday"}, "'yesterday' is no moment"),
        ({"type": "case_accepted", "at": "2026-03-02 09:00", "colour": 1}, "colour: no field of case_accepted"),
        ({"type": "case_accepted", "at": "2026-03-02 09:00", "corrects": "x"}, "'x' labels no event before this one"),
        ({"type": "step_started", "at": "2026-03-02 09:00", "step_code": 7}, "step_code"),
    ],
)
def test_an_example_that_cannot_be_read_names_the_field(event: dict[str, object], named: str) -> None:
    with pytest.raises(UserError, match="T03: open when") as refused:
        run(BOOK, T03, changed(FIRES, events=(event,)))
    assert named in refused.value.lines[0]


def test_a_wrong_catalogue_is_named_whole() -> None:
    with pytest.raises(UserError) as refused:
        run(BOOK, T03, changed(FIRES, catalogue={"itm": {}, "item": {"colour": 1, "promised_limit": "7"}}))
    assert len(refused.value.lines) == 3


def test_moments_are_local_and_exact() -> None:
    assert instant("2026-03-12") == instant("2026-03-12 00:00:00.000") == 1773244800000
    for text in ("2026-03-12 00:00", "2026-03-12 00:00:01", "2026-03-12 00:00:00.001"):
        assert moment(instant(text)) == text


def test_where_an_event_of_an_example_names_no_region_that_of_its_source_counts() -> None:
    events = tuple(event | {"region_code": None} for event in FIRES.events)
    told = run(BOOK, T03, msgspec.structs.replace(FIRES, events=events))
    assert told.problems == ()
    assert {alert.region_code for alert in told.alerts} == {"430111"}
