"""P04: what its alert rests on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from supervision.event import CaseEvent, EventType
from tests.rules.test_engine import engine, event


def notice(number: int, when: str, **fields: Any) -> CaseEvent:
    payload = {"notice_no": f"N-{number}", "material_codes": ("B",)}
    return event(number, EventType.SUPPLEMENT_NOTIFIED, when, payload=payload, actor_officer_id=f"O-{number}", **fields)


def received(number: int, when: str) -> CaseEvent:
    return event(number, EventType.MATERIAL_RECEIVED, when, payload={"material_codes": ("A",)}, actor_officer_id="O-9")


def test_it_rests_on_what_was_received_before_the_first_notice_and_names_who_asked_again() -> None:
    items = [
        received(1, "2026-03-02T09:00"),
        notice(2, "2026-03-02T10:00"),
        received(3, "2026-03-03T09:00"),
        notice(4, "2026-03-04T10:00"),
        notice(5, "2026-03-05T10:00"),
    ]
    (alert,) = (alert for alert in engine().process([*items]).alerts if alert.rule_id == "P04")
    assert alert.evidence_event_ids == tuple(UUID(int=number) for number in (1, 2, 4, 5))
    assert alert.responsible_officer_ids == ("O-4", "O-5")
