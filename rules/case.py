"""A case as the rules see it, and what the engine remembers of it: facts, what was said, the instants to wake at.

The view that rules judge by is made from all facts, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rules.chain import in_force
from rules.fact import (
    CODE_OF,
    FLAGS,
    INSTANCE,
    NO_DEVICE,
    NO_PARTY,
    NOBODY,
    OFFICER,
    PERSON,
    RECEIVED,
    TIME_PRECISION,
    Fact,
    Party,
    Plan,
    Where,
    actor_of,
    device_of,
    kept_of,
    party_of,
    where_of,
)
from rules.packing import ACTOR, DEVICE, NO_PLACE, PARTY, WHERE, PackedCase, holds_id, pack_fact, version_of
from rules.part import Part, order_of
from rules.quarantine import is_ahead
from rules.vocabulary import Vocabulary
from rules.world import World
from supervision.event import CaseEvent, EventType, SourceOp
from supervision.reference import Officer, Source
from supervision.subject import key

_REOPENED = CODE_OF[EventType.CASE_REOPENED]
_COARSENESS = {"second": 0, "minute": 1, "day": 2}


class Case:
    """One case of a dossier. `wheres`, `parties` and the numbers of the vocabulary: what its facts name, each once."""

    __slots__ = (
        "_ahead",
        "_heads",
        "_older",
        "_parts",
        "actor_codes",
        "alerts",
        "body",
        "case_id",
        "device_codes",
        "facts",
        "fresh",
        "has_ahead",
        "has_rare",
        "has_versions",
        "is_anew",
        "kept",
        "may_be_test",
        "names",
        "parties",
        "sent",
        "source",
        "vocabulary",
        "wakes",
        "where_codes",
        "wheres",
        "world",
    )

    def __init__(
        self, world: World, source: Source, case_id: str, vocabulary: Vocabulary, packed: PackedCase | None = None
    ) -> None:
        """A new case, or one that lies `packed`; whoever unpacks it gives it its facts and wheres."""
        if packed is None:
            packed = PackedCase(None, None, b"", b"", [], [], [], [], [], {}, [], [])
        self.world = world
        self.source = source
        self.case_id = case_id
        self.vocabulary = vocabulary
        self.facts: list[Fact] = []
        self.wheres: list[Where] = []
        self.where_codes, self.actor_codes, self.device_codes = packed.wheres, packed.actors, packed.devices
        self.parties, self.names, self.body, self.kept = packed.parties, packed.names, packed.facts, packed.kept
        self.wakes, self.alerts, self.sent = packed.wakes, packed.alerts, packed.sent
        self.has_versions = False
        self.has_rare = False  # a fact keeps what is seldom kept of any: a word of its own
        self.has_ahead = False  # a fact, in force or not, is from the future
        self.may_be_test = False
        self.fresh: list[Fact] = []  # facts of the call at hand
        self.is_anew = False  # they may have changed what any rule looked at
        self._heads: list[Fact] | None = None
        self._ahead: list[Fact] = []
        self._older: dict[int, tuple[Fact, ...]] | None = None
        self._parts: list[Part] | None = None

    @property
    def subject(self) -> str:
        return key("case", self.source.name, self.case_id)

    def let_go(self) -> None:
        """Forget the view."""
        self._heads = self._parts = None

    # -- facts --------------------------------------------------------------------------------------------------

    def take(self, event: CaseEvent, plan: Plan) -> None:
        """The fact of an event that is not known yet, its tuples those that the case or the vocabulary has already."""
        rare: dict[int, Any] | None = None
        where, place = where_of(event), 0
        wheres, vocabulary = self.wheres, self.vocabulary
        if wheres and where == wheres[0]:
            where = wheres[0]
        else:
            where, place, rare = self._place_of_where(where)
        actor, device, party = NOBODY, NO_DEVICE, NO_PARTY
        by = with_ = for_ = NO_PLACE
        if plan.actor:
            actor, code = vocabulary.actors.canonical(actor_of(event))
            by, rare = _place_in(self.actor_codes, code, ACTOR, actor, rare)
        if plan.device:
            device, code = vocabulary.devices.canonical(device_of(event))
            with_, rare = _place_in(self.device_codes, code, DEVICE, device, rare)
        if plan.party:
            party, for_, rare = self._place_of_party(party_of(event), rare)
        fact = Fact(event.event_id.int, plan.code, event.occurred_at, where, actor, device, party, kept_of(event, plan))
        if is_ahead(event, self.source.clock):
            fact.kept = {**fact.kept, RECEIVED: event.received_at}
        if rare:
            self.has_rare = True
        if event.data_version != 1 or event.supersedes_event_id is not None or event.source_op is SourceOp.DELETE:
            rare = {**(rare or {}), **_take_version(fact, event)}
        if INSTANCE in fact.kept:
            rare = {**(rare or {}), INSTANCE: self._place_of_name(fact.kept[INSTANCE])}
        head, kept = pack_fact(fact, place, by, with_, for_, rare)
        self.body += head
        self.kept += kept
        self.facts.append(fact)
        self.fresh.append(fact)
        self.heed(fact)
        self.is_anew = self.is_anew or self._may_mean_more(fact)
        self._heads = self._parts = None

    def _place_of_where(self, named: Where) -> tuple[Where, int, dict[int, Any] | None]:
        where, code = self.vocabulary.wheres.canonical(named)
        if not any(known is where for known in self.wheres):
            self.is_anew = self.is_anew or bool(self.wheres)
            self.wheres.append(where)
        place, rare = _place_in(self.where_codes, code, WHERE, where, None)
        return where, place, rare

    def _place_of_party(self, party: Party, rare: dict[int, Any] | None) -> tuple[Party, int, dict[int, Any] | None]:
        parties = self.parties
        if party in parties:
            place = parties.index(party)
            return parties[place], place, rare
        if len(parties) >= NO_PLACE:
            return party, NO_PLACE, {**(rare or {}), PARTY: party}
        parties.append(party)
        return party, len(parties) - 1, rare

    def _place_of_name(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def knows(self, event_id: UUID) -> bool:
        return holds_id(self.body, event_id)

    def heed(self, fact: Fact) -> None:
        """Note what is seldom of a fact."""
        if fact.supersedes is not None or fact.deleted:
            self.has_versions = True
        if fact.is_ahead:
            self.has_ahead = True
        if "test" in (fact.kept.get(FLAGS) or ()):
            self.may_be_test = True

    def _may_mean_more(self, fact: Fact) -> bool:
        """Whether a new fact may change what rules read in others: it corrects or is corrected, makes the case a test, or comes
        before facts that name another place, or before all and when the reference data was another (until a case is accepted, its
        first fact decides by which it is judged); one from the future means nothing but itself."""
        if fact.version > 1 or fact.supersedes is not None or fact.deleted or fact.is_ahead:
            return True
        if self.has_versions and any(other.supersedes == fact.id for other in self.facts):
            return True
        if self.may_be_test and "test" in (fact.kept.get(FLAGS) or ()):
            return True
        first = min([other.at for other in self.facts if other is not fact], default=fact.at)
        if fact.at < first and self.world.span(fact.at) != self.world.span(first):
            return True
        return len(self.wheres) > 1 and any(order_of(fact) < order_of(other) for other in self.facts)

    # -- the view -----------------------------------------------------------------------------------------------

    def heads(self) -> list[Fact]:
        """The facts in force, in order."""
        if self._heads is None:
            if self.has_versions:
                chains = in_force(self.facts)
                heads = [chain.head for chain in chains]
                self._older = {chain.head.id: chain.versions for chain in chains if len(chain.versions) > 1}
            else:
                heads = sorted(self.facts, key=order_of)
            if self.has_ahead:
                self._ahead = [head for head in heads if head.is_ahead]
                heads = [head for head in heads if not head.is_ahead]
            self._heads = heads
        return self._heads

    def ahead(self) -> list[Fact]:
        """The facts in quarantine: the highest version of their chain is from the future. Nothing else reads them."""
        self.heads()
        return self._ahead

    def versions(self, head: Fact) -> tuple[Fact, ...]:
        """All versions of a fact in force, the first one first, without those from the future."""
        versions = (self._older.get(head.id) if self._older else None) or (head,)
        if self.has_ahead:
            versions = tuple(version for version in versions if not version.is_ahead) or (head,)
        return versions

    def first_id(self, head: Fact) -> int:
        """The id of its first version."""
        versions = self._older.get(head.id) if self._older else None
        return head.id if versions is None else versions[0].id

    def first_uuid(self, head: Fact) -> UUID:
        """The same as events say it."""
        return UUID(int=self.first_id(head))

    def parts(self) -> list[Part]:
        """The case cut at each reopening; the segment is the first-version id of the reopening, or "0"."""
        if self._parts is None:
            self._parts = self._cut()
        return self._parts

    def _cut(self) -> list[Part]:
        heads = self.heads()
        parts: list[Part] = []
        begin, segment, opener = 0, "0", None
        for position, head in enumerate(heads):
            if head.type == _REOPENED:
                parts.append(Part(self, segment, heads[begin:position], opener))
                begin, segment, opener = position + 1, str(UUID(int=self.first_id(head))), head
        parts.append(Part(self, segment, heads[begin:], opener))
        return parts

    @property
    def is_test(self) -> bool:
        return self.may_be_test and any("test" in (head.get(FLAGS) or ()) for head in self.heads())

    # -- looking up ---------------------------------------------------------------------------------------------

    def officer(self, officer_id: str | None, at: int) -> Officer | None:
        return None if not officer_id else self.world.reference.officer(officer_id, at)

    def person(self, fact: Fact) -> str | None:
        """The natural person who acted: the hash on the event, else in the register, else the officer id."""
        own = fact.actor[PERSON]
        if own:
            return own
        officer_id = fact.actor[OFFICER]
        registered = self.officer(officer_id, fact.at)
        return registered.person_hash if registered is not None and registered.person_hash else officer_id

    def precision(self, fact: Fact) -> str:
        """How fine the time of a fact is: the coarser of its own word and its source's."""
        own = fact.kept.get(TIME_PRECISION)
        if own is None:
            return self.source.precision.value
        return max(str(own), self.source.precision.value, key=_COARSENESS.__getitem__)


def _place_in(
    codes: list[int], code: int | None, number: int, word: Any, rare: dict[int, Any] | None
) -> tuple[int, dict[int, Any] | None]:
    """The place of a word in a case's list; of one without a place there, number or word stands in the fact, under `number`."""
    if code in codes:
        return codes.index(code), rare
    if code is None or len(codes) >= NO_PLACE:
        return NO_PLACE, {**(rare or {}), number: word if code is None else code}
    codes.append(code)
    return len(codes) - 1, rare


def _take_version(fact: Fact, event: CaseEvent) -> dict[int, Any]:
    """What the event says of other versions, on the fact and as it is packed."""
    fact.version = event.data_version
    fact.deleted = event.source_op is SourceOp.DELETE
    fact.supersedes = None if event.supersedes_event_id is None else event.supersedes_event_id.int
    return version_of(fact)
