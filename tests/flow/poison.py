"""Messages that no stream can take: malformed, truncated, huge, wrongly typed, wrongly encoded, misplaced; drawn by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from supervision.refusal import MAX_BYTES
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, Topic

Poison = tuple[Topic, bytes | None]
HUGE_EVERY = 2_000  # messages of a megabyte are few, or the test would be one of the disk
ACTIVITY_EVERY = 10

EVENT: dict[str, Any] = {
    "event_id": "6f1f3f0a-5f0e-4e52-9d0e-7a6f6b1c2d3e",
    "event_type": "step_completed",
    "occurred_at": 1_700_000_000_000,
    "source_system": "poison",
    "case_id": "never-to-be-judged",
    "actor": {"officer_id": "警员", "role": "受理"},
    "payload": {"step_code": "T02", "step_name": "审查", "step_instance_id": "1"},
}


def poison(count: int, seed: int = 1) -> Iterator[Poison]:
    """`count` messages, most for case-events, every tenth for activity-events."""
    chance = random.Random(seed)
    for number in range(count):
        topic = ACTIVITY_EVENTS if number % ACTIVITY_EVERY == 0 else CASE_EVENTS
        if number % HUGE_EVERY == 1:
            yield topic, _huge(chance)
        else:
            kinds = KINDS + SIGNALS if topic is ACTIVITY_EVENTS else KINDS
            yield topic, chance.choice(kinds)(chance)


def _wire(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def _with(**changed: object) -> bytes:
    return _wire(EVENT | changed)


def _truncated(chance: random.Random) -> bytes:
    whole = _wire(EVENT)
    return whole[: chance.randrange(1, len(whole))]


def _garbage(chance: random.Random) -> bytes:
    return b"\x00" + chance.randbytes(chance.randrange(1, 300))


def _without(chance: random.Random) -> bytes:
    left_out = chance.choice(["event_id", "event_type", "occurred_at", "source_system"])
    return _wire({name: value for name, value in EVENT.items() if name != left_out})


def _wrongly_typed(chance: random.Random) -> bytes:
    name = chance.choice(["event_id", "event_type", "occurred_at", "source_system", "case_id"])
    return _with(**{name: chance.choice([[], {}, True, 1.5, ["x"], {"x": 1}])})


def _wrongly_encoded(chance: random.Random) -> bytes:
    return _wire(EVENT).decode().encode(chance.choice(["gb18030", "utf-16", "utf-32"]))


def _of_wrong_value(chance: random.Random) -> bytes:
    name, value = chance.choice(
        [("event_id", "not-a-uuid"), ("occurred_at", 10**30), ("occurred_at", "yesterday"), ("event_type", "step_dreamt")]
    )
    return _with(**{name: value})


def _no_event(chance: random.Random) -> bytes:
    return chance.choice([b"[]", b"null", b"42", b'"text"', b"{}", b"[{}]", b"true"])


def _deep(chance: random.Random) -> bytes:
    depth = chance.randrange(2_000, 20_000)
    return b'{"payload":' + b"[" * depth + b"]" * depth + b"}"


def _huge(chance: random.Random) -> bytes:
    return _with(source_seq="x" * (MAX_BYTES + chance.randrange(1, 20_000)))


KINDS: tuple[Callable[[random.Random], bytes | None], ...] = (
    lambda _: None,
    lambda _: b"",
    lambda _: _with(payload={"step_code": []}),
    lambda _: _with(case_id=None),
    _truncated,
    _truncated,
    _garbage,
    _without,
    _wrongly_typed,
    _wrongly_encoded,
    _of_wrong_value,
    _no_event,
    _deep,
)
SIGNALS: tuple[Callable[[random.Random], bytes | None], ...] = (
    lambda _: _wire(EVENT),  # an event of a case does not belong here
    lambda _: b'{"message":"signals","items":[{"message":"signal"}]}',
    lambda _: b'{"message":"signals","items":[',
    lambda _: b'{"message":"signals","items":7}',
)
