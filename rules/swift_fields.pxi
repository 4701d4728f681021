# Part of `swift.pyx`: fields of structs and slotted objects read by their offsets, the layout of a plain case, numbers and texts in bytes.

cdef extern from *:
    """
    /* 16 bytes, big endian, of a number that is not negative. */
    static int into_16_bytes(PyObject *number, unsigned char *into) {
    #if PY_VERSION_HEX >= 0x030D0000
        return _PyLong_AsByteArray((PyLongObject *)number, into, 16, 0, 0, 1);
    #else
        return _PyLong_AsByteArray((PyLongObject *)number, into, 16, 0, 0);
    #endif
    }
    static int same_text(PyObject *one, PyObject *two) {
        return PyUnicode_GET_LENGTH(one) == PyUnicode_GET_LENGTH(two) && PyUnicode_KIND(one) == PyUnicode_KIND(two)
            && memcmp(PyUnicode_DATA(one), PyUnicode_DATA(two), PyUnicode_GET_LENGTH(one) * PyUnicode_KIND(one)) == 0;
    }
    """
    int into_16_bytes(PyObject* number, unsigned char* into) except -1
    bint same_text(PyObject* one, PyObject* two)
    bint PyUnicode_CheckExact(PyObject* value)
    const char* PyUnicode_AsUTF8AndSize(PyObject* value, Py_ssize_t* size)
    void* memmem(const void* where, size_t size, const void* what, size_t of)

from supervision.payload import PAYLOADS
from supervision.sight import leave_unread

# What no card can ask for is not looked at here.
leave_unread(
    {kind: frozenset(name for name in struct.__struct_fields__ if f"payload.{name}" not in FIELD_CODE) for kind, struct in PAYLOADS.items()}
)

ctypedef long long Instant

cdef enum:
    MOST_FIELDS = 24
    MOST_LOOKS = 16
    LIST = 0x90
    MOST_LISTED = 15
    MOST_SENT = 15
    MOST_SENT_BYTES = 1024
    NO_CODE = 0xFFFFFF
    OFFICER_PLACE = 0
    DAYS = 64
    # of memory: a line of the processor's cache, how many items are asked for ahead, and bytes of most cases
    LINE = 64
    AHEAD = 8
    STATE = 576
    # of the head of a plain case: `rules.plain.HEAD`
    AT_EARLIEST = 2
    AT_WHERE = 10
    AT_COUNT = 14
    AT_KEPT = 15
    AT_PARTIES = 17
    AT_NAMES = 19
    AT_APART = 21
    AT_WAKES = 23
    AT_ANNEX = 24
    HEAD_SIZE = 26
    # of its annex
    RULE_SIZE = 3
    STARTED = 0x80
    # of the words remembered beside the vocabulary: their slots in all, and the longest word
    SLOTS = 16384
    MOST_TEXT = 116
    MOST_PARTY = 1024
    # of the places remembered beside it
    WHERES = 1024
    MOST_WHERE = 250
    FACT_SIZE = 30
    TYPE_PLACE = 16
    AT_PLACE = 17
    ACTOR_PLACE = 23
    DEVICE_PLACE = 26
    PARTY_PLACE = 29
    WAKE_SIZE = 9
    MOST_FACTS = 64
    FORMAT = 4
    PLAIN = 3
    ON_SEVERAL_CLOCKS = 2

if (HEAD.format, _FACT_SIZE, TYPE_AT, AT, ACTOR_AT, DEVICE_AT, PARTY_AT, _WAKE_SIZE, _RULE_SIZE, _STARTED, _MOST_FACTS, _FORMAT, _PLAIN, _ON_SEVERAL_CLOCKS) != (
    ">BBqIBHHHHBH", FACT_SIZE, TYPE_PLACE, AT_PLACE, ACTOR_PLACE, DEVICE_PLACE, PARTY_PLACE, WAKE_SIZE, RULE_SIZE, STARTED, MOST_FACTS, FORMAT, PLAIN, ON_SEVERAL_CLOCKS
):
    raise ImportError("the compiled short way is for another layout of plain cases; build it again")

cdef Instant FAR = _FAR
cdef Instant LOUD = _LOUD
cdef Instant SAME = _SAME
cdef Instant NEVER = _NEVER
cdef Instant ASKED = SAME - 1  # of a look that has to be called
cdef Instant TOLD = SAME - 2  # of one that is known to signal
cdef int POST = _POST
cdef object SYSTEM = PostPlace.SYSTEM
cdef object UNKNOWN = object()
cdef object NOT_ASKED = object()
cdef Instant SHIFT = _SHIFT
cdef Instant QUARTER_MS = _QUARTER_MS
cdef Instant BUCKET_MS = _BUCKET_MS
cdef object CALM = Calm
cdef object CLEARED = Cleared
cdef object APART = Apart
cdef object TELLS = Tells
cdef object ENDS = Ends
cdef frozenset TYPED = frozenset((Calm, Cleared, Daily, Ends, Tells))  # whose call asks `look` where it is not known
cdef object EVENT = CaseEvent
cdef object GLANCE = Glance
cdef int SOURCE_SYSTEM = CaseEvent.__struct_fields__.index("source_system")
cdef int CASE_ID = CaseEvent.__struct_fields__.index("case_id")
cdef dict NOTHING = _NOTHING
cdef unsigned char ACCEPTED = ACCEPTANCE_BYTES[0][0]
cdef unsigned char SUPPLEMENTED = ACCEPTANCE_BYTES[1][0]
cdef tuple ORDINARY = tuple(COMMON.values())
cdef const unsigned char* NO_ONE = b"\xff\xff\xff"
cdef bytes NOTHING_KEPT = b"\xc0"


