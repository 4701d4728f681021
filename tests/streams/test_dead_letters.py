"""Dead letters: found by reason, source and time, shown byte for byte, put back once and not twice by accident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, Message, TopicPartition
from typer.testing import CliRunner, Result

from streams import clients, resending
from streams.embedded.stack import Stack
from streams.resending import Left, message_of, reason_left
from streams.store import letters as stored
from streams.store.client import Store, address_of
from streams.store.letters import Filter, Letter, Place, Standing
from supervision.cli import app
from supervision.language import UserError
from tests.streams.agents_rig import until

HERE = Place("case-events", 3, 17)
HEADERS = (("source", b"hall"), ("traceparent", b"x"), ("dead-reason", b"not_json"), ("dead-topic", b"case-events"))


def letter(
    value: bytes = b"{", key: bytes = b"s/1", headers: tuple[tuple[str, bytes], ...] = HEADERS, place: Place = HERE
) -> Letter:
    return Letter(
        place=place,
        reason="not_json",
        field="",
        wanted="",
        source="s",
        key=key,
        value=value,
        headers=headers,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        standing=Standing.NEVER,
        replayed_at=None,
    )


def test_the_record_goes_back_as_it_came_with_a_header_that_says_so() -> None:
    sent = message_of(letter(), "")
    assert (sent.topic, sent.key, sent.value, sent.partition) == ("case-events", b"s/1", b"{", None)
    assert sent.headers == (("source", b"hall"), ("traceparent", b"x"), ("replayed-from", b"case-events/3/17"))


def test_a_record_without_a_key_goes_to_the_partition_it_lay_in() -> None:
    sent = message_of(letter(key=b""), "")
    assert (sent.key, sent.partition) == (None, 3)


def test_a_replay_refused_again_names_only_its_last_place() -> None:
    again = letter(headers=(("replayed-from", b"case-events/0/1"), *HEADERS))
    assert [content for name, content in message_of(again, "").headers if name == "replayed-from"] == [b"case-events/3/17"]


def test_a_letter_that_the_gateway_wrote_goes_to_the_topic_it_was_kept_from() -> None:
    quarantined = letter(place=Place("p.dead-letters", 2, 5), headers=(("source", b"hall"), ("dead-for", b"case-events")))
    assert reason_left(quarantined, {}, "p.") is None
    sent = message_of(quarantined, "p.")
    assert (sent.topic, sent.partition) == ("p.case-events", None)
    assert sent.headers == (("source", b"hall"), ("replayed-from", b"p.dead-letters/2/5"))


@pytest.mark.parametrize(
    ("its", "known", "left"),
    [
        (letter(), {}, None),
        (letter(), {HERE: Standing.DONE}, Left.DONE),
        (letter(), {HERE: Standing.BEGUN}, Left.BEGUN),
        (letter(), {HERE: Standing.ABORTED}, None),
        (letter(value=b""), {}, Left.EMPTY),
        (letter(headers=(*HEADERS, ("dead-length", b"9999999"))), {}, Left.CUT),
        (letter(headers=(("dead-topic", b"alerts"),)), {}, Left.ELSEWHERE),
        (letter(headers=(), place=Place("alerts", 1, 2)), {}, Left.ELSEWHERE),
    ],
    ids=["never sent", "sent", "cut off", "aborted", "empty", "cut", "another topic by header", "another topic by place"],
)
def test_what_cannot_or_must_not_be_sent_is_left_with_the_reason(
    its: Letter, known: dict[Place, Standing], left: Left | None
) -> None:
    assert reason_left(its, known, "") == left


def test_every_reason_to_leave_one_has_words() -> None:
    assert set(resending.WHY) == set(Left)


# -- on the real servers ------------------------------------------------------------------------------------------------


@pytest.fixture
def store(stack: Stack) -> Iterator[Store]:
    store = Store(address_of(stack.settings))
    yield store
    store.close()


@pytest.fixture
def source(stack: Stack, store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """A source of its own, three of whose records nobody can read; the command finds the stack."""
    for name, value in {**stack.environment, "SUPERVISION_LANGUAGE": "en"}.items():
        monkeypatch.setenv(name, value)
    own = f"broken-{uuid4().hex[:8]}"
    producer = clients.producer(stack.settings)
    for number, content in enumerate([b"\xff\x00", b"{", f'{{"event_type": "nonsense", "source_system": "{own}"}}'.encode()]):
        producer.produce("case-events", content, f"{own}/{number}".encode(), headers=[("traceparent", bytes([number, 255]))])
    assert producer.flush(30) == 0
    until(lambda: stored.count(store, Filter(source=own)) == 3, "three dead letters")
    return own


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["dead-letters", *arguments], env={"COLUMNS": "300"})


def header(message: Message, name: str) -> object:
    return dict(message.headers() or []).get(name)


def records(stack: Stack, source: str) -> list[Message]:
    """All records of case-events with keys of this source."""
    consumer = clients.reader(stack.settings, "dead-letters-test")
    found: list[Message] = []
    try:
        count = stack.settings.partitions
        consumer.assign([TopicPartition("case-events", number, 0) for number in range(count)])
        ended: set[int] = set()
        while len(ended) < count:
            for message in consumer.consume(500, 0.1):
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition() or 0)
                elif error is None and (message.key() or b"").startswith(source.encode()):
                    found.append(message)
    finally:
        consumer.close()
    return found


@pytest.mark.service
def test_letters_are_found_by_reason_source_and_time_and_shown_as_they_came(stack: Stack, store: Store, source: str) -> None:
    of_reason = run("list", "--source", source, "--reason", "not_utf8")
    assert of_reason.exit_code == 0, of_reason.output
    assert "1 of 1" in of_reason.stdout
    assert "3 of 3" in run("list", "--source", source, "--since", "2020-01-01").stdout
    assert "0 of 0" in run("list", "--source", source, "--until", "2020-01-01").stdout
    (found,) = stored.letters(store, Filter(source=source, reason="not_utf8"), 9)
    assert (found.value, dict(found.headers)["traceparent"]) == (b"\xff\x00", b"\x00\xff")
    shown = run("show", str(found.place)).stdout
    assert repr(b"\xff\x00") in shown
    assert f"{source}/0" in shown
    assert isinstance(run("show", "case-events/0/999999999").exception, UserError)


@pytest.mark.service
def test_a_letter_is_put_back_once_and_again_only_when_told(stack: Stack, store: Store, source: str) -> None:
    assert isinstance(run("replay").exception, UserError), "all of them only by --all"
    assert "3 would be replayed" in run("replay", "--source", source, "--dry-run").stdout
    assert len(records(stack, source)) == 3
    first = stored.letters(store, Filter(source=source), 9)
    places = [str(one.place) for one in first]
    assert "3 replayed" in run("replay", *places).stdout
    sent = records(stack, source)
    replayed = [message for message in sent if "replayed-from" in dict(message.headers() or [])]
    assert len(sent) == 6
    assert sorted((message.key(), message.value()) for message in replayed) == sorted((one.key, one.value) for one in first)
    assert {header(message, "replayed-from") for message in replayed} == {place.encode() for place in places}
    assert {header(message, "traceparent") for message in replayed} == {bytes([number, 255]) for number in range(3)}
    by_key = {message.key(): message.partition() for message in sent}
    assert all(by_key[message.key()] == message.partition() for message in sent), "the same key, the same partition"

    twice = run("replay", *places).stdout
    assert "0 replayed" in twice
    assert "(3)" in twice
    assert len(records(stack, source)) == 6
    assert "1 replayed" in run("replay", places[0], "--again").stdout
    assert len(records(stack, source)) == 7
    until(lambda: stored.count(store, Filter(source=source)) == 7, "letters of what was refused again")


@pytest.mark.service
def test_what_a_run_left_behind_half_way_is_not_sent_by_the_next(stack: Stack, store: Store, source: str) -> None:
    (one, *rest) = stored.letters(store, Filter(source=source), 9)
    stored.note(store, [one.place], uuid4(), Standing.BEGUN, 0)
    result = resending.replay(stack.settings, store, [one, *rest])
    assert (result.sent, result.left) == (2, {Left.BEGUN: 1})
    assert stored.standing(store)[one.place] == Standing.BEGUN


@pytest.mark.service
def test_two_runs_at_once_send_each_letter_once(stack: Stack, store: Store, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first has looked and not yet sent: it takes over, and the first sends nothing."""
    found = stored.letters(store, Filter(source=source), 9)
    note = stored.note
    seconds: list[resending.Result | None] = []

    def interrupted(*arguments: object) -> None:
        note(*arguments)  # type: ignore[arg-type]  # passed on as they come
        if not seconds:
            seconds.append(None)
            seconds[0] = resending.replay(stack.settings, store, found)

    monkeypatch.setattr(stored, "note", interrupted)
    with pytest.raises(UserError, match="not known"):
        resending.replay(stack.settings, store, found)
    assert seconds[0] is not None
    assert seconds[0].sent == 0, "they stood as begun"
    assert len(records(stack, source)) == 3
