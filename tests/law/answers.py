"""Reference judgement of T01, T13 and D14: what is due so many working days after a fact, and the limit that an unanswered receipt
starts by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from supervision.alert import Level
from supervision.event import EventType, SecrecyClass
from supervision.payloads.outcome import CompletionResult, DecisionResult
from supervision.worktime import Limit, Mode
from tests.law.days import NOT_PAUSED, Missing, limit_end
from tests.law.facts import Fact, Known
from tests.law.profile import is_on
from tests.law.watch import DECIDED, Verdict, Watch, told

RECEIPTS = (EventType.APPLICATION_SUBMITTED, EventType.MATERIAL_RECEIVED)
ANSWERS = (
    EventType.CASE_ACCEPTED,
    EventType.SUPPLEMENT_ACCEPTED,
    EventType.ACCEPTANCE_REFUSED,
    EventType.SUPPLEMENT_NOTIFIED,
    EventType.PRE_REVIEW_FAILED,
    EventType.CASE_RETURNED,
    EventType.CASE_WITHDRAWN,
    EventType.CASE_VOIDED,
)
HANDED_OUT = (EventType.RESULT_DELIVERED, EventType.RESULT_PICKED_UP, EventType.PICKUP_NOTIFIED)


def judge_answers(known: Known) -> Iterator[Verdict]:
    yield from _t01(known)
    yield from _t13(known)
    yield from _d14(known)


def unanswered(known: Known) -> tuple[Fact, int] | None:
    """A receipt without answer, decision or end for five working days, and the first millisecond behind them. Nothing that opened
    the limit before the receipt, and no due date of the source, goes before. Missing: nobody can tell yet."""
    receipt = known.part.first(*RECEIPTS)
    if receipt is None or not is_on("T01", known.reference.source(known.case.source)):
        return None
    if known.absolute("legal_due_at") is not None or (known.start is not None and known.start <= receipt.at):
        return None
    ended = known.part.first(*ANSWERS, *DECIDED)
    try:
        over = _after(known, receipt, 5) + 1
    except Missing as missing:
        if ended is not None and ended.at < missing.year_begins:
            return None
        raise
    return None if ended is not None and ended.at < over else (receipt, over)


def _after(known: Known, start: Fact, limit: int | Limit) -> int:
    """The end of so many working days, or of this limit, behind the day of a fact."""
    own = Limit(limit) if isinstance(limit, int) else limit
    return limit_end(known.days, start.at, own, Mode.DAY_END, NOT_PAUSED)


def _due(
    known: Known, rule: str, start: Fact, stop: Fact | None, marks: list[tuple[Level, int | Limit]], own: str = ""
) -> Iterator[Verdict]:
    segment = f"{known.part.segment}/{own}" if own else known.part.segment
    for level, limit in marks:

        def judge(level: Level = level, limit: int | Limit = limit) -> Verdict | None:
            end = _after(known, start, limit)
            stopped = None if stop is None else stop.at
            watch = Watch(rule, f"case:{known.case.key}", segment, start, stopped, end, NOT_PAUSED)
            return watch.passed(known, level, end)

        yield from told(judge)


def _t01(known: Known) -> Iterator[Verdict]:
    receipt = known.part.first(*RECEIPTS)
    if receipt is not None:
        yield from _due(known, "T01", receipt, known.part.first(*ANSWERS), [(Level.NOTICE, 1), (Level.RED, 5)])


def _granted(known: Known, counts: Callable[[Fact], bool]) -> Fact | None:
    """The first decision that counts, else the first completion with a certificate that does."""
    decisions = [fact for fact in known.part.of(EventType.DECISION_MADE) if counts(fact)]
    ends = [fact for fact in _certified(known) if counts(fact)]
    return next(iter([*decisions, *ends]), None)


def _certified(known: Known) -> list[Fact]:
    ends = known.part.of(EventType.CASE_COMPLETED)
    return [fact for fact in ends if getattr(fact.event.payload, "completion_result", None) is CompletionResult.CERT_ISSUED]


def _is_grant(fact: Fact) -> bool:
    return (
        fact.event.event_type is EventType.CASE_COMPLETED or getattr(fact.event.payload, "decision", None) is DecisionResult.GRANTED
    )


def _t13(known: Known) -> Iterator[Verdict]:
    start, item = _granted(known, _is_grant), known.item
    if start is not None:
        promised = 3 if item is None or item.delivery_limit is None else item.delivery_limit
        marks: list[tuple[Level, int | Limit]] = [(Level.YELLOW, promised), (Level.RED, 10)]
        yield from _due(known, "T13", start, known.part.first(*HANDED_OUT), marks)
    done = next(iter(_certified(known)), None)
    if done is not None and item is not None and item.electronic_certificate:
        made = [fact for fact in known.part.of(EventType.CERTIFICATE_MADE) if fact.event.payload.cert_kind in (None, "electronic")]
        yield from _due(known, "T13", done, next(iter(made), None), [(Level.NOTICE, 1)], "ecert")


def _d14(known: Known) -> Iterator[Verdict]:
    """Licences granted; penalties whatever is decided but that there is none."""

    def is_public(fact: Fact) -> bool:
        if fact.event.secrecy_class is not SecrecyClass.PUBLIC:
            return False
        is_penalty = known.item_type == "02" and fact.event.event_type is EventType.DECISION_MADE
        return getattr(fact.event.payload, "decision", None) is not DecisionResult.DENIED if is_penalty else _is_grant(fact)

    start = _granted(known, is_public) if known.item_type in ("01", "02") else None
    if start is not None:
        marks: list[tuple[Level, int | Limit]] = [(Level.NOTICE, 5), (Level.YELLOW, 7), (Level.RED, 15)]
        yield from _due(known, "D14", start, known.part.first(EventType.RESULT_PUBLISHED), marks)