cdef struct Fields:
    int number
    Py_ssize_t at[MOST_FIELDS]
    int place[MOST_FIELDS]  # among the fields of an event


cdef int locate(Fields* fields, object type, names) except -1:
    fields.number = 0
    for name in names:
        if fields.number == MOST_FIELDS:
            raise TypeError(f"more than {MOST_FIELDS} fields of {type} to read at once")
        fields.at[fields.number] = slot_of(type, name)
        fields.place[fields.number] = type.__struct_fields__.index(name)
        fields.number += 1
    return 0


cdef inline PyObject* read(object of, Py_ssize_t at) noexcept:
    return (<PyObject**>(<char*>(<PyObject*>of) + at))[0]


cdef inline bint is_same(PyObject* one, PyObject* two) except -1:
    if one == two:
        return True
    if PyUnicode_CheckExact(one) and PyUnicode_CheckExact(two):
        return same_text(one, two)
    return PyObject_RichCompareBool(<object>one, <object>two, Py_EQ)


cdef bint are_same(object of, Fields* fields, tuple wanted, Py_ssize_t behind) except -1:
    """Whether these fields have the values wanted, those `behind` so many others in the tuple."""
    cdef int at
    for at in range(fields.number):
        if not is_same(read(of, fields.at[at]), <PyObject*>PyTuple_GET_ITEM(wanted, behind + at)):
            return False
    return True


cdef tuple tuple_of(object of, Glance glance, Fields* fields):
    """The values of these fields, of an event at a glance or of anything else."""
    cdef tuple found = PyTuple_New(fields.number)
    cdef int at
    cdef object value
    for at in range(fields.number):
        value = <object>read(of, fields.at[at]) if glance is None else glance.value(fields.place[at])
        Py_INCREF(value)
        PyTuple_SET_ITEM(found, at, value)
    return found


cdef Py_ssize_t words_into(unsigned char* into, Py_ssize_t room, object event, Glance glance, Fields* fields) except -2:
    """What an event says in these fields, as msgpack has it; -1: that needs more room than there is."""
    cdef Py_ssize_t size = 0, more
    cdef int each
    cdef Span span
    for each in range(fields.number):
        if glance is None:
            more = text_into(into + size, room - size, read(event, fields.at[each]))
        else:
            span = glance.spans[fields.place[each]]
            more = bytes_into(into + size, room - size, PyBytes_AS_STRING(glance.raw) + span.at if span.size else NULL, span.size)
        if more < 0:
            return -1
        size += more
    return size


cdef inline unsigned int two_at(const unsigned char* at) noexcept:
    return at[0] << 8 | at[1]


cdef inline Instant six_at(const unsigned char* at) noexcept:
    return (<Instant>at[0] << 40 | <Instant>at[1] << 32 | <Instant>at[2] << 24 | <Instant>at[3] << 16 | <Instant>at[4] << 8 | <Instant>at[5]) - SHIFT


cdef inline Instant eight_at(const unsigned char* at) noexcept:
    cdef unsigned long long value = 0
    cdef int each
    for each in range(8):
        value = value << 8 | at[each]
    return <Instant>value


cdef inline void put(unsigned char* at, unsigned long long value, int size) noexcept:
    while size:
        size -= 1
        at[size] = value & 0xFF
        value >>= 8


cdef inline unsigned char* paste(unsigned char* into, const unsigned char* section, Py_ssize_t size) noexcept:
    """A section laid there; where the next one begins."""
    if size:
        memcpy(into, section, size)
    return into + size


cdef inline const unsigned char* start_of(bytes section) noexcept:
    return <const unsigned char*>PyBytes_AS_STRING(section)


cdef inline bytes cut(const unsigned char* start, Py_ssize_t since, Py_ssize_t until):
    return PyBytes_FromStringAndSize(<const char*>start + since, until - since)


cdef inline Py_ssize_t text_into(unsigned char* into, Py_ssize_t room, PyObject* value) noexcept:
    """A word as msgpack has it; -1: that needs more room or another head, or no bytes can say it."""
    cdef Py_ssize_t size
    cdef const char* text
    if <object>value is None:
        return bytes_into(into, room, NULL, 0)
    text = PyUnicode_AsUTF8AndSize(value, &size)
    if text is NULL:
        PyErr_Clear()
        return -1
    return bytes_into(into, room, text, size)


