"""Reference judgement of T09: extensions that come too late, or without right, reason or word to the applicant."""

from __future__ import annotations

from collections.abc import Iterator

from supervision.alert import Level
from supervision.payload import Extension
from supervision.worktime import Limit, Mode
from tests.law.answers import unanswered
from tests.law.days import NOT_PAUSED, Missing, limit_end
from tests.law.deadlines import legal_ends
from tests.law.facts import Fact, Known
from tests.law.pauses import asked_days, extensions, most_days, right_post
from tests.law.watch import Verdict


def judge_extensions(known: Known) -> Iterator[Verdict]:
    told = extensions(known)
    try:
        unanswered(known)
    except Missing:
        return
    for number, fact in enumerate(told):
        try:
            ends = legal_ends(known)
            before = None if ends is None else ends[min(number, 1)]
        except Missing as missing:
            if fact.at >= missing.year_begins:
                continue
            before = None
        if before is not None and fact.at > before:
            yield _verdict(known, Level.RED, fact, fact.at, before)
        elif number > 0 or _is_wrong(known, fact):
            yield _verdict(known, Level.YELLOW, fact, fact.at)
        else:
            yield from _not_told(known, fact)


def _is_wrong(known: Known, fact: Fact) -> bool:
    payload = fact.event.payload
    reason = payload.reason_text if isinstance(payload, Extension) else payload.legal_basis
    return (asked_days(fact) or 0) > most_days(known) or not right_post(known, fact) or reason is None or not reason.strip()


def _not_told(known: Known, fact: Fact) -> Iterator[Verdict]:
    """By the end of the first working day behind the day of the approval."""
    told_at = fact.event.payload.notified_at
    try:
        last = limit_end(known.days, fact.at, Limit(1), Mode.DAY_END, NOT_PAUSED)
    except Missing:
        return
    if told_at is None:
        yield _verdict(known, Level.YELLOW, fact, last + 1, from_=last + 1)
    elif told_at > last:
        yield _verdict(known, Level.YELLOW, fact, last + 1)


def _verdict(known: Known, level: Level, fact: Fact, at: int, due_at: int | None = None, from_: int | None = None) -> Verdict:
    segment = f"{known.part.segment}/{fact.first_id}"
    return Verdict("T09", level, f"case:{known.case.key}", segment, at, due_at, fact, from_)
