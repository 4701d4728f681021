# Part of `swift.pyx`: the items of a call, and which of them are of one case.


cdef class Items:
    """Those of the call at hand."""

    cdef object shortcut
    cdef list items
    cdef tuple unsettling
    cdef Wheres wheres
    cdef Py_ssize_t source_system, case_id, root_case_id, parent_case_id

    def __init__(self, shortcut, Wheres wheres):
        self.shortcut, self.unsettling, self.wheres = shortcut, shortcut.unsettling, wheres
        self.source_system, self.case_id = slot_of(CaseEvent, "source_system"), slot_of(CaseEvent, "case_id")
        self.root_case_id, self.parent_case_id = slot_of(CaseEvent, "root_case_id"), slot_of(CaseEvent, "parent_case_id")

    cdef str key_of(self, object event):
        if read(event, self.root_case_id) != <PyObject*>None or read(event, self.parent_case_id) != <PyObject*>None:
            return root_key(event)
        return f"{<object>read(event, self.source_system)}/{<object>read(event, self.case_id)}"

    cdef Py_ssize_t look_ahead(self, Py_ssize_t position, dict blobs, list keys) except -1:
        """Ask memory for the next items and their cases: it brings them while others are worked on, and one by one each would be
        waited for. `keys`: filled with those of items at a glance, by place. The place behind them."""
        cdef Py_ssize_t end = min(PyList_GET_SIZE(self.items), position + AHEAD)
        cdef object item
        cdef str key
        cdef PyObject* blob
        while position < end:
            item = <object>PyList_GET_ITEM(self.items, position)
            if type(item) is GLANCE:
                fetch(<PyObject*>(<Glance>item).raw, MESSAGE)
                key = keys[position % AHEAD] = key_at(<Glance>item)
                blob = PyDict_GetItemWithError(blobs, key)
                if blob is not NULL:
                    fetch(blob, STATE)
            position += 1
        return end

    cdef bint is_settled(self, object event, Glance glance, str key, Py_ssize_t position) except -1:
        """As `Shortcut.is_settled` has it, which is asked where an event was read whole."""
        cdef Py_ssize_t place
        cdef object item
        cdef Glance later
        for place in range(position + 1, PyList_GET_SIZE(self.items)):
            item = <object>PyList_GET_ITEM(self.items, place)
            if type(item) is EVENT:
                return self.key_of(item) != key or self.shortcut.is_settled(event, key, position)
            if type(item) is not GLANCE:
                continue
            later = <Glance>item
            if key_at(later) != key:
                return True
            if glance is None:
                return self.shortcut.is_settled(event, key, position)
            if later.occurred < glance.occurred or self.wheres.of(later, False) != self.wheres.of(glance, False):
                return False
            for unsettles in self.unsettling:
                if unsettles(glance.event_type, later.event_type, later.body):  # who is asked reads what cards read
                    return False
        return True


cdef str key_at(Glance glance):
    """The root key of an event at a glance, which names no other case."""
    cdef char key[1024]
    cdef Span source = glance.spans[SOURCE_SYSTEM]
    cdef Span case = glance.spans[CASE_ID]
    cdef const char* raw = PyBytes_AS_STRING(glance.raw)
    memcpy(key, raw + source.at, source.size)
    key[source.size] = c"/"
    memcpy(key + source.size + 1, raw + case.at, case.size)
    return PyUnicode_DecodeUTF8(key, source.size + 1 + case.size, NULL)
