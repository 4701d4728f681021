"""A case as the rules see it, and what the engine remembers of it: facts, what was said, the instants to wake at.

A fact that comes in order is added to the view that rules judge by; anything else (a late fact, a correction, a new place) lets
the view be made anew from all facts, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rules.chain import in_force
from rules.fact import CODE_OF, FLAGS, NO_DEVICE, NO_PARTY, NOBODY, NOTHING, OFFICER, PERSON, TIME_PRECISION, Fact, Party, Where
from rules.packing import ACTOR, DELETED, DEVICE, NO_PLACE, PARTY, SUPERSEDES, VERSION, WHERE, pack_fact
from rules.part import Part, order_of
from rules.said import Sent, Standing
from rules.vocabulary import Vocabulary
from rules.world import World
from supervision.event import EventType
from supervision.reference import Officer, Source
from supervision.subject import key

_REOPENED = CODE_OF[EventType.CASE_REOPENED]
_COARSENESS = {"second": 0, "minute": 1, "day": 2}


class Case:
    """One case of a dossier. `wheres`, `parties` and the numbers of the vocabulary: what its facts name, each once."""

    def __init__(self, world: World, source: Source, case_id: str, vocabulary: Vocabulary) -> None:
        self.world = world
        self.source = source
        self.case_id = case_id
        self.vocabulary = vocabulary
        self.facts: list[Fact] = []
        self.ids: list[int] = []
        self.wheres: list[Where] = []
        self.where_codes: list[int] = []
        self.actor_codes: list[int] = []
        self.device_codes: list[int] = []
        self.parties: list[Party] = []
        self.has_versions = False
        self.may_be_test = False
        self.alerts: list[Standing] = []
        self.sent: list[Sent] = []
        self.wakes: dict[str, int] = {}
        self.fresh: list[Fact] = []  # facts of the call at hand
        self.is_anew = False  # they may have changed what any rule looked at
        self.body = b""  # its facts, packed
        self._heads: list[Fact] | None = None
        self._older: dict[int, tuple[Fact, ...]] = {}
        self._parts: list[Part] | None = None

    @property
    def subject(self) -> str:
        return key("case", self.source.name, self.case_id)

    def look_anew(self, world: World, source: Source) -> None:
        """Other reference data, or nothing to go by: the next judgement starts from the facts."""
        self.world = world
        self.source = source
        self._heads = None
        self._parts = None

    # -- facts --------------------------------------------------------------------------------------------------

    def take(self, fact: Fact) -> None:
        """A fact that is not known yet."""
        self._hold(fact)
        self.fresh.append(fact)
        if fact.supersedes is not None or fact.version > 1 or fact.deleted or self.has_versions or self.may_be_test:
            self._correct(fact)
            return
        heads = self._heads
        if heads is None:
            if len(self.wheres) > 1 and any(order_of(fact) < order_of(other) for other in self.facts):
                self.is_anew = True
        elif not heads or heads[-1].at < fact.at or (heads[-1].at == fact.at and heads[-1].id < fact.id):
            heads.append(fact)
            if self._parts is not None:
                if fact.type == _REOPENED or self.is_anew:
                    self._parts = None
                else:
                    self._parts[-1].add(fact)
        else:
            self._heads = self._parts = None
            if len(self.wheres) > 1:
                self.is_anew = True

    def _hold(self, fact: Fact) -> None:
        """Remember it and pack it: its tuples are those that the case or the vocabulary has already."""
        rare: dict[int, Any] = {}
        wheres = self.wheres
        if wheres and fact.where == wheres[0]:
            fact.where = wheres[0]
            where = 0
        else:
            where = self._place_of_where(fact, rare)
        actor = device = party = NO_PLACE
        if fact.actor is not NOBODY:
            fact.actor, code = self.vocabulary.actors.canonical(fact.actor)
            actor = _place_in(self.actor_codes, code, ACTOR, rare)
        if fact.device is not NO_DEVICE:
            fact.device, code = self.vocabulary.devices.canonical(fact.device)
            device = _place_in(self.device_codes, code, DEVICE, rare)
        if fact.party is not NO_PARTY:
            party = self._place_of_party(fact, rare)
        if fact.version > 1:
            rare[VERSION] = fact.version
        if fact.deleted:
            rare[DELETED] = True
        if fact.supersedes is not None:
            rare[SUPERSEDES] = fact.supersedes.to_bytes(16, "big")
        self.body += pack_fact(fact, where, actor, device, party, rare)
        self.remember(fact)

    def _place_of_where(self, fact: Fact, rare: dict[int, Any]) -> int:
        fact.where, code = self.vocabulary.wheres.canonical(fact.where)
        if not any(known is fact.where for known in self.wheres):
            self.is_anew = self.is_anew or bool(self.wheres)
            self.wheres.append(fact.where)
        return _place_in(self.where_codes, code, WHERE, rare)

    def _place_of_party(self, fact: Fact, rare: dict[int, Any]) -> int:
        parties = self.parties
        for place, known in enumerate(parties):
            if known == fact.party:
                fact.party = known
                return place
        if len(parties) >= NO_PLACE:
            rare[PARTY] = fact.party
            return NO_PLACE
        parties.append(fact.party)
        return len(parties) - 1

    def remember(self, fact: Fact) -> None:
        """Hold a fact whose tuples are known; `take` or whoever unpacks the state calls it."""
        self.facts.append(fact)
        self.ids.append(fact.id)
        if fact.supersedes is not None or fact.deleted:
            self.has_versions = True
        if fact.kept is not NOTHING and "test" in (fact.kept.get(FLAGS) or ()):
            self.may_be_test = True

    def _correct(self, fact: Fact) -> None:
        """It corrects, is corrected, or can make the case a test."""
        if (
            fact.supersedes is not None
            or fact.version > 1
            or fact.deleted
            or "test" in (fact.get(FLAGS) or ())
            or len(self.wheres) > 1
            or any(other.supersedes == fact.id for other in self.facts)
        ):
            self.is_anew = True
        self._heads = self._parts = None

    # -- the view -----------------------------------------------------------------------------------------------

    def heads(self) -> list[Fact]:
        """The facts in force, in order."""
        if self._heads is None:
            self._older = {}
            if self.has_versions:
                chains = in_force(self.facts)
                self._heads = [chain.head for chain in chains]
                self._older = {chain.head.id: chain.versions for chain in chains if len(chain.versions) > 1}
            else:
                self._heads = sorted(self.facts, key=order_of)
        return self._heads

    def versions(self, head: Fact) -> tuple[Fact, ...]:
        """All versions of a fact in force, the first one first."""
        return self._older.get(head.id) or (head,)

    def first_id(self, head: Fact) -> int:
        """The id of its first version."""
        versions = self._older.get(head.id)
        return head.id if versions is None else versions[0].id

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


def _place_in(codes: list[int], code: int, number: int, rare: dict[int, Any]) -> int:
    """The place of a word in a case's list; a case that names too many says the rest fact by fact."""
    if code in codes:
        return codes.index(code)
    if len(codes) >= NO_PLACE:
        rare[number] = code
        return NO_PLACE
    codes.append(code)
    return len(codes) - 1
