"""P06: who is named."""

from __future__ import annotations

from uuid import UUID

from tests.rules.test_engine import accepted, engine


def test_whoever_accepted_and_whoever_moved_it_are_named_in_this_order() -> None:
    first = accepted(1, "2026-03-02T09:00", actor_officer_id="O-1")
    moved = accepted(2, "2026-03-04T09:00", actor_officer_id="O-2", data_version=2, supersedes_event_id=UUID(int=1))
    (alert,) = (alert for alert in engine().process([first, moved]).alerts if alert.rule_id == "P06")
    assert alert.responsible_officer_ids == ("O-1", "O-2")
