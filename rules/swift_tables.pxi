# Part of `swift.pyx`: what is looked up for events again and again, as C has it.

cdef struct Word:  # two lines of the processor's cache, a short word in the first of them
    PyObject* word  # the vocabulary holds it
    unsigned char code[3]
    unsigned char size
    unsigned char text[MOST_TEXT]


cdef class Numbers:
    """The numbers of words of three texts, as the vocabulary has them: those asked for last lie together here, which a lookup in the
    vocabulary does not. A word keeps its number for good."""

    cdef object words
    cdef dict known
    cdef Fields fields
    cdef Word* slots
    cdef void* room
    cdef Word other  # what was found last and has no place among them

    def __cinit__(self, words, names):
        self.words, self.known = words, words.known
        locate(&self.fields, CaseEvent, names)
        self.room = calloc(SLOTS * sizeof(Word) + LINE, 1)
        if self.room is NULL:
            raise MemoryError
        self.slots = <Word*>((<size_t>self.room + LINE - 1) & ~<size_t>(LINE - 1))

    def __dealloc__(self):
        free(self.room)

    cdef Word* of(self, object event, Glance glance) except? NULL:
        """What the event names, until it is asked for the next; NULL: it has no number, the list is full."""
        cdef unsigned char text[MOST_TEXT]
        cdef Py_ssize_t size = words_into(text, MOST_TEXT, event, glance, &self.fields)
        cdef Word* slot = &self.other
        cdef PyObject* found
        cdef tuple known
        if size >= 0:
            slot = &self.slots[mix(text, size) & (SLOTS - 1)]
            if slot.size == size and memcmp(slot.text, text, size) == 0:
                return slot
        word = tuple_of(event, glance, &self.fields)
        found = PyDict_GetItemWithError(self.known, word)
        if found is NULL:
            if number_of(self.words, word) is None:
                return NULL
            found = PyDict_GetItemWithError(self.known, word)
        known = <tuple>found
        slot.word = PyTuple_GET_ITEM(known, 0)
        memcpy(slot.code, PyBytes_AS_STRING(<object>PyTuple_GET_ITEM(known, 2)), 3)
        if size >= 0:
            slot.size = size
            memcpy(slot.text, text, size)
        return slot


cdef struct Where:
    unsigned char size
    unsigned char text[MOST_WHERE]
    unsigned int code


cdef class Wheres:
    """The numbers of the places that events at a glance name, as the vocabulary has them."""

    cdef object shortcut
    cdef Fields fields
    cdef Where slots[WHERES]

    def __cinit__(self, shortcut):
        self.shortcut = shortcut
        locate(&self.fields, CaseEvent, WHERE)
        memset(self.slots, 0, sizeof(self.slots))

    cdef long long of(self, Glance glance, bint is_new) except -2:
        """The number of the event's place; -1: it has none yet. `is_new`: then it is given one."""
        cdef unsigned char text[MOST_WHERE]
        cdef Py_ssize_t size = words_into(text, MOST_WHERE, None, glance, &self.fields)
        cdef Where* slot = NULL
        if size >= 0:
            slot = &self.slots[mix(text, size) & (WHERES - 1)]
            if slot.size == size and memcmp(slot.text, text, size) == 0:
                return slot.code
        code = self.shortcut.where_of(glance) if is_new else self.shortcut.known_where_of(glance)
        if code is None:
            return -1
        if slot is not NULL:
            slot.size, slot.code = size, code
            memcpy(slot.text, text, size)
        return code


