"""What is read once for a card's page and a case's page: the events of the case, its picture, timeline and workflow."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from msgspec import Struct

from dashboards.access.rights import Scope
from dashboards.contract import Step, Workflow
from dashboards.names import Names
from dashboards.page.timeline import steps, workflow
from dashboards.queries.pool import Pool
from rules.book import Rulebook
from rules.picture import Picture, picture
from streams.store.evidence import arrivals, events_of_case, stored_events
from supervision.alert import Alert
from supervision.event import CaseEvent
from supervision.reference import Item

WALL = "wall"


class Life(Struct, frozen=True):
    """A case as stored. `events` empty: there is none of this name."""

    events: list[CaseEvent]
    drawn: Picture | None
    timeline: list[Step]
    workflow: Workflow | None

    def is_seen_by(self, scope: Scope) -> bool:
        """Whether it happened, at least in part, where the scope covers."""
        return any(scope.covers(event.region_code, event.department_id) for event in self.events)

    def last(self, field: str) -> str | None:
        """The newest value that an event names in this field."""
        return next((value for event in reversed(self.events) if (value := getattr(event, field)) is not None), None)


def life(
    pool: Pool, book: Rulebook, names: Names, source: str, case_id: str, evidence: Collection[UUID] = (), segment: str | None = None
) -> Life:
    """The whole case; `segment`: which part the picture is of, the last one unless said."""
    with pool.store() as store:
        events = events_of_case(store, source, case_id)
        received = arrivals(store, source, case_id)
    drawn = picture(book, names.reference, events, source, case_id, segment)
    item = drawn.item if drawn is not None else _item(names, events)
    shown = steps(events, evidence, received, item, on_wall=names.clock_of(source) == WALL)
    return Life(events, drawn, shown, workflow(item, shown))


def life_of_alert(pool: Pool, book: Rulebook, names: Names, alert: Alert) -> Life:
    """The case of a card; of what is about no case, the events it rests on."""
    if alert.case_id is not None and alert.source_system is not None:
        return life(pool, book, names, alert.source_system, alert.case_id, set(alert.evidence_event_ids), alert.segment)
    evidence = set(alert.evidence_event_ids)
    with pool.store() as store:
        events = [event for event in stored_events(store, alert) if event.event_id in evidence]
    return Life(events, None, steps(events, evidence, {}, None, on_wall=False), None)


def _item(names: Names, events: list[CaseEvent]) -> Item | None:
    codes = [code for event in events for code in (event.item_implement_code, event.item_catalog_code) if code]
    at = events[0].occurred_at if events else 0
    found = (names.reference.item(code, at) for code in codes)
    return next((item for item in found if item is not None), None)