cdef inline Py_ssize_t bytes_into(unsigned char* into, Py_ssize_t room, const char* text, Py_ssize_t size) noexcept:
    """The same; NULL: none."""
    if text is NULL:
        if room < 1:
            return -1
        into[0] = 0xC0
        return 1
    if size < 32:
        if room < size + 1:
            return -1
        into[0] = 0xA0 | size
        memcpy(into + 1, text, size)
        return size + 1
    if size > 255 or room < size + 2:
        return -1
    into[0] = 0xD9
    into[1] = size
    memcpy(into + 2, text, size)
    return size + 2


cdef inline bint is_among(const unsigned char* identity, const unsigned char* state, unsigned int count) noexcept:
    """Whether a fact of this id is in force."""
    cdef const unsigned char* at = state + HEAD_SIZE
    cdef unsigned int each
    for each in range(count):
        if memcmp(at, identity, 16) == 0:
            return True
        at += FACT_SIZE
    return False


cdef Py_ssize_t list_into(unsigned char* into, Py_ssize_t room, object event, Glance glance, Fields* fields) except -2:
    """A list of one value, of what an event says in these fields, as msgpack has it; -1: that needs more room than there is."""
    cdef Py_ssize_t size = words_into(into + 2, room - 2, event, glance, fields)
    into[0], into[1] = LIST + 1, LIST + fields.number
    return size + 2 if size >= 0 else -1


cdef Py_ssize_t text_in(const unsigned char* section, Py_ssize_t size, const char* text, Py_ssize_t length) noexcept:
    """The place of a word in a packed list of words, that behind all of them: there is none; -1: only a decoder can tell."""
    cdef Py_ssize_t at = 1, own, each, number
    if not size:
        return 0
    number = section[0] - LIST
    if not 0 <= number <= MOST_LISTED:
        return -1
    for each in range(number):
        if section[at] & 0xE0 == 0xA0:
            own = section[at] & 0x1F
            at += 1
        elif section[at] == 0xD9:
            own = section[at + 1]
            at += 2
        else:
            return -1
        if own == length and memcmp(section + at, text, length) == 0:
            return each
        at += own
    return number


cdef list names_of(const unsigned char* section, Py_ssize_t size):
    return names_in(cut(section, 0, size)) if size else []


cdef bytes with_name(const unsigned char* section, Py_ssize_t size, str name):
    """The section of names with one more."""
    cdef unsigned char own[256]
    cdef Py_ssize_t more = text_into(own, 256, <PyObject*>name)
    cdef bytes longer
    cdef unsigned char* into
    if more < 0 or (size and not LIST <= section[0] < LIST + MOST_LISTED):
        return listed([*names_of(section, size), name])
    longer = PyBytes_FromStringAndSize(NULL, (size if size else 1) + more)
    into = <unsigned char*>PyBytes_AS_STRING(longer)
    into[0] = section[0] + 1 if size else LIST + 1
    into = paste(into + 1, section + 1, size - 1 if size else 0)
    paste(into, own, more)
    return longer


cdef bint is_said(const unsigned char* annex, object rules) except -1:
    """Whether one of these rules has alerts in the annex."""
    cdef unsigned int each
    for each in range(annex[0] & ~STARTED):
        if cut(annex, 1 + each * RULE_SIZE, 1 + (each + 1) * RULE_SIZE) in rules:
            return True
    return False


cdef bytes with_wake(bytes section, bytes rule, Instant instant):
    """As `rules.plain.with_wake`."""
    cdef const unsigned char* old = start_of(section)
    cdef const unsigned char* end = old + PyBytes_GET_SIZE(section)
    cdef const unsigned char* at = old
    cdef const unsigned char* its = start_of(rule)
    cdef unsigned char own[WAKE_SIZE]
    cdef Py_ssize_t size = PyBytes_GET_SIZE(section) + (0 if instant == FAR else WAKE_SIZE)
    cdef bint is_placed = instant == FAR
    cdef bytes found
    cdef unsigned char* into
    while at < end:
        if memcmp(at + 6, its, 3) == 0:
            size -= WAKE_SIZE
            break
        at += WAKE_SIZE
    if at == end and is_placed:
        return section
    put(own, instant + SHIFT, 6)
    memcpy(own + 6, its, 3)
    found = PyBytes_FromStringAndSize(NULL, size)
    into = <unsigned char*>PyBytes_AS_STRING(found)
    at = old
    while at < end:
        if not is_placed and memcmp(at, own, WAKE_SIZE) >= 0:
            into = paste(into, own, WAKE_SIZE)
            is_placed = True
        if memcmp(at + 6, its, 3):
            into = paste(into, at, WAKE_SIZE)
        at += WAKE_SIZE
    if not is_placed:
        paste(into, own, WAKE_SIZE)
    return found
