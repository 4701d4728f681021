"""Reference judgement of P03: who decided may decide, by the register of authorisations in force at that instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

from supervision.alert import Level
from supervision.event import BatchKind, EventType, PostPlace
from supervision.payloads.handling import StepResult
from supervision.reference import Authorisation, Officer, Reference
from supervision.worktime import Limit, Mode
from tests.law.days import NOT_PAUSED, Days, Missing, limit_end
from tests.law.facts import Fact, Known
from tests.law.profile import is_on
from tests.law.watch import Verdict

GRACE = Limit(2)


def judge_authority(known: Known) -> Iterator[Verdict]:
    if not is_on("P03", known.reference.source(known.case.source)):  # where it is on every year is known
        return
    told = [(level, act) for act in known.part.facts if (level := _fault(known, act)) is not None]
    for level in (Level.RED, Level.NOTICE):
        of_level = [act for each, act in told if each is level]
        if of_level:
            act = of_level[0]
            yield Verdict("P03", level, f"case:{known.case.key}", known.part.segment, act.at, None, act)
            return


def _approver(act: Fact) -> str | None:
    event = act.event
    if event.batch_kind is BatchKind.MIGRATION:
        return None
    if event.event_type is EventType.STEP_COMPLETED:
        passed = event.payload.result is None or event.payload.result is StepResult.PASS
        named = None
        if event.payload.step_code != "approve" or not passed:
            return None
    elif event.event_type is EventType.DECISION_MADE:
        named = event.payload.approver_officer_id
    else:
        return None
    return named or (None if event.actor_post_place is PostPlace.SYSTEM else event.actor_officer_id)


def _fault(known: Known, act: Fact) -> Level | None:
    approver = _approver(act)
    if approver is None:
        return None
    granted = [each for each in _granted(known.reference, act.at) if _in_region(each, known)]
    if not granted:
        return None
    officer = known.reference.get("officer", approver, act.at)
    is_active = not isinstance(officer, Officer) or officer.active
    amount = getattr(act.event.payload, "amount_fen", None)
    if is_active and any(each.officer_id == approver and _for_item(each, known) and _for_amount(each, amount) for each in granted):
        return None
    changed = [at for at in changes_of_posts(known.reference, approver) if at <= act.at]
    is_fresh = bool(changed) and act.at <= limit_end(known.days, changed[-1], GRACE, Mode.DAY_END, NOT_PAUSED)
    return Level.NOTICE if is_fresh else Level.RED


def _granted(reference: Reference, at: int) -> list[Authorisation]:
    """The authorisations to decide that are in force then."""
    found = []
    for each in reference.entries:
        if isinstance(each, Authorisation) and "decide" in each.powers:
            begun = each.valid_from is None or each.valid_from <= at
            if begun and (each.valid_to is None or at < each.valid_to):
                found.append(each)
    return found


def _in_region(each: Authorisation, known: Known) -> bool:
    region = known.named("region_code") or (known.item.region_code if known.item is not None else None)
    region = region or known.reference.source(known.case.source).region_code
    return each.region_code is None or (region is not None and str(region).startswith(each.region_code.rstrip("0")))


def _for_item(each: Authorisation, known: Known) -> bool:
    return not each.item_codes or any(known.named(name) in each.item_codes for name in ("item_implement_code", "item_catalog_code"))


def _for_amount(each: Authorisation, amount: int | None) -> bool:
    return each.amount_max_fen is None or amount is None or amount <= each.amount_max_fen


def changes_of_posts(reference: Reference, officer: str) -> list[int]:
    """The instants from which an officer has other posts than by the entry before, in order."""
    own = [each for each in reference.entries if isinstance(each, Officer) and each.officer_id == officer]
    own.sort(key=lambda each: each.valid_from or 0)
    return [
        after.valid_from
        for before, after in pairwise(own)
        if after.valid_from is not None and set(before.posts) != set(after.posts)
    ]


def edges_of(reference: Reference, regions: dict[str, Days]) -> list[int]:
    """Instants at which the register, or the time to mend it, changes."""
    found: set[int] = set()
    for each in reference.entries:
        if isinstance(each, Authorisation | Officer):
            found |= {at for at in (each.valid_from, each.valid_to) if at is not None}
        if isinstance(each, Officer):
            for at in changes_of_posts(reference, each.officer_id):
                for days in regions.values():
                    with suppress(Missing):
                        found.add(limit_end(days, at, GRACE, Mode.DAY_END, NOT_PAUSED))
    return sorted(found)
