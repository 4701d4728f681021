"""What `supervision rules explain` prints: the alert in words, its facts and evidence, and how the second judgement came out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from supervision.language import language, say

if TYPE_CHECKING:
    from rules.recompute import Difference
    from supervision.alert import Alert
    from supervision.event import CaseEvent


def show(alert: Alert, events: Sequence[CaseEvent], found: Sequence[Difference]) -> None:
    """Print the explanation to the terminal."""
    from rules.terms import word

    console = Console()
    zone = str(alert.facts.get("time_zone") or "UTC")
    console.print(f"[bold]{alert.alert_id}[/] {alert.rule_id} v{alert.rule_version} {word(alert.level.value, language())}", end=" ")
    console.print(f"{word(alert.state.value, language())}, revision {alert.revision}, {escape(alert.subject_key)}")
    console.print(escape(alert.description.get(language(), "")))
    console.print(escape(alert.legal_basis.get(language(), "")), style="dim")
    console.print(_facts(alert, zone))
    console.print(_evidence(alert, events, zone))
    if not found:
        console.print(say("重新判断结果相同。", "same: judged again from the stored events it comes out the same."))
    for one in found:
        console.print(escape(say("不同,因为", "differs because") + f" {one.field}: {one.stored!r} → {one.now!r}"))


def _facts(alert: Alert, zone: str) -> Table:
    table = Table(say("事实", "fact"), say("值", "value"))
    values: dict[str, Any] = {"detected_at": alert.detected_at, "due_at": alert.due_at} | alert.facts
    for name, value in values.items():
        shown = local(value, zone) if name.endswith("_at") and isinstance(value, int) else str(value)
        table.add_row(name, escape(shown))
    return table


def _evidence(alert: Alert, events: Sequence[CaseEvent], zone: str) -> Table:
    """Events in order, the evidence with a star; of a clue, which rests on many cases, the evidence only."""
    from rules.terms import word

    table = Table("")
    table.add_column(say("时间", "occurred"), no_wrap=True)
    for title in (say("办件", "case"), say("事件", "event"), say("经办人", "officer"), "event_id"):
        table.add_column(title)
    named = set(alert.evidence_event_ids)
    for event in events:
        is_evidence = event.event_id in named
        if is_evidence or alert.case_id is not None:
            kind = word(event.event_type.value, language())
            values = (event.case_id or "", kind, event.actor_officer_id or "", str(event.event_id))
            table.add_row("*" if is_evidence else "", local(event.occurred_at, zone), *(escape(value) for value in values))
    return table


def local(instant: int, zone: str) -> str:
    """An instant in the case's own zone, to the millisecond."""
    moment = datetime.fromtimestamp(instant // 1000, tz=UTC).astimezone(ZoneInfo(zone))
    return f"{moment:%Y-%m-%d %H:%M:%S}.{instant % 1000:03d}"
