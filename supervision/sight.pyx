# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False, annotation_typing=False
"""Ordinary case events at a glance: checked as `supervision.decoder` checks them, but only told where in the message their words lie.

Nearly every event is the plain first report of a fact, written without a blank or an escape, and of its fifty fields few are looked
at. Whatever is not so is left to the decoder. What a field may hold is asked of `CaseEvent`; payloads are read by the decoder's own
readers, those of like bytes once.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdlib cimport calloc
from libc.string cimport memcmp, memcpy

from supervision.utf8 cimport are_text

from uuid import UUID, SafeUUID

from msgspec import inspect

from supervision.decoder import decode, readers
from supervision.event import CaseEvent, EventType
from supervision.payload import PAYLOADS

cdef enum:
    MOST_SIZE = 0xFFFF
    MOST_WORDS = 16
    SLOTS = 1024  # payloads remembered
    MOST_PAYLOAD = 512
    AHEAD = 4  # messages
    # What a field may hold.
    TEXT = 0
    NUMBER = 1
    WORD = 2
    IDENTITY = 3
    TYPE = 4
    BODY = 5
    ODD = 6  # anything: an event that tells it is none to glance at

ctypedef unsigned long long Eight

cdef extern from *:
    """
    #include <structmember.h>
    static Py_ssize_t offset_of(PyObject *type, PyObject *name) {
        PyObject *found = PyObject_GetAttr(type, name);
        Py_ssize_t offset = -1;
        if (!found) return -1;
        if (Py_IS_TYPE(found, &PyMemberDescr_Type) && ((PyMemberDescrObject *)found)->d_member->type == T_OBJECT_EX)
            offset = ((PyMemberDescrObject *)found)->d_member->offset;
        else
            PyErr_Format(PyExc_TypeError, "%R keeps %R in no slot", type, name);
        Py_DECREF(found);
        return offset;
    }
    """
    Py_ssize_t offset_of(object type, object name) except -1


include "sight_scan.pxi"


cdef struct Payload:
    int kind
    int size
    unsigned char text[MOST_PAYLOAD]


cdef Fields envelope
cdef Fields* payload_fields = NULL  # by event type
cdef list _kept = []  # what the pointers above point into
cdef int EVENT_ID, EVENT_TYPE, OCCURRED_AT, RECEIVED_AT, SOURCE_SYSTEM, CASE_ID, PAYLOAD
cdef list TYPES = list(EventType)
cdef list READERS = [readers[kind] for kind in EventType]
cdef list CASES = [is_of_a_case for _, _, is_of_a_case in READERS]
cdef dict PLACE_OF = {}  # of a field, by its name
cdef list DEFAULTS = []  # of its fields, where they are not told
cdef list VALUES = []  # of its fields that hold words: what each means
cdef dict TYPE_OF = {kind.value.encode(): place for place, kind in enumerate(EventType)}
cdef Payload payloads[SLOTS]
cdef list bodies = [None] * SLOTS
cdef object UNKNOWN = SafeUUID.unknown
cdef Py_ssize_t INT_IN_UUID = slot_of(UUID, "int")
cdef Py_ssize_t SAFE_IN_UUID = slot_of(UUID, "is_safe")
# What is said of an ordinary event, and must be so where it is said at all.
PLAIN = ("data_version", "source_op", "batch_kind", "time_precision")
SPECIAL = {
    **dict.fromkeys(("supersedes_event_id", "flags", "root_case_id", "parent_case_id"), ODD),
    "event_id": IDENTITY,
    "event_type": TYPE,
    "payload": BODY,
}
MOST_AMOUNT = 10**15 - 1


cdef Py_ssize_t slot_of(object type, str name) except -1:
    """The offset of a field that a class keeps in a slot of its own. Raises TypeError: it keeps it otherwise."""
    return offset_of(type, name)


cdef inline void put_in(object of, Py_ssize_t at, object value) noexcept:
    """Into the empty slot there."""
    Py_INCREF(value)
    (<PyObject**>(<char*>(<PyObject*>of) + at))[0] = <PyObject*>value


cdef const char* keep(bytes text):
    _kept.append(text)
    return PyBytes_AS_STRING(text)


cdef int describe(Fields* fields, object struct) except -1:
    """Learn the fields of a struct from their types."""
    told = inspect.type_info(struct).fields
    if len(told) > MOST:
        raise ImportError(f"{struct.__name__} has more fields than a glance knows of")
    fields.number, fields.needed, fields.unread = 0, 0, 0
    for each in told:
        learn(fields, &fields.of[fields.number], each)
        fields.behind[fields.number] = fields.number + 1
        if each.required:
            fields.needed |= <Eight>1 << fields.number
        fields.number += 1
    fields.behind[MOST] = 0
    return 0


cdef int learn(Fields* fields, Field* field, object told) except -1:
    """What one field may hold."""
    kind = told.type
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        kind = kinds[0] if len(kinds) == 1 else None
    field.name, field.size, field.words = keep(told.encode_name.encode()), len(told.encode_name.encode()), 0
    field.holds, field.least, field.most = ODD, 0, 0
    is_envelope = fields == &envelope
    if is_envelope:
        PLACE_OF[told.name] = fields.number
        DEFAULTS.append(None if told.required else told.default)
        VALUES.append({})
    if is_envelope and told.name in PLAIN:
        field.holds = WORD
        tell(field, [told.default], VALUES[fields.number])
    elif is_envelope and told.name in SPECIAL:
        field.holds = SPECIAL[told.name]
    elif isinstance(kind, inspect.StrType) and kind.pattern is None and kind.min_length == 1:
        field.holds, field.most = TEXT, kind.max_length or 0
    elif isinstance(kind, inspect.IntType) and kind.multiple_of is None:
        least = kind.ge if kind.ge is not None else kind.gt + 1 if kind.gt is not None else 0
        most = kind.le if kind.le is not None else kind.lt - 1 if kind.lt is not None else MOST_AMOUNT
        field.holds, field.least, field.most = NUMBER, max(0, least), min(most, MOST_AMOUNT)
    elif isinstance(kind, inspect.EnumType) and len(kind.cls) <= MOST_WORDS:
        field.holds = WORD
        tell(field, list(kind.cls), VALUES[fields.number] if is_envelope else {})
    return 0


cdef int tell(Field* field, list values, dict meant) except -1:
    """The words a field may hold, as they are written."""
    for value in values:
        text = (f'"{value.value if hasattr(value, "value") else value}"' if isinstance(value, str) else str(int(value))).encode()
        meant[text.strip(b'"')] = value
        field.word[field.words], field.word_size[field.words] = keep(text), len(text)
        field.words += 1
    return 0


def leave_unread(dict names):
    """Of events of these types nobody who takes bodies for alike (`Glance.body`) reads these fields of the payload: then those of
    events that differ in nothing else are one."""
    cdef int kind, place
    cdef Fields* fields
    for kind in range(len(TYPES)):
        fields = &payload_fields[kind]
        fields.unread = 0
        for place in range(fields.number):
            if fields.of[place].name[:fields.of[place].size].decode() in names.get(TYPES[kind], ()):
                fields.unread |= <Eight>1 << place


cdef Py_ssize_t key_of(int kind, const unsigned char* text, Py_ssize_t size, unsigned char* key) noexcept:
    """What a payload tells that anybody reads; 0: nothing can be said of it but by the decoder."""
    cdef Fields* fields = &payload_fields[kind]
    cdef Span spans[MOST]
    cdef Eight told
    cdef Py_ssize_t length = 0
    cdef int place
    if scan(fields, text, text, text + size, spans, &told) != text + size:
        return 0
    told &= ~fields.unread
    memcpy(key, &told, 8)
    length = 8
    for place in range(fields.number):
        if told >> place & 1:
            if length + spans[place].size + 2 > MOST_PAYLOAD:
                return 0
            memcpy(key + length, &spans[place].size, 2)
            memcpy(key + length + 2, text + spans[place].at, spans[place].size)
            length += 2 + spans[place].size
    return length


cdef object body_of(int kind, const unsigned char* text, Py_ssize_t size, bint* is_own):
    """The payload that is written so, or one like it where it is read; None: the decoder has something to say about it."""
    cdef unsigned char key[MOST_PAYLOAD]
    cdef Payload* slot = NULL
    cdef int place = 0
    cdef Py_ssize_t length
    read, empty, _ = READERS[kind]
    is_own[0] = True
    if size == 0 or (size == 2 and empty is not None):
        return empty
    length = key_of(kind, text, size, key) if payload_fields[kind].unread else 0
    if not length and size <= MOST_PAYLOAD:
        length = size
        memcpy(key, text, size)
    if length:
        place = (mix(key, length) + kind) & (SLOTS - 1)
        slot = &payloads[place]
        if slot.size == length and slot.kind == kind and memcmp(slot.text, key, length) == 0:
            is_own[0] = False
            return bodies[place]
    try:
        body = read(PyBytes_FromStringAndSize(<const char*>text, size))
    except (ValueError, RecursionError):
        return None
    if slot is not NULL:
        bodies[place] = body
        slot.kind, slot.size = kind, length
        memcpy(slot.text, key, length)
    return body


cdef class Glance:
    """An event whose words lie where its spans say. What is asked of it by name is read when it is asked for."""

    cdef object value(self, int field):
        """What it says in this field."""
        cdef Span span = self.spans[field]
        cdef const char* text = PyBytes_AS_STRING(self.raw) + span.at
        cdef int holds = envelope.of[field].holds
        if holds == BODY:
            return self.body if self.is_own else self.event.payload
        if not span.size:
            return DEFAULTS[field]
        if holds == TEXT:
            return PyUnicode_DecodeUTF8(text, span.size, NULL)
        if holds == WORD:
            return VALUES[field][text[:span.size]]
        if holds == NUMBER:
            return int(text[:span.size])
        return self.event_id if holds == IDENTITY else TYPES[self.kind]

    @property
    def event(self):
        """All of it."""
        if self.seen is None:
            self.seen = decode(self.raw)
        return self.seen

    def is_of(self, event):
        """Whether this very event was read from it."""
        return self.seen is event

    @property
    def event_id(self):
        if self.known_id is None:
            self.known_id = UUID.__new__(UUID)
            put_in(self.known_id, INT_IN_UUID, int.from_bytes(self.identity[:16], "big"))
            put_in(self.known_id, SAFE_IN_UUID, UNKNOWN)
        return self.known_id

    @property
    def event_type(self):
        return TYPES[self.kind]

    @property
    def source_system(self):
        return self.value(SOURCE_SYSTEM)

    @property
    def case_id(self):
        return self.value(CASE_ID)

    @property
    def occurred_at(self):
        return self.occurred

    @property
    def received_at(self):
        return self.received if self.is_received else None

    def __getattr__(self, name):
        place = PLACE_OF.get(name)
        if place is None:
            raise AttributeError(name)
        return self.value(place)


def glance(bytes raw not None):
    """The event in this message, if it is an ordinary one on a case; None: ask the decoder."""
    return glanced(raw)


def glances(list raws not None):
    """The same of many messages, for which memory is asked ahead; what is no message is no event."""
    cdef Py_ssize_t place, size = PyList_GET_SIZE(raws)
    cdef list found = [None] * size
    cdef object raw
    for place in range(size):
        if place + AHEAD < size:
            fetch(PyList_GET_ITEM(raws, place + AHEAD), MESSAGE)
        raw = <object>PyList_GET_ITEM(raws, place)
        if type(raw) is bytes:
            found[place] = glanced(<bytes>raw)
    return found


cdef Glance glanced(bytes raw):
    cdef const unsigned char* start = <const unsigned char*>PyBytes_AS_STRING(raw)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(raw)
    cdef Glance found
    cdef Eight told = 0
    if size < 2 or size > MOST_SIZE or start[0] != c"{" or not are_text(start, size):
        return None
    found = Glance.__new__(Glance)
    if scan(&envelope, start, start, start + size, found.spans, &told) != start + size or not told >> CASE_ID & 1:
        return None
    if not is_identity(start + found.spans[EVENT_ID].at, found.spans[EVENT_ID].size, found.identity):
        return None
    kind = TYPE_OF.get(PyBytes_FromStringAndSize(<const char*>start + found.spans[EVENT_TYPE].at, found.spans[EVENT_TYPE].size))
    if kind is None:
        return None
    found.kind = kind
    if not CASES[found.kind]:
        return None
    found.occurred = amount_at(start + found.spans[OCCURRED_AT].at, found.spans[OCCURRED_AT].size)
    found.is_received = told >> RECEIVED_AT & 1
    found.received = amount_at(start + found.spans[RECEIVED_AT].at, found.spans[RECEIVED_AT].size)
    found.body = body_of(found.kind, start + found.spans[PAYLOAD].at, found.spans[PAYLOAD].size, &found.is_own)
    if found.body is None:
        return None
    found.raw = raw
    return found


describe(&envelope, CaseEvent)
EVENT_ID, EVENT_TYPE, PAYLOAD, CASE_ID = (PLACE_OF[name] for name in ("event_id", "event_type", "payload", "case_id"))
OCCURRED_AT, RECEIVED_AT, SOURCE_SYSTEM = (PLACE_OF[name] for name in ("occurred_at", "received_at", "source_system"))
payload_fields = <Fields*>calloc(len(TYPES), sizeof(Fields))  # for good
if payload_fields is NULL:
    raise MemoryError
for place, kind in enumerate(TYPES):
    describe(&payload_fields[place], PAYLOADS[kind])
