from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from streams.agents.inbox import parted, portions
from supervision.decoder import encode
from supervision.event import CaseEvent, ClockAdvanced, EventType, Stream
from supervision.glance import whole
from supervision.refusal import Reason
from supervision.signal import ClockStep, Signal, pack
from tests.streams.batches import batch, event, raw, read

SIGNAL = Signal(subject="officer:1", kind="x", fact_id=UUID(int=1), revision=1, clock="wall", source_system="s", at=5)
STEP = ClockStep(partition=1, clock="wall", to=6)


def test_a_poison_event_is_refused_by_itself_and_its_neighbours_are_judged() -> None:
    inbox = read(batch([raw(1), b"{broken", raw(2)]), 0, Stream.CASE)
    assert [whole(item) for item in inbox.items] == [event(1), event(2)]
    assert [(index, refusal.reason) for index, refusal in inbox.refused] == [(1, Reason.NOT_JSON)]


def test_an_event_knows_the_record_it_came_from() -> None:
    inbox = read(batch([b"", raw(1), raw(1)]), 0, Stream.CASE)
    events = [event for item in inbox.items if isinstance(event := whole(item), CaseEvent)]
    assert events[0] == events[1]
    assert [inbox.place(event) for event in events] == [1, 2]


def test_records_before_the_next_offset_are_passed_over() -> None:
    inbox = read(batch([raw(1), raw(2), b"{"], first=10), 11, Stream.CASE)
    assert [whole(item) for item in inbox.items] == [event(2)]
    assert [index for index, _ in inbox.refused] == [2]


def test_an_event_of_the_other_stream_is_in_the_wrong_topic() -> None:
    punch = b'{"event_id":"00000000-0000-0000-0000-000000000001","event_type":"attendance_punched","occurred_at":1,'
    punch += b'"source_system":"s","payload":{"officer_id":"1","direction":"in"}}'
    (refused,) = read(batch([punch]), 0, Stream.CASE).refused
    assert refused[1].reason is Reason.WRONG_TOPIC
    inbox = read(batch([punch, raw(1)]), 0, Stream.ACTIVITY)
    assert isinstance(inbox.items[0], CaseEvent)
    assert inbox.items[0].event_type is EventType.ATTENDANCE_PUNCHED
    assert [refusal.reason for _, refusal in inbox.refused] == [Reason.WRONG_TOPIC]


def test_packed_signals_are_unpacked_in_order_for_subjects_and_refused_among_cases() -> None:
    packed = pack([SIGNAL, STEP])
    inbox = read(batch([raw(1), packed]), 0, Stream.ACTIVITY)
    assert (inbox.items, inbox.places) == ([SIGNAL, STEP], [1, 1])
    assert not read(batch([packed]), 0, Stream.CASE).items
    assert read(batch([packed[:-4]]), 0, Stream.ACTIVITY).refused[0][1].reason is Reason.NOT_JSON


def test_clocks_are_heard_on_both_streams() -> None:
    advanced = ClockAdvanced(clock="log", to=9)
    for stream in (Stream.CASE, Stream.ACTIVITY):
        assert read(batch([encode(advanced)]), 0, stream).items == [advanced]


@given(st.lists(st.none() | st.binary(max_size=80), max_size=20), st.sampled_from([Stream.CASE, Stream.ACTIVITY]))
def test_any_bytes_become_an_item_or_a_refusal(values: list[bytes | None], stream: Stream) -> None:
    inbox = read(batch(values), 0, stream)
    assert len(inbox.places) == len(inbox.items)
    assert {*inbox.places, *(index for index, _ in inbox.refused)} == set(range(len(values)))
    assert len(inbox.items) + len(inbox.refused) >= len(values)


KEYS = st.lists(st.sampled_from([None, b"a", b"b", b"c", b"d"]), max_size=30)


@given(KEYS, st.integers(1, 5))
def test_portions_say_together_what_the_batch_says(keys: list[bytes | None], most: int) -> None:
    values = [b"{" if number % 7 == 6 else raw(number, (key or b"e").decode()) for number, key in enumerate(keys)]
    its = batch(values, keys=keys)
    whole_batch, parts = read(its, 0, Stream.CASE), list(portions(its, 0, Stream.CASE, most))
    assert [whole(item) for part in parts for item in part.items] == [whole(item) for item in whole_batch.items]
    assert [place for part in parts for place in part.places] == whole_batch.places
    assert [each for part in parts for each in part.refused] == whole_batch.refused
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]


@given(KEYS, st.integers(1, 5))
def test_no_key_is_in_two_portions_and_only_the_last_is_short(keys: list[bytes | None], most: int) -> None:
    ordered = sorted(key or b"" for key in keys)
    ends = list(parted(ordered, most))
    assert [since for since, _ in ends] == [0, *(until for _, until in ends[:-1])]
    assert ends[-1][1] == len(ordered)
    for since, until in ends[:-1]:
        assert until - since >= most
        assert ordered[until - 1] != ordered[until]


def test_what_moves_clocks_comes_last_though_its_key_comes_first() -> None:
    advanced = [ClockAdvanced(clock="log", to=9), ClockAdvanced(clock="log", to=12)]
    values = [encode(advanced[0]), raw(1), encode(advanced[1]), raw(2, "d")]
    parts = list(portions(batch(values, keys=[b"", b"c", b"a", b"d"]), 0, Stream.CASE, 1))
    assert [item for part in parts[:-1] for item in part.items if isinstance(item, ClockAdvanced)] == []
    assert parts[-1].items[-2:] == advanced
    assert parts[-1].places[-2:] == [0, 2]
    assert read(batch(values), 0, Stream.CASE).places == [1, 3, 0, 2]


def test_signals_are_one_portion_so_that_a_subject_is_judged_once() -> None:
    (inbox,) = portions(batch([pack([SIGNAL]), pack([STEP])], keys=[b"a", b"b"]), 0, Stream.ACTIVITY, 1)
    assert inbox.items == [SIGNAL, STEP]
