"""Whether bytes are UTF-8 text: by compiled code (`utf8.pyx`) where it could be built, else by decoding them."""

from __future__ import annotations


def decodes(raw: bytes) -> bool:
    """The plain way, which makes the text and throws it away."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


try:
    from supervision.utf8 import is_utf8 as is_utf8
except ImportError:  # no C compiler was at hand
    is_utf8 = decodes
