"""From the event that caused an alert to the alert's own trace: which event it was, and what it says when there was none."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.tracing import Cause, causes
from streams.agents.transport import Batch, Headers
from streams.trace import trace_of, traceparent
from supervision.alert import Alert, Disposition, Level, State
from tests.streams.batches import batch, event, raw

TRACES = [f"{number:032x}" for number in range(1, 7)]


def alert(case_id: str | None, *evidence: UUID, revoked_by: UUID | None = None, clock: str = "wall", revision: int = 1) -> Alert:
    return Alert(
        alert_id="T03Y0000000000000000",
        rule_id="T03",
        rule_version=1,
        level=Level.YELLOW,
        disposition=Disposition.CARD,
        state=State.ISSUED,
        revision=revision,
        clock=clock,
        subject_key="case:s/c",
        segment="0",
        detected_at=5,
        source_system=None if case_id is None else "s",
        case_id=case_id,
        evidence_event_ids=evidence,
        revoked_by_event_id=revoked_by,
    )


def parent(trace_id: str) -> Headers:
    return (("source", b"s"), ("traceparent", traceparent(trace_id, "1" * 16)))


def traced() -> Batch:
    """Events 0 to 2 of case c, then 3 to 5 of case d; each with a trace of its own."""
    values: list[bytes | None] = [raw(number, "c" if number < 3 else "d") for number in range(6)]
    return batch(values, [parent(trace) for trace in TRACES])


def cause_of(said: Alert, its: Batch | None = None) -> Cause:
    its = its or traced()
    (found,) = causes([said], its)
    return found


def test_the_newest_event_of_the_evidence_is_the_cause() -> None:
    found = cause_of(alert("c", event(0).event_id, event(1).event_id))
    assert found.trace_id == TRACES[1]
    assert (found.occurred_at, found.received_at) == (1_700_000_000_001, 1_001)


def test_what_revoked_an_alert_is_its_cause_whatever_the_evidence() -> None:
    assert cause_of(alert("c", event(2).event_id, revoked_by=event(0).event_id)).trace_id == TRACES[0]


def test_evidence_of_earlier_batches_leaves_the_newest_event_of_the_case() -> None:
    assert cause_of(alert("d", UUID(int=1))).trace_id == TRACES[5]


def test_a_clue_is_caused_by_the_evidence_alone() -> None:
    assert cause_of(alert(None, event(4, "d").event_id)).trace_id == TRACES[4]
    assert cause_of(alert(None, UUID(int=1))).received_at is None


def test_what_no_event_of_the_batch_caused_begins_a_trace_that_a_repetition_gives_again() -> None:
    by_clock = causes([alert("x"), alert("x", revision=2)])
    assert by_clock == causes([alert("x"), alert("x", revision=2)])
    assert by_clock[0].trace_id != by_clock[1].trace_id
    assert trace_of(by_clock[0].headers) == by_clock[0].trace_id
    assert cause_of(alert("x")) == by_clock[0]


def test_a_case_is_looked_for_by_its_key_and_by_all_where_it_has_another() -> None:
    values = [raw(0, "c"), raw(1, "d"), raw(2, "c")]
    headers = [parent(trace) for trace in TRACES[:3]]
    own, joint = [b"s/c", b"s/d", b"s/c"], [b"s/root", b"s/d", b"s/root"]
    for keys in (own, joint):
        assert cause_of(alert("c", event(0).event_id), batch(values, headers, keys=keys)).trace_id == TRACES[0]
        assert cause_of(alert("c", UUID(int=1)), batch(values, headers, keys=keys)).trace_id == TRACES[2]


def test_what_was_judged_before_is_no_cause() -> None:
    (found,) = causes([alert("c", event(0).event_id)], batch([raw(0), raw(1)], [parent(trace) for trace in TRACES[:2]]), 1)
    assert found.trace_id == TRACES[1]


def test_a_clock_of_a_log_says_nothing_of_when_it_happened() -> None:
    found = cause_of(alert("c", event(1).event_id, clock="log:s"))
    assert (found.occurred_at, found.received_at) == (None, 1_001)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01",
        b"00-abc-def-01",
        b"\xff" * 55,
        b"00-" + b"A" * 32 + b"-" + b"1" * 16 + b"-01",
    ],
    ids=["none", "empty", "of zeros", "short", "no text", "capitals"],
)
def test_a_header_that_is_no_trace_begins_a_new_one(content: bytes | None) -> None:
    its = batch([raw(0, "c")], [(("traceparent", content),)])
    found = cause_of(alert("c", event(0).event_id), its)
    assert trace_of(found.headers) == found.trace_id
    assert found.received_at == 1_000


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
def test_every_trace_comes_back_from_its_header(trace: int, span: int) -> None:
    assert trace_of((("traceparent", traceparent(f"{trace:032x}", f"{span:016x}")),)) == f"{trace:032x}"
