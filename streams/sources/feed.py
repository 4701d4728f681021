"""The one entrance to a log for replay and import: the right reader for the file, and its events with the clock between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from streams.sources.jsonl import Lines
from streams.sources.log import Log, Progress, Refusals
from streams.sources.mapping import Mapping
from supervision.durations import HOUR_MS
from supervision.event import ClockAdvanced
from supervision.language import UserError, say
from supervision.reference import Entry, Reference, Source

Told = tuple[int, bytes]  # (occurred_at in ms UTC, the event as bytes of the wire)


def read(path: Path, mapping: Mapping | None, refusals: Refusals, progress: Progress = lambda position: None) -> Log | Lines:
    """The file's events. Without a mapping it is JSONL of our own events. Raises UserError for a file that cannot be read."""
    if mapping is None:
        if not path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            raise UserError(
                say(f"{path}: 需要 --mapping(只有 .jsonl 不需要)", f"{path}: --mapping is needed (only .jsonl does without)")
            )
        lines = Lines(refusals)
        lines.read(path, progress)
        return lines
    log = Log(refusals)
    log.read(path, mapping, progress)
    return log


def reference_of(entries: Iterable[Entry], mapping: Mapping | None, version: str) -> Reference:
    """The catalogue's entries and the mapping's source. Raises UserError if the catalogue gives that source another clock."""
    entries = list(entries)
    if mapping is None:
        return Reference(entries, version)
    own = [entry for entry in entries if isinstance(entry, Source) and entry.name == mapping.source]
    for entry in own:
        if entry.clock != mapping.clock_name:
            raise UserError(
                say(
                    f"来源 {entry.name}: 目录中的时钟是 {entry.clock},映射中是 {mapping.clock_name}",
                    f"source {entry.name}: its clock is {entry.clock} in the catalogue, {mapping.clock_name} in the mapping",
                )
            )
    return Reference(entries if own else [*entries, mapping.reference()], version)


def clocks_of(log: Log | Lines, reference: Reference) -> list[str]:
    """The clocks of the log's sources, in a fixed order."""
    return sorted({reference.source(name).clock for name in log.sources})


def with_clock(
    items: Iterable[Told | ClockAdvanced], clocks: Collection[str], step_ms: int | None = HOUR_MS, until: int | None = None
) -> Iterator[Told | ClockAdvanced]:
    """The items with a record of every clock each time log time passes a step, and at the end (`until`, else the last event).

    Events of an instant come before the clock reaches it; events after `until` (ms UTC, inclusive) are left out. `step_ms` None:
    the items bring clock records of their own; these stay in their places, and only `until` adds one.
    """
    reached: int | None = None
    last: int | None = None
    names = set(clocks)
    for item in items:
        if isinstance(item, ClockAdvanced):
            names.add(item.clock)
            yield ClockAdvanced(clock=item.clock, to=item.to if until is None else min(item.to, until))
            continue
        at = item[0]
        if until is not None and at > until:
            continue
        if step_ms is not None:
            step = (at - 1) // step_ms * step_ms
            if last is not None and step >= last and (reached is None or step > reached):
                yield from (ClockAdvanced(clock=name, to=step) for name in sorted(names))
                reached = step
            last = at
        yield item
    end = last if until is None else until
    if end is not None:
        yield from (ClockAdvanced(clock=name, to=end) for name in sorted(names))


def feed(log: Log | Lines, mapping: Mapping | None, reference: Reference, until: int | None) -> Iterator[Told | ClockAdvanced]:
    """The log's items in the order they are judged or sent, with its clocks."""
    step = HOUR_MS if mapping is None else mapping.clock.step_minutes * 60_000
    own = isinstance(log, Lines) and log.has_clock
    return with_clock(log, () if own else clocks_of(log, reference), None if own else step, until)
