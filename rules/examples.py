"""A card's examples, run: build the events, feed both engines as the streams would, compare the alerts that stand.

Called by `supervision rules test`, by pytest (each example a test of its own) and by the documents (the worked example).

In an example times are local (Asia/Shanghai). An entry of `events` is either `{clock: ...}`, which moves the clock there, or an
event: `type`, `at`, then fields of the envelope and the payload by their own names. `label` names it, `corrects` makes it the next
version of the event so named; `at` may be a list, or `{from: ..., every_s: 30, times: 20}`, which makes as many events, `{n}` in
their texts counting them from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from rules.book import Rulebook
from rules.card import Card, Example, Expected, load_cards
from rules.engine import CaseEngine
from rules.output import Output
from rules.sandbox import EVENT, SOURCE, each, instant, local_value, moment, sandbox
from rules.subjects import SubjectEngine
from supervision.alert import Alert, State
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced, EventType, Stream
from supervision.language import UserError, language, say
from supervision.payload import PAYLOADS
from supervision.reference import Reference
from supervision.refusal import Refusal
from supervision.subject import stream_of

Step = CaseEvent | ClockAdvanced


class Outcome(Struct, frozen=True):
    """What an example came to. `problems` empty: as expected. `alerts`: every alert of the rule in its last revision."""

    card_id: str
    example: Example
    steps: tuple[Step, ...]
    alerts: tuple[Alert, ...]
    problems: tuple[str, ...]


def bench(cards: Iterable[Card]) -> Rulebook:
    """The book that examples of these cards are judged by: they, and the product's own beside them."""
    own = {card.id: card for card in cards}
    return Rulebook([*own.values(), *(card for card in load_cards() if card.id not in own)])


def run(book: Rulebook, card: Card, example: Example) -> Outcome:
    """Judge the example by the book that holds the card, and compare what this card says (other rules may speak for it, or go
    before it). Raises UserError where the example itself cannot be read."""
    place = f"{card.id}: {getattr(example.name, language())}"
    reference = sandbox(example.catalogue, place)
    clock = reference.source(SOURCE).clock
    labels, steps = _steps(example, clock, place)
    alerts = tuple(alert for alert in play(book, reference, steps) if alert.rule_id == card.id)
    return Outcome(card.id, example, tuple(steps), alerts, tuple(_differences(example, alerts, labels)))


def play(book: Rulebook, reference: Reference, steps: Iterable[Step]) -> list[Alert]:
    """Both engines over one partition each; a step at a time, what one says to the other at once."""
    cases, subjects = CaseEngine(book, reference, 0), SubjectEngine(book, reference, 0, 1)
    last: dict[str, Alert] = {}

    def hear(output: Output) -> None:
        last.update((alert.alert_id, alert) for alert in output.alerts)
        if output.signals or output.steps:
            hear(subjects.process([*output.signals, *output.steps]))

    for step in steps:
        if isinstance(step, ClockAdvanced) or stream_of(step) is Stream.CASE:
            hear(cases.process([step]))
        if isinstance(step, ClockAdvanced) or stream_of(step) is Stream.ACTIVITY:
            hear(subjects.process([step]))
    return sorted(last.values(), key=lambda alert: (alert.detected_at, alert.alert_id))


def _steps(example: Example, clock: str, place: str) -> tuple[dict[str, CaseEvent], list[Step]]:
    labels: dict[str, CaseEvent] = {}
    steps: list[Step] = []
    for entry in example.events:
        if set(entry) == {"clock"}:
            steps.append(ClockAdvanced(clock=clock, to=_instant(entry["clock"], place)))
            continue
        for fields in each(entry):
            label = fields.pop("label", None)
            event = _event(fields, len(steps), labels, place)
            steps.append(event)
            if label is not None:
                labels[label] = event
    steps.append(ClockAdvanced(clock=clock, to=instant(example.clock)))
    return labels, steps


_ENVELOPE = frozenset(field.encode_name for field in msgspec.structs.fields(CaseEvent)) - {"payload"}


