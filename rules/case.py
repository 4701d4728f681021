"""A case as the rules see it: its facts in force, cut into parts at each reopening, with the clocks all rules share.

Everything here is a function of facts and reference data; what the clock has reached is the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from rules.chain import Chain, in_force
from rules.lazy import lazy
from rules.memory import CODE_OF, FIELD_CODE, Fact
from rules.parameters import Extension, Fallback
from supervision.calendars import Calendars
from supervision.event import EventType
from supervision.reference import Item, Officer, Reference, Source
from supervision.subject import key
from supervision.worktime import Limit, Mode, Pause, Pauses, Term, Unit, WorkCalendar, absolute_term, term

ART45 = frozenset({"hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"})
PROMISED_STOPS = (
    EventType.CASE_COMPLETED,
    EventType.CASE_RETURNED,
    EventType.CASE_WITHDRAWN,
    EventType.CASE_TERMINATED,
    EventType.CASE_VOIDED,
    EventType.ACCEPTANCE_REFUSED,
)
LEGAL_STOPS = (*PROMISED_STOPS, EventType.DECISION_MADE)
ACCEPTANCES = (EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED)
PAUSING = (EventType.SPECIAL_PROCEDURE_STARTED, EventType.SPECIAL_PROCEDURE_ENDED)
CLOCK_EVENTS = (*ACCEPTANCES, *LEGAL_STOPS, *PAUSING, EventType.EXTENSION_APPROVED, EventType.CASE_REOPENED)
LIMITS = ("promised_limit", "promised_limit_unit", "legal_limit", "legal_limit_unit")
CONTEXT = ("item_catalog_code", "item_implement_code", "item_type", "case_type", "region_code", "centre_id", "department_id")

_C = FIELD_CODE
_COARSENESS = {"second": 0, "minute": 1, "day": 2}


class World(Struct, frozen=True):
    """What a judgement may look up besides facts. `fallbacks` and `extension` are those of the card on the legal limit."""

    reference: Reference
    calendars: Calendars
    fallbacks: tuple[Fallback, ...] = ()
    extension: Extension = Extension()


class Clock(Struct, frozen=True):
    """A limit of a case that runs: the term, the facts that set and moved it, and the first fact that stopped it."""

    term: Term
    limit: Limit | None
    runs: Callable[[Limit], Term]
    opening: Fact
    evidence: tuple[Fact, ...]
    stop: Fact | None
    facts: dict[str, Any]


def step_name(fact: Fact) -> str | None:
    """The step code a step event names."""
    code = fact.get(_C["payload.step_code"])
    return None if code is None else str(code)


class Part:
    """The facts of a case from one opening to the next `case_reopened`; judged by itself under its own segment."""

    def __init__(self, case: CaseView, segment: str, chains: Sequence[Chain], reopened: Fact | None) -> None:
        self.case = case
        self.segment = segment
        self.chains = chains
        self.reopened = reopened

    @lazy
    def by_type(self) -> dict[int, list[tuple[int, Chain]]]:
        """Chains by the type of their head, each with its place in the order of the part."""
        found: dict[int, list[tuple[int, Chain]]] = {}
        for place, chain in enumerate(self.chains):
            found.setdefault(chain.head.type, []).append((place, chain))
        return found

    def of(self, *kinds: EventType) -> list[Fact]:
        """Facts in force of these types, in order."""
        if len(kinds) == 1:
            return [chain.head for _, chain in self.by_type.get(CODE_OF[kinds[0]], ())]
        found = [entry for kind in kinds for entry in self.by_type.get(CODE_OF[kind], ())]
        found.sort(key=_place)
        return [chain.head for _, chain in found]

    def first(self, *kinds: EventType) -> Fact | None:
        firsts = [found[0] for kind in kinds if (found := self.by_type.get(CODE_OF[kind]))]
        return min(firsts, key=_place)[1].head if firsts else None

    def chains_of(self, kind: EventType) -> list[Chain]:
        return [chain for _, chain in self.by_type.get(CODE_OF[kind], ())]

    @lazy
    def acceptances(self) -> list[Chain]:
        """`case_accepted`, else `supplement_accepted`, in order; more than one only where the source contradicts itself."""
        return self.chains_of(EventType.CASE_ACCEPTED) or self.chains_of(EventType.SUPPLEMENT_ACCEPTED)

    @lazy
    def acceptance(self) -> Fact | None:
        """The acceptance in force: the earliest."""
        return self.acceptances[0].head if self.acceptances else None

    @lazy
    def accepted_at(self) -> int | None:
        """The least accepted time over all versions: a clock cannot be reset on paper."""
        return min((fact.at for chain in self.acceptances for fact in chain.versions), default=None)

    @lazy
    def opening(self) -> Fact | None:
        """The fact that sets the limits: acceptance, or the reopening that starts this part."""
        return self.acceptance if self.acceptance is not None else self.reopened

    @lazy
    def start(self) -> int | None:
        if self.accepted_at is not None:
            return self.accepted_at
        return None if self.reopened is None else self.reopened.at

    @lazy
    def context(self) -> dict[str, Any]:
        """Item, region, centre, department, type: of the fact that opens the part, else of the case's earliest that names it."""
        facts = [chain.head for chain in self.case.chains]
        order = facts if self.opening is None else [self.opening, *facts]
        return {name: _first(order, _C[name]) for name in CONTEXT}

    @lazy
    def opened_at(self) -> int:
        """When the catalogue is looked up: at the start, else at the first fact."""
        return self.start if self.start is not None else self.chains[0].head.at if self.chains else 0

    @lazy
    def item(self) -> Item | None:
        for name in ("item_implement_code", "item_catalog_code"):
            code = self.context[name]
            found = None if code is None else self.case.world.reference.item(code, self.opened_at)
            if found is not None:
                return found
        return None

    @property
    def item_code(self) -> str | None:
        code = self.context["item_catalog_code"] or self.context["item_implement_code"]
        return None if code is None else str(code)

    @lazy
    def item_type(self) -> str | None:
        own = self.context["item_type"]
        return str(own) if own is not None else None if self.item is None else self.item.item_type

    @lazy
    def case_type(self) -> str | None:
        own = self.context["case_type"]
        return str(own) if own else None if self.item is None else self.item.case_type

    @property
    def is_joint(self) -> bool:
        return self.case_type == "joint"

    @property
    def mode(self) -> Mode:
        return Mode.DAY_END if self.item is None else self.item.deadline_mode

    @lazy
    def region(self) -> str | None:
        found = self.context["region_code"] or (None if self.item is None else self.item.region_code)
        return found or self.case.source.region_code

    @lazy
    def calendar(self) -> WorkCalendar:
        """The calendar of the case's region, with the office hours of its centre where that has its own."""
        world, centre_id = self.case.world, self.context["centre_id"]
        calendar = world.calendars.of_region(self.region, self.opened_at)
        centre = None if centre_id is None else world.reference.centre(centre_id, self.opened_at)
        return calendar if centre is None or not centre.hours else calendar.with_hours(centre.hours)

    @lazy
    def promised_stop(self) -> Fact | None:
        return self.first(*PROMISED_STOPS)

    @lazy
    def legal_stop(self) -> Fact | None:
        return self.first(*LEGAL_STOPS)

    @lazy
    def pause_facts(self) -> list[tuple[Fact, Fact | None]]:
        """Special procedures as (start, end); an extension in disguise is none. The first start and end of each `seq`."""
        ends = self.of(EventType.SPECIAL_PROCEDURE_ENDED)
        pairs: list[tuple[Fact, Fact | None]] = []
        seen: set[Any] = set()
        for start in self.of(EventType.SPECIAL_PROCEDURE_STARTED):
            seq = start.get(_C["payload.seq"])
            if start.get(_C["payload.kind"]) == "extension" or seq in seen:
                continue
            seen.add(seq)
            pairs.append((start, end_of(start, [fact for fact in ends if fact.get(_C["payload.seq"]) == seq])))
        return pairs

    @lazy
    def counted_pauses(self) -> list[tuple[Fact, Fact | None]]:
        """Those that stop the clock: of Art. 45 or of the item's own excluded kinds."""
        item = self.item
        allowed = ART45 if item is None or not item.excluded_kinds else ART45 | set(item.excluded_kinds)
        grounded = (pair for pair in self.pause_facts if pair[0].get(_C["payload.kind"]) in allowed)
        return [(start, end) for start, end in grounded if end is None or end.at >= start.at]

    @lazy
    def pauses(self) -> Pauses:
        return self.pauses_of(self.counted_pauses)

    def pauses_of(self, pairs: Iterable[tuple[Fact, Fact | None]]) -> Pauses:
        spans = [Pause(s.at, None if e is None else e.at, limit_of(s, "payload.declared_limit")) for s, e in pairs]
        return Pauses.of(self.calendar, spans) if spans else Pauses.NONE

    @lazy
    def promised_limit(self) -> Limit | None:
        """The promised limit in units, whether or not it runs."""
        return self._limit("promised_limit", None if self.item is None else self.item.promised_limit)

    @lazy
    def promised(self) -> Clock | None:
        """The promised limit as it runs, or None where there is none."""
        return self._clock("promised", self.promised_limit, "payload.promised_due_at", self.promised_stop, extended=False)

    @lazy
    def legal(self) -> Clock | None:
        """The legal limit with its valid extension, or None where there is none."""
        return self._clock("legal", self._legal_limit(), "payload.legal_due_at", self.legal_stop, extended=True)

    def _limit(self, name: str, catalogue: Limit | None) -> Limit | None:
        """The limit the opening fact names, else the case's earliest that names one, else the catalogue's."""
        order = [] if self.opening is None else [self.opening]
        own = (limit_of(fact, name) for fact in (*order, *(chain.head for chain in self.case.chains)))
        return next((limit for limit in own if limit is not None), catalogue)

    def _legal_limit(self) -> Limit | None:
        item = self.item
        if item is not None and not item.has_legal_limit:
            return None
        named = self._limit("legal_limit", None if item is None else item.legal_limit)
        if named is not None:
            return named
        for fallback in self.case.world.fallbacks:
            if fallback.item_type in {None, self.item_type} and fallback.case_type in {None, self.case_type}:
                return fallback.limit
        return None

    def _clock(self, name: str, limit: Limit | None, due_field: str, stop: Fact | None, *, extended: bool) -> Clock | None:
        opening, start = self.opening, self.start
        if opening is None or start is None:
            return None
        due = opening.get(_C[due_field])
        if due is None and limit is None:
            return None
        pairs = [pair for pair in self.counted_pauses if due is None or pair[0].at >= opening.at]
        pauses = self.pauses if len(pairs) == len(self.counted_pauses) else self.pauses_of(pairs)
        calendar, mode = self.calendar, self.mode

        def runs(value: Limit) -> Term:
            return term(calendar, start, value, mode=mode, pauses=pauses)

        def run(extra_wd: int) -> Term:
            if due is not None:
                return absolute_term(calendar, start, due, pauses=pauses, extra_wd=extra_wd)
            assert limit is not None
            return term(calendar, start, limit, mode=mode, pauses=pauses, extra_wd=extra_wd)

        running = run(0)
        facts: dict[str, Any] = {"limit_source": name, "started_at": start}
        if limit is not None:
            facts |= {"limit": limit.value, "limit_unit": limit.unit.value}
        evidence = [opening, *(fact for pair in pairs for fact in pair if fact is not None)]
        extension = self._extension(running) if extended else None
        if extension is not None:
            fact, days = extension
            running = run(days)
            facts["extension_wd"] = days
            evidence.append(fact)
        if due is not None and limit is not None:
            facts["due_by_units_at"] = runs(limit).due_at
        excluded = running.excluded()
        if excluded:
            facts |= {"excluded_days": list(excluded), "paused_wd": running.paused_wd()}
        facts["limit_wd"] = running.limit_wd
        return Clock(running, limit, runs, opening, tuple(evidence), stop, facts)

    def _extension(self, running: Term) -> tuple[Fact, int] | None:
        """The first extension, if it is valid: right post, in time; days beyond the most that may be given do not count."""
        requests = [
            *self.of(EventType.EXTENSION_APPROVED),
            *(f for f in self.of(EventType.SPECIAL_PROCEDURE_STARTED) if f.get(_C["payload.kind"]) == "extension"),
        ]
        if not requests:
            return None
        first = min(requests, key=lambda fact: (fact.at, fact.id))
        rule, is_joint = self.case.world.extension, self.is_joint
        posts = rule.joint_posts if is_joint else rule.posts
        post = first.get(_C["payload.approver_post"]) or self._post_of(first, posts)
        days = first.get(_C["payload.days"])
        if days is None:
            declared = limit_of(first, "payload.declared_limit")
            days = declared.value if declared is not None and declared.unit is Unit.WORKING_DAY else None
        if post not in posts or not days or first.at > running.due_at:
            return None
        own = None if self.item is None else self.item.extension_max_wd
        return first, min(int(days), own if own is not None else rule.joint_max_wd if is_joint else rule.max_wd)

    def _post_of(self, fact: Fact, posts: tuple[str, ...]) -> str | None:
        """The approver's post in the officer register, where the event names only the person."""
        officer = self.case.officer(fact.get(_C["payload.approver_officer_id"]), fact.at)
        return None if officer is None else next((post for post in officer.posts if post in posts), None)


