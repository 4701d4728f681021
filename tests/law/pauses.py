"""What stops a clock and what lengthens a limit, for the reference judgement: pauses with their caps, and extensions."""

from __future__ import annotations

from collections.abc import Iterator

from supervision.event import EventType
from supervision.payload import Extension, SpecialProcedureStarted
from supervision.payloads.handling import ProcedureKind
from supervision.reference import Officer
from supervision.worktime import Limit, Mode, Unit
from tests.law.days import NOT_PAUSED, Missing, Paused, limit_end, rolls
from tests.law.facts import Fact, Known

ARTICLE_45 = frozenset(("hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"))


def pauses(known: Known) -> Iterator[tuple[Fact, int | None]]:
    """Each special procedure of the part that is no extension, with its end."""
    seen: set[int] = set()
    for fact in known.part.of(EventType.SPECIAL_PROCEDURE_STARTED):
        start = fact.event.payload
        if start.kind is ProcedureKind.EXTENSION or start.seq in seen:
            continue
        seen.add(start.seq)
        ends = [end for end in known.part.of(EventType.SPECIAL_PROCEDURE_ENDED) if end.event.payload.seq == start.seq]
        yield fact, end_of(fact, ends)


def end_of(start: Fact, ends: list[Fact]) -> int | None:
    """The first end at or behind a start; an end known only from before it ended it all the same."""
    return next((end.at for end in [*(end for end in ends if end.at >= start.at), *ends]), None)


def paused_time(known: Known, but: Fact | None = None, behind: int | None = None) -> Paused:
    """Grounded pauses to their end, at most to the end of the declared limit; dates from the day after the start.

    `but`: the pause that is judged itself; `behind`: only those begun at or behind this instant. One that may go on into a year
    that the calendar lacks lasts until then, or is known up to the day of its start if that lies in it.
    """
    excluded = ARTICLE_45 | set(() if known.item is None else known.item.excluded_kinds)
    days: set[int] = set()
    spans: list[tuple[int, int]] = []
    unknown: tuple[int, int, int] | None = None
    for fact, end in pauses(known):
        start: SpecialProcedureStarted = fact.event.payload
        if fact is but or (behind is not None and fact.at < behind) or start.kind is None or start.kind.value not in excluded:
            continue
        try:
            cap = limit_end(known.days, fact.at, start.limit or Limit(10), Mode.DAY_END, NOT_PAUSED)
        except Missing as missing:
            began = known.days.day_of(fact.at)
            if end is None or (end >= missing.year_begins and known.days.day_of(end) > began):
                from_day = max(known.days.day_of(missing.year_begins), began + 1)
                first_unknown = (from_day, max(missing.year_begins, fact.at), missing.year_begins)
                unknown = min(unknown or first_unknown, first_unknown)
                cap = first_unknown[1] - (fact.at < missing.year_begins)
            else:
                cap = end
        last = cap if end is None else min(cap, end)
        over = known.days.midnight(known.days.day_of(cap) + 1) if not rolls(start.limit or Limit(10), Mode.DAY_END) else cap
        spans.append((fact.at, over if end is None else min(over, end)))
        days |= set(range(known.days.day_of(fact.at) + 1, known.days.day_of(last) + 1))
    return Paused(frozenset(days), tuple(span for span in spans if span[0] < span[1]), unknown)


def extension_days(known: Known, end: int) -> int:
    """Working days that the first extension adds to a legal limit ending at `end`; 0 where it is not valid."""
    for fact in extensions(known):
        valid = fact.at <= end and right_post(known, fact)
        return min(asked_days(fact) or 0, most_days(known)) if valid else 0
    return 0


def extensions(known: Known) -> list[Fact]:
    """Those of the part in order, with those told as special procedures."""
    told = known.part.of(EventType.EXTENSION_APPROVED, EventType.SPECIAL_PROCEDURE_STARTED)
    return [
        fact
        for fact in told
        if fact.event.event_type is EventType.EXTENSION_APPROVED or fact.event.payload.kind is ProcedureKind.EXTENSION
    ]


def asked_days(fact: Fact) -> int | None:
    """Working days; None: in no such unit, or none named."""
    payload = fact.event.payload
    if isinstance(payload, Extension):
        return payload.days
    return payload.declared_limit if payload.declared_limit_unit is Unit.WORKING_DAY else None


def most_days(known: Known) -> int:
    if known.item is not None and known.item.extension_max_wd is not None:
        return known.item.extension_max_wd
    return 15 if known.is_joint else 10


def right_post(known: Known, fact: Fact) -> bool:
    payload = fact.event.payload
    wanted = "government_head" if known.is_joint else "organ_head"
    if getattr(payload, "approver_post", None) is not None:
        return bool(payload.approver_post.value == wanted)
    officer = known.reference.get("officer", payload.approver_officer_id or "", fact.at)
    return isinstance(officer, Officer) and wanted in officer.posts
