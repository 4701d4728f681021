# Part of `sight.pyx`: JSON objects as most are written, looked through for where their words lie.

cdef struct Field:
    const char* name
    int size
    int holds
    long long least
    long long most  # of a text: bytes, 0 for any
    int words
    const char* word[MOST_WORDS]
    int word_size[MOST_WORDS]


cdef struct Fields:
    Field of[MOST]
    int number
    int behind[MOST + 1]  # which field came behind each last time; at MOST: first
    Eight needed
    Eight unread  # see `leave_unread`


cdef inline bint is_plain(unsigned char byte) noexcept:
    """Of a text: neither its end, nor an escape, nor what may not stand there."""
    return byte >= 0x20 and byte != c'"' and byte != c"\\"


cdef inline const unsigned char* end_of_text(const unsigned char* at, const unsigned char* end) noexcept:
    """The first byte that is not plain, or the end."""
    cdef Eight eight, quotes, escapes, odd
    while end - at >= 8:
        memcpy(&eight, at, 8)
        quotes = eight ^ <Eight>0x2222222222222222
        escapes = eight ^ <Eight>0x5C5C5C5C5C5C5C5C
        odd = (quotes - <Eight>0x0101010101010101) & ~quotes
        odd |= (escapes - <Eight>0x0101010101010101) & ~escapes
        odd |= (eight - <Eight>0x2020202020202020) & ~eight
        if odd & <Eight>0x8080808080808080:
            break
        at += 8
    while at < end and is_plain(at[0]):
        at += 1
    return at


cdef inline const unsigned char* end_of_object(const unsigned char* at, const unsigned char* end) noexcept:
    """Behind the object that begins here; NULL: it does not end."""
    cdef int depth = 0
    while at < end:
        if at[0] == c'"':
            at = end_of_text(at + 1, end)
            while at < end and at[0] == c"\\":
                at = end_of_text(at + 2, end) if end - at > 2 else end
            if at >= end or at[0] != c'"':
                return NULL
        elif at[0] == c"{":
            depth += 1
        elif at[0] == c"}":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return NULL


cdef inline int digit(unsigned char byte) noexcept:
    """Of a hexadecimal number; -1: it is none."""
    if c"0" <= byte <= c"9":
        return byte - c"0"
    byte |= 0x20
    return byte - c"a" + 10 if c"a" <= byte <= c"f" else -1


cdef bint is_identity(const unsigned char* at, Py_ssize_t size, unsigned char* into) noexcept:
    """A UUID as most people write it; its bytes."""
    cdef int place, high, low
    cdef int each = 0
    if size != 36 or at[8] != c"-" or at[13] != c"-" or at[18] != c"-" or at[23] != c"-":
        return False
    for place in range(16):
        if each == 8 or each == 13 or each == 18 or each == 23:
            each += 1
        high, low = digit(at[each]), digit(at[each + 1])
        if high < 0 or low < 0:
            return False
        into[place] = high << 4 | low
        each += 2
    return True


cdef inline int field_of(Fields* fields, const unsigned char* name, Py_ssize_t size, int last) noexcept:
    """The field of this name, most likely that which came behind `last` before; -1: there is none."""
    cdef int field = fields.behind[last]
    if field < fields.number and fields.of[field].size == size and memcmp(fields.of[field].name, name, size) == 0:
        return field
    for field in range(fields.number):
        if fields.of[field].size == size and memcmp(fields.of[field].name, name, size) == 0:
            fields.behind[last] = field
            return field
    return -1


cdef inline long long amount_at(const unsigned char* at, Py_ssize_t size) noexcept:
    cdef long long amount = 0
    cdef Py_ssize_t each
    for each in range(size):
        amount = amount * 10 + (at[each] - c"0")
    return amount


cdef const unsigned char* scan(
    Fields* fields, const unsigned char* start, const unsigned char* at, const unsigned char* end, Span* spans, Eight* told
) noexcept:
    """Where the object that begins at `at` ends, with the spans (from `start` on) of the fields it tells; NULL: the decoder has
    something to say about it, or it is written in another way than most are."""
    cdef const unsigned char* name
    cdef const unsigned char* value
    cdef Field* field
    cdef long long amount
    cdef int place, each
    cdef int last = MOST
    told[0] = 0
    while True:
        at += 1  # behind the bracket or the comma
        if end - at < 4 or at[0] != c'"':
            return NULL
        name = at + 1
        at = end_of_text(name, end)
        if end - at < 3 or at[0] != c'"' or at[1] != c":":
            return NULL
        place = field_of(fields, name, at - name, last)
        if place < 0 or told[0] >> place & 1:
            return NULL
        told[0] |= <Eight>1 << place
        last = place
        field = &fields.of[place]
        at += 2
        value = at
        if field.holds == TEXT or field.holds == IDENTITY or field.holds == TYPE:
            if at[0] != c'"':
                return NULL
            value += 1
            at = end_of_text(value, end)
            if at >= end or at[0] != c'"' or at == value or (field.holds == TEXT and field.most and at - value > field.most):
                return NULL
            spans[place].at, spans[place].size = value - start, at - value
            at += 1
        elif field.holds == NUMBER:
            while at < end and c"0" <= at[0] <= c"9":
                at += 1
            if at == value or at - value > 15 or (value[0] == c"0" and at - value > 1):
                return NULL
            amount = amount_at(value, at - value)
            if not field.least <= amount <= field.most:
                return NULL
            spans[place].at, spans[place].size = value - start, at - value
        elif field.holds == WORD:
            for each in range(field.words):
                if end - at > field.word_size[each] and memcmp(at, field.word[each], field.word_size[each]) == 0:
                    if not c"0" <= at[field.word_size[each]] <= c"9":
                        at += field.word_size[each]
                        break
            if at == value:
                return NULL
            each = value[0] == c'"'
            spans[place].at, spans[place].size = value - start + each, at - value - 2 * each
        elif field.holds == BODY:
            if at[0] != c"{":
                return NULL
            at = end_of_object(at, end)
            if at is NULL:
                return NULL
            spans[place].at, spans[place].size = value - start, at - value
        else:
            return NULL
        if at >= end:
            return NULL
        if at[0] == c"}":
            break
        if at[0] != c",":
            return NULL
    return NULL if fields.needed & ~told[0] else at + 1
