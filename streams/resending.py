"""Puts dead letters back where they came from, byte for byte, and never the same one twice by accident.

A run shuts out every other by its transactional id, looks up what was replayed, writes down what it begins, sends it in a Kafka
transaction, writes down that it is done. What was cut off in between stands as begun, and only `again` sends it once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID, uuid4

from msgspec import Struct

from streams import clients
from streams.agents.transaction import AbortedError, FencedError, Message, Transaction, UnavailableError
from streams.store import letters
from streams.store.client import Store
from streams.store.letters import Letter, Place, Standing
from supervision.language import UserError, say
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS

PORTION = 500
FROM = "replayed-from"  # header: the place of the letter's record, `topic/partition/offset`
TARGET = "dead-topic"  # the topic the agents found it in
MEANT = "dead-for"  # the declared topic the gateway kept it from
CUT = "dead-length"


class Left(StrEnum):
    """Why a letter is not sent."""

    DONE = "replayed"  # sent before
    BEGUN = "begun"  # a run was cut off: it may have been sent
    CUT = "cut"  # too large a record: the letter holds its beginning only
    EMPTY = "empty"  # there is nothing to send
    ELSEWHERE = "elsewhere"  # it was no event, or nobody knows where it was sent to


WHY = {
    Left.DONE: ("已重放过, 跳过; --again 再发", "left, replayed before: --again sends them again"),
    Left.BEGUN: (
        "上次重放中断, 可能已发出, 跳过",
        "left, a replay was cut off and may have sent them: --again if they did not come",
    ),
    Left.CUT: ("原消息过大, 死信只存了开头, 不能重放", "left, too large: the letter holds only the beginning"),
    Left.EMPTY: ("空消息, 不能重放", "left, empty: there is nothing to send"),
    Left.ELSEWHERE: ("不是事件主题的消息, 不能重放", "left, not of an event topic"),
}


class Result(Struct, frozen=True):
    """What was sent, and what was left, by why."""

    sent: int
    left: dict[Left, int]


def replay(settings: Settings, store: Store, wanted: Sequence[Letter], *, again: bool = False, dry_run: bool = False) -> Result:
    """Send these letters, oldest first; or only say what would be sent. `again`: also what was, or may have been, sent before.

    Raises UserError if Kafka does not answer or another run takes over; what was sent until then is written down.
    """
    if dry_run:
        return _sorted(store, settings, wanted, again=again)[1]
    clients.require(settings)
    transaction = Transaction(clients.transactional_config(settings, f"{settings.app_id}-dead-letters"))
    try:
        _open(transaction)  # before looking up: nobody else replays from here on
        ready, result = _sorted(store, settings, wanted, again=again)
        run = uuid4()
        for part, begin in enumerate(range(0, len(ready), PORTION)):
            _send(transaction, store, ready[begin : begin + PORTION], (run, part), settings.topic_prefix)
        return result
    finally:
        transaction.close()


def _sorted(store: Store, settings: Settings, wanted: Sequence[Letter], *, again: bool) -> tuple[list[Letter], Result]:
    """Those to be sent, in order, and what that makes."""
    known = {} if again else letters.standing(store)
    why = [reason_left(letter, known, settings.topic_prefix) for letter in wanted]
    ready = [letter for letter, left in zip(wanted, why, strict=True) if left is None]
    left_out = Counter(left for left in why if left is not None)
    return sorted(ready, key=lambda one: (one.at, one.place)), Result(len(ready), dict(left_out))


def reason_left(letter: Letter, known: dict[Place, Standing], prefix: str) -> Left | None:
    """Why a letter cannot or must not be sent; None: it goes."""
    headers = dict(letter.headers)
    if CUT in headers:
        return Left.CUT
    if not letter.value:
        return Left.EMPTY
    if target(letter, prefix) not in {prefix + CASE_EVENTS.name, prefix + ACTIVITY_EVENTS.name}:
        return Left.ELSEWHERE
    return {Standing.DONE: Left.DONE, Standing.BEGUN: Left.BEGUN}.get(known.get(letter.place, Standing.NEVER))


def target(letter: Letter, prefix: str) -> str:
    """The topic it was sent to, or meant for: the letter's own word, else the place of its record."""
    said = {name: content.decode("utf-8", "replace") for name, content in letter.headers if name in (TARGET, MEANT)}
    return said.get(TARGET) or (prefix + said[MEANT] if MEANT in said else letter.place.topic)


def message_of(letter: Letter, prefix: str) -> Message:
    """The record as it came, with a header that says that it is a replay. Without a key it goes to the partition it lay in."""
    own = tuple((name, content) for name, content in letter.headers if not name.startswith("dead-") and name != FROM)
    headers = (*own, (FROM, str(letter.place).encode()))
    has_place = letter.place.topic == target(letter, prefix)
    partition = letter.place.partition if has_place and not letter.key else None
    return Message(target(letter, prefix), letter.key or None, letter.value, partition, headers)


def _open(transaction: Transaction) -> None:
    try:
        transaction.open()
    except (UnavailableError, FencedError) as fault:
        raise UserError(
            say(f"Kafka 不接受重放 ({fault}): 没有发出任何消息", f"Kafka takes no replay ({fault}): nothing was sent")
        ) from None


def _send(transaction: Transaction, store: Store, portion: Sequence[Letter], portion_of: tuple[UUID, int], prefix: str) -> None:
    run, part = portion_of
    places = [letter.place for letter in portion]
    letters.note(store, places, run, Standing.BEGUN, part)
    try:
        transaction.run([message_of(letter, prefix) for letter in portion])
    except AbortedError as fault:
        letters.note(store, places, run, Standing.ABORTED, part)
        raise UserError(
            say(f"Kafka 未收下 ({fault}): 这一批没有发出, 稍后再试", f"Kafka took nothing of this portion ({fault}): try again")
        ) from None
    except (FencedError, UnavailableError) as fault:
        raise UserError(
            say(
                f"重放中断 ({fault}): {len(portion)} 条是否发出不得而知, 标为 begun; 查明事件是否已到, 再用 --again",
                f"cut off ({fault}): whether {len(portion)} letters were sent is not known, they stand as begun;"
                " look whether the events came, then use --again",
            )
        ) from None
    letters.note(store, places, run, Standing.DONE, part)
