"""The book of rules: what it makes of a detector that has no more than it must."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from rules.book import Rule, Rulebook
from rules.card import Effective
from rules.case import Case
from rules.engine import CaseEngine
from rules.fact import CODE_OF, NOWHERE, Fact
from rules.outline import Outline
from rules.reading import Reads, reads
from rules.verdict import Verdict
from rules.world import Place, World
from supervision.event import EventType
from supervision.reference import Reference, Source
from tests.product import CARDS
from tests.rules.test_engine import ITEM, SOURCE, accepted, at, clock

KIND = EventType.CASE_ACCEPTED


class Plain:
    """It reads and judges, and has nothing else to offer."""

    reads: Reads = reads((KIND,))

    def judge(self, case: Case) -> Sequence[Verdict]:
        raise AssertionError("not asked here")


def test_a_detector_that_only_reads_and_judges_is_asked_of_every_whole_case() -> None:
    rule = Rule(CARDS[0], Plain())
    place = Place(World(Reference([])), Source(name="hall"), NOWHERE, 0)
    act = Fact(0, CODE_OF[KIND], 0, NOWHERE)
    assert rule.outlook(place, Outline(b"", []), act) is None
    assert (rule.ring, rule.matters, rule.unsettles) == (None, None, None)
    assert (rule.is_whole, rule.is_signalling) == (False, False)
    assert not rule.lacks(Source(name="hall", sends=(), fills=()))


def test_a_promised_limit_that_yields_to_the_legal_one_reads_what_makes_that_run() -> None:
    by_id = {card.id: card for card in CARDS}
    alone = replace(by_id["T03"], detector=replace(by_id["T03"].detector, silent_where_equal=None))
    neither = replace(alone, detector=replace(alone.detector, yields={}))
    legal = [card for card in CARDS if card.id != "T03"]
    assert EventType.MATERIAL_RECEIVED in Rulebook([*legal, alone]).by_id["T03"].reads
    assert EventType.MATERIAL_RECEIVED not in Rulebook([*legal, neither]).by_id["T03"].reads


@pytest.mark.parametrize(
    ("effective", "speaks"),
    [
        (Effective(), True),
        (Effective(first="2026-03-12"), True),
        (Effective(first="2026-03-13"), False),
        (Effective(last="2026-03-12"), True),
        (Effective(last="2026-03-11"), False),
    ],
)
def test_a_card_judges_what_comes_to_hold_on_its_dates(effective: Effective, speaks: bool) -> None:
    (card,) = (replace(card, effective=effective) for card in CARDS if card.id == "T03")
    judge = CaseEngine(Rulebook([card]), Reference([SOURCE, ITEM]))
    judge.process([accepted()])
    assert [alert.detected_at for alert in judge.process([clock("2026-03-13T00:00")]).alerts] == [at("2026-03-12T00:00")] * speaks
