"""What a store holds of the city's alerts, for the comparison with its truth."""

from __future__ import annotations

from streams.simulator.accuracy import Standing
from streams.store.client import Store
from streams.store.queries import Published, broker_times, published_on
from supervision.alert import Level


def standing(store: Store, clock: str) -> list[Standing]:
    """The alerts and clues that stand; with the wall time from the event that completed one to its publication, where one did."""
    found = published_on(store, clock)
    times = broker_times(store, {event for alert in found for event in alert.evidence})
    return [
        Standing(
            alert.rule_id, Level(alert.level), alert.subject_key, alert.segment, alert.detected_at,
            _delay(alert, [times[event] for event in alert.evidence if event in times]),
        )
        for alert in found
    ]  # fmt: skip


def _delay(alert: Published, evidence: list[tuple[int, int]]) -> int | None:
    """From the broker's time of the newest evidence; None for what a clock made true, not an event."""
    if not any(at == alert.detected_at for at, _ in evidence):
        return None
    return alert.issued_at - max(taken for _, taken in evidence)
