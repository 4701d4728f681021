"""What a judged case says: the core of each alert, what is remembered of it, and the signals that are new or withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from rules.case import Case
from rules.fact import CENTRE, DEPARTMENT
from rules.said import Core, Draft, Sent, Standing
from rules.verdict import Telling
from rules.world import Place
from supervision.alert import Level
from supervision.reference import Source
from supervision.signal import Signal

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def core_of(level: Level, detected_at: int, told: Telling, place: Place, case_id: str) -> Core:
    """What an alert on a case of this place says."""
    where, calendar, item = place.where, place.calendar, place.item
    facts = told.facts | {
        "case_id": case_id,
        "item_code": place.item_code,
        "item_name": (item.name if item is not None else "") or place.item_code,
        "calendar": calendar.name,
        "calendar_version": calendar.version,
        "time_zone": calendar.time_zone,
    }
    if told.due_at is not None:
        facts |= {"due_at": told.due_at, "due_day": _date(calendar.day_of(told.due_at))}
    return Core(
        level.value,
        told.subject,
        told.segment,
        detected_at,
        told.due_at,
        facts,
        tuple(fact.id.to_bytes(16, "big") for fact in told.evidence),
        told.officers,
        told.step,
        where[DEPARTMENT] or (None if item is None else item.department_id),
        where[CENTRE],
        place.item_code,
        place.item_type,
        place.region,
    )


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def remember(alerts: list[Standing], standing: Standing) -> None:
    for position, known in enumerate(alerts):
        if known.alert_id == standing.alert_id:
            alerts[position] = standing
            return
    alerts.append(standing)


def signalled(case: Case, kind: str, drafts: Iterable[Draft], looked_at: set[bytes] | None) -> list[Signal]:
    """Signals of one kind that are new, changed, or withdrawn because their fact no longer says so; `looked_at` None: all facts
    were looked at."""
    own = [sent for sent in case.sent if sent.kind == kind and (looked_at is None or sent.fact_id in looked_at)]
    return differences(case.sent, own, drafts, case.source, case.case_id)


def differences(sent_all: list[Sent], own: Iterable[Sent], drafts: Iterable[Draft], source: Source, case_id: str) -> list[Signal]:
    """What these drafts say else than was sent of them (`own`, among all that was sent of the case, which is kept up)."""
    known = {(sent.subject, sent.fact_id): sent for sent in own}
    implied = {(draft.subject, draft.fact_id.to_bytes(16, "big")): draft for draft in drafts}
    out: list[Signal] = []
    for key in [*implied, *(key for key in known if key not in implied)]:
        draft, sent = implied.get(key), known.get(key)
        if sent is None:
            assert draft is not None
            sent = first_sent(draft)
            sent_all.append(sent)
            out.append(signal_of(source, case_id, UUID(bytes=sent.fact_id), sent, draft.data))
            continue
        content = None if draft is None else _content(draft)
        if sent.content == content and (draft is None or sent.at == draft.at):
            continue
        sent.content, sent.revision = content, sent.revision + 1
        if draft is not None:
            sent.at = draft.at
        out.append(signal_of(source, case_id, UUID(bytes=sent.fact_id), sent, {} if draft is None else draft.data))
    return out


def first_sent(draft: Draft) -> Sent:
    """What is remembered of a signal when it is sent for the first time."""
    return Sent(draft.subject, draft.kind, draft.fact_id.to_bytes(16, "big"), 1, draft.at, _content(draft))


def signal_of(source: Source, case_id: str, fact_id: UUID, sent: Sent, data: dict[str, Any]) -> Signal:
    return Signal(
        subject=sent.subject,
        kind=sent.kind,
        fact_id=fact_id,
        revision=sent.revision,
        clock=source.clock,
        source_system=source.name,
        at=sent.at,
        withdrawn=sent.content is None,
        case_id=case_id,
        data=data,
    )


def digest_of(data: dict[str, Any]) -> bytes:
    """What is remembered of the data of a signal."""
    return hashlib.blake2b(_encode(data), digest_size=8).digest()


def _content(draft: Draft) -> bytes:
    return draft.digest or digest_of(draft.data)
