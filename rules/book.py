"""The rulebook: the cards in force, each joined to its detector, and which of them read which event type."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from rules.bell import Bell
from rules.card import BUILTIN, Card, load_cards
from rules.case import Case
from rules.expression import Condition, condition
from rules.fact import CONTEXT, TYPES, Fact, Keeper
from rules.fields import FIELDS
from rules.issue import LEVELS
from rules.kinds.deadline import CaseDeadline
from rules.kinds.decided import Decisions
from rules.kinds.fixed import FixedDeadline
from rules.kinds.haste import Haste
from rules.kinds.hours import OffHours
from rules.kinds.idle import IdleDeadline
from rules.kinds.require import demand
from rules.kinds.separation import SamePerson
from rules.kinds.sequence import Order
from rules.kinds.spans import PauseDeadline, StepDeadline
from rules.kinds.version import MovedLater
from rules.kinds.window import Tallies
from rules.outline import Outline, Outlook
from rules.parameters import (
    CaseInHaste,
    Deadline,
    Extension,
    Fallback,
    Happening,
    LimitOf,
    Occurrence,
    OutsideHours,
    Require,
    Separation,
    Version,
    Window,
)
from rules.parameters import Sequence as Steps
from rules.part import Part
from rules.profile import Awaits, Lack, Needs, lack
from rules.reading import COMMON, CaseDetector, Reads, merged
from rules.said import Core, Draft
from rules.sentence import sentence
from rules.stepbook import STEP_CODE
from rules.verdict import Verdict
from rules.world import Deeming, Place
from supervision.event import EventType
from supervision.language import UserError, say
from supervision.reference import Source

Asked = tuple[tuple["Rule", ...], tuple["Rule", ...]]  # rules that judge the case itself, and those that make signals of it
MOST_TOGETHER = 2  # types of one batch on one case whose rules are looked up once
MOST_ASKED = 10_000  # event types and steps of one place whose rules are looked up once


class Rule:
    """One card at work. `tally` is the subject side of a window rule; on the case such a rule only makes signals."""

    def __init__(self, card: Card, detector: CaseDetector, tally: Tallies | None = None) -> None:
        self.card = card
        self.id = card.id
        self.detector = detector
        self.tally = tally
        self.reads: Reads = detector.reads
        self.judge: Callable[[Case], Sequence[Verdict]] = detector.judge
        self.is_signalling = tally is not None  # it says nothing on the case itself
        self.is_whole: bool = getattr(detector, "is_whole", False)  # one fact of a case may change what another signals
        self.signals: Callable[[Case, Collection[Fact] | None], list[Draft] | None] = getattr(detector, "signals", _no_signals)
        self.unsettles: Callable[[EventType, EventType, Any], bool] | None = getattr(detector, "unsettles", None)
        self.versioned: Mapping[int, int] = getattr(detector, "versioned", {})
        self._when = _compiled(card.when)
        self.outlook: Callable[[Place, Outline, Fact], Outlook] = getattr(detector, "outlook", _unknown)
        self.ring: Callable[[Bell], bool] | None = getattr(detector, "ring", None)
        self.matters: Callable[[Place, Fact], bool] | None = getattr(detector, "matters", None)
        self.awaits: Awaits = getattr(detector, "awaits", ())
        self.needs_fields: Needs = getattr(detector, "needs_fields", ())
        self.is_conditional = self._when is not None or card.effective.first is not None or card.effective.last is not None

    def applies(self, verdict: Verdict) -> bool:
        """Whether the card judges on the verdict's date and its own condition holds for that part of the case."""
        part = verdict.part
        if not self.is_in_force(part.place.calendar.day_of(verdict.detected_at)):
            return False
        return self._when is None or self._when(roots(part))

    def is_in_force(self, day: int) -> bool:
        """Whether the card judges on this local date (ordinal)."""
        effective = self.card.effective
        if effective.first is None and effective.last is None:
            return True
        return effective.covers(date.fromordinal(day).isoformat())

    def lacks(self, source: Source) -> Lack:
        """What the source's profile lacks for this rule; empty: it judges the cases of the source."""
        return lack(self.awaits, self.needs_fields, source)

    def words(self, core: Core) -> dict[str, str]:
        """The sentence by language."""
        template = self.card.sentence[LEVELS[core.level]]
        return sentence(template, core.facts)


