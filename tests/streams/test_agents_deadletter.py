from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.deadletter import MOST, dead_letter
from supervision.refusal import Reason, Refusal
from supervision.topics import DEAD_LETTERS
from tests.streams.batches import batch

REFUSAL = Refusal(reason=Reason.WRONG_TYPE, field="payload.days", wanted="an integer")
TRACE = (("traceparent", b"00-abc-def-01"), ("empty", None))


def test_a_dead_letter_is_what_came_with_its_headers_and_the_reason() -> None:
    letter = dead_letter("dead-letters", batch([b"\xff{"], [TRACE], first=41), 0, REFUSAL)
    assert (letter.topic, letter.key, letter.value, letter.partition) == ("dead-letters", b"k", b"\xff{", None)
    assert letter.headers[:2] == TRACE
    assert dict(letter.headers[2:]) == {
        "dead-reason": b"wrong_type",
        "dead-field": b"payload.days",
        "dead-wanted": b"an integer",
        "dead-topic": b"case-events",
        "dead-partition": b"3",
        "dead-offset": b"41",
        "dead-timestamp": b"1000",
    }


def test_a_record_too_large_is_cut_and_its_hash_and_length_kept() -> None:
    whole = bytes(range(256)) * 20_000
    letter = dead_letter("dead-letters", batch([whole], [TRACE]), 0, REFUSAL)
    told = dict(letter.headers)
    assert letter.value is not None
    assert whole.startswith(letter.value)
    assert told["dead-length"] == str(len(whole)).encode()
    assert told["dead-sha256"] == hashlib.sha256(whole).hexdigest().encode()
    assert told["traceparent"] == b"00-abc-def-01"


@given(st.integers(0, 3 * MOST), st.integers(0, 2 * MOST))
def test_every_dead_letter_fits_its_topic(value_bytes: int, header_bytes: int) -> None:
    letter = dead_letter("dead-letters", batch([b"v" * value_bytes], [(("h", b"h" * header_bytes),)]), 0, REFUSAL)
    size = (
        len(letter.key or b"") + len(letter.value or b"") + sum(len(name) + len(text or b"") + 16 for name, text in letter.headers)
    )
    assert size < DEAD_LETTERS.max_message_bytes - 4096
    cut = value_bytes + header_bytes + 17 + 4 > MOST
    assert ("dead-sha256" in dict(letter.headers)) == cut
