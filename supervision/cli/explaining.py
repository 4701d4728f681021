"""What `supervision rules explain` prints: the alert in words, its facts and evidence, and how the second judgement came out.

Also where a second judgement takes its reference data from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from supervision.language import UserError, language, say

if TYPE_CHECKING:
    from pathlib import Path

    from rules.reasons import Reason
    from supervision.alert import Alert
    from supervision.event import CaseEvent
    from supervision.reference import Reference
    from supervision.settings import Settings

REFERENCE_WAIT_S = 30.0


def show(alert: Alert, events: Sequence[CaseEvent], found: Sequence[Reason] | None, passed_over: Sequence[Reason] = ()) -> None:
    """Print the explanation to the terminal. `found`: why it differs, None where no engine judges such alerts; `passed_over`: by
    what other versions it is the same."""
    from rules.terms import word

    console = Console()
    zone = str(alert.facts.get("time_zone") or "UTC")
    console.print(f"[bold]{alert.alert_id}[/] {alert.rule_id} v{alert.rule_version} {word(alert.level.value, language())}", end=" ")
    console.print(f"{word(alert.state.value, language())}, revision {alert.revision}, {escape(alert.subject_key)}")
    console.print(escape(alert.description.get(language(), "")))
    console.print(escape(alert.legal_basis.get(language(), "")), style="dim")
    console.print(_facts(alert, zone))
    console.print(_evidence(alert, events, zone))
    if found is None:
        console.print(say("由数据监测发出,不复算。", "The monitor of feeds gives it; it is not judged again."))
        return
    if not found:
        console.print(say("重新判断结果相同。", "same: judged again from the stored events it comes out the same."))
        for one in passed_over:
            console.print(escape(say(f"复算所用不同:{one.zh}", f"judged by another than then: {one.en}")))
    for one in found:
        console.print(escape(say(f"不同,因为{one.zh}", f"differs because {one.en}")), soft_wrap=True)


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


def reference_of(settings: Settings, catalogue: list[Path] | None) -> Reference:
    """The catalogue files given, else what the reference topic holds now. Raises UserError where Kafka does not answer."""
    from streams.reference import Follower
    from supervision.loading import load_catalogue
    from supervision.reference import Reference

    if catalogue:
        return Reference(load_catalogue(catalogue))
    follower = Follower(settings)
    follower.start()
    try:
        if not follower.wait(REFERENCE_WAIT_S):
            raise UserError(
                say(
                    f"Kafka({settings.kafka_address})中的基础数据读不到;可用 --catalogue 给出目录文件",
                    f"no reference data can be read from Kafka at {settings.kafka_address}; give catalogue files with --catalogue",
                )
            )
        return follower.current.reference
    finally:
        follower.stop()
