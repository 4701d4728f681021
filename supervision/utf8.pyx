# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Whether bytes are UTF-8 text, without making a text of them: every message of every source is asked so.

Built where a C compiler is at hand; `supervision.text` says the same without it. Source: RFC 3629, section 4.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef unsigned long long HIGH = 0x8080808080808080ULL


cdef inline bint follows(unsigned char byte) noexcept:
    return byte & 0xC0 == 0x80


def is_utf8(bytes raw not None):
    return are_text(<const unsigned char*>PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))


cdef bint are_text(const unsigned char* at, Py_ssize_t size) noexcept:
    cdef const unsigned char* end = at + size
    cdef unsigned long long eight
    cdef unsigned char lead, next_
    while at < end:
        while end - at >= 8:
            memcpy(&eight, at, 8)
            if eight & HIGH:
                break
            at += 8
        if at == end:
            break
        lead = at[0]
        if lead < 0x80:
            at += 1
            continue
        next_ = at[1] if end - at > 1 else 0
        if 0xC2 <= lead <= 0xDF:
            if not follows(next_):
                return False
            at += 2
        elif 0xE0 <= lead <= 0xEF:
            if end - at < 3 or not follows(next_) or not follows(at[2]):
                return False
            if (lead == 0xE0 and next_ < 0xA0) or (lead == 0xED and next_ > 0x9F):
                return False
            at += 3
        elif 0xF0 <= lead <= 0xF4:
            if end - at < 4 or not follows(next_) or not follows(at[2]) or not follows(at[3]):
                return False
            if (lead == 0xF0 and next_ < 0x90) or (lead == 0xF4 and next_ > 0x8F):
                return False
            at += 4
        else:
            return False
    return True
