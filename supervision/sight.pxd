cdef enum:
    MOST = 64  # fields of an event

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
