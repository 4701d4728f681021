# Part of `swift.pyx`: the acts of a case told over again, as `rules.retelling.Retelling.tell` does it.


cdef class Teller:
    """Of one shortcut. `scene`: what looks are asked of acts that came before."""

    cdef Swift swift
    cdef object scene
    cdef Py_ssize_t follow_daily, follow_looks, follow_calm, follow_known, follow_bare

    def __init__(self, Swift swift, scene):
        from rules.ways import Follow

        self.swift, self.scene = swift, scene
        self.follow_daily, self.follow_looks = slot_of(Follow, "daily"), slot_of(Follow, "restless")
        self.follow_calm, self.follow_known = slot_of(Follow, "calm"), slot_of(Follow, "known")
        self.follow_bare = slot_of(Follow, "bare")

    def tell(self, acts, bytes apart, origin, unsigned int where_code, accepted_at, tuple new):
        """See there."""
        cdef Swift swift = self.swift
        cdef list facts = acts.facts
        cdef list kept = acts.kept
        cdef dict told_apart = acts.apart
        cdef dict versions = acts.versions
        cdef Spring spring = swift.springs.of(<PyObject*>origin.source.name)
        cdef Spot spot = None
        cdef bytes all_facts = b"".join(facts)
        cdef bytes all_kept = b"".join(kept)
        cdef const unsigned char* state = start_of(all_facts)
        cdef const unsigned char* kept_at = start_of(all_kept)
        cdef bytes types = all_facts[TYPE_PLACE::FACT_SIZE]
        cdef Py_ssize_t accepted = types.find(ACCEPTED)
        cdef Py_ssize_t supplemented = types.find(SUPPLEMENTED)
        cdef Py_ssize_t opened = -1, opens, end = 0, number
        cdef unsigned int count
        cdef Instant at, start = 0, first = six_at(state + AT_PLACE), earliest = FAR, grace = spring.grace
        cdef bint is_moved, is_asked, is_set
        cdef bytes wakes = b""
        cdef list drafts = []
        cdef object follow = None
        cdef tuple daily, looks, before, known
        cdef PyObject* found
        cdef Instant answers[MOST_LOOKS]
        cdef Word who
        cdef Word* by
        scene = self.scene
        for count in range(PyList_GET_SIZE(facts)):
            at = six_at(state + count * FACT_SIZE + AT_PLACE)
            is_moved = False
            opens = accepted if 0 <= accepted <= <Py_ssize_t>count else supplemented if 0 <= supplemented <= <Py_ssize_t>count else 0
            if opens != opened:
                is_moved = accepted_at is not None and opens == accepted
                opened = opens
                start = <Instant>accepted_at if is_moved else six_at(state + opens * FACT_SIZE + AT_PLACE)
                spot = swift.springs.spot(spring, where_code, start)
            end += PyBytes_GET_SIZE(<object>PyList_GET_ITEM(kept, count))
            history = (cut(start_of(types), 0, count + 1), cut(kept_at, 0, end))
            found = PyDict_GetItemWithError(spot.outlooks, history)
            follow = <object>found if found is not NULL else swift.shortcut.learn(spot.place, history[0], history[1])
            if follow is None:
                return None
            daily, looks = <tuple>read(follow, self.follow_daily), <tuple>read(follow, self.follow_looks)
            before = None
            is_asked = PyTuple_GET_SIZE(daily) > 0
            if is_asked and not is_moved and at + grace < earliest and at % QUARTER_MS:
                if opened < <Py_ssize_t>count or not count:
                    before = (wakes, spot.days.of(at), 0)
                elif first >= spot.since:
                    before = (wakes, spot.days.of(at), spot.days.of(first))
                if before is not None:
                    found = PyDict_GetItemWithError(<dict>read(follow, self.follow_known), before)
                    if found is not NULL:
                        known = <tuple>found
                        wakes, earliest = known[0], known[1]
                        is_asked = False
            by = NULL
            actor = None
            if memcmp(state + count * FACT_SIZE + ACTOR_PLACE, NO_ONE, 3):
                memcpy(who.code, state + count * FACT_SIZE + ACTOR_PLACE, 3)
                actor = swift.looks.actors.value(who.code[0] << 16 | who.code[1] << 8 | who.code[2])
                who.word = <PyObject*>actor
                by = &who
                if PyTuple_GET_SIZE(<tuple>read(follow, self.follow_calm)) and not spot.is_calm((<tuple>actor)[OFFICER_PLACE], at):
                    return None
            if PyTuple_GET_SIZE(looks) > MOST_LOOKS:
                return None
            told = told_apart.get(count, NOTHING)
            is_set = is_asked
            number = 0
            for looking in looks:
                answers[number] = swift.looks.answer((<tuple>looking)[1], spot, by, at, told, state - HEAD_SIZE, count, False)
                if answers[number] == LOUD:
                    return None
                is_set = is_set or answers[number] == ASKED
                number += 1
            asked = wakes
            if is_set:
                scene.fact_id = new[1] if count == <unsigned int>new[0] else cut(state, count * FACT_SIZE, count * FACT_SIZE + 16)
                scene.set(spot.place, start, None, at, actor, told, count, cut(state, 0, count * FACT_SIZE), apart, NEVER, grace, wakes)
                if is_asked:
                    asked = swift.looks.daily(follow, daily, before, scene, wakes)
            if asked is not None and number:
                asked = swift.looks.asked(looks, scene, asked, answers, None, NULL, at)
            if asked is None:
                return None
            if is_set and scene.drafts:
                if not scene.fact_id or (count in versions and count != <unsigned int>new[0]):
                    return None
                drafts += scene.drafts
            if asked is not wakes:
                wakes = asked
                earliest = six_at(start_of(wakes)) if PyBytes_GET_SIZE(wakes) else FAR
        return None if follow is None else (wakes, drafts, <object>read(follow, self.follow_bare))
