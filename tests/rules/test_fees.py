"""P09: a fault is said once, by the first charge that has it, and only where the source can be held to it."""

from __future__ import annotations

from typing import Any

import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from supervision.alert import Alert
from supervision.event import CaseEvent, EventType
from supervision.payloads.outcome import FeeKind
from supervision.reference import FeeStandard, Reference, Source
from tests.product import CARDS
from tests.rules.test_engine import ITEM, accepted, at, event

BOOK = Rulebook(CARDS)


def charged(number: int, when: str, amount: int | None, **fields: Any) -> CaseEvent:
    payload: dict[str, Any] = {
        "fee_item_code": "F-1",
        "amount_fen": amount,
        "fee_kind": FeeKind.OFFICIAL,
        "receipt_no": f"R-{number}",
    }
    return event(number, EventType.FEE_CHARGED, when, payload=payload | fields)


def judged(*events: CaseEvent, fills: tuple[str, ...] | None = None) -> list[Alert]:
    source = Source(name="hall", clock="log:hall", region_code="430111", fills=fills)
    table = [FeeStandard(fee_item_code="F-1", standard_fen=10_000), FeeStandard(fee_item_code="F-2", payee_accounts=("T-1",))]
    engine = CaseEngine(BOOK, Reference([source, ITEM, *table]))
    return [alert for alert in engine.process([accepted(), *events]).alerts if alert.rule_id == "P09"]


def test_charged_too_much_twice_is_one_alert_that_tells_of_the_first() -> None:
    (alert,) = judged(charged(2, "2026-03-02T10:00", 10_001), charged(3, "2026-03-02T11:00", 20_000))
    assert (alert.detected_at, alert.facts["amount_fen"]) == (at("2026-03-02T10:00"), 10_001)


@pytest.mark.parametrize(
    ("fills", "said"),
    [(None, 1), (("payload.fee_kind", "payload.reduction_basis"), 1), (("payload.fee_kind",), 0)],
    ids=["says nothing of it", "fills it", "never fills it"],
)
def test_a_reduction_lacks_its_basis_only_where_the_source_tells_one(fills: tuple[str, ...] | None, said: int) -> None:
    assert len(judged(charged(2, "2026-03-02T10:00", 9_999), fills=fills)) == said


@pytest.mark.parametrize(("amount", "said"), [(0, 0), (1, 1), (None, 1)], ids=["nothing", "a fen", "nobody says how much"])
def test_what_goes_to_another_account_is_a_fault_however_little_it_is(amount: int | None, said: int) -> None:
    paid = charged(2, "2026-03-02T10:00", amount, fee_item_code="F-2", payee_account_id="P-9")
    assert [alert.facts["fault"] for alert in judged(paid)] == ["private_account"] * said