def _event(fields: dict[str, Any], position: int, labels: Mapping[str, CaseEvent], place: str) -> CaseEvent:
    """The event these fields make, through the decoder that live events pass. Raises UserError naming the field."""
    kind, at, corrects = fields.pop("type", None), fields.pop("at", None), fields.pop("corrects", None)
    if kind not in list(EventType):
        raise UserError(f"{place}: type: " + say(f"{kind!r} 不是事件类型", f"{kind!r} is no event type"))
    message: dict[str, Any] = {"event_id": str(UUID(int=position + 1)), "event_type": kind, "occurred_at": _instant(at, place)}
    if corrects is not None:
        if corrects not in labels:
            raise UserError(
                f"{place}: corrects: " + say(f"{corrects!r} 不是前面事件的 label", f"{corrects!r} labels no event before this one")
            )
        old = labels[corrects]
        message |= {"supersedes_event_id": str(old.event_id), "data_version": old.data_version + 1}
    known = {field.encode_name for field in msgspec.structs.fields(PAYLOADS[EventType(kind)])}
    unknown = [name for name in fields if name not in known and name not in _ENVELOPE]
    if unknown:
        raise UserError(*(f"{place}: {name}: " + say(f"{kind} 没有这个字段", f"no field of {kind}") for name in unknown))
    fields = {name: local_value(value) for name, value in fields.items()}
    message = EVENT | message | {name: value for name, value in fields.items() if name in _ENVELOPE}
    message["payload"] = {name: value for name, value in fields.items() if name in known}
    event = decode(msgspec.json.encode(message))
    if isinstance(event, Refusal):
        raise UserError(f"{place}: {kind}: {event.field}: {event.reason.value}: {event.wanted}")
    assert isinstance(event, CaseEvent)
    return event


def _instant(text: Any, place: str) -> int:
    try:
        return instant(text)
    except (TypeError, ValueError):
        raise UserError(
            f"{place}: " + say(f"{text!r} 不是时刻,应为", f"{text!r} is no moment; wanted") + " YYYY-MM-DD HH:MM[:SS[.mmm]]"
        ) from None


def _differences(example: Example, alerts: tuple[Alert, ...], labels: Mapping[str, CaseEvent]) -> Iterator[str]:
    left = list(alerts)
    for expected in example.expect:
        found = next((alert for alert in left if not _mismatch(expected, alert, labels)), None)
        if found is not None:
            left.remove(found)
            continue
        closest = min(left, key=lambda alert: len(_mismatch(expected, alert, labels)), default=None)
        why = "" if closest is None else f"; {', '.join(_mismatch(expected, closest, labels))} of {_shown(closest)}"
        yield f"expected {expected.level.value} at {expected.detected_at}, segment {expected.segment}{why}"
    for alert in left:
        if alert.state is not State.REVOKED:
            yield f"not expected: {_shown(alert)}"


def _mismatch(expected: Expected, alert: Alert, labels: Mapping[str, CaseEvent]) -> list[str]:
    """What differs, in words; empty: the same."""
    segment = expected.segment
    for label, event in labels.items():
        segment = segment.replace(f"{{{label}}}", str(event.event_id))
    wanted: dict[str, tuple[Any, Any]] = {
        "level": (expected.level.value, alert.level.value),
        "detected_at": (moment(instant(expected.detected_at)), moment(alert.detected_at)),
        "segment": (segment, alert.segment),
        "state": (expected.state.value, alert.state.value),
    }
    if expected.due_at is not None:
        wanted["due_at"] = (moment(instant(expected.due_at)), None if alert.due_at is None else moment(alert.due_at))
    if expected.subject is not None:
        wanted["subject"] = (expected.subject, alert.subject_key)
    for name, value in expected.facts.items():
        wanted[f"facts.{name}"] = (local_value(value), alert.facts.get(name))
    return [f"{name} is {got!r}" for name, (want, got) in wanted.items() if want != got]


def _shown(alert: Alert) -> str:
    return f"{alert.state.value} {alert.level.value} at {moment(alert.detected_at)}, {alert.subject_key}, segment {alert.segment}"
