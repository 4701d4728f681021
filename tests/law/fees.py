"""Reference judgement of P09: official fees against price table, acceptance, treasury and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from supervision.alert import Level
from supervision.event import EventType, Precision
from supervision.payloads.outcome import FeeKind
from supervision.reference import FeeStandard, Source
from tests.law.facts import Fact, Known, precision
from tests.law.watch import Verdict

CHARGES = (EventType.FEE_CHARGED, EventType.FEE_PAID)
ACCEPTANCES = {EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED}


def judge_fees(known: Known) -> Iterator[Verdict]:
    official = [fact for fact in known.part.of(*CHARGES) if fact.event.payload.fee_kind is FeeKind.OFFICIAL]
    for item in dict.fromkeys(fact.event.payload.fee_item_code for fact in official):
        own = [fact for fact in official if fact.event.payload.fee_item_code == item]
        yield from _of_item(known, item or "-", own)


def _of_item(known: Known, item: str, own: list[Fact]) -> Iterator[Verdict]:
    source = known.reference.source(known.case.source)
    for clause in ("free_item", "above_standard", "private_account", "reduced_without_basis"):
        wrong = [fact for fact in own if clause in _against_the_table(known, source, fact)]
        if wrong:
            yield _verdict(known, item, clause, wrong[0])
    paid = [fact for fact in own if fact.event.payload.amount_fen != 0]
    sends_acceptances = source.sends is None or ACCEPTANCES & set(source.sends)
    if paid and known.part.reopening is None and sends_acceptances:
        if known.accepted is None:
            yield _verdict(known, item, "before_acceptance", paid[0], absent=True)
        elif _is_before_acceptance(known, paid[0]):
            yield _verdict(known, item, "before_acceptance", paid[0])
    end = known.part.first(EventType.CASE_COMPLETED)
    if end is not None and (source.fills is None or "payload.receipt_no" in source.fills):
        by_then = [fact for fact in paid if fact.at <= end.at]
        if by_then and all(not fact.event.payload.receipt_no for fact in by_then):
            yield _verdict(known, item, "no_receipt", end, absent=True)


def _is_before_acceptance(known: Known, fact: Fact) -> bool:
    assert known.accepted is not None
    assert known.start is not None
    if Precision.DAY in (precision(known.reference, fact.event), precision(known.reference, known.accepted.event)):
        return known.days.day_of(fact.at) < known.days.day_of(known.start)
    return fact.at < known.start


def _against_the_table(known: Known, source: Source, fact: Fact) -> set[str]:
    fee = fact.event.payload
    line = known.reference.get("fee_standard", fee.fee_item_code or "", fact.at)
    if not isinstance(line, FeeStandard):
        return set()
    found = set()
    if fee.payee_account_id and fee.amount_fen != 0 and line.payee_accounts and fee.payee_account_id not in line.payee_accounts:
        found.add("private_account")
    if line.free:
        return found | ({"free_item"} if fee.amount_fen else set())
    number = 1 if line.unit is None else fee.quantity
    if fee.amount_fen is None or line.standard_fen is None or number is None:
        return found
    due = (2 * line.standard_fen * Fraction(number) + 1) // 2  # to the nearest fen
    if fee.amount_fen > due:
        found.add("above_standard")
    is_held = source.fills is None or "payload.reduction_basis" in source.fills
    if fee.amount_fen < due and fact.event.event_type is EventType.FEE_CHARGED and not fee.reduction_basis and is_held:
        found.add("reduced_without_basis")
    return found


def _verdict(known: Known, item: str, clause: str, fact: Fact, absent: bool = False) -> Verdict:
    level = Level.YELLOW if clause == "reduced_without_basis" else Level.RED
    segment = f"{known.part.segment}/{item}/{clause}"
    return Verdict("P09", level, f"case:{known.case.key}", segment, fact.at, None, fact, fact.at if absent else None)
