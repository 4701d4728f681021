"""What a dry run shows: the first events a log gives, and everything about it that a person should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from streams.sources.feed import Told
from streams.sources.jsonl import Lines
from streams.sources.log import Log
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.language import say
from supervision.reference import Reference

_STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)


def first_events(log: Log | Lines, count: int = 10) -> list[CaseEvent]:
    """The first `count` events in the order of the feed."""
    return list(islice((event for event in events_of(log)), count))


def types_of_events(log: Log | Lines) -> Counter[str]:
    """How many events of each type the log gives."""
    return Counter(event.event_type.value for event in events_of(log))


def problems(log: Log | Lines, reference: Reference) -> list[str]:
    """What is not wrong with any row but looks wrong with the whole: unused columns, items and steps the catalogue lacks."""
    found = [
        say(f"映射中的「{name}」在文件中从未出现", f"{name!r} of the mapping never occurs in the file") for name in log.never_seen
    ]
    items: Counter[str] = Counter()
    steps: Counter[tuple[str, str]] = Counter()
    for event in events_of(log):
        code = event.item_implement_code or event.item_catalog_code
        item = None if code is None else reference.item(code, event.occurred_at)
        if item is None:
            items[code or ""] += 1
        elif event.event_type in _STEPS and item.workflow.steps and item.workflow.step(event.payload.step_code) is None:
            steps[item.code, event.payload.step_code] += 1
    for code, count in sorted(items.items()):
        named = (
            say(f"目录中没有事项「{code}」", f"no item {code!r} in the catalogue") if code else say("没有事项编码", "no item code")
        )
        found.append(say(f"{named}: {count} 个事件", f"{named}: {count} events"))
    for (code, step), count in sorted(steps.items()):
        found.append(
            say(
                f"事项 {code} 的流程中没有环节「{step}」: {count} 个事件",
                f"no step {step!r} in the workflow of {code}: {count} events",
            )
        )
    return found


def events_of(log: Log | Lines) -> Iterator[CaseEvent]:
    """Every event the log gives, in the order of the feed."""
    item: Told | ClockAdvanced
    for item in log:
        if not isinstance(item, ClockAdvanced) and isinstance(event := decode(item[1]), CaseEvent):
            yield event