cdef class Days:
    """Local days of one calendar, those looked up last."""

    cdef object calendar
    cdef Instant since[DAYS]
    cdef Instant until[DAYS]
    cdef long day[DAYS]

    def __cinit__(self, calendar):
        cdef int each
        self.calendar = calendar
        for each in range(DAYS):
            self.since[each] = self.until[each] = 0

    cdef long of(self, Instant at) except? -1:
        cdef int slot = (at // 86_400_000) & (DAYS - 1)
        cdef long day
        if self.since[slot] <= at < self.until[slot]:
            return self.day[slot]
        day = self.calendar.day_of(at)
        self.since[slot], self.until[slot] = self.calendar.day_start(day), self.calendar.day_start(day + 1)
        self.day[slot] = day
        return day


cdef class Spot:
    """A place, and the span of starts for which it is that of its where."""

    cdef Instant since, until
    cdef object place
    cdef dict outlooks, calm, known
    cdef Days days

    cdef bint is_calm(self, object officer, Instant at) except -1:
        """As `rules.outline.Calm` has it."""
        cdef PyObject* found
        if not officer:
            return True
        found = PyDict_GetItemWithError(self.calm, officer)
        return found is not NULL and at // QUARTER_MS in <set>found


cdef class Spring:
    """What is asked of a source in one call."""

    cdef object origin, timers, clock
    cdef str name
    cdef const char* text
    cdef Py_ssize_t size
    cdef Instant now, grace, ahead, opened
    cdef bint forgets, is_odd
    cdef dict spots, buckets

    cdef int arm(self, str key, Instant instant) except -1:
        """As `Timers.arm`."""
        cdef Instant bucket = instant // BUCKET_MS
        cdef PyObject* found = NULL
        cdef list keys
        if bucket > self.opened:
            found = PyDict_GetItemWithError(self.buckets, bucket)
        if found is NULL:
            self.timers.arm(key, instant)
            return 0
        keys = <list>found
        if <object>PyList_GET_ITEM(keys, PyList_GET_SIZE(keys) - 1) is not key:
            keys.append(key)
        return 0


cdef class Springs:
    """All sources, as they stand in one call."""

    cdef object origins, clocks
    cdef dict springs, spots, days
    cdef Spring last

    def __cinit__(self, origins, clocks):
        self.origins, self.clocks = origins, clocks
        self.spots, self.days = {}, {}
        self.begin()

    cdef void begin(self):
        self.springs, self.last = {}, None

    cdef Spring named(self, Glance glance):
        """The source of an event at a glance."""
        cdef Span span = glance.spans[SOURCE_SYSTEM]
        cdef Spring spring = self.last
        if spring is not None and spring.size == span.size and memcmp(spring.text, PyBytes_AS_STRING(glance.raw) + span.at, span.size) == 0:
            return spring
        name = glance.source_system
        return self.of(<PyObject*>name)

    cdef Spring of(self, PyObject* source_system):
        """The source of this name."""
        cdef str name = <str>source_system
        cdef Spring spring = self.last
        if spring is not None and is_same(<PyObject*>spring.name, <PyObject*>name):
            return spring
        spring = self.springs.get(name)
        if spring is None:
            origin = self.origins.of(name)
            spring = self.springs[name] = Spring.__new__(Spring)
            spring.origin, spring.name, spring.timers = origin, name, self.clocks.timers(origin.clock)
            spring.clock = origin.clock
            spring.text = PyUnicode_AsUTF8AndSize(<PyObject*>spring.name, &spring.size)
            spring.buckets, spring.opened = spring.timers.buckets, spring.timers.opened
            spring.now, spring.grace, spring.ahead = origin.now, origin.grace, origin.ahead
            spring.forgets, spring.is_odd = origin.forgets, origin.is_odd
            spring.spots = self.spots.setdefault(name, {})
        self.last = spring
        return spring

    cdef Spot spot(self, Spring spring, unsigned int where_code, Instant start):
        """The place of a case of this where that starts then."""
        cdef PyObject* known = PyDict_GetItemWithError(spring.spots, where_code)
        cdef Spot spot
        if known is not NULL:
            spot = <Spot>known
            if spot.since <= start < spot.until:
                return spot
        since, until, place = self.origins.place_anew(spring.origin, where_code, start)
        spot = spring.spots[where_code] = Spot.__new__(Spot)
        spot.since, spot.until, spot.place, spot.outlooks, spot.calm, spot.known = since, until, place, place.outlooks, place.calm, place.known
        days = self.days.get(id(place.calendar))
        if days is None:
            days = self.days[id(place.calendar)] = Days(place.calendar)
        spot.days = days
        return spot


cdef class Given:
    """A way, by offsets."""

    cdef object way, struct
    cdef unsigned char type
    cdef bint keeps_nothing, is_seldom_told, has_rares, is_instanced, is_stepped, has_values, actor, device, party
    cdef tuple many, usual
    cdef dict told
    cdef Fields values, words, rares, manies
    cdef Py_ssize_t instance

    def __cinit__(self, way):
        self.way, self.struct = way, way.struct
        self.type = way.type[0]
        self.keeps_nothing, self.is_seldom_told = way.keeps_nothing, way.is_seldom_told
        self.has_rares, self.is_instanced, self.has_values = way.has_rares, way.is_instanced, way.has_values
        self.is_stepped = way.is_stepped
        self.actor, self.device, self.party = way.plan.actor, way.plan.device, way.plan.party
        self.many, self.told = way.many, {}
        self.usual = way.usual
        self.values.number = self.words.number = self.rares.number = self.manies.number = 0
        if self.has_values or self.is_seldom_told:
            locate(&self.values, way.struct, way.names)
            locate(&self.words, CaseEvent, way.words)
            locate(&self.rares, way.struct, way.rare_names)
            locate(&self.manies, way.struct, [name for _, name, _ in way.many])
            if self.is_instanced:
                self.instance = slot_of(way.struct, "step_instance_id")

    cdef bint is_usual(self, object body) except -1:
        """Whether it tells nothing that no plain case keeps."""
        return type(body) is self.struct and (not self.has_rares or are_same(body, &self.rares, self.usual, 0))

    cdef tuple kept_of(self, object shortcut, object event, Glance glance, object body, const unsigned char* names, Py_ssize_t size):
        """As `Way.pack`, which is asked for what was not seen before. `names`: the section of them."""
        cdef object number = None
        cdef object name = None
        cdef Py_ssize_t place = -1, length
        cdef const char* text
        cdef PyObject* found
        cdef tuple values
        if self.has_values and self.is_usual(body):
            if self.is_instanced:
                name = <object>read(body, self.instance)
                if name is not None:
                    text = PyUnicode_AsUTF8AndSize(<PyObject*>name, &length)
                    if text is NULL:
                        PyErr_Clear()
                    else:
                        place = text_in(names, size, text, length)
                    if place < 0:
                        return self.way.pack(event, names_of(names, size))
                    number = place
                    if place < (names[0] - LIST if size else 0):
                        name = None
            if number is not None or not size or not self.is_stepped:
                words = tuple_of(event, glance, &self.words) if self.words.number else None
                values = (tuple_of(body, None, &self.values), words, number)
                found = PyDict_GetItemWithError(self.told, values)
                if found is not NULL:
                    return <object>found, name, self.apart_in(body)
                told = self.way.pack(event, names_of(names, size))
                if told is not None and len(self.told) < MOST_TOLD:
                    self.told[values] = told[0]
                return told
        return self.way.pack(event, names_of(names, size))

    cdef dict apart_in(self, object body):
        """As `rules.ways.apart_in`."""
        cdef int each
        cdef PyObject* value
        cdef dict found = NOTHING
        for each in range(self.manies.number):
            value = read(body, self.manies.at[each])
            if value != <PyObject*>None and not is_same(value, PyTuple_GET_ITEM(<tuple>PyTuple_GET_ITEM(self.many, each), 2)):
                found = {} if found is NOTHING else found
                found[<object>PyTuple_GET_ITEM(<tuple>PyTuple_GET_ITEM(self.many, each), 0)] = <object>value
        return found


def due_in(dict blobs, instant_of, list keys, Instant number):
    """See `rules.timers.Timers`: of cases by their packed states."""
    cdef list found = []
    cdef PyObject* blob
    cdef const unsigned char* state
    cdef Instant instant
    for key in set(keys):
        blob = PyDict_GetItemWithError(blobs, key)
        if blob is NULL:
            continue
        state = start_of(<bytes>blob)
        if state[1] == ON_SEVERAL_CLOCKS:
            told = instant_of(key)
            if told is None:
                continue
            instant = told
        else:
            instant = eight_at(state + AT_EARLIEST)
        if instant // BUCKET_MS == number:
            found.append((instant, key))
    return found
