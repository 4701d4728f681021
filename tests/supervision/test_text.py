"""UTF-8 is told from other bytes as Python's own decoder tells it, compiled or not."""

from __future__ import annotations

import os
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision import text
from supervision.text import decodes, is_utf8

# At the edges of what RFC 3629 lets stand: leads of each length and those around them, and what may follow.
LEADS = (0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF)
FOLLOWING = (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)


@pytest.mark.skipif(is_utf8 is decodes and "CI" not in os.environ, reason="no C compiler here: there is only the plain way")
def test_it_is_compiled() -> None:
    """Else the tests below hold the plain way to itself."""
    assert text.is_utf8 is not decodes


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("before", [b"", b"1234567", b"12345678"])
def test_every_lead_with_what_may_follow_it(lead: int, before: bytes) -> None:
    for length in range(4):
        for following in product(FOLLOWING, repeat=length):
            raw = before + bytes((lead, *following))
            assert is_utf8(raw) == decodes(raw), raw


@given(st.binary(max_size=64))
def test_any_bytes(raw: bytes) -> None:
    assert is_utf8(raw) == decodes(raw)


@given(st.text(max_size=64), st.integers(min_value=0, max_value=260), st.integers(min_value=0, max_value=255))
def test_text_is_and_text_with_a_byte_changed_or_cut_off_as_it_may_be(words: str, place: int, byte: int) -> None:
    raw = words.encode("utf-8", "surrogatepass")
    assert is_utf8(raw) == decodes(raw)
    for changed in (raw[:place], raw[:place] + bytes((byte,)) + raw[place + 1 :]):
        assert is_utf8(changed) == decodes(changed)
