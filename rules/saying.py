"""What a judged case says: the core of each alert, what is remembered of it, and the signals that are new or withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from rules.case import CaseView
from rules.kinds.window import Draft
from rules.memory import Core, Dossier, Sent, Standing
from rules.verdict import Verdict
from supervision.reference import Source
from supervision.signal import Signal


def core_of(verdict: Verdict, view: CaseView) -> Core:
    part = verdict.part
    context, calendar, item = part.context, part.calendar, part.item
    facts = verdict.facts | {
        "case_id": view.case_id,
        "item_code": part.item_code,
        "item_name": (item.name if item is not None else "") or part.item_code,
        "calendar": calendar.name,
        "calendar_version": calendar.version,
        "time_zone": calendar.time_zone,
    }
    if verdict.due_at is not None:
        facts |= {"due_at": verdict.due_at, "due_day": date.fromordinal(calendar.day_of(verdict.due_at)).isoformat()}
    return Core(
        verdict.level.value,
        verdict.subject,
        verdict.segment,
        verdict.detected_at,
        verdict.due_at,
        facts,
        tuple(fact.id for fact in verdict.evidence),
        verdict.officers,
        verdict.step,
        context["department_id"] or (None if item is None else item.department_id),
        context["centre_id"],
        part.item_code,
        part.item_type,
        part.region,
    )


def remember(alerts: list[Standing], standing: Standing) -> None:
    for position, known in enumerate(alerts):
        if known.alert_id == standing.alert_id:
            alerts[position] = standing
            return
    alerts.append(standing)


def signalled(
    dossier: Dossier, case: int, case_id: str, drafts: Iterable[Draft], source: Source, fresh: set[bytes] | None
) -> list[Signal]:
    """Signals that are new, changed, or withdrawn because their fact no longer says so."""
    own = [sent for sent in dossier.signals if sent.case == case and (fresh is None or sent.fact_id in fresh)]
    known = {(sent.subject, sent.kind, sent.fact_id): sent for sent in own}
    out: list[Signal] = []
    implied = {(draft.subject, draft.kind, draft.fact_id): (draft.at, draft.data) for draft in drafts}
    for key in [*implied, *(key for key in known if key not in implied)]:
        content = implied.get(key)
        sent = known.get(key)
        if sent is None:
            sent = Sent(case, *key, 0, None)
            dossier.signals.append(sent)
        if sent.content == content:
            continue
        previous, sent.content, sent.revision = sent.content, content, sent.revision + 1
        at, data = content or previous or (0, {})
        subject, kind, fact_id = key
        out.append(
            Signal(
                subject=subject,
                kind=kind,
                fact_id=UUID(bytes=fact_id),
                revision=sent.revision,
                clock=source.clock,
                source_system=source.name,
                at=at,
                withdrawn=content is None,
                case_id=case_id,
                data={} if content is None else data,
            )
        )
    return out
