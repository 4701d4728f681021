"""Check `fees` of kind `require`. P09: official fees against the price table, acceptance, treasury accounts and receipts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from rules.case import Case
from rules.fact import CODE_OF, FIELD_CODE, Fact
from rules.outline import LOUD, SAME, UNTOUCHED, Outline, Outlook, Scene
from rules.part import ACCEPTANCE_CODES, ACCEPTANCES, Part, named_once
from rules.reading import ACTOR, grace_of, merged, reads, responsible
from rules.requirements import Fees
from rules.verdict import AT_ONCE, Telling, Verdict
from rules.world import Place, World
from supervision.event import EventType
from supervision.payloads.outcome import FeeKind
from supervision.reference import FeeStandard, Source

_CHARGES = (EventType.FEE_CHARGED, EventType.FEE_PAID)
_CHARGED, _PAID, _REFUNDED = (CODE_OF[kind] for kind in (*_CHARGES, EventType.FEE_REFUNDED))
_CHARGE_CODES = (_CHARGED, _PAID)
_COMPLETED = CODE_OF[EventType.CASE_COMPLETED]
_FIELDS = ("fee_item_code", "amount_fen", "payee_account_id", "receipt_no", "fee_kind", "quantity", "reduction_basis")
_ITEM, _AMOUNT, _PAYEE, _RECEIPT, _KIND, _QUANTITY, _BASIS = (FIELD_CODE[f"payload.{name}"] for name in _FIELDS)
UNNAMED = "-"  # the fee item of a charge that names none
FREE, OVER, EARLY, PAYEE, RECEIPT, REDUCED = (
    "free_item",
    "above_standard",
    "before_acceptance",
    "private_account",
    "no_receipt",
    "reduced_without_basis",
)


class Fault(Struct, frozen=True):
    """One clause that a fee item breaks, by its first fact that does. `rests_on_absence`: of a receipt, of an acceptance."""

    clause: str
    item: str
    act: Fact
    facts: dict[str, Any]
    rests_on_absence: bool = False


class FeesInOrder:
    """P09: what is wrong with the official fees of a part, an alert for each fee item and clause."""

    reads = merged(
        reads((*_CHARGES, EventType.FEE_REFUNDED), ACTOR, frozenset(f"payload.{name}" for name in _FIELDS)),
        reads((*ACCEPTANCES, EventType.CASE_REOPENED)),
        reads((EventType.CASE_COMPLETED,), ACTOR),
    )
    awaits = (frozenset(_CHARGES),)
    needs_fields = ("payload.fee_kind",)

    def __init__(self, check: Fees) -> None:
        self.check = check

    def judge(self, case: Case) -> list[Verdict]:
        return [
            self._verdict(case, part, fault)
            for part in case.parts()
            for item, charges in _by_item(part).items()
            for fault in self._faults(case, part, item, charges)
        ]

    def outlook(self, _place: Place, outline: Outline, act: Fact) -> Outlook:
        """A charge between acceptance and completion that fits the table says nothing; a completion asks for the receipts. A refund
        is told by what was said before."""
        charges = [fact.at for fact in outline.facts if _is_official(fact.kept) and fact.type in _CHARGE_CODES]
        is_completed = outline.first((_COMPLETED,)) is not None
        if act.type in _CHARGE_CODES:
            return UNTOUCHED if not _is_official(act.kept) else self._fits if outline.is_open and not is_completed else None
        if act.type == _REFUNDED:
            return _goes_on if charges and _is_official(act.kept) else UNTOUCHED
        if act.type in ACCEPTANCE_CODES:
            return None if charges else UNTOUCHED
        if act.type == _COMPLETED and charges and not is_completed:
            return _has_receipts(charges)
        return UNTOUCHED

    def _fits(self, scene: Scene, rule: bytes) -> int:
        entry = _standard(scene.world, scene.told.get(_ITEM), scene.at)
        is_wrong = entry is not None and any(_price_faults(entry, scene.told, is_charged=True))
        return LOUD if is_wrong else scene.wake_of(rule)

    def _faults(self, case: Case, part: Part, item: str, charges: Sequence[Fact]) -> Iterator[Fault]:
        seen: set[str] = set()
        source = case.source
        for act in charges:
            entry = _standard(case.world, act.get(_ITEM), act.at)
            if entry is None:
                continue
            for clause, facts in _price_faults(entry, act.kept, is_charged=act.type == _CHARGED):
                if clause not in seen and not (clause == REDUCED and not _fills(source, "reduction_basis")):
                    seen.add(clause)
                    yield Fault(clause, item, act, facts | {"price_version": entry.version})
        paid = [act for act in charges if act.get(_AMOUNT) != 0]
        early = self._early(case, part, item, paid)
        if early is not None:
            yield early
        ending = part.first(_COMPLETED)
        if ending is not None and _fills(source, "receipt_no"):
            by_then = [act for act in paid if act.at <= ending.at]
            if by_then and not any(act.get(_RECEIPT) for act in by_then):
                yield Fault(RECEIPT, item, ending, {"charged_at": by_then[0].at}, rests_on_absence=True)

    @staticmethod
    def _early(case: Case, part: Part, item: str, paid: Sequence[Fact]) -> Fault | None:
        """The first charge before the least time of the acceptance; a reopened case was accepted before."""
        sends, accepted_at = case.source.sends, part.accepted_at
        if not paid or part.reopened is not None or (sends is not None and not set(sends).intersection(ACCEPTANCES)):
            return None
        first = paid[0]
        if accepted_at is None or part.acceptance is None:
            return Fault(EARLY, item, first, {}, rests_on_absence=True)
        if "day" in {case.precision(first), case.precision(part.acceptance)}:
            day_of = part.place.calendar.day_of
            is_early = day_of(first.at) < day_of(accepted_at)
        else:
            is_early = first.at < accepted_at
        return Fault(EARLY, item, first, {"accepted_at": accepted_at}) if is_early else None

    def _verdict(self, case: Case, part: Part, fault: Fault) -> Verdict:
        act = fault.act
        refunds = [fact for fact in part.of(_REFUNDED) if _is_official(fact.kept) and (fact.get(_ITEM) or UNNAMED) == fault.item]

        def tell() -> Telling:
            facts: dict[str, Any] = {"fault": fault.clause, "fee_item": fault.item, "act_at": act.at, **fault.facts}
            for name, code in (("amount_fen", _AMOUNT), ("quantity", _QUANTITY), ("payee_account", _PAYEE)):
                if act.get(code) is not None:
                    facts[name] = act.get(code)
            if refunds:
                facts["refunded_fen"] = sum(fact.get(_AMOUNT) or 0 for fact in refunds)
            return Telling(
                subject=case.subject,
                segment=f"{part.segment}/{fault.item}/{fault.clause}",
                facts=facts,
                evidence=named_once((part.opening, act, *refunds)),
                officers=responsible(act),
            )

        level = self.check.reduced if fault.clause == REDUCED else self.check.level
        stands_from = act.at + grace_of(case) if fault.rests_on_absence else AT_ONCE
        return Verdict(part, level, act.at, stands_from, act, tell)


def _goes_on(_scene: Scene, _rule: bytes) -> int:
    return SAME


def _has_receipts(charges: Sequence[int]) -> Outlook:
    """Charges by their places."""

    def look(scene: Scene, rule: bytes) -> int:
        open_items: set[str] = set()
        receipted: set[str] = set()
        for place in charges:
            told = scene.told_by(place)
            if told.get(_AMOUNT) != 0:
                item = told.get(_ITEM) or UNNAMED
                (receipted if told.get(_RECEIPT) else open_items).add(item)
        return scene.wake_of(rule) if open_items <= receipted else LOUD

    return look


def _by_item(part: Part) -> dict[str, list[Fact]]:
    """The official charges by fee item, in order."""
    found: dict[str, list[Fact]] = {}
    for fact in part.facts:
        if fact.type in _CHARGE_CODES and _is_official(fact.kept):
            found.setdefault(fact.get(_ITEM) or UNNAMED, []).append(fact)
    return found


def _is_official(kept: dict[int, Any]) -> bool:
    return kept.get(_KIND) == FeeKind.OFFICIAL


def _standard(world: World, item: str | None, at: int) -> FeeStandard | None:
    """The entry of the price table in force then."""
    entry = world.reference.get("fee_standard", item, at) if item else None
    return entry if isinstance(entry, FeeStandard) else None


def _price_faults(entry: FeeStandard, told: dict[int, Any], *, is_charged: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the price table has against a charge. What is not told is not held against anybody."""
    amount, payee = told.get(_AMOUNT), told.get(_PAYEE)
    if payee and amount != 0 and entry.payee_accounts and payee not in entry.payee_accounts:
        yield PAYEE, {}
    if amount is None:
        return
    if entry.free:
        if amount > 0:
            yield FREE, {}
        return
    quantity = told.get(_QUANTITY) if entry.unit is not None else 1
    if entry.standard_fen is None or quantity is None:
        return
    due = int(entry.standard_fen * quantity + 0.5)
    if amount > due:
        yield OVER, {"due_fen": due}
    elif amount < due and is_charged and not told.get(_BASIS):
        yield REDUCED, {"due_fen": due}


def _fills(source: Source, name: str) -> bool:
    """Whether the source can be held to tell a field of its fees."""
    return source.fills is None or f"payload.{name}" in source.fills
