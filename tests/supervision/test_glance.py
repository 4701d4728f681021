"""What is taken at a glance is what the decoder reads: of any bytes, the glance says the same of them or leaves them to it."""

from __future__ import annotations

import json
import os
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bench import workload
from supervision.decoder import decode, encode
from supervision.event import BatchKind, CaseEvent, EventType, Flag, Precision, SourceOp
from supervision.glance import CAN_GLANCE, Glance, glance, glances
from tests.supervision.strategies import any_event

pytestmark = pytest.mark.skipif(not CAN_GLANCE and "CI" not in os.environ, reason="no C compiler here: there are no glances")

AT = workload.FIRST_MS
FIELDS = CaseEvent.__struct_fields__
USUAL = [
    workload.event(number, index, kind, payload, AT + index, "430111-000007")
    for number in (0, 1)
    for steps in (workload.STEPS, workload.LONG)
    for index, (kind, payload, _) in enumerate(steps)
]
TEXTS = st.text(max_size=140, alphabet=st.characters(codec="utf-8"))
SIGNS = st.sampled_from([b'"', b",", b"{", b"}", b":", b"\\", b" ", b"0", b"e", b"-", b"\xe4", b"\x00", b"null", b'"x":1,', b""])
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.sampled_from(
        ["", "1", "01", "insert", "update", "window", "working_day", "promised", "joint", "second", "day", "a\\b", 'a"b', "\n"]
    ),
    st.integers(min_value=0, max_value=12),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)


def same(raw: bytes) -> bool:
    """Whether it was taken at a glance; then as the decoder reads it, field by field."""
    seen = glance(raw)
    if seen is None:
        return False
    read = decode(raw)
    assert isinstance(read, CaseEvent), read
    assert {name: getattr(seen, name) for name in FIELDS} == {name: getattr(read, name) for name in FIELDS}
    assert seen.event == read
    assert seen.event is seen.event
    assert seen.is_of(seen.event)
    assert not seen.is_of(read)
    return True


def written(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


@given(any_event())
def test_any_event_is_read_as_the_decoder_reads_it(event: CaseEvent) -> None:
    same(encode(event))


@pytest.mark.parametrize("event", USUAL, ids=lambda event: str(event.event_type))
def test_usual_events_are_taken_at_a_glance(event: CaseEvent) -> None:
    assert same(encode(event))


@given(st.sampled_from(USUAL), st.data())
def test_a_field_with_any_other_value_is_read_as_the_decoder_reads_it(event: CaseEvent, data: st.DataObject) -> None:
    message = json.loads(encode(event))
    name = data.draw(st.sampled_from([*FIELDS, "unknown"]))
    message[name] = data.draw(ANYTHING)
    same(written(message))
    if isinstance(message.get("payload"), dict):
        field = data.draw(st.sampled_from([*type(event.payload).__struct_fields__, "unknown"]))
        same(written({**json.loads(encode(event)), "payload": {**message["payload"], field: data.draw(ANYTHING)}}))


@given(st.sampled_from(USUAL), st.data())
def test_damaged_bytes_are_read_as_the_decoder_reads_them(event: CaseEvent, data: st.DataObject) -> None:
    raw = bytearray(encode(event))
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        at, until = sorted(data.draw(st.tuples(*[st.integers(min_value=0, max_value=len(raw))] * 2)))
        until = min(until, at + 3)
        signs = st.sampled_from(
            [b'"', b",", b"{", b"}", b":", b"\\", b" ", b"0", b"e", b"-", b"\xe4", b"\x00", b"null", b'"x":1,', b""]
        )
        raw[at:until] = data.draw(st.one_of(signs, st.binary(max_size=3)))
    same(bytes(raw))


@given(st.binary(max_size=200))
def test_any_bytes_are_none_or_an_event(raw: bytes) -> None:
    same(raw)
    same(b"{" + raw + b"}")


COMMON = USUAL[1]
PLAIN = encode(COMMON)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}",
        b"null",
        PLAIN + b" ",
        PLAIN[:-1],
        b" " + PLAIN,
        PLAIN.replace(b'":', b'": ', 1),
        PLAIN.replace(b'"source_seq":"', b'"source_seq":"\\u0041'),
        PLAIN.replace(b'"item_version":3', b'"item_version":3.0'),
        PLAIN.replace(b'"item_version":3', b'"item_version":03'),
        PLAIN.replace(b'"item_version":3', b'"item_version":null'),
        PLAIN[:-1] + b',"item_version":3}',
        PLAIN[:-1] + b',"of_tomorrow":3}',
        PLAIN.replace(b'"W-00"', b'"W-\xff"'),
        encode(replace(COMMON, source_seq="1" * 70_000)),
        encode(replace(COMMON, data_version=2)),
        encode(replace(COMMON, supersedes_event_id=UUID(int=1))),
        encode(replace(COMMON, source_op=SourceOp.DELETE)),
        encode(replace(COMMON, flags=(Flag.TEST,))),
        encode(replace(COMMON, batch_kind=BatchKind.HISTORY)),
        encode(replace(COMMON, time_precision=Precision.DAY)),
        encode(replace(COMMON, root_case_id="another")),
        encode(replace(COMMON, parent_case_id="another")),
        encode(replace(COMMON, occurred_at=-1)),
        encode(replace(COMMON, case_id=None)),
        encode(replace(COMMON, event_type=EventType.WINDOW_LOGIN, payload={})),
    ],
)
def test_what_is_written_or_means_otherwise_is_left_to_the_decoder(raw: bytes) -> None:
    assert glance(raw) is None


def test_many_are_taken_as_one_by_one() -> None:
    raws = [encode(event) for event in USUAL]
    mixed: list[Any] = [*raws[:3], None, b"", b"{", "no bytes", *raws[3:], encode(replace(COMMON, case_id=None))]
    seen = glances(mixed)
    wanted = [glance(raw) if isinstance(raw, bytes) else None for raw in mixed]
    assert [one and one.event for one in seen] == [one and one.event for one in wanted]
    assert sum(one is not None for one in seen) == len(USUAL)
    assert glances([]) == []


def test_the_usual_values_may_be_told() -> None:
    told = b',"data_version":1,"source_op":"insert","batch_kind":"realtime","time_precision":"second"}'
    assert same(PLAIN[:-1] + told)


def test_payloads_that_differ_where_nobody_looks_stay_their_own() -> None:
    events = [
        workload.event(n, 1, EventType.CASE_ACCEPTED, {"accept_doc_no": "受字〔2026〕第000000号"}, AT, "430111-000001")
        for n in range(3)
    ]
    seen = [glance(encode(event)) for event in events]
    assert [isinstance(one, Glance) for one in seen] == [True] * 3
    assert [one.payload.accept_doc_no for one in seen if one is not None] == [event.payload.accept_doc_no for event in events]
    assert len({event.payload.accept_doc_no for event in events}) == 3


def test_it_has_no_other_fields_than_an_event() -> None:
    seen = glance(PLAIN)
    with pytest.raises(AttributeError):
        seen.of_tomorrow  # type: ignore[union-attr]  # noqa: B018 - asked for
