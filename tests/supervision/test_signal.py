"""Signals travel packed, in order, and any other bytes are refused."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.decoder import decode
from supervision.refusal import Reason, Refusal
from supervision.signal import ClockStep, Signal, is_packed, pack, packets, unpack
from tests.supervision.strategies import struct_of

ITEMS = st.lists(struct_of(Signal) | struct_of(ClockStep), max_size=6)


@settings(max_examples=200, deadline=None)
@given(ITEMS)
def test_a_packet_is_read_back_in_its_order(items: list[Signal | ClockStep]) -> None:
    raw = pack(items)
    assert is_packed(raw)
    assert unpack(raw) == items


@settings(max_examples=100, deadline=None)
@given(ITEMS, st.integers(0, 2000))
def test_packets_hold_everything_in_order_and_keep_to_their_size(items: list[Signal | ClockStep], max_bytes: int) -> None:
    messages = packets(items, max_bytes)
    contents = [content for content in map(unpack, messages) if not isinstance(content, Refusal)]
    assert [item for content in contents for item in content] == items
    assert all(len(message) <= max_bytes or len(content) == 1 for message, content in zip(messages, contents, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=60).map(b'{"message":"signals","items":['.__add__))
def test_other_bytes_are_refused(raw: bytes) -> None:
    outcome = unpack(raw)
    assert isinstance(outcome, Refusal) or outcome == []


def test_a_packet_is_no_event_and_an_event_no_packet() -> None:
    step = ClockStep(partition=3, clock="log", to=5)
    refusal = decode(pack([step]))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.MISSING_FIELD
    assert isinstance(unpack(b'{"event_type":"clock_advanced","clock":"log","to":5}'), Refusal)
    assert not is_packed(b'{"event_type":"clock_advanced","clock":"log","to":5}')
    assert unpack(b"") == Refusal(reason=Reason.EMPTY, wanted="a JSON object")