def roots(part: Part) -> dict[str, Any]:
    """What a condition may read of a part of a case."""
    place = part.place
    case: dict[str, Any] = dict(zip(CONTEXT, place.where, strict=False))
    case |= {
        "source_system": part.case.source.name,
        "item_type": place.item_type,
        "case_type": place.case_type,
        "region_code": place.region,
    }
    return {"item": place.item, "case": case}


def _compiled(text: str | None) -> Condition | None:
    return None if text is None else condition(text, FIELDS)


class Rulebook:
    """The rules that are on. For whoever asks for the legal limit `fallbacks` and `extension` come from the card on it, `deeming`
    from the card on the answer to a receipt."""

    def __init__(self, cards: Iterable[Card]) -> None:
        cards = tuple(cards)
        legal = next((card.detector for card in cards if _is_legal(card)), None)
        self.fallbacks: tuple[Fallback, ...] = legal.fallbacks if isinstance(legal, Deadline) else ()
        self.extension = (legal.extension if isinstance(legal, Deadline) else None) or Extension()
        self.deeming = _deeming(cards)
        self.rules: tuple[Rule, ...] = _built(cards, self.deeming)
        self.version = _version(cards)
        self.by_id = {rule.id: rule for rule in self.rules}
        self.windows = tuple(rule for rule in self.rules if rule.tally is not None)
        self.kinds = {rule.tally.kind: rule.tally for rule in self.windows if rule.tally is not None}
        self._reading: dict[tuple[int, ...], Asked] = {
            (code,): _asked(rule for rule in self.rules if kind in rule.reads) for code, kind in enumerate(TYPES)
        }
        self.all = _asked(self.rules)
        self._off: dict[tuple[Any, Any], frozenset[str]] = {(None, None): frozenset()}
        everywhere: Reads = dict.fromkeys(EventType, COMMON)
        self.keeper = Keeper(merged(everywhere, *(rule.reads for rule in self.rules)))

    def reading(self, codes: Iterable[int]) -> Asked:
        """The rules that events of these types, given by their numbers, may change."""
        key = tuple(codes)
        found = self._reading.get(key)
        if found is None:
            read = {rule.id for code in set(key) for part in self._reading[code,] for rule in part}
            found = _asked(rule for rule in self.rules if rule.id in read)
            if len(key) <= MOST_TOGETHER:
                self._reading[key] = found
        return found

    def off(self, source: Source) -> frozenset[str]:
        """The ids of the rules that cannot judge the cases of this source, since its profile lacks what they await or need."""
        key = (source.sends, source.fills)
        found = self._off.get(key)
        if found is None:
            found = self._off[key] = frozenset(rule.id for rule in self.rules if rule.lacks(source))
        return found

    def named(self, names: Iterable[str]) -> Asked:
        """Those of these ids that are on."""
        return _asked(self.by_id[name] for name in names if name in self.by_id)

    @classmethod
    def load(cls, paths: Iterable[str | Path] | Literal["builtin"] = BUILTIN, *, only: Iterable[str] | None = None) -> Rulebook:
        """The book of these card files, or of the product's own; `only` names the rules to take, UserError for an unknown one."""
        cards = load_cards(paths)
        if only is None:
            return cls(cards)
        wanted = set(only)
        unknown = sorted(wanted - {card.id for card in cards})
        if unknown:
            known = ", ".join(card.id for card in cards)
            raise UserError(*(say(f"没有规则 {name};现有规则:{known}", f"no rule {name}; there are {known}") for name in unknown))
        return cls(card for card in cards if card.id in wanted)


def _unknown(_place: Place, _outline: Outline, _act: Fact) -> Outlook:
    return None


def that_matter(case: Case, rules: tuple[Rule, ...], fresh: Collection[Fact]) -> tuple[Rule, ...]:
    """Those of the rules to which one of the new facts can matter; all of them unless it is sure that they left the place of
    the case as it was: there is one part, it was accepted, and every fact names the same."""
    parts = case.parts()
    if len(parts) > 1 or len(case.wheres) > 1 or parts[0].opening is None:
        return rules
    place = parts[0].place
    found: tuple[Rule, ...] | None
    if len(fresh) > 1:
        return tuple(rule for rule in rules if rule.matters is None or any(rule.matters(place, fact) for fact in fresh))
    (fact,) = fresh
    key = (fact.type, fact.kept.get(STEP_CODE))
    found = place.asked.get(key)
    if found is None:
        found = tuple(rule for rule in rules if rule.matters is None or rule.matters(place, fact))
        if len(place.asked) < MOST_ASKED:
            place.asked[key] = found
    return found


