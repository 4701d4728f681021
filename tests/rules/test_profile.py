"""Where a source never sends what a rule awaits, the rule is off for its cases, and says why."""

from __future__ import annotations

import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Output
from rules.profile import Lack, lack
from supervision.alert import RevokeReason, State
from supervision.event import EventType
from supervision.reference import Entry, Reference, Source
from tests.product import CARDS
from tests.rules.test_engine import ITEM, accepted, at, clock

BOOK = Rulebook(CARDS)

E = EventType
ALL_BUT_ENDS = tuple(kind for kind in E if kind is not E.CASE_COMPLETED)


def source(sends: tuple[EventType, ...] | None = None, fills: tuple[str, ...] | None = None) -> Source:
    return Source(name="hall", clock="log:hall", region_code="430111", sends=sends, fills=fills)


def reference(profile: Source, version: str = "1") -> Reference:
    entries: list[Entry] = [profile, ITEM]
    return Reference(entries, version=version)


def late(engine: CaseEngine) -> Output:
    engine.process([accepted()])
    return engine.process([clock("2026-04-30T00:00")])


@pytest.mark.parametrize(
    ("profile", "off"),
    [
        (source(), set()),
        (source(tuple(E)), set()),
        (source(ALL_BUT_ENDS), {"T02", "T03"}),
        (source(fills=("actor_person_hash",)), {"M02"}),
        (source(fills=()), {"M02", "P02"}),
    ],
    ids=["says nothing", "sends all", "never completes", "persons without accounts", "nobody named"],
)
def test_a_rule_is_off_where_what_it_awaits_never_comes(profile: Source, off: set[str]) -> None:
    assert off == BOOK.off(profile) & {"T02", "T03", "T04", "T05", "P01", "P02", "M02"}


def test_no_card_is_issued_for_a_silence_that_says_nothing() -> None:
    spoken, silent = (late(CaseEngine(BOOK, reference(source(sends)))).alerts for sends in (tuple(E), ALL_BUT_ENDS))
    assert {alert.rule_id for alert in spoken} >= {"T02", "T03"}
    assert not {alert.rule_id for alert in silent} & {"T02", "T03"}


def test_cards_go_when_the_profile_says_that_the_end_never_comes() -> None:
    engine = CaseEngine(BOOK, reference(source()))
    late(engine)
    engine.use(reference(source(ALL_BUT_ENDS), version="2"))
    gone = [alert for alert in engine.advance("log:hall", at("2026-04-30T00:00")).alerts if alert.rule_id == "T03"]
    assert {(alert.state, alert.revoke_reason) for alert in gone} == {(State.REVOKED, RevokeReason.REFERENCE)}


def test_why_a_rule_is_off_is_said_in_both_languages() -> None:
    groups = (frozenset({E.RESULT_DELIVERED, E.RESULT_PICKED_UP}), frozenset({E.CASE_ACCEPTED}))
    found = lack(groups, ("payload.receipt_no", "actor_officer_id|actor_person_hash"), source((E.CASE_ACCEPTED,), ()))
    assert found.words("en") == (
        "it never sends result delivered or result picked up; "
        "it never fills payload.receipt_no, actor_officer_id or actor_person_hash"
    )
    assert found.words("zh") == "从不报送送达或者领取;从不填写payload.receipt_no、actor_officer_id或者actor_person_hash"
    assert lack(groups, ("payload.receipt_no",), source()) == Lack()
    assert [Lack().words(language) for language in ("en", "zh")] == ["", ""]
