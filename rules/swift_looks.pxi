# Part of `swift.pyx`: looks, those of known kinds answered without a call.

from rules.said import Draft
from supervision.worktime import CalendarMissing


cdef class Looks:
    """Of one shortcut. `told`: what those that are known to signal say, asked one after another."""

    cdef object actors
    cdef list persons, told
    cdef Py_ssize_t typed_look, cleared_power, apart_pairs, ends_clocks, tells_name, tells_kind

    def __init__(self, shortcut):
        self.actors, self.persons = shortcut.vocabulary.actors, []
        self.typed_look = slot_of(Typed, "look")
        self.cleared_power, self.apart_pairs = slot_of(Cleared, "power"), slot_of(Apart, "pairs")
        self.ends_clocks = slot_of(Ends, "clocks")
        self.tells_name, self.tells_kind = slot_of(Tells, "name"), slot_of(Tells, "kind")

    cdef Instant answer(self, object look, Spot spot, Word* by, Instant at, dict many, const unsigned char* state, unsigned int count, bint is_new) except? -1:
        """What a look says, where that can be told without a call; else ASKED. TOLD: it signals what was put behind `told`; asked so
        only of a new act."""
        cdef object officer = <object>PyTuple_GET_ITEM(<tuple>by.word, 0) if by is not NULL else None
        cdef PyObject* found
        cdef tuple known
        if type(look) is CALM:
            return FAR if spot.is_calm(officer, at) else ASKED
        if type(look) is CLEARED and officer and not many:
            found = PyDict_GetItemWithError(spot.known, (<object>read(look, self.cleared_power), officer))
            if found is not NULL:
                known = <tuple>found
                if <Instant>known[0] <= at < <Instant>known[1]:
                    return FAR
        elif type(look) is TELLS and is_new:
            if not officer or <object>PyTuple_GET_ITEM(<tuple>by.word, POST) == SYSTEM:
                return FAR
            key = (<object>read(look, self.tells_name), officer, <object>read(look, self.tells_kind), spot.days.of(at))
            found = PyDict_GetItemWithError(spot.known, key)
            if found is not NULL:
                known = <tuple>found
                if <Instant>known[0] <= at < <Instant>known[1]:
                    if known[2] is None:
                        return FAR
                    self.told = [] if self.told is None else self.told
                    self.told.append(known[2])
                    return TOLD
        elif type(look) is ENDS:
            for key, began in <tuple>read(look, self.ends_clocks):
                day = spot.days.of(six_at(state + HEAD_SIZE + <int>began * FACT_SIZE + AT_PLACE) if <unsigned int>began < count else at)
                found = PyDict_GetItemWithError(spot.known, (key, day))
                if found is NULL or not <Instant><object>PyTuple_GET_ITEM(<tuple>found, 0) <= at < <Instant><object>PyTuple_GET_ITEM(<tuple>found, 1):
                    return ASKED
            return FAR
        elif type(look) is APART:
            return self.meeting(<tuple>read(look, self.apart_pairs), by, state, count)
        return ASKED

    cdef Instant meeting(self, tuple pairs, Word* by, const unsigned char* state, unsigned int count) except? -1:
        """As `rules.outline.Apart` has it, where everybody goes by a word of their own."""
        cdef object one, other, first, second
        for first, second in pairs:
            for one in <tuple>first:
                person = self.person_at(one, by, state, count)
                if person is UNKNOWN:
                    return ASKED
                for other in <tuple>second:
                    their = self.person_at(other, by, state, count)
                    if their is UNKNOWN:
                        return ASKED
                    if person is not None and their is not None and is_same(<PyObject*>person, <PyObject*>their):
                        return LOUD
        return FAR

    cdef object person_at(self, unsigned int place, Word* by, const unsigned char* state, unsigned int count):
        """Who did the act of this place; UNKNOWN: the register has to be asked."""
        cdef const unsigned char* at = by.code if by is not NULL else NULL
        cdef unsigned int code
        cdef object person
        if place < count:
            at = state + HEAD_SIZE + place * FACT_SIZE + ACTOR_PLACE
        if at is NULL:
            return None
        code = at[0] << 16 | at[1] << 8 | at[2]
        if code == NO_CODE:
            return UNKNOWN
        while PyList_GET_SIZE(self.persons) <= <Py_ssize_t>code:
            self.persons.append(NOT_ASKED)
        person = <object>PyList_GET_ITEM(self.persons, code)
        if person is NOT_ASKED:
            actor = self.actors.value(code)
            person = self.persons[code] = actor[PERSON] or (UNKNOWN if actor[OFFICER] else None)
        return person

    cdef bytes asked(
        self, tuple looks, object scene, bytes wakes, Instant* answers, list drafts, const unsigned char* identity, Instant at
    ):
        """The packed wakes behind these looks, of which that is known already; `answers` NULL: of none. None: a rule may have
        something to say."""
        cdef Instant wake
        cdef Py_ssize_t told = 0, place
        cdef object rule, look
        cdef tuple each
        try:
            for place in range(PyTuple_GET_SIZE(looks)):
                each = <tuple>PyTuple_GET_ITEM(looks, place)
                rule, look = <object>PyTuple_GET_ITEM(each, 0), <object>PyTuple_GET_ITEM(each, 1)
                wake = ASKED if answers is NULL else answers[place]
                if wake == TOLD:
                    subject, data, digest = self.told[told]
                    told += 1
                    drafts.append(Draft(subject, <object>read(look, self.tells_name), number_in(identity), at, data, digest))
                    wake = FAR
                elif wake == ASKED:
                    wake = (<object>read(look, self.typed_look) if type(look) in TYPED else look)(scene, rule)
                if wake == FAR:
                    wakes = with_wake(wakes, rule, FAR)
                elif wake == SAME:
                    continue
                elif wake == LOUD or each[2]:
                    return None
                else:
                    wakes = with_wake(wakes, rule, wake)
        except CalendarMissing:
            return None
        return wakes

    cdef bytes daily(self, object follow, tuple daily, tuple before, object scene, bytes wakes):
        """As `Shortcut.look`."""
        wakes = self.asked(daily, scene, wakes, NULL, None, NULL, 0)
        if before is not None and wakes is not None:
            follow.keep(before, wakes, scene.place, scene.grace)
        return wakes


cdef inline object number_in(const unsigned char* identity):
    return int.from_bytes(identity[:16], "big")
