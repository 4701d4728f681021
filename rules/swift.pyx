# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False, annotation_typing=False
"""The short way of events, compiled: does what `rules.shortcut.Shortcut.run` does, for one that it is made of, and several times as fast.

It is built where a C compiler is at hand and left out where none is. Both are held to the whole way and to one another by
`tests/law/test_shortcut.py`; a change here is a change there. Structs and slotted objects are read by the offsets of their fields,
which their classes tell, events at a glance (`supervision.sight`) by their spans. What is rare is asked of the shortcut itself.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_Clear
from cpython.dict cimport PyDict_GetItemWithError, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport Py_EQ, PyObject, PyObject_RichCompareBool
from cpython.ref cimport Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memcpy, memset

from supervision.sight cimport MESSAGE, Glance, Span, fetch, mix, slot_of

from struct import error as LayoutError

from rules.annex import RULE_SIZE as _RULE_SIZE, STARTED as _STARTED
from rules.fact import ACTOR, DEVICE, FIELD_CODE, NOTHING as _NOTHING, OFFICER, PARTY, PERSON, POST_PLACE as _POST, WHERE
from rules.outline import ACCEPTANCE_BYTES, Apart, Calm, Cleared, Daily, Ends, Tells, Typed, LOUD as _LOUD, SAME as _SAME
from rules.clocks import NEVER as _NEVER
from rules.packing import FORMAT as _FORMAT, ON_SEVERAL_CLOCKS as _ON_SEVERAL_CLOCKS, PLAIN as _PLAIN, SHIFT as _SHIFT
from rules.plain import FACT_SIZE as _FACT_SIZE, HEAD, MOST_FACTS as _MOST_FACTS, WAKE_SIZE as _WAKE_SIZE
from rules.plain import ACTOR_AT, AT, DEVICE_AT, PARTY_AT, TYPE_AT, apart_of, listed, names_in, parties_in
from rules.timers import BUCKET_MS as _BUCKET_MS
from rules.verdict import FAR as _FAR
from rules.ways import COMMON, MOST_TOLD, number_of, place_of
from supervision.durations import QUARTER_MS as _QUARTER_MS
from supervision.event import CaseEvent, EventType, PostPlace, root_key

include "swift_fields.pxi"
include "swift_tables.pxi"
include "swift_items.pxi"
include "swift_looks.pxi"
include "swift_signals.pxi"


cdef class Swift:
    """Of one shortcut."""

    cdef object shortcut, graves, scene
    cdef Items items
    cdef dict blobs, changed, ways, expected
    cdef Springs springs
    cdef list by_type
    cdef Looks looks
    cdef Sender sender
    cdef Numbers actors, devices
    cdef Wheres wheres
    cdef Fields where_fields, common_fields, party_fields
    cdef Py_ssize_t event_id, event_type, occurred_at, received_at, source_system, payload
    cdef Py_ssize_t uuid_int, follow_daily, follow_looks, follow_known, follow_bare, follow_rules

    def __init__(self, shortcut):
        from uuid import UUID

        from rules.ways import Follow

        self.shortcut = shortcut
        self.graves, self.scene, self.springs = shortcut.graves, shortcut.scene, Springs(shortcut.origins, shortcut.clocks)
        self.actors, self.devices = Numbers(shortcut.vocabulary.actors, ACTOR), Numbers(shortcut.vocabulary.devices, DEVICE)
        self.wheres = Wheres(shortcut)
        self.items = Items(shortcut, self.wheres)
        self.expected = shortcut.expected
        self.ways = {kind: Given(way) for kind, way in shortcut.ways.items()}
        self.by_type = [self.ways[kind] for kind in EventType]
        locate(&self.where_fields, CaseEvent, WHERE)
        locate(&self.common_fields, CaseEvent, COMMON)
        locate(&self.party_fields, CaseEvent, PARTY)
        self.event_id, self.event_type = slot_of(CaseEvent, "event_id"), slot_of(CaseEvent, "event_type")
        self.occurred_at, self.received_at = slot_of(CaseEvent, "occurred_at"), slot_of(CaseEvent, "received_at")
        self.source_system = slot_of(CaseEvent, "source_system")
        self.payload = slot_of(CaseEvent, "payload")
        self.looks, self.sender = Looks(shortcut), Sender(shortcut)
        self.uuid_int = slot_of(UUID, "int")
        self.follow_daily, self.follow_looks = slot_of(Follow, "daily"), slot_of(Follow, "looks")
        self.follow_rules = slot_of(Follow, "rules")
        self.follow_known, self.follow_bare = slot_of(Follow, "known"), slot_of(Follow, "bare")

    def begin(self, items, dict blobs, dict changed, signals):
        self.shortcut.begin(items, blobs, changed, signals)
        self.items.items = items if type(items) is list else list(items)
        self.blobs, self.changed, self.sender.signals = blobs, changed, signals
        self.springs.begin()

    def run(self, Py_ssize_t position):
        cdef list items = self.items.items
        cdef Py_ssize_t end = PyList_GET_SIZE(items)
        cdef Py_ssize_t taken = 0, ahead = position
        cdef object item
        cdef Glance glance
        cdef bytes added
        cdef str key
        cdef PyObject* blob
        cdef list keys = [None] * AHEAD
        try:
            while position < end:
                if position == ahead:
                    ahead = self.items.look_ahead(position, self.blobs, keys)
                item = <object>PyList_GET_ITEM(items, position)
                if type(item) is GLANCE or type(item) is EVENT:
                    glance = <Glance>item if type(item) is GLANCE else None
                    key = self.items.key_of(item) if glance is None else <str>PyList_GET_ITEM(keys, position % AHEAD)
                    blob = PyDict_GetItemWithError(self.blobs, key)
                    added = self.take(item, glance, key, None if blob is NULL else <bytes>blob, position)
                    if added is None:
                        return position
                    PyDict_SetItem(self.blobs, key, added)
                    PyDict_SetItem(self.changed, key, added)
                    taken += 1
                position += 1
        finally:
            self.shortcut.taken += taken
        return position

    cdef bytes take(self, object event, Glance glance, str key, bytes blob, Py_ssize_t position):
        """The state of the case with this event in it; None: it has to go the whole way. Section by section as
        `rules.shortcut.Shortcut.run`. `glance`: the event itself, where it was only glanced at."""
        # -- who and where
        cdef bint is_seen = glance is None
        cdef Spring spring = self.springs.of(read(event, self.source_system)) if is_seen else self.springs.named(glance)
        cdef unsigned char identity[16]
        cdef long long named
        cdef const unsigned char* state = NULL
        cdef Py_ssize_t size = 0, behind
        cdef Instant earliest = FAR
        cdef unsigned int where_code, count = 0, kept_size = 0, parties_size = 0, names_size = 0, apart_size = 0, wakes = 0, annex_size = 0
        cdef PyObject* found
        cdef tuple expected
        if is_seen:
            into_16_bytes(read(<object>read(event, self.event_id), self.uuid_int), identity)
        else:
            memcpy(identity, glance.identity, 16)
        if blob is None:
            if spring.is_odd or (is_seen and not are_same(event, &self.common_fields, ORDINARY, 0)) or self.graves.holds(key):
                return None
            where_code = self.shortcut.where_of(event) if is_seen else <unsigned int>self.wheres.of(glance, True)
        else:
            state, size = start_of(blob), PyBytes_GET_SIZE(blob)
            if state[1] != PLAIN:
                return None
            earliest = eight_at(state + AT_EARLIEST)
            where_code = two_at(state + AT_WHERE) << 16 | two_at(state + AT_WHERE + 2)
            count = state[AT_COUNT]
            kept_size, parties_size = two_at(state + AT_KEPT), two_at(state + AT_PARTIES)
            names_size, apart_size = two_at(state + AT_NAMES), two_at(state + AT_APART)
            wakes, annex_size = state[AT_WAKES], two_at(state + AT_ANNEX)
            if earliest <= spring.now or count >= MOST_FACTS or spring.is_odd:
                return None
            if is_among(identity, state, count):
                return None
            behind = HEAD_SIZE + FACT_SIZE * count + kept_size + parties_size + names_size + apart_size + WAKE_SIZE * wakes
            if size > behind and memmem(state + behind, size - behind, identity, 16) is not NULL:  # in the annex
                return None
            if not is_seen:
                named = self.wheres.of(glance, False)
                if named != where_code:
                    return None
            else:
                found = PyDict_GetItemWithError(self.expected, where_code)
                expected = <tuple>found if found is not NULL else self.shortcut.expect(where_code)
                if not are_same(event, &self.where_fields, expected, 0):
                    return None
                if not are_same(event, &self.common_fields, expected, self.where_fields.number):
                    return None

        # -- when: behind all others
        cdef Instant at = <Instant><object>read(event, self.occurred_at) if is_seen else glance.occurred
        cdef object received
        if is_seen:
            received = <object>read(event, self.received_at)
            if received is not None and at - <Instant>received > spring.ahead:
                return None
        elif glance.is_received and at - glance.received > spring.ahead:
            return None
        cdef unsigned char stamp[6]
        put(stamp, at + SHIFT, 6)
        cdef Py_ssize_t facts_end = HEAD_SIZE + FACT_SIZE * count if state is not NULL else 0
        cdef Py_ssize_t facts_at = HEAD_SIZE if state is not NULL else 0
        cdef int order
        if count:
            order = memcmp(stamp, state + facts_end - FACT_SIZE + AT_PLACE, 6)
            if order < 0 or (order == 0 and memcmp(identity, state + facts_end - FACT_SIZE, 16) <= 0):
                return None

        # -- what it says
        cdef Given way
        if is_seen:
            way = <Given>PyDict_GetItemWithError(self.ways, <object>read(event, self.event_type))
        else:
            way = <Given>PyList_GET_ITEM(self.by_type, glance.kind)
        cdef Py_ssize_t kept_end = facts_end + kept_size
        cdef Py_ssize_t names_at = kept_end + parties_size
        cdef Py_ssize_t apart_at = names_at + names_size
        cdef Py_ssize_t wakes_at = apart_at + apart_size
        cdef object name = None
        cdef object many = NOTHING
        cdef object body = <object>read(event, self.payload) if is_seen else glance.body
        cdef bytes kept
        cdef const unsigned char* names = state + names_at
        if way.keeps_nothing or (way.is_seldom_told and way.is_usual(body)):
            kept = NOTHING_KEPT
        else:
            told = way.kept_of(self.shortcut, event, glance, body, names, names_size if way.is_stepped else 0)
            if told is None:
                return None
            kept, name, many = told

        # -- what it means
        cdef Py_ssize_t own = PyBytes_GET_SIZE(kept)
        cdef bytes types = PyBytes_FromStringAndSize(NULL, count + 1)
        cdef bytes all_kept = PyBytes_FromStringAndSize(NULL, kept_size + own)
        cdef unsigned char* type_at = <unsigned char*>PyBytes_AS_STRING(types)
        cdef unsigned char* kept_at = <unsigned char*>PyBytes_AS_STRING(all_kept)
        cdef unsigned int each
        for each in range(count):
            type_at[each] = state[HEAD_SIZE + each * FACT_SIZE + TYPE_PLACE]
        type_at[count] = way.type
        if kept_size:
            memcpy(kept_at, state + facts_end, kept_size)
        memcpy(kept_at + kept_size, PyBytes_AS_STRING(kept), own)
        cdef void* opened = memchr(type_at, ACCEPTED, count + 1)
        if opened is NULL:
            opened = memchr(type_at, SUPPLEMENTED, count + 1)
        cdef Py_ssize_t opening = 0 if opened is NULL else <unsigned char*>opened - type_at
        cdef Py_ssize_t annex_at = wakes_at + wakes * WAKE_SIZE
        cdef Instant start = at
        if opening != count:
            start = six_at(state + HEAD_SIZE + opening * FACT_SIZE + AT_PLACE)
            if annex_size and state[annex_at] & STARTED:
                start = six_at(state + annex_at + 1 + (state[annex_at] - STARTED) * RULE_SIZE)
        cdef Spot spot = self.springs.spot(spring, where_code, start)
        cdef object history = (types, all_kept)
        found = PyDict_GetItemWithError(spot.outlooks, history)
        cdef object follow = <object>found if found is not NULL else self.shortcut.learn(spot.place, types, all_kept)
        if follow is None or (name is not None and name in <object>read(follow, self.follow_bare)):
            return None
        cdef Word* by = NULL
        if way.actor:
            by = self.actors.of(event, glance)
            if by is NULL:
                return None
        cdef Py_ssize_t annex_end = annex_at + annex_size
        cdef bytes packed_wakes = cut(state, wakes_at, annex_at) if wakes else b""
        cdef Instant next_wake = earliest
        cdef tuple daily = <tuple>read(follow, self.follow_daily)
        cdef bint is_known = True
        if annex_size and is_said(state + annex_at, <object>read(follow, self.follow_rules)):
            daily = follow.heeding(blob, annex_at, annex_end)
            if daily is None:
                return None
            is_known = False
        cdef tuple looks = <tuple>read(follow, self.follow_looks)
        cdef bint is_asked = PyTuple_GET_SIZE(daily) > 0
        cdef tuple before = None
        cdef tuple known
        cdef Instant first
        cdef bytes asked
        cdef list drafts = None
        cdef object scene = None
        cdef object looking
        if is_asked and is_known and at + spring.grace < earliest and at % QUARTER_MS:
            if opening < <Py_ssize_t>count or not count:
                before = (packed_wakes, spot.days.of(at), 0)
            else:
                first = six_at(state + HEAD_SIZE + AT_PLACE)
                if first >= spot.since:
                    before = (packed_wakes, spot.days.of(at), spot.days.of(first))
            if before is not None:
                found = PyDict_GetItemWithError(<dict>read(follow, self.follow_known), before)
                if found is not NULL:
                    known = <tuple>found
                    if <Instant>known[1] > spring.now:
                        packed_wakes, next_wake, wakes = known
                        is_asked = False
        cdef Instant answers[MOST_LOOKS]
        cdef Py_ssize_t number = 0
        cdef bint is_set = is_asked
        self.looks.told = None
        if PyTuple_GET_SIZE(looks) > MOST_LOOKS:
            return None
        for looking in looks:
            answers[number] = self.looks.answer(<object>PyTuple_GET_ITEM(looking, 1), spot, by, at, many, state, count, True)
            if answers[number] == LOUD:
                return None
            is_set = is_set or answers[number] == ASKED
            number += 1
        if is_set:
            scene = self.scene
            facts = cut(state, facts_at, facts_end)
            apart = cut(state, apart_at, wakes_at)
            actor = <object>by.word if way.actor else None
            scene.set(spot.place, start, event, at, actor, many, count, facts, apart, spring.now, spring.grace, packed_wakes)
            drafts = scene.drafts
        asked = packed_wakes
        if is_asked:
            asked = self.looks.daily(follow, daily, before, scene, packed_wakes)
        if asked is not None and PyTuple_GET_SIZE(looks):
            if self.looks.told is not None and drafts is None:
                drafts = []
            asked = self.looks.asked(looks, scene, asked, answers, drafts, identity, at)
        if asked is None:
            return None
        if asked is not packed_wakes:
            packed_wakes, wakes = asked, PyBytes_GET_SIZE(asked) // WAKE_SIZE
            next_wake = six_at(start_of(asked)) if wakes else FAR
        if not wakes and spring.forgets:
            return None

        # -- the fact
        cdef Word* with_ = NULL
        if way.device:
            with_ = self.devices.of(event, glance)
            if with_ is NULL:
                return None
        cdef unsigned char for_ = 0xFF
        cdef bytes parties = None
        cdef unsigned char party[MOST_PARTY]
        cdef Py_ssize_t party_size
        if way.party:
            party_size = list_into(party, MOST_PARTY, event, glance, &self.party_fields)
            if party_size == <Py_ssize_t>parties_size and memcmp(party, state + kept_end, parties_size) == 0:
                for_ = 0
            elif party_size > 0 and not parties_size:
                for_, parties = 0, cut(party, 0, party_size)
            else:
                place, listing = place_of(tuple_of(event, glance, &self.party_fields), parties_in(cut(state, kept_end, names_at)))
                for_ = place[0]
                if listing is not None:
                    parties = listed(listing)
        cdef bytes own_names = None if name is None else with_name(names, names_size, name)
        cdef bytes more_apart = None
        if many:
            try:
                more_apart = apart_of(count, many)
            except LayoutError:  # longer than a plain case may be
                return None
        cdef Py_ssize_t parties_len = parties_size if parties is None else PyBytes_GET_SIZE(parties)
        cdef Py_ssize_t names_len = names_size if own_names is None else PyBytes_GET_SIZE(own_names)
        cdef Py_ssize_t more_len = 0 if more_apart is None else PyBytes_GET_SIZE(more_apart)
        cdef Py_ssize_t wakes_len = PyBytes_GET_SIZE(packed_wakes)
        cdef Py_ssize_t kept_len = kept_size + own
        if kept_len > 0xFFFF or parties_len > 0xFFFF or names_len > 0xFFFF or apart_size + more_len > 0xFFFF or wakes > 0xFF:
            return None
        cdef bytes sent = None
        if drafts:
            if not self.items.is_settled(event, glance, key, position):
                return None
            sent = self.sender.sends(event, is_seen, spring, drafts, identity, cut(state, annex_end, size))
            if sent is None:
                return None
        cdef Py_ssize_t sent_len = size - annex_end if sent is None else PyBytes_GET_SIZE(sent)
        if next_wake != earliest and next_wake != FAR:
            spring.arm(key, next_wake)

        # -- laid out
        cdef Py_ssize_t facts_len = facts_end - facts_at
        cdef bytes added = PyBytes_FromStringAndSize(
            NULL, HEAD_SIZE + facts_len + FACT_SIZE + kept_len + parties_len + names_len + apart_size + more_len + wakes_len + annex_size + sent_len
        )
        cdef unsigned char* into = <unsigned char*>PyBytes_AS_STRING(added)
        into[0], into[1] = FORMAT, PLAIN
        put(into + AT_EARLIEST, <unsigned long long>next_wake, 8)
        put(into + AT_WHERE, where_code, 4)
        into[AT_COUNT] = count + 1
        put(into + AT_KEPT, kept_len, 2)
        put(into + AT_PARTIES, parties_len, 2)
        put(into + AT_NAMES, names_len, 2)
        put(into + AT_APART, apart_size + more_len, 2)
        into[AT_WAKES] = wakes
        put(into + AT_ANNEX, annex_size, 2)
        into += HEAD_SIZE
        into = paste(into, state + HEAD_SIZE, facts_len)
        memcpy(into, identity, 16)
        into[TYPE_PLACE] = way.type
        memcpy(into + AT_PLACE, stamp, 6)
        memset(into + ACTOR_PLACE, 0xFF, 6)
        if by is not NULL:
            memcpy(into + ACTOR_PLACE, by.code, 3)
        if with_ is not NULL:
            memcpy(into + DEVICE_PLACE, with_.code, 3)
        into[PARTY_PLACE] = for_
        into = paste(into + FACT_SIZE, kept_at, kept_len)
        into = paste(into, state + kept_end if parties is None else start_of(parties), parties_len)
        into = paste(into, state + names_at if own_names is None else start_of(own_names), names_len)
        into = paste(into, state + apart_at, apart_size)
        into = paste(into, NULL if more_apart is None else start_of(more_apart), more_len)
        into = paste(into, start_of(packed_wakes), wakes_len)
        into = paste(into, state + annex_at, annex_size)
        paste(into, state + annex_end if sent is None else start_of(sent), sent_len)
        return added


include "swift_telling.pxi"