def _no_signals(_case: Case, _fresh: Collection[Fact] | None) -> list[Draft]:
    return []


def _asked(rules: Iterable[Rule]) -> Asked:
    chosen = tuple(rules)
    return (
        tuple(rule for rule in chosen if not rule.is_signalling),
        tuple(rule for rule in chosen if rule.is_signalling),
    )


def _version(cards: tuple[Card, ...]) -> str:
    """A digest of what the cards say, their examples apart."""
    said = msgspec.json.encode([msgspec.structs.replace(card, examples=()) for card in sorted(cards, key=lambda card: card.id)])
    return hashlib.sha256(said).hexdigest()[:12]


def _is_legal(card: Card) -> bool:
    return isinstance(card.detector, Deadline) and card.detector.limit is LimitOf.LEGAL


def _deeming(cards: tuple[Card, ...]) -> Deeming | None:
    told = (card.detector for card in cards if isinstance(card.detector, Deadline))
    answer = next((detector for detector in told if detector.deems_accepted_wd is not None), None)
    if answer is None or answer.deems_accepted_wd is None:
        return None
    return Deeming.of(_types(answer.start), _types(answer.stops), answer.deems_accepted_wd)


def _types(happenings: Iterable[Happening]) -> tuple[EventType, ...]:
    return tuple(each.event if isinstance(each, Occurrence) else each for each in happenings)


def _built(cards: tuple[Card, ...], deeming: Deeming | None) -> tuple[Rule, ...]:
    """Detectors in the order of the cards; a rule may yield only to rules that are in this book."""
    deadlines: dict[str, CaseDeadline] = {}
    watched = ((card.id, card.detector) for card in cards)
    pauses = {
        name: PauseDeadline(detector)
        for name, detector in watched
        if isinstance(detector, Deadline) and detector.limit is LimitOf.PAUSE
    }
    speaks = {card.detector.limit for card in cards if isinstance(card.detector, Deadline)}
    ordered = sorted(cards, key=lambda card: not _is_legal(card))
    rules = [_rule(card, deadlines, pauses, speaks, deeming) for card in ordered]
    return tuple(sorted(rules, key=lambda rule: rule.id))


def _rule(
    card: Card,
    deadlines: dict[str, CaseDeadline],
    pauses: dict[str, PauseDeadline],
    speaks: set[LimitOf],
    deeming: Deeming | None,
) -> Rule:
    parameters = card.detector
    if isinstance(parameters, Deadline):
        if parameters.limit is LimitOf.STEP:
            return Rule(card, StepDeadline(parameters))
        if parameters.limit is LimitOf.PAUSE:
            return Rule(card, pauses[card.id])
        if parameters.limit is LimitOf.FIXED:
            return Rule(card, FixedDeadline(parameters))
        if parameters.limit is LimitOf.IDLE:
            before = {level: tuple(pauses[name] for name in names if name in pauses) for level, names in parameters.yields.items()}
            return Rule(card, IdleDeadline(parameters, before))
        yields = {
            level: tuple(deadlines[name] for name in names if name in deadlines) for level, names in parameters.yields.items()
        }
        is_silent = parameters.silent_where_equal in speaks
        detector = CaseDeadline(parameters, yields, is_silent_where_equal=is_silent, deeming=deeming)
        deadlines[card.id] = detector
        return Rule(card, detector)
    if isinstance(parameters, Steps):
        return Rule(card, Order(parameters))
    if isinstance(parameters, Separation):
        raised = _compiled(parameters.raised_when)
        return Rule(card, SamePerson(parameters, lambda part: raised is not None and raised(roots(part))))
    if isinstance(parameters, Version):
        return Rule(card, MovedLater(parameters))
    if isinstance(parameters, Require):
        return Rule(card, demand(parameters, deeming))
    assert isinstance(parameters, Window)
    return Rule(card, _signaller(card.id, parameters), Tallies(card.id, parameters))


def _signaller(rule_id: str, window: Window) -> OffHours | Haste | Decisions:
    signals = window.signals
    if isinstance(signals, OutsideHours):
        return OffHours(rule_id, window.key, signals, window.night_grant)
    if isinstance(signals, CaseInHaste):
        return Haste(rule_id, window.key, signals)
    return Decisions(rule_id, window.key, signals)
