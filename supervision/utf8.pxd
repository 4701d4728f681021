cdef bint are_text(const unsigned char* at, Py_ssize_t size) noexcept
