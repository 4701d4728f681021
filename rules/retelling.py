"""The short way of a fact that corrects one of its case, or comes in before its last: the acts of the case are told over again.

`rules.shortcut` adds to a plain case what happens behind all else. Where an act takes another one's place, or comes between others,
the looks are asked of every act in order, as if the facts had come so before the clock moved at all. Where one of them cannot be
sure, where the clock has come to what they wait for, or where the case has said anything or sent what would change, the event goes
the whole way.
"""

from __future__ import annotations

import struct
from bisect import bisect
from collections.abc import Callable
from typing import Any

import msgspec

from rules.annex import Annex, annex_in, annex_with, rules_in
from rules.book import Rulebook
from rules.clocks import NEVER
from rules.fact import NOTHING, OFFICER, actor_of, device_of, party_of
from rules.outline import ACCEPTANCE_BYTES, Scene
from rules.packing import FORMAT, PLAIN, SHIFT, SUPERSEDES, VERSION, instant_at, kept_in, raws_in, stamp_of
from rules.part import ACCEPTANCE_CODES
from rules.plain import (
    ACTOR_AT,
    AT,
    DEVICE_AT,
    FACT_SIZE,
    HEAD,
    MOST_FACTS,
    NO_WORD,
    TYPE_AT,
    WAKE_SIZE,
    Sections,
    apart_of,
    first_of,
    listed,
    names_in,
    parties_in,
    sections,
    sent_in,
    told_apart,
)
from rules.said import Draft
from rules.saying import differences
from rules.shortcut import NO_PARTY, UNKNOWN, Shortcut
from rules.verdict import FAR
from rules.ways import ORDINARY, Before, Follow, Origin, number_of, place_of, told_of
from rules.world import Place
from supervision.durations import QUARTER_MS
from supervision.event import CaseEvent, SourceOp
from supervision.signal import Signal

_GONE: Any = None  # the event of an act that came before
_encode = msgspec.msgpack.Encoder().encode


class Act(Scene):
    """What a look may ask of an act that came before: the event itself is gone."""

    __slots__ = ("fact_id",)
    fact_id: bytes

    @property
    def event_id(self) -> int:
        return int.from_bytes(self.fact_id, "big")


class Acts:
    """Those of a plain case, in order: facts as packed, what is kept of each, and by place what lies apart of one, and what stands
    in it of its version."""

    __slots__ = ("apart", "facts", "kept", "versions")

    def __init__(
        self, facts: list[bytes], kept: list[bytes], apart: dict[int, dict[int, Any]], versions: dict[int, dict[int, Any]]
    ) -> None:
        self.facts, self.kept, self.apart, self.versions = facts, kept, apart, versions

    def take_out(self, place: int) -> tuple[bytes, bytes]:
        """The fact there is none of them any more: as it is packed, and all that is kept of it."""
        kept = self.kept.pop(place)
        apart, version = self.apart.pop(place, NOTHING), self.versions.pop(place, NOTHING)
        if apart or version:
            words = kept_in(kept, 1)[0] or NOTHING
            kept = _encode(dict(sorted((words | apart).items())) | version)
        self._shift(place, -1)
        return self.facts.pop(place), kept

    def put_in(self, fact: bytes, kept: bytes, apart: dict[int, Any], version: dict[int, Any]) -> int:
        """One more, where it belongs by its time; its place."""
        place = bisect(self.facts, _order(fact), key=_order)
        self._shift(place, 1)
        self.facts.insert(place, fact)
        self.kept.insert(place, kept)
        if apart:
            self.apart = dict(sorted({**self.apart, place: apart}.items()))
        if version:
            self.versions = dict(sorted({**self.versions, place: version}.items()))
        return place

    def _shift(self, since: int, by: int) -> None:
        """The facts from this place on move."""
        if self.apart:
            self.apart = {place + by * (place >= since): told for place, told in self.apart.items()}
        if self.versions:
            self.versions = {place + by * (place >= since): version for place, version in self.versions.items()}


Meant = tuple[bytes, list[Draft], frozenset[str]]
Tell = Callable[[Acts, bytes, Origin, int, int | None, tuple[int, bytes]], Meant | None]


