from cpython.object cimport PyObject
from libc.string cimport memcpy

cdef extern from *:
    """
    /* Asks memory for what is read soon. */
    static inline void fetch(PyObject *what, int size) {
        for (int at = 0; at < size; at += 64) __builtin_prefetch((const char *)what + at);
    }
    """
    void fetch(PyObject* what, int size) noexcept

cdef enum:
    MOST = 64  # fields of an event
    MESSAGE = 896  # bytes of most messages

cdef struct Span:
    # Where a word lies in the message; `size` 0: it is not told.
    unsigned short at
    unsigned short size

cdef Py_ssize_t slot_of(object type, str name) except -1

cdef class Glance:
    cdef bytes raw
    cdef object seen
    cdef object known_id
    cdef object body  # one that is alike where it is read (see `leave_unread`), if it is not its own
    cdef bint is_own
    cdef int kind
    cdef bint is_received
    cdef long long occurred
    cdef long long received
    cdef unsigned char identity[16]
    cdef Span spans[MOST]

    cdef object value(self, int field)


cdef inline unsigned long long mix(const unsigned char* text, Py_ssize_t size) noexcept:
    """A number that differs for words that differ, mostly."""
    cdef unsigned long long mixed = size, eight
    while size >= 8:
        memcpy(&eight, text, 8)
        mixed = (mixed ^ eight) * 0x9E3779B97F4A7C15ULL
        mixed ^= mixed >> 32
        text += 8
        size -= 8
    eight = 0
    memcpy(&eight, text, size)
    mixed = (mixed ^ eight) * 0x9E3779B97F4A7C15ULL
    return mixed ^ mixed >> 32
