"""The short way of an event into its case: where all it can mean is known from cases alike, it is added to the packed state.

Most events of most cases say nothing. For a plain case (`rules.plain`) the outlooks of the detectors tell, once for all cases of
the same place and outline, what the next act can mean; times and persons decide the rest. Whatever is not sure goes the whole way,
so the short way never says anything but the signals that looks have to send, and what it leaves behind is what the whole way
would have left.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from rules.book import Rulebook
from rules.clocks import Clocks
from rules.fact import NOTHING, OFFICER, WHERE, where_of
from rules.forgetting import Graveyard
from rules.outline import LOUD, SAME, Scene, opening_of, start_of
from rules.output import Item
from rules.packing import FORMAT, PLAIN, SHIFT, instant_at, stamp_of
from rules.plain import (
    ACTOR_AT,
    AT,
    FACT_SIZE,
    HEAD,
    MOST_FACTS,
    NO_WORD,
    TYPE_AT,
    WAKE_SIZE,
    apart_of,
    first_of,
    listed,
    names_in,
    parties_in,
    with_name,
    with_sent,
    with_wake,
)
from rules.said import Draft
from rules.saying import first_sent, signal_of
from rules.unasked import Unasked
from rules.verdict import FAR
from rules.vocabulary import Vocabulary
from rules.ways import (
    NOTHING_KEPT,
    ORDINARY,
    Before,
    Follow,
    LookOf,
    Origin,
    Origins,
    Way,
    apart_in,
    follow,
    number_of,
    place_of,
    told_of,
)
from rules.world import Place, World
from supervision.durations import QUARTER_MS
from supervision.event import CaseEvent, root_key
from supervision.glance import Glance
from supervision.signal import Signal
from supervision.worktime import CalendarMissing

MOST_OUTLOOKS = 5_000  # of one place; a history beyond them goes the whole way
_ALL_OF_WHERE = len(WHERE)
_encode = msgspec.msgpack.Encoder().encode
_HEAD_SIZE = HEAD.size
_LAST_TYPE, _LAST_AT, _LAST_BY = FACT_SIZE - TYPE_AT, FACT_SIZE - AT, FACT_SIZE - ACTOR_AT  # of a fact, before its end
_FIRST_AT, _FIRST_BY = _HEAD_SIZE + AT, _HEAD_SIZE + ACTOR_AT  # of the first fact
_pack_head, _unpack_head = HEAD.pack, HEAD.unpack_from
NO_PARTY = b"\xff"
UNKNOWN: Any = object()


class Shortcut:
    """Of one engine, by one state of the reference data. `taken`: how many events went this way."""

    def __init__(
        self,
        book: Rulebook,
        world: World,
        vocabulary: Vocabulary,
        clocks: Clocks,
        graves: Graveyard,
        origins: Origins,
        taken: int,
    ) -> None:
        self._book = book
        self.ways = {kind: Way(kind, plan) for kind, plan in book.keeper.plans.items()}
        self.vocabulary = vocabulary
        self._known_actor, self._known_device = vocabulary.actors.known_of, vocabulary.devices.known_of
        self._unasked = Unasked(vocabulary)
        self.clocks = clocks
        self.graves = graves
        self.origins = origins
        self._origin_of = origins.get
        self.expected: dict[int, Any] = {}  # what an ordinary event of a case in this where tells
        self.scene = Scene(world, vocabulary)
        self._items: Sequence[Item] = ()
        self._blobs: dict[str, bytes] = {}
        self._changed: dict[str, bytes | None] = {}
        self._signals: list[Signal] = []
        self.unsettling = tuple(rule.unsettles for rule in book.rules if rule.unsettles is not None)
        self.taken = taken

    def begin(
        self, items: Sequence[Item], blobs: dict[str, bytes], changed: dict[str, bytes | None], signals: list[Signal]
    ) -> None:
        """Before the events of a call: clocks stand still among them. `blobs`: all cases, packed; those that change go into
        `changed` too. What they signal is put into the list."""
        self._items, self._blobs, self._changed, self._signals = items, blobs, changed, signals
        self.origins.begin()

    def run(self, position: int) -> int:  # noqa: C901 - see below
        """Take the events from this place among the items on; the place of the first that has to go the whole way: of it nothing is
        changed.

        One long function, since it is gone through for nearly every event: a call costs as much as three of its lines. What is
        kept in an attribute and called gets a name first: CPython 3.11 finds a method at once, such an attribute anew each time.
        """
        items, blobs, changed, ways = self._items, self._blobs, self._changed, self.ways
        origin_of, unasked, known_actor, known_device = self._origin_of, self._unasked.left, self._known_actor, self._known_device
        taken = 0
        for position in range(position, len(items)):  # noqa: B020 - it is where it stops
            event = items[position]
            if type(event) is not CaseEvent:
                continue
            is_alone = event.root_case_id is None is event.parent_case_id
            key = f"{event.source_system}/{event.case_id}" if is_alone else root_key(event)
            blob = blobs.get(key)

            # -- who and where
            origin = origin_of(event.source_system) or self.origins.of(event.source_system)
            identity = event.event_id.int.to_bytes(16, "big")
            way = ways[event.event_type]
            body: Any = event.payload
            if type(body) is not way.struct:
                break
            read = way.read
            told, actor, device, party, values, rares, apart = read(event, body)
            if blob is None:
                if told[_ALL_OF_WHERE:] != ORDINARY or self.graves.holds(key):
                    break
                blob, earliest, count, kept_size, parties_size, names_size, apart_size, wakes = b"", FAR, 0, 0, 0, 0, 0, 0
                annex_size = 0
                where_code = self.where_of(event)
            else:
                if blob[1] != PLAIN or blob.rfind(identity) >= 0:  # `in` asks first whether it is a number, which costs more
                    break
                _, _, earliest, where_code, count, kept_size, parties_size, names_size, apart_size, wakes, annex_size = (
                    _unpack_head(blob)
                )
            at, received_at = event.occurred_at, event.received_at
            expected, since, until, place = origin.spots.get(where_code) or self.origins.spot(origin, where_code, at)
            if told != expected or earliest <= origin.now or count >= MOST_FACTS:
                break

            # -- when: behind all others
            if received_at is not None and at - received_at > origin.ahead:
                break
            stamp = (at + SHIFT).to_bytes(6, "big")
            facts_end = _HEAD_SIZE + FACT_SIZE * count
            if count:
                last_stamp = blob[facts_end - _LAST_AT : facts_end - _LAST_BY]
                if stamp <= last_stamp and (stamp < last_stamp or identity <= blob[facts_end - FACT_SIZE : facts_end - _LAST_TYPE]):
                    break

            # -- what it says
            kept_end = facts_end + kept_size
            names_at = kept_end + parties_size
            apart_at = names_at + names_size
            wakes_at = apart_at + apart_size
            annex_at = wakes_at + wakes * WAKE_SIZE
            many, names, own_names = NOTHING, b"", None
            if way.keeps_nothing or (way.is_seldom_told and rares == way.usual):
                kept = NOTHING_KEPT
            else:
                if way.is_stepped:
                    names = blob[names_at:apart_at]
                number = None
                if way.is_instanced and (name := body.step_instance_id) is not None:
                    number, own_names = with_name(names, name)
                is_plain = values is not None and rares == way.usual and (number is not None or not names)
                known_kept = way.told.get((values, number)) if is_plain else None
                if known_kept is not None:
                    kept = known_kept
                    if apart != way.few:
                        many = apart_in(body, way.many)
                else:
                    found = way.pack(event, names_in(names))
                    if found is None:
                        break
                    kept, _, many = found

            # -- what it means
            types = blob[_HEAD_SIZE + TYPE_AT : facts_end : FACT_SIZE] + way.type
            all_kept = blob[facts_end:kept_end] + kept
            annex_end = annex_at + annex_size
            if annex_size or not (since <= blob[_FIRST_AT:_FIRST_BY] and stamp < until):  # else it starts in between
                start = start_of(types, at, blob, annex_at, annex_end)
                if not since <= stamp_of(start) < until:
                    _, since, until, place = self.origins.spot(origin, where_code, start)
            leads_to = place.outlooks.get((types, all_kept), UNKNOWN)
            if leads_to is UNKNOWN:
                leads_to = self.learn(place, types, all_kept)
            if leads_to is None or (own_names is not None and body.step_instance_id in leads_to.bare):
                break
            daily = leads_to.heeding(blob, annex_at, annex_end) if annex_size else leads_to.daily
            if daily is None:
                break
            packed_wakes, next_wake = blob[wakes_at:annex_at], earliest
            drafts: list[Draft] = []
            looks: Sequence[LookOf] = leads_to.looks
            if looks:
                if leads_to.calm:
                    officer = actor[OFFICER] if actor is not None else None
                    if not officer or at // QUARTER_MS in place.calm.get(officer, NOTHING):  # as `Place.is_calm`
                        looks = leads_to.restless
                if looks:
                    looks, heeded = unasked(looks, place, actor, at, many, count, blob, packed_wakes, event, drafts)
                    if heeded is not packed_wakes:
                        packed_wakes, next_wake, wakes = heeded, first_of(heeded), len(heeded) // WAKE_SIZE
            before = None
            if daily and daily is leads_to.daily and at + origin.grace < earliest and at % QUARTER_MS:
                day_of = place.calendar.day_of
                if not count or opening_of(types) < count:
                    before = (packed_wakes, day_of(at), 0)
                elif blob[_FIRST_AT:_FIRST_BY] >= since:
                    before = (packed_wakes, day_of(at), day_of(instant_at(blob, _FIRST_AT)))
                known = leads_to.known.get(before) if before is not None else None
                if known is not None and known[1] > origin.now:
                    packed_wakes, next_wake, wakes = known
                    daily = ()
            if daily or looks:
                scene, start = self.scene, start_of(types, at, blob, annex_at, annex_end)
                facts, told_apart = blob[_HEAD_SIZE:facts_end], blob[apart_at:wakes_at]
                scene.set(place, start, event, at, actor, many, count, facts, told_apart, origin.now, origin.grace, packed_wakes)
                asked = self.look(leads_to, daily, before, scene) if daily else packed_wakes
                if asked is not None and looks:
                    asked = self.asked(looks, scene, asked)
                if asked is None:
                    break
                if asked is not packed_wakes:
                    packed_wakes, next_wake, wakes = asked, first_of(asked), len(asked) // WAKE_SIZE
                drafts += scene.drafts
            if not wakes and origin.forgets:
                break

            # -- the fact
            by: bytes | None = NO_WORD
            if actor is not None:
                word = known_actor(actor)
                by = word[2] if word is not None else number_of(self.vocabulary.actors, actor)
            with_: bytes | None = NO_WORD
            if device is not None:
                word = known_device(device)
                with_ = word[2] if word is not None else number_of(self.vocabulary.devices, device)
            for_, parties = NO_PARTY, None
            if party is not None:
                if parties_size and blob.startswith(_encode(party), kept_end + 1):  # the first of them
                    for_ = b"\0"
                else:
                    for_, parties = place_of(party, parties_in(blob[kept_end:names_at]))
            if by is None or with_ is None:
                break
            middle, behind = blob[kept_end:wakes_at], blob[annex_at:]
            if parties is not None or own_names is not None:
                own_parties = blob[kept_end:names_at] if parties is None else listed(parties)
                if own_names is None:
                    own_names = blob[names_at:apart_at]
                parties_size, names_size = len(own_parties), len(own_names)
                middle = own_parties + own_names + blob[apart_at:wakes_at]
            try:
                if many:
                    more = apart_of(count, many)
                    middle, apart_size = middle + more, apart_size + len(more)
                kept_size += len(kept)
                head = _pack_head(
                    FORMAT,
                    PLAIN,
                    next_wake,
                    where_code,
                    count + 1,
                    kept_size,
                    parties_size,
                    names_size,
                    apart_size,
                    wakes,
                    annex_size,
                )
            except struct.error:  # longer than a plain case may be
                break
            if drafts:
                sent = self.send(event, key, position, origin, drafts, blob[annex_end:])
                if sent is None:
                    break
                behind = blob[annex_at:annex_end] + sent
            if next_wake != earliest and next_wake != FAR:
                origin.arm(key, next_wake)
            facts = blob[_HEAD_SIZE:facts_end]
            added = b"".join((head, facts, identity, way.type, stamp, by, with_, for_, all_kept, middle, packed_wakes, behind))
            blobs[key] = changed[key] = added
            taken += 1
        else:
            position = len(items)
        self.taken += taken
        return position

    def send(self, event: CaseEvent, key: str, position: int, origin: Origin, drafts: Sequence[Draft], sent: bytes) -> bytes | None:
        """Signal these; the section of signals sent with them. None: nothing is signalled, the event goes the whole way."""
        return self.sends(event, origin, drafts, sent) if self.is_settled(event, key, position) else None

    def sends(self, event: CaseEvent, origin: Origin, drafts: Sequence[Draft], sent: bytes) -> bytes | None:
        """The same where it is known that no other fact of the case comes next."""
        said = [first_sent(draft) for draft in drafts]
        longer = with_sent(sent, said)
        if longer is not None:
            for one, draft in zip(said, drafts, strict=True):
                self._signals.append(signal_of(origin.source, event.case_id or "", event.event_id, one, draft.data))
        return longer

    def say(self, signals: list[Signal]) -> None:
        self._signals += signals

    def is_settled(self, event: CaseEvent, key: str, position: int) -> bool:
        """Whether no fact of the case that comes next can change what this one signals: facts of one case that follow one another
        are judged together, so that no signal is sent and taken back."""
        items, told = self._items, None
        for place in range(position + 1, len(items)):
            item = items[place]
            if isinstance(item, Glance):
                item = item.event
            if not isinstance(item, CaseEvent):
                continue
            if root_key(item) != key:
                break
            told = told or told_of(event)
            if item.occurred_at < event.occurred_at or told_of(item) != told:
                return False
            if any(unsettles(event.event_type, item.event_type, item.payload) for unsettles in self.unsettling):
                return False
        return True

    def look(self, follow: Follow, daily: tuple[LookOf, ...], before: Before | None, scene: Scene) -> bytes | None:
        """What daily looks say, kept for other acts `before` the same wakes and of the same day."""
        wakes = self.asked(daily, scene, scene.wakes)
        if before is not None and wakes is not None:
            follow.keep(before, wakes, scene.place, scene.grace)
        return wakes

    @staticmethod
    def asked(looks: Sequence[LookOf], scene: Scene, wakes: bytes) -> bytes | None:
        """The packed wakes from now on; None: a rule may have something to say."""
        try:
            for rule, look, is_conditional in looks:
                wake = look(scene, rule)
                if wake == FAR:
                    if wakes.find(rule) >= 0:
                        wakes = with_wake(wakes, rule, FAR)
                elif wake == SAME:
                    continue
                elif wake == LOUD or is_conditional:
                    return None
                else:
                    wakes = with_wake(wakes, rule, wake)
        except CalendarMissing:
            return None
        return wakes

    def expect(self, where_code: int) -> Any:
        expected = self.expected[where_code] = (*self.vocabulary.wheres.value(where_code), *ORDINARY)
        return expected

    def where_of(self, event: CaseEvent) -> int:
        """The number of its where."""
        _, code = self.vocabulary.wheres.canonical(where_of(event))
        assert code is not None, "places are numbered without end"
        return code

    def known_where_of(self, event: CaseEvent) -> int | None:
        """The same; None: it has none yet."""
        known = self.vocabulary.wheres.known_of(where_of(event))
        return None if known is None else known[1]

    def learn(self, place: Place, types: bytes, kept: bytes) -> Follow | None:
        """Ask the detectors what the last of these acts means."""
        if len(place.outlooks) >= MOST_OUTLOOKS:
            return None
        found = place.outlooks[types, kept] = follow(self._book, place, types, kept)
        return found
