"""What a card's `when` may read: each field has its value from the catalogue entry and the facts of the case."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.expression import condition
from rules.fields import FIELDS
from supervision.event import CaseType
from supervision.reference import Item, Reference, RiskClass
from supervision.worktime import Limit, Unit
from tests.product import CARDS
from tests.rules.test_engine import SOURCE, accepted, clock

(T03,) = (card for card in CARDS if card.id == "T03")
ITEM = Item(
    code="X-1",
    item_type="05",
    case_type=CaseType.JOINT,
    promised_limit=Limit(7),
    legal_limit=Limit(30, Unit.CALENDAR_DAY),
    excluded_kinds=("public_notice",),
    extension_max_wd=5,
    risk_class=RiskClass.HIGH,
    auto_approval=True,
    region_code="430100",
    department_id="D-9",
)
HOLDS = [
    'item.code == "X-1"',
    'item.item_type == "05"',
    'item.case_type == "joint"',
    'item.deadline_mode == "day_end"',
    'item.risk_class == "high"',
    "item.auto_approval == true",
    "item.has_legal_limit == true",
    "item.extension_max_wd == 5",
    '"public_notice" in item.excluded_kinds',
    'item.region_code == "430100"',
    'item.department_id == "D-9"',
    "item.promised_limit.value == 7",
    'item.promised_limit.unit == "working_day"',
    "item.legal_limit.value == 30",
    'item.legal_limit.unit == "calendar_day"',
    'case.source_system == "hall"',
    'case.item_catalog_code == "X"',
    'case.item_implement_code == "X-1"',
    'case.item_type == "01"',
    'case.case_type == "promised"',
    'case.region_code == "430111"',
    'case.centre_id == "C-1"',
    'case.department_id == "D-1"',
]


def speaks(when: str) -> bool:
    """Whether a card with this condition issues an alert on a case that is late."""
    engine = CaseEngine(Rulebook([replace(T03, when=when)]), Reference([SOURCE, ITEM]))
    where: dict[str, Any] = {"item_implement_code": "X-1", "item_type": "01", "case_type": CaseType.PROMISED}
    where |= {"region_code": "430111", "centre_id": "C-1", "department_id": "D-1"}
    engine.process([accepted(**where)])
    return bool(engine.process([clock("2026-04-30T00:00")]).alerts)


def test_every_field_is_tried() -> None:
    assert frozenset().union(*(condition(text, FIELDS).fields for text in HOLDS)) == set(FIELDS)


@pytest.mark.parametrize("holds", HOLDS)
def test_a_condition_on_a_field_decides_whether_its_card_speaks(holds: str) -> None:
    assert speaks(holds)
    assert not speaks(f"not ({holds})")
