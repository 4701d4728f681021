"""Acts as events of the wire, and what transport does to them: late, twice, out of order, corrected afterwards.

Ids sort by time and are derived from seed, case and place in the story, so that the same seed sends the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from streams.simulator.city import Hall
from streams.simulator.story import Act, Story
from streams.sources.identity import digest, event_id, moment_key
from supervision.decoder import encode
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import CaseEvent, EventType, NetworkZone, PostPlace
from supervision.payload import PAYLOADS

Arrival = tuple[int, bytes]  # (when it arrives, ms UTC, the event as bytes of the wire)
_MENDED = {EventType.STEP_COMPLETED: "opinion_len", EventType.MATERIAL_RECEIVED: "receipt_no"}


class Faults(Struct, frozen=True):
    """Shares of events that arrive late, twice, or are corrected in something that no rule reads."""

    late: float = 0.01
    twice: float = 0.005
    corrected: float = 0.005


class Writer:
    """Makes the events of a city's stories."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def story(self, story: Story) -> Iterator[Arrival]:
        """All events of a case, in no order, each as often as it arrives."""
        chance = random.Random(f"{story.hall.source}/{story.case_id}/wire")  # noqa: S311 - delays, not secrets
        yield from self._acts(story.acts, partial(_of_case, story), story.hall.source, story.case_id, chance)

    def loose(self, hall: Hall, acts: Iterable[Act], name: str) -> Iterator[Arrival]:
        """Events of no case; `name` is unique for them."""
        chance = random.Random(f"{hall.source}/{name}/wire")  # noqa: S311 - delays, not secrets
        yield from self._acts(list(acts), partial(_of_hall, hall), hall.source, name, chance)

    def _acts(self, acts: list[Act], fields_of: Any, source: str, name: str, chance: random.Random) -> Iterator[Arrival]:
        ids: dict[int, UUID] = {}
        corrected = {id(act.corrects) for act in acts if act.corrects is not None}
        for number, act in enumerate(acts):
            ids[id(act)] = made = act_id(source, name, number, act.at)
            before = None if act.corrects is None else ids[id(act.corrects)]
            fields = fields_of(act)
            lag = self._lag(act, chance)
            wire = _encoded(act, fields, made, before, chance)
            yield act.at + lag, wire
            if chance.random() < self._faults.twice:
                yield act.at + lag + chance.randrange(1_000, HOUR_MS), wire
            if act.kind in _MENDED and act.version == 1 and id(act) not in corrected and chance.random() < self._faults.corrected:
                mended = _mended(act)
                later = act_id(source, name, number + len(acts), act.at)
                yield act.at + lag + chance.randrange(HOUR_MS, 20 * HOUR_MS), _encoded(mended, fields, later, made, chance)

    def _lag(self, act: Act, chance: random.Random) -> int:
        quick = chance.randrange(500, 8_000)
        is_late = chance.random() < self._faults.late
        if act.lag_ms is not None:
            return act.lag_ms
        return chance.randrange(10 * MINUTE_MS, 6 * HOUR_MS) if is_late else quick


def act_id(source: str, name: str, number: int, at: int) -> UUID:
    """The event id of the act in this place of the story of that name."""
    return event_id(moment_key(at, min(number, 4095), digest(source, name, str(number))))


def _mended(act: Act) -> Act:
    """The same fact, typed in better."""
    name = _MENDED[act.kind]
    value = act.payload.get(name)
    better = value + 1 if isinstance(value, int) else f"{value or ''}-1"
    payload = act.payload | {name: better}
    return Act(
        kind=act.kind, at=act.at, payload=payload, officer=act.officer, role=act.role, place=act.place, version=2, fields=act.fields
    )


def _encoded(act: Act, fields: dict[str, Any], made: UUID, before: UUID | None, chance: random.Random) -> bytes:
    told: dict[str, Any] = {
        "event_id": made,
        "event_type": act.kind,
        "occurred_at": act.at,
        "recorded_at": act.at + chance.randrange(200, 20_000),
        "data_version": act.version,
        "supersedes_event_id": before,
        "actor_officer_id": act.officer,
        "actor_role": act.role or None,
        "actor_post_place": act.place,
        "payload": msgspec.convert(act.payload, PAYLOADS[act.kind]),
    }
    return encode(CaseEvent(**(told | fields | act.fields)))


def _of_case(story: Story, act: Act) -> dict[str, Any]:
    hall, is_window = story.hall, act.place is PostPlace.WINDOW
    return {
        "source_system": hall.source,
        "case_id": story.case_id,
        "source_seq": story.case_id[-14:],
        "item_implement_code": story.item.code,
        "item_catalog_code": story.item.catalog_code,
        "item_type": story.item.item_type,
        "case_type": story.item.case_type,
        "region_code": hall.region,
        "region_level": hall.region_level,
        "centre_id": hall.centre.centre_id,
        "department_id": story.item.department_id,
        "window_id": story.window if is_window else None,
        "network_zone": None if act.officer is None else NetworkZone.HALL if is_window else NetworkZone.OFFICE,
        "applicant_hash": story.applicant,
        "applicant_type": story.applicant_type,
        "agent_org_id": story.agent,
        "channel": story.channel,
        "flags": story.flags,
        "batch_kind": story.batch_kind,
        "secrecy_class": story.secrecy,
    }


def _of_hall(hall: Hall, act: Act) -> dict[str, Any]:
    return {"source_system": hall.source, "region_code": hall.region, "centre_id": hall.centre.centre_id}
