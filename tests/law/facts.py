"""From events to facts: highest versions, cases, parts between reopenings, what is known of a case. Reference only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from supervision.event import CaseEvent, CaseType, EventType, Flag, Precision, SourceOp, Stream
from supervision.reference import Item, Reference
from supervision.subject import stream_of
from supervision.worktime import Limit, Mode, Unit
from tests.law.days import MINUTE, Days

_COARSENESS = {Precision.SECOND: 0, Precision.MINUTE: 1, Precision.DAY: 2}


@dataclass(frozen=True)
class Fact:
    """An event in its highest version, with all versions of its chain in ascending order but those from the future; `first_id`
    is the first one's, from the future or not."""

    event: CaseEvent
    versions: tuple[CaseEvent, ...]
    first_id: UUID

    @property
    def at(self) -> int:
        return self.event.occurred_at

    @property
    def order(self) -> tuple[int, int]:
        return self.event.occurred_at, self.event.event_id.int

    @property
    def least(self) -> int:
        return min(version.occurred_at for version in self.versions)


@dataclass
class Part:
    """The facts of a case from one reopening to the next; `segment` is "0" or the first version's id of the reopening."""

    segment: str
    facts: list[Fact]
    number: int
    reopening: Fact | None = None

    def of(self, *types: EventType) -> list[Fact]:
        return [fact for fact in self.facts if fact.event.event_type in types]

    def first(self, *types: EventType) -> Fact | None:
        return next(iter(self.of(*types)), None)


@dataclass
class Case:
    source: str
    case_id: str
    facts: list[Fact]
    quarantined: list[Fact]
    parts: list[Part] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.source}/{self.case_id}"

    @property
    def is_test(self) -> bool:
        return any(Flag.TEST in fact.event.flags for fact in self.facts)


def facts_of(events: list[CaseEvent], ahead: Callable[[CaseEvent], bool] = lambda _event: False) -> list[Fact]:
    """The facts of one case or subject, in order. A version that links to nothing known is a chain of its own. `ahead` says which
    events are from the future: a fact is one of them if its highest version is."""
    by_id = {event.event_id: event for event in events}
    chain_of: dict[UUID, set[UUID]] = {}
    for event in by_id.values():
        _join(chain_of, event.event_id, event.supersedes_event_id or event.event_id)
    facts = []
    for chain in {id(chain): chain for chain in chain_of.values()}.values():
        versions = sorted((by_id[each] for each in chain if each in by_id), key=lambda e: (e.data_version, e.event_id.int))
        if versions[-1].source_op is not SourceOp.DELETE:
            counted = tuple(version for version in versions if not ahead(version))
            facts.append(Fact(versions[-1], counted, versions[0].event_id))
    return sorted(facts, key=lambda fact: fact.order)


def _join(chain_of: dict[UUID, set[UUID]], one: UUID, other: UUID) -> None:
    merged = chain_of.get(one, {one}) | chain_of.get(other, {other})
    for each in merged:
        chain_of[each] = merged


def is_ahead(reference: Reference, event: CaseEvent) -> bool:
    """Whether the gateway received it more than five minutes before it says that it occurred. A deletion tells no time."""
    if event.received_at is None or event.source_op is SourceOp.DELETE:
        return False
    return event.occurred_at > event.received_at + 5 * MINUTE and reference.source(event.source_system).clock == "wall"


def cases_of(events: list[CaseEvent], reference: Reference) -> list[Case]:
    def ahead(event: CaseEvent) -> bool:
        return is_ahead(reference, event)

    grouped: dict[tuple[str, str], list[CaseEvent]] = {}
    for event in events:
        if stream_of(event) is Stream.CASE:
            grouped.setdefault((event.source_system, str(event.case_id)), []).append(event)
    cases = []
    for (source, case_id), own in grouped.items():
        facts = facts_of(own, ahead)
        quarantined = [fact for fact in facts if ahead(fact.event)]
        case = Case(source, case_id, [fact for fact in facts if not ahead(fact.event)], quarantined)
        case.parts = parts_of(case.facts)
        cases.append(case)
    return cases


def parts_of(facts: list[Fact]) -> list[Part]:
    parts = [Part("0", [], 0)]
    for fact in facts:
        if fact.event.event_type is EventType.CASE_REOPENED:
            parts.append(Part(str(fact.first_id), [], len(parts), fact))
        parts[-1].facts.append(fact)
    return parts


class Known:
    """What is known of one part of a case: how it opened, its item, limits, calendar. The acceptance speaks first."""

    def __init__(self, reference: Reference, case: Case, part: Part, calendars: dict[str, Days]) -> None:
        self.reference, self.case, self.part = reference, case, part
        self.accepted = part.first(EventType.CASE_ACCEPTED) or part.first(EventType.SUPPLEMENT_ACCEPTED)
        self.opening = self.accepted or part.reopening
        self.start: int | None = None
        if self.accepted is not None:
            self.start = min(fact.least for fact in part.of(self.accepted.event.event_type))
        elif part.reopening is not None:
            self.start = part.reopening.at
        code = self.named("region_code") or reference.source(case.source).region_code
        self.days = calendars[str(code)]
        self.item = self._item()

    def named(self, name: str) -> Any:
        """The acceptance's value of an envelope field, else that of the earliest fact of the case that has one."""
        first = self.opening
        if first is not None and getattr(first.event, name) is not None:
            return getattr(first.event, name)
        return next((value for fact in self.case.facts if (value := getattr(fact.event, name)) is not None), None)

    def _item(self) -> Item | None:
        at = self.start if self.start is not None else self.part.facts[0].at if self.part.facts else 0
        for name in ("item_implement_code", "item_catalog_code"):
            code = self.named(name)
            item = None if code is None else self.reference.item(code, at)
            if item is not None:
                return item
        return None

    @property
    def mode(self) -> Mode:
        return Mode.DAY_END if self.item is None else self.item.deadline_mode

    @property
    def is_joint(self) -> bool:
        case_type = self.named("case_type") or (None if self.item is None else self.item.case_type)
        return case_type is CaseType.JOINT

    @property
    def item_type(self) -> str | None:
        named = self.named("item_type")
        return str(named) if named is not None else None if self.item is None else self.item.item_type

    def absolute(self, name: str) -> int | str | None:
        """`promised_due_at` or `legal_due_at` of the acceptance, in force."""
        moment: int | str | None = getattr(self.opening.event.payload, name, None) if self.opening is not None else None
        return moment

    def limit(self, kind: str) -> Limit | None:
        """`promised` or `legal` limit in units: of the opening fact, else the earliest that names one, the catalogue, the law."""
        ordered = [self.opening, *self.case.facts] if self.opening is not None else self.case.facts
        for fact in ordered:
            value: int | None = getattr(fact.event, f"{kind}_limit")
            if value is not None:
                unit: Unit = getattr(fact.event, f"{kind}_limit_unit")
                return Limit(value, unit)
        if kind == "promised":
            return None if self.item is None else self.item.promised_limit
        if self.item is not None and (not self.item.has_legal_limit or self.item.legal_limit is not None):
            return self.item.legal_limit if self.item.has_legal_limit else None
        return Limit(45 if self.is_joint else 20) if self.item_type == "01" else None


def precision(reference: Reference, event: CaseEvent) -> Precision:
    """How fine the time of an event is: the coarser of its own word and its source's."""
    return max(event.time_precision, reference.source(event.source_system).precision, key=_COARSENESS.__getitem__)
