"""Why a second judgement differs is said in words, and only where the verdict does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from rules.book import Rulebook
from rules.card import Effective
from rules.examples import run
from rules.reasons import Known, passed_over, reasons
from rules.recompute import OF_THE_CARD, VERDICT, differences, judged_again
from rules.sandbox import sandbox
from supervision.alert import Alert, State
from supervision.event import CaseEvent
from supervision.reference import Outage, Reference, Waiver
from tests.product import CARDS

BOOK = Rulebook(CARDS)

CARD = BOOK.by_id["T03"].card
OUTCOME = run(BOOK, CARD, CARD.examples[0])
(ALERT,) = OUTCOME.alerts
EVENTS = [step for step in OUTCOME.steps if isinstance(step, CaseEvent)]
REFERENCE = sandbox({}, "test")
SIX_DAYS = sandbox({"item": {"promised_limit": [6, "working_day"]}}, "test")
(ACCEPTED,) = EVENTS


def english(
    stored: Alert | None, *, reference: Reference = REFERENCE, events: list[CaseEvent] = EVENTS, known: Known | None = None
) -> list[str]:
    now = judged_again(BOOK, reference, events, stored or ALERT)
    found = reasons(BOOK, reference, events, known or Known(), stored, now)
    assert all(each.zh and each.zh != each.en for each in found)
    return [each.en for each in found]


def altered(**changes: Any) -> Alert:
    return msgspec.structs.replace(ALERT, **changes)


def test_the_same_verdict_has_no_reasons() -> None:
    assert english(ALERT) == []
    assert passed_over(ALERT, ALERT) == []


def test_another_version_of_card_and_calendar_alone_is_no_difference_and_is_said() -> None:
    older = altered(rule_version=7, facts=ALERT.facts | {"calendar_version": "of 2025"}, description={"en": "worded otherwise"})
    assert english(older) == []
    said = [each.en for each in passed_over(older, ALERT)]
    assert said[0].startswith("version of the card (rule_version): 7 → 1")
    assert "of 2025" in said[1]


def test_evidence_that_is_gone_is_named() -> None:
    assert english(ALERT, events=[])[0] == "no event of its case is in the store"
    other = msgspec.structs.replace(ACCEPTED, event_id=UUID(int=77))
    named = "events it names as evidence are not in the store any more"
    assert english(ALERT, events=[other])[0] == f"{named}: {ACCEPTED.event_id}"


def test_a_fact_that_came_later_is_named() -> None:
    known = Known(arrived={ACCEPTED.event_id: 2_000})
    found = english(altered(issued_at=1_000, due_at=5), known=known)
    assert found[0] == f"facts came after it was issued: case accepted {ACCEPTED.event_id}"
    assert "due at (due_at): 5 → " in found[1]


def test_a_fact_whose_arrival_is_not_known_did_not_come_later() -> None:
    assert english(altered(issued_at=1_000, due_at=5))[0].startswith("all its events are there and none came later")


def test_a_fact_of_a_forgotten_case_is_named() -> None:
    found = english(altered(due_at=5), known=Known(forgotten={ACCEPTED.event_id}))
    assert found[0].startswith("facts came when the case had left memory")


def with_entries(*entries: Waiver | Outage) -> Reference:
    return Reference([*REFERENCE.entries, *entries], version="test")


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        (
            with_entries(Waiver(waiver_id="W-1", rule_id="T03", subject_key=ALERT.subject_key)),
            "the reference data now hold a waiver for it, W-1",
        ),
        (with_entries(Outage(outage_id="O-1", source_system="hall-system")), "the reference data now declare an outage, O-1"),
        (Reference(SIX_DAYS.entries, version="of May"), "the catalogue (version of May now) says otherwise: limit"),
    ],
    ids=["waiver", "outage", "item"],
)
def test_reference_data_that_changed_are_named(reference: Reference, wanted: str) -> None:
    assert english(ALERT, reference=reference)[0] == wanted


def test_an_item_that_has_another_name_now_is_the_catalogues_doing() -> None:
    found = english(altered(facts=ALERT.facts | {"item_name": "as it was called"}))
    assert found[0] == f"the catalogue (version {REFERENCE.version} now) says otherwise: item"


def test_a_card_of_another_version_is_named() -> None:
    assert english(altered(rule_version=7, due_at=5))[0] == "the card changed from version 7 to 1"
    assert english(altered(rule_id="L99", alert_id="L99YAAAAAAAAAAAAAAAA"))[0] == "L99 is not among the cards"


def test_a_card_that_judges_no_longer_is_named_where_nothing_is_said_any_more() -> None:
    ended = Rulebook([msgspec.structs.replace(CARD, effective=Effective(last="2026-03-01"))])
    words = "the card judges in ..2026-03-01 only"
    assert reasons(ended, REFERENCE, EVENTS, Known(), ALERT, None)[0].en == words
    assert words not in [each.en for each in reasons(ended, REFERENCE, EVENTS, Known(), altered(due_at=5), ALERT)]
    assert reasons(BOOK, REFERENCE, EVENTS, Known(), ALERT, None)[0].en.startswith("all its events are there")


def test_words_alone_under_the_same_version_are_a_difference_of_their_own() -> None:
    found = english(altered(description={"zh": "改过", "en": "tampered with"}))
    assert found[0].startswith("the verdict is the same, what the card adds is not")
    assert "tampered with" in found[1]


def test_what_nothing_explains_is_said_to_be_unexplained() -> None:
    found = english(altered(facts=ALERT.facts | {"late_wd": 9}))
    assert found[0].startswith("all its events are there and none came later")
    assert found[1:] == ["late by (late_wd): 9 → 1"]


def test_an_alert_that_is_not_stored_is_said_to_be_missing() -> None:
    found = english(None)
    assert len(found) == 1
    assert found[0].startswith(f"it should be there and is not stored: what it rests on is all there ({ACCEPTED.event_id})")


@pytest.mark.parametrize(
    ("stored", "now", "same"),
    [
        (ALERT, ALERT, True),
        (ALERT, None, False),
        (altered(state=State.REVOKED), None, True),
        (altered(state=State.REVOKED), altered(state=State.REVOKED, due_at=1), True),
        (altered(state=State.REVOKED), ALERT, False),
        (altered(revision=5, issued_at=7), ALERT, True),
        (altered(responsible_officer_ids=("O-9",)), ALERT, False),
        (altered(evidence_event_ids=(UUID(int=9),)), ALERT, False),
        (altered(region_code="4301"), ALERT, False),
    ],
)
def test_what_makes_a_verdict(stored: Alert, now: Alert | None, same: bool) -> None:
    assert (differences(stored, now) == []) is same


@pytest.mark.parametrize("name", [name for name in (*VERDICT, *OF_THE_CARD) if name != "facts"])
def test_each_field_that_differs_goes_by_a_name_of_its_own(name: str) -> None:
    shown = reasons(BOOK, REFERENCE, EVENTS, Known(), altered(**{name: "altered"}), ALERT)[-1]
    for text in (shown.zh, shown.en):
        assert f"({name})" in text
        assert "altered → " in text
    assert not shown.en.startswith("version of the card")


def test_a_journey_through_json_makes_no_difference_but_another_value_does() -> None:
    facts: dict[str, Any] = {"list": (1, 2), "text": State.ISSUED, "id": UUID(int=9), "nothing": None, "inner": {"list": (3,)}}
    here = altered(facts=facts)
    there = msgspec.json.decode(msgspec.json.encode(here), type=Alert)
    assert there.facts != here.facts
    assert differences(there, here) == []
    assert [each.field for each in differences(there, altered(facts=facts | {"list": (2, 1)}))] == ["facts.list"]
