"""Judging a second time from stored events, and comparing what comes out with what was said. Pure, in memory.

Used by `supervision rules explain` for one alert and by `supervision verify` for all of a span. Cards, reference data, clocks may
have moved on since: what only names them (`rule_version`, the version of the calendar, the snapshot of peers) is no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.feed import definitions
from rules.output import Output
from rules.subjects import SubjectEngine
from supervision.alert import Alert, State
from supervision.durations import DAY_MS
from supervision.event import CaseEvent, ClockAdvanced, Stream, root_key
from supervision.reference import Reference
from supervision.signal import ClockStep, Signal
from supervision.subject import stream_of

VERDICT = (
    "state", "level", "clock", "subject_key", "segment", "detected_at", "due_at", "source_system", "case_id", "item_type",
    "item_code", "region_code", "owner_department_id", "owner_centre_id", "responsible_officer_ids", "responsible_step", "facts",
    "evidence_event_ids",
)  # fmt: skip
OF_THE_CARD = ("disposition", "visibility", "anomaly_class", "business_type", "legal_basis", "description")
NAMING = frozenset({"calendar_version", "snapshot"})  # facts that name what was judged by, and are no verdict


def is_judged(alert: Alert) -> bool:
    """Whether engines say it. What is said of a whole source comes from the monitor of feeds, by figures that have passed."""
    return all(alert.rule_id != each.id for each in definitions().values())


class Difference(Struct, frozen=True):
    """One field in which the stored alert and the one judged now differ; a fact of its own is `facts.<name>`."""

    field: str
    stored: Any
    now: Any


class Judgement(Struct):
    """What engines said of some events: every alert in its last revision by id, and the signals for subjects."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)

    def hear(self, output: Output) -> Output:
        self.alerts.update((alert.alert_id, alert) for alert in output.alerts)
        self.signals += output.signals
        return output


def judge_cases(book: Rulebook, reference: Reference, events: Iterable[CaseEvent], reached: Mapping[str, int]) -> Judgement:
    """Whole cases by all their facts at once, their clocks where `reached` says (ms UTC)."""
    engine, found = CaseEngine(book, reference, 0), Judgement()
    own = sorted((event for event in events if stream_of(event) is Stream.CASE), key=root_key)
    found.hear(engine.process([*own]))
    found.hear(engine.process([ClockAdvanced(clock=clock, to=to) for clock, to in reached.items()]))
    return found


def judge_subjects(
    book: Rulebook, reference: Reference, items: Iterable[Signal | CaseEvent], reached: Mapping[str, int]
) -> Judgement:
    """Subjects by all the signals about them and their own events, the watermarks where `reached` says less the sources' grace."""
    engine, found = SubjectEngine(book, reference, 0, 1), Judgement()
    found.hear(engine.process(list(items)))
    steps = [
        step
        for clock, to in reached.items()
        for step in (ClockStep(partition=0, clock=clock, to=to), ClockAdvanced(clock=clock, to=to))
    ]
    found.hear(engine.process(steps))
    return found


def judged_again(book: Rulebook, reference: Reference, events: Sequence[CaseEvent], alert: Alert) -> Alert | None:
    """What the engines say of this alert's id from these events alone, once the clock has passed it; None: nothing.

    A clue also needs what happened around it: see `streams.store.evidence`.
    """
    reached = {alert.clock: _far_enough(reference, events, alert)}
    cases = judge_cases(book, reference, events, reached)
    own = [event for event in events if stream_of(event) is Stream.ACTIVITY]
    subjects = judge_subjects(book, reference, [*own, *cases.signals], reached)
    return subjects.alerts.get(alert.alert_id) or cases.alerts.get(alert.alert_id)


def differences(stored: Alert, now: Alert | None) -> list[Difference]:
    """Empty: the same verdict. An alert that was revoked and one that is not said at all are the same verdict.

    What the card itself says of its alerts is compared where both are of one version of it.
    """
    if now is None or now.state is State.REVOKED:
        return [] if stored.state is State.REVOKED else [Difference("state", stored.state.value, State.REVOKED.value)]
    names = VERDICT if stored.rule_version != now.rule_version else (*VERDICT, *OF_THE_CARD)
    found: list[Difference] = []
    for name in names:
        before, after = _plain(getattr(stored, name)), _plain(getattr(now, name))
        if name == "facts":
            facts = [each for each in {**before, **after} if each not in NAMING and before.get(each) != after.get(each)]
            found += [Difference(f"facts.{each}", before.get(each), after.get(each)) for each in facts]
        elif before != after:
            found.append(Difference(name, before, after))
    return found


def moved_on(stored: Alert, now: Alert | None) -> list[Difference]:
    """What the same verdict was judged by then and is judged by now: the versions of card and calendar, the snapshot of peers."""
    if now is None:
        return []
    pairs: list[tuple[str, Any, Any]] = [("rule_version", stored.rule_version, now.rule_version)]
    pairs += [(f"facts.{name}", stored.facts.get(name), now.facts.get(name)) for name in sorted(NAMING)]
    return [Difference(name, before, after) for name, before, after in pairs if before != after]


def _far_enough(reference: Reference, events: Sequence[CaseEvent], alert: Alert) -> int:
    """Past the grace of every source concerned, and a day more for what is judged at a day's end."""
    sources = {event.source_system for event in events}
    grace_s = max((reference.source(name).late_grace_s for name in sources), default=0)
    return max(alert.detected_at, *(event.occurred_at for event in events), 0) + grace_s * 1000 + DAY_MS


def _plain(value: Any) -> Any:
    """As it is after a journey through JSON: tuples are lists, ids and enums are texts."""
    if isinstance(value, (list, tuple)):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {name: _plain(element) for name, element in value.items()}
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
