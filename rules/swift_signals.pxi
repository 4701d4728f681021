# Part of `swift.pyx`: what events of the short way signal.

from rules.said import Draft
from rules.saying import digest_of
from supervision.signal import Signal


cdef class Sender:
    """Of one shortcut. `signals`: of the call at hand."""

    cdef object shortcut
    cdef list signals
    cdef Py_ssize_t event_id, draft_subject, draft_kind, draft_at

    def __init__(self, shortcut):
        self.shortcut, self.event_id = shortcut, slot_of(CaseEvent, "event_id")
        self.draft_subject, self.draft_kind, self.draft_at = slot_of(Draft, "subject"), slot_of(Draft, "kind"), slot_of(Draft, "at")

    cdef bytes sends(self, object event, bint is_seen, Spring spring, list drafts, const unsigned char* identity, bytes section):
        """As `Shortcut.sends`, which is asked for what is longer than most."""
        cdef unsigned char own[MOST_SENT_BYTES]
        cdef Py_ssize_t size = 1, more, number = PyList_GET_SIZE(drafts)
        cdef Py_ssize_t known = start_of(section)[0] - LIST if PyBytes_GET_SIZE(section) else 0
        cdef object draft, subject, kind, digest
        if not 0 <= known <= MOST_SENT - number:
            return None
        for draft in drafts:
            subject, kind, digest = <object>read(draft, self.draft_subject), <object>read(draft, self.draft_kind), draft.digest or digest_of(draft.data)
            if size + 60 > MOST_SENT_BYTES or <Instant><object>read(draft, self.draft_at) <= 0xFFFFFFFF or PyBytes_GET_SIZE(digest) != 8:
                return self.shortcut.sends(event, spring.origin, drafts, section)
            own[size] = LIST + 6
            size += 1
            for text in (subject, kind):
                more = text_into(own + size, MOST_SENT_BYTES - 60 - size, <PyObject*>text)
                if more < 0:
                    return self.shortcut.sends(event, spring.origin, drafts, section)
                size += more
            own[size], own[size + 1] = 0xC4, 16
            memcpy(own + size + 2, identity, 16)
            own[size + 18], own[size + 19] = 1, 0xCF
            put(own + size + 20, <Instant><object>read(draft, self.draft_at), 8)
            own[size + 28], own[size + 29] = 0xC4, 8
            memcpy(own + size + 30, PyBytes_AS_STRING(digest), 8)
            size += 38
        fact_id = <object>read(event, self.event_id) if is_seen else event.event_id
        case_id = event.case_id or ""
        for draft in drafts:
            self.signals.append(
                Signal(
                    subject=<object>read(draft, self.draft_subject), kind=<object>read(draft, self.draft_kind), fact_id=fact_id,
                    revision=1, clock=spring.clock, source_system=spring.name, at=<object>read(draft, self.draft_at),
                    case_id=case_id, data=draft.data,
                )
            )
        own[0] = LIST + known + number
        cdef bytes longer = PyBytes_FromStringAndSize(NULL, size + (PyBytes_GET_SIZE(section) - 1 if known else 0))
        cdef unsigned char* into = <unsigned char*>PyBytes_AS_STRING(longer)
        into[0] = own[0]
        into += 1
        if known:
            into = paste(into, start_of(section) + 1, PyBytes_GET_SIZE(section) - 1)
        paste(into, own + 1, size - 1)
        return longer
