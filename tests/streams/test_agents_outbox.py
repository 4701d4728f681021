from __future__ import annotations

from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.outbox import Names, Steps, alerts, signals
from streams.agents.tracing import Cause
from streams.trace import trace_of
from supervision.alert import Alert, Disposition, Level, State
from supervision.refusal import Refusal
from supervision.signal import ClockStep, Signal, unpack
from supervision.subject import key, on_clock
from supervision.topics import partition_of, partition_of_subject

NAMES = Names("alerts", "clues", "activity-events", "dead-letters", 4)


def alert(disposition: Disposition) -> Alert:
    return Alert(
        alert_id="T03Y0000000000000000",
        rule_id="T03",
        rule_version=1,
        level=Level.YELLOW,
        disposition=disposition,
        state=State.ISSUED,
        revision=1,
        clock="wall",
        subject_key="case:s/c",
        segment="0",
        detected_at=5,
    )


def signal(subject: str, number: int) -> Signal:
    return Signal(subject=subject, kind="x", fact_id=UUID(int=number), revision=1, clock="wall", source_system="s", at=number)


def test_cards_and_clues_part_and_carry_the_time_of_publication() -> None:
    said = [alert(Disposition.CARD), alert(Disposition.CLUE)]
    caused = [Cause("a" * 32, "b" * 16, received_at=70), Cause("c" * 32, "d" * 16)]
    card, clue = alerts(said, NAMES, 77, caused)
    assert card.headers == (("traceparent", f"00-{'a' * 32}-{'b' * 16}-01".encode()), ("received-at", b"70"))
    assert trace_of(clue.headers) == "c" * 32
    assert (card.topic, clue.topic) == ("alerts", "clues")
    assert card.key == b"T03Y0000000000000000"
    assert msgspec.json.decode(card.value or b"", type=Alert).issued_at == 77


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 99)), max_size=40), st.lists(st.integers(1, 99), max_size=3))
def test_signals_reach_their_subject_and_steps_reach_everybody_behind_them(
    drawn: list[tuple[str, int]], instants: list[int]
) -> None:
    sent = [signal(subject, number) for subject, number in drawn]
    steps = [ClockStep(partition=1, clock="log", to=to) for to in instants]
    heard: dict[int, list[Signal | ClockStep]] = {number: [] for number in range(4)}
    for message in signals(sent, steps, NAMES):
        content = unpack(message.value)
        assert not isinstance(content, Refusal)
        assert message.partition is not None
        heard[message.partition] += content
    for partition, items in heard.items():
        mine = [one for one in sent if partition_of_subject(one.subject, 4) == partition]
        assert items == [*mine, *steps]


@given(st.text(min_size=1, max_size=12), st.sampled_from(("wall", "log", "a@b")))
def test_signals_of_an_officer_go_where_the_events_of_the_officer_go(officer: str, clock: str) -> None:
    subject = key("officer", officer)
    said = Signal(
        subject=on_clock(subject, clock), kind="act", fact_id=UUID(int=1), revision=1, clock=clock, source_system="s", at=1
    )
    (message,) = signals([said], [], NAMES)
    assert message.partition == partition_of(subject.encode(), NAMES.signal_partitions)


def test_without_signals_and_steps_nothing_is_sent() -> None:
    assert signals([], [], NAMES) == []


def test_log_clocks_are_told_at_every_step_and_the_wall_clock_once_in_a_while() -> None:
    steps = Steps(every=10_000)

    def wall(to: int) -> ClockStep:
        return ClockStep(partition=0, clock="wall", to=to)

    log = ClockStep(partition=0, clock="log", to=1)
    assert steps.choose([log, wall(1_000), wall(1_001)], True) == [log, wall(1_001)]
    assert steps.choose([log, wall(11_000)], True) == [log]
    assert steps.choose([wall(11_001)], True) == [wall(11_001)]


def test_the_wall_clock_is_not_told_while_nobody_listens() -> None:
    steps = Steps(every=10_000)
    step = ClockStep(partition=0, clock="wall", to=1_000)
    assert steps.choose([step], False) == []
    assert steps.choose([step], True) == [step]
