"""Where a case is: whose calendar and hours count for it."""

from __future__ import annotations

import pytest

from rules.engine import CaseEngine
from supervision.entries import Hours
from supervision.reference import Centre, Item, Reference
from supervision.worktime import Limit, Unit
from tests.rules.test_engine import BOOK, SOURCE, accepted, at, clock

ITEM = Item(code="X", promised_limit=Limit(4, Unit.HOUR), has_legal_limit=False)
MORNINGS = (Hours(spans=((540, 720),)),)


@pytest.mark.parametrize(
    ("centre", "due"),
    [
        (None, "2026-03-02T15:30"),
        (Centre(centre_id="C-1", region_code="430111"), "2026-03-02T15:30"),
        (Centre(centre_id="C-1", region_code="430111", hours=MORNINGS), "2026-03-03T11:00"),
    ],
    ids=["of no centre", "of a centre that names none", "of a centre with its own"],
)
def test_a_limit_in_hours_runs_by_the_hours_of_the_centre_else_of_the_region(centre: Centre | None, due: str) -> None:
    judge = CaseEngine(BOOK, Reference([SOURCE, ITEM, *([] if centre is None else [centre])]))
    judge.process([accepted(when="2026-03-02T10:00", centre_id="C-1")])
    alerts = judge.process([clock("2026-03-05T00:00")]).alerts
    assert {alert.due_at for alert in alerts if alert.rule_id == "T03"} == {at(due)}