class Retelling:
    """Of one engine, by one state of the reference data, beside its shortcut."""

    def __init__(self, book: Rulebook, shortcut: Shortcut, teller: Callable[[Scene], Tell] | None = None) -> None:
        """`teller`: who else tells acts over again, of looks at this scene."""
        self._shortcut = shortcut
        self._scene = Act(shortcut.scene.world, shortcut.vocabulary)
        self._tell = self.tell if teller is None else teller(self._scene)
        self._later_ms: dict[int, int] = {}  # how much later than their least version facts may lie, where a rule asks for that
        for code, later_ms in [each for rule in book.rules for each in rule.versioned.items()]:
            self._later_ms[code] = min(later_ms, self._later_ms.get(code, FAR))
        self._signalling = frozenset(rule.id for rule in book.all[1])

    def take(self, event: CaseEvent, key: str, blob: bytes, position: int) -> bytes | None:
        """The state of the case with this event in it, of which no alert comes; None: it has to go the whole way. `position`: its
        place among the items of the call."""
        if blob[1] != PLAIN or blob.find(event.event_id.bytes) >= 0:
            return None
        origin, of = self._shortcut.origins.of(event.source_system), sections(blob)
        place = self._place_of(event, of)
        if place is None or of.earliest <= origin.now or origin.is_odd or not self._is_at_home(event, of.where_code):
            return None
        received_at = event.received_at
        if received_at is not None and event.occurred_at - received_at > origin.ahead:
            return None
        if of.annex and rules_in(of.annex, 0):
            return None
        try:
            retold = self._retold(event, origin, of, place)
        except struct.error:  # longer than a plain case may be
            return None
        if retold is None:
            return None
        next_wake, added, signals = retold
        if signals and not self._shortcut.is_settled(event, key, position):
            return None
        self._shortcut.say(signals)
        if next_wake != of.earliest and next_wake != FAR:
            origin.arm(key, next_wake)
        self._shortcut.taken += 1
        return added

    def _place_of(self, event: CaseEvent, of: Sections) -> int | None:
        """The place of the fact it corrects, that behind all others if it is none; None: only judging the whole case can tell."""
        if event.supersedes_event_id is None:
            is_between = stamp_of(event.occurred_at) <= of.facts[-FACT_SIZE + AT : -FACT_SIZE + AT + 6]
            return of.number if is_between and of.number < MOST_FACTS else None
        wanted = event.supersedes_event_id.bytes
        at = of.facts.find(wanted)
        while at % FACT_SIZE and at > 0:
            at = of.facts.find(wanted, at + 1)
        if at < 0:
            return None
        was, now = of.facts[at + TYPE_AT], self._shortcut.ways[event.event_type].plan.code
        if was == now == ACCEPTANCE_CODES[0]:
            return at // FACT_SIZE
        is_versioned = any(code in ACCEPTANCE_CODES or code in self._later_ms for code in (was, now))
        return None if is_versioned else at // FACT_SIZE

    def _is_at_home(self, event: CaseEvent, where_code: int) -> bool:
        """Whether it is an ordinary event where its case is, or an ordinary correction of one there."""
        expected = self._shortcut.expected.get(where_code) or self._shortcut.expect(where_code)
        if event.supersedes_event_id is not None:
            correcting = (event.data_version, event.supersedes_event_id, SourceOp.UPDATE, *ORDINARY[3:])
            expected = (*expected[: -len(ORDINARY)], *correcting)
        return bool(told_of(event) == expected)

    def _retold(self, event: CaseEvent, origin: Origin, of: Sections, old: int) -> tuple[int, bytes, list[Signal]] | None:
        """When to wake the case next, its state, and what it signals else than it did. Raises struct.error."""
        way, vocabulary = self._shortcut.ways[event.event_type], self._shortcut.vocabulary
        names, annex = names_in(of.names), annex_in(of.annex)
        told = way.pack(event, names)
        if told is None:
            return None
        kept, name, many = told
        facts = [of.facts[at : at + FACT_SIZE] for at in range(0, len(of.facts), FACT_SIZE)]
        acts = Acts(facts, raws_in(of.kept, of.number), told_apart(of.apart), annex.versions)
        version, first_id = NOTHING, event.event_id.bytes
        if old < of.number:
            version = _version_of(event, acts, old)
            if not version or (way.plan.code == ACCEPTANCE_CODES[0] and not self._starts_anew(event, acts, old, annex)):
                return None
            is_first = old not in acts.versions and facts[old][:16] not in annex.past_kept
            first_id = facts[old][:16] if is_first else b""
            _keep_past(annex, *acts.take_out(old))
        by = number_of(vocabulary.actors, actor_of(event)) if way.plan.actor else NO_WORD
        with_ = number_of(vocabulary.devices, device_of(event)) if way.plan.device else NO_WORD
        if by is None or with_ is None:
            return None
        parties, for_ = of.parties, NO_PARTY
        if way.plan.party:
            for_, longer = place_of(party_of(event), parties_in(parties))
            parties = parties if longer is None else listed(longer)
        stamp = stamp_of(event.occurred_at)
        place = acts.put_in(b"".join((event.event_id.bytes, way.type, stamp, by, with_, for_)), kept, many, version)
        if name is not None:
            names.append(name)
        apart = b"".join([apart_of(place, told) for place, told in acts.apart.items()])
        meant = self._tell(acts, apart, origin, of.where_code, annex.start, (place, first_id))
        if meant is None:
            return None
        wakes, drafts, bare = meant
        next_wake = first_of(wakes)
        if next_wake <= origin.now or (not wakes and origin.forgets) or not bare.isdisjoint(names):
            return None
        signals, sent = self._signals(event, origin, drafts, of.sent)
        if sent is None:
            return None
        annex.versions = acts.versions
        beside = annex_with(annex) if annex.past or annex.versions else b""
        behind = (b"".join(acts.kept), parties, listed(names), apart, wakes, beside)
        kept_size, parties_size, names_size, apart_size, wakes_size, annex_size = map(len, behind)
        sizes = (kept_size, parties_size, names_size, apart_size, wakes_size // WAKE_SIZE, annex_size)
        head = HEAD.pack(FORMAT, PLAIN, next_wake, of.where_code, len(acts.facts), *sizes)
        return next_wake, b"".join((head, *acts.facts, *behind, sent)), signals

    def _starts_anew(self, event: CaseEvent, acts: Acts, old: int, annex: Annex) -> bool:
        """Keep the least accepted time, by this correction of the acceptance that lies there, in the annex. False: only judging the
        whole case can tell."""
        types = [fact[TYPE_AT] for fact in acts.facts]
        if types.count(ACCEPTANCE_CODES[0]) > 1:
            return False
        at = event.occurred_at
        least = min(at, annex.start if annex.start is not None else instant_at(acts.facts[old], AT))
        annex.start = None if least == at else least
        return at - least <= self._later_ms.get(ACCEPTANCE_CODES[0], FAR)

    def _signals(self, event: CaseEvent, origin: Origin, drafts: list[Draft], section: bytes) -> tuple[list[Signal], bytes | None]:
        """What to signal, and the section of what was; no section: only judging the whole case can tell."""
        if not drafts and not section:
            return [], section
        sent = sent_in(section)
        if not self._signalling.issuperset([one.kind for one in sent]):
            return [], None
        signals = differences(sent, list(sent), drafts, origin.source, event.case_id or "")
        return signals, listed(sent) if signals else section

    def tell(  # noqa: C901 - gone through for every act of the case: a call costs as much as three of its lines
        self, acts: Acts, apart: bytes, origin: Origin, where_code: int, accepted_at: int | None, new: tuple[int, bytes]
    ) -> Meant | None:
        """The wakes behind the last act, what all of them signal, and the steps that name no instance. `accepted_at`: when the
        limits start, if not with the acceptance; `new`: the place of the new act, and the id that its signals go by, if known."""
        shortcut, scene, grace = self._shortcut, self._scene, origin.grace
        actors = shortcut.vocabulary.actors
        facts, all_kept = b"".join(acts.facts), b"".join(acts.kept)
        types = facts[TYPE_AT::FACT_SIZE]
        ats = [int.from_bytes(fact[AT : AT + 6], "big") - SHIFT for fact in acts.facts]
        accepted, supplemented = (types.find(each) for each in ACCEPTANCE_BYTES)
        opened, start, since, until = -1, 0, FAR, FAR
        place: Place | None = None
        wakes, earliest, end = b"", FAR, 0
        drafts: list[Draft] = []
        follow: Follow | None = None
        for count, at in enumerate(ats):
            is_moved = False
            opens = accepted if 0 <= accepted <= count else supplemented if 0 <= supplemented <= count else 0
            if opens != opened:
                is_moved = accepted_at is not None and opens == accepted
                opened, start = opens, accepted_at if accepted_at is not None and is_moved else ats[opens]
                since, until, place = origin.places.get(where_code) or shortcut.origins.place_anew(origin, where_code, start)
                if not since <= start < until:
                    since, until, place = shortcut.origins.place_anew(origin, where_code, start)
            assert place is not None
            end += len(acts.kept[count])
            history = (types[: count + 1], all_kept[:end])
            follow = place.outlooks.get(history, UNKNOWN)
            if follow is UNKNOWN:
                follow = shortcut.learn(place, *history)
            if follow is None:
                return None
            daily, looks = follow.daily, follow.restless
            before: Before | None = None
            if daily and not is_moved and at + grace < earliest and at % QUARTER_MS:
                if opened < count or not count:
                    before = (wakes, place.calendar.day_of(at), 0)
                elif ats[0] >= since:
                    before = (wakes, place.calendar.day_of(at), place.calendar.day_of(ats[0]))
                known = follow.known.get(before) if before is not None else None
                if known is not None:
                    wakes, earliest, _ = known
                    daily = ()
            if not daily and not looks and not follow.calm:
                continue
            code = acts.facts[count][ACTOR_AT:DEVICE_AT]
            actor = None if code == NO_WORD else actors.value(int.from_bytes(code, "big"))
            if follow.calm and actor is not None and actor[OFFICER] and not place.is_calm(actor[OFFICER], at):
                return None
            if not daily and not looks:
                continue
            scene.fact_id = new[1] if count == new[0] else acts.facts[count][:16]
            told = acts.apart.get(count, NOTHING)
            scene.set(place, start, _GONE, at, actor, told, count, facts[: count * FACT_SIZE], apart, NEVER, grace, wakes)
            asked = shortcut.look(follow, daily, before, scene) if daily else wakes
            if asked is not None and looks:
                asked = shortcut.asked(looks, scene, asked)
            if asked is None:
                return None
            if scene.drafts:
                if not scene.fact_id or (count in acts.versions and count != new[0]):  # they go by the first version of a fact
                    return None
                drafts += scene.drafts
            if asked is not wakes:
                wakes, earliest = asked, first_of(asked)
        return None if follow is None else (wakes, drafts, follow.bare)


def _order(fact: bytes) -> bytes:
    """What facts are in the order of: time and id."""
    return fact[AT : AT + 6] + fact[:16]


def _version_of(event: CaseEvent, acts: Acts, old: int) -> dict[int, Any]:
    """What stands in the fact of a correction of its version; nothing: it is not above the one that it corrects."""
    known, corrected = acts.versions.get(old, NOTHING).get(VERSION, 1), event.supersedes_event_id
    if corrected is None or event.data_version <= known:
        return NOTHING
    return {VERSION: event.data_version, SUPERSEDES: corrected.bytes}


def _keep_past(annex: Annex, fact: bytes, kept: bytes) -> None:
    """One more fact that is not in force."""
    facts = [annex.past[at : at + FACT_SIZE] for at in range(0, len(annex.past), FACT_SIZE)]
    all_kept = raws_in(annex.past_kept, len(facts))
    place = bisect(facts, _order(fact), key=_order)
    facts.insert(place, fact)
    all_kept.insert(place, kept)
    annex.past, annex.past_kept = b"".join(facts), b"".join(all_kept)