class CaseView:
    """One case of a dossier at one set of facts."""

    def __init__(self, world: World, source: Source, case_id: str, facts: Sequence[Fact]) -> None:
        self.world = world
        self.source = source
        self.case_id = case_id
        self.facts = facts
        self.chains = in_force(facts)

    @property
    def subject(self) -> str:
        return key("case", self.source.name, self.case_id)

    @lazy
    def parts(self) -> list[Part]:
        """The case cut at each reopening; the segment is the first-version id of the reopening, or "0"."""
        reopened = CODE_OF[EventType.CASE_REOPENED]
        parts: list[Part] = []
        begin, segment, opener = 0, "0", None
        for position, chain in enumerate(self.chains):
            if chain.head.type == reopened:
                parts.append(Part(self, segment, self.chains[begin:position], opener))
                begin, segment, opener = position + 1, str(UUID(bytes=chain.first.id)), chain.head
        parts.append(Part(self, segment, self.chains[begin:], opener))
        return parts

    def officer(self, officer_id: str | None, at: int) -> Officer | None:
        return None if not officer_id else self.world.reference.officer(officer_id, at)

    def person(self, fact: Fact) -> str | None:
        """The natural person who acted: the hash on the event, else in the register, else the officer id."""
        own = fact.get(_C["actor_person_hash"])
        if own:
            return str(own)
        officer_id = fact.get(_C["actor_officer_id"])
        registered = self.officer(officer_id, fact.at)
        return registered.person_hash if registered is not None and registered.person_hash else officer_id

    @lazy
    def is_test(self) -> bool:
        return any("test" in (chain.head.get(_C["flags"]) or ()) for chain in self.chains)

    def precision(self, fact: Fact) -> str:
        """How fine the time of a fact is: the coarser of its own word and its source's."""
        own = fact.get(_C["time_precision"]) or "second"
        return max(str(own), self.source.precision.value, key=_COARSENESS.__getitem__)


def end_of(start: Fact, ends: Sequence[Fact]) -> Fact | None:
    """The first end at or after a start; one known only from before it ended it all the same: clocks are fed what there is."""
    return next((end for end in ends if end.at >= start.at), ends[0] if ends else None)


def limit_of(fact: Fact, name: str) -> Limit | None:
    """The limit a fact names by a value and a unit field; a missing unit is working days."""
    value = fact.get(_C[name])
    if value is None:
        return None
    unit = fact.get(_C[f"{name}_unit"])
    return Limit(int(value), Unit.WORKING_DAY if unit is None else Unit(unit))


def _place(entry: tuple[int, Chain]) -> int:
    return entry[0]


def _first(facts: Iterable[Fact], field: int) -> Any:
    return next((value for fact in facts if (value := fact.kept.get(field)) is not None), None)
