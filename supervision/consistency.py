"""What the types of a catalogue cannot say: whether its entries fit together. Called by `supervision.loading`.

A finding is (position of the entry, path inside it, text, whether it is only a warning).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervision.document import Path
from supervision.language import say
from supervision.reference import CalendarData, Centre, Entry, FeeStandard, Item, Region


class Finding(NamedTuple):
    """`entry` is the position in the checked sequence; `path` starts inside it."""

    entry: int
    path: Path
    text: str
    warning: bool = False


def findings(entries: Sequence[Entry], calendars: Collection[str] = (), whole: bool = True) -> Iterator[Finding]:
    """Everything that does not fit. `calendars`: names known besides those among the entries.

    `whole` False: parts that were wrong have been left out of the entries, so their spans are not compared.
    """
    known = {entry.name for entry in entries if isinstance(entry, CalendarData)} | set(calendars)
    for position, entry in enumerate(entries):
        for path, text, warning in (*_span(entry), *_workflow(entry), *_calendar(entry, known), *_time_zone(entry), *_fee(entry)):
            yield Finding(position, path, text, warning)
    if whole:
        yield from _overlaps(entries)
    yield from _cycles(entries)


Remark = tuple[Path, str, bool]


def _span(entry: Entry) -> Iterator[Remark]:
    if entry.valid_from is not None and entry.valid_to is not None and entry.valid_from >= entry.valid_to:
        yield ("valid_to",), say("不晚于 valid_from,要求更晚的时间", "not after valid_from; wanted a later time"), False


def _workflow(entry: Entry) -> Iterator[Remark]:
    if not isinstance(entry, Item):
        return
    workflow = entry.workflow
    counts = Counter(step.code for step in workflow.steps)
    for position, step in enumerate(workflow.steps):
        if counts[step.code] > 1:
            yield ("workflow", "steps", position), say(f"环节「{step.code}」重复", f"step {step.code!r} is declared twice"), False
    for name, pairs in (("precedence", workflow.precedence), ("separated", workflow.separated)):
        for position, pair in enumerate(pairs):
            for code in (pair.first, pair.second):
                if code not in counts:
                    known = ", ".join(counts) or say("无", "none")
                    text = say(f"没有环节「{code}」(已声明: {known})", f"there is no step {code!r} (declared: {known})")
                    yield ("workflow", name, position), text, False
            if pair.first == pair.second:
                text = say(f"同一环节「{pair.first}」两次", f"names step {pair.first!r} twice")
                yield ("workflow", name, position), text, False
    yield from _limits(entry)


def _limits(item: Item) -> Iterator[Remark]:
    promised = item.promised_limit
    if promised is None:
        return
    steps = [step.limit.value for step in item.workflow.steps if step.limit is not None and step.limit.unit == promised.unit]
    if sum(steps) > promised.value:
        text = say(
            f"各环节时限合计 {sum(steps)},超过承诺时限 {promised.value} {promised.unit}",
            f"the limits of the steps add up to {sum(steps)}, more than the promised {promised.value} {promised.unit}",
        )
        yield ("workflow", "steps"), text, True
    legal = item.legal_limit
    if legal is not None and legal.unit == promised.unit and promised.value > legal.value:
        text = say(
            f"承诺时限 {promised.value} 长于法定时限 {legal.value}", f"promised {promised.value} is longer than legal {legal.value}"
        )
        yield ("promised_limit",), text, True


def _calendar(entry: Entry, known: Collection[str]) -> Iterator[Remark]:
    field = "inherits" if isinstance(entry, CalendarData) else "calendar"
    name = getattr(entry, field, None) if isinstance(entry, CalendarData | Region | Centre) else None
    if name is not None and name not in known:
        names = ", ".join(sorted(known)) or say("无", "none")
        yield (field,), say(f"没有日历「{name}」(可用: {names})", f"there is no calendar {name!r} (known: {names})"), False


def _time_zone(entry: Entry) -> Iterator[Remark]:
    zone = entry.time_zone if isinstance(entry, CalendarData | Region) else None
    if zone is not None and not is_time_zone(zone):
        text = say(f"未知时区「{zone}」,例如 Asia/Shanghai", f"unknown time zone {zone!r}; wanted a name such as Asia/Shanghai")
        yield ("time_zone",), text, False


def _fee(entry: Entry) -> Iterator[Remark]:
    if isinstance(entry, FeeStandard) and entry.free and entry.standard_fen:
        text = say("免费项目不应有收费标准", "a free item has no standard")
        yield ("standard_fen",), text, False


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _overlaps(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Two entries of one key in force at one time: the later one in the files is named."""
    positions: dict[tuple[str, str], list[int]] = {}
    for position, entry in enumerate(entries):
        seen = positions.setdefault((entry.KIND, entry.key), [])
        if any(_meet(entries[other], entry) for other in seen):
            text = say(
                f"「{entry.key}」的有效期与另一条重叠", f"{entry.key!r} is in force at the same time as another entry of that key"
            )
            yield Finding(position, (), text)
        seen.append(position)


def _meet(one: Entry, other: Entry) -> bool:
    """Whether both are in force at some time. Calendars may be: the newer one fills its years first."""
    if isinstance(one, CalendarData):
        return one.valid_from == other.valid_from
    starts_before = one.valid_from is None or other.valid_to is None or one.valid_from < other.valid_to
    ends_after = one.valid_to is None or other.valid_from is None or other.valid_from < one.valid_to
    return starts_before and ends_after


def _cycles(entries: Sequence[Entry]) -> Iterator[Finding]:
    parents = {entry.name: entry.inherits for entry in entries if isinstance(entry, CalendarData)}
    for position, entry in enumerate(entries):
        if not isinstance(entry, CalendarData):
            continue
        seen: list[str] = [entry.name]
        above = entry.inherits
        while above is not None and above not in seen:
            seen.append(above)
            above = parents.get(above)
        if above == entry.name:
            circle = " -> ".join([*seen, above])
            yield Finding(position, ("inherits",), say(f"循环继承: {circle}", f"inherits in a circle: {circle}"))
