"""SQL questions about dead letters: which there are, what each holds, which were put back. For `supervision dead-letters`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from streams.store.client import Store


class Standing(StrEnum):
    """What became of a letter's replay."""

    NEVER = ""
    BEGUN = "begun"  # cut off in between: it may have been sent
    DONE = "done"
    ABORTED = "aborted"  # nothing was sent


class Place(Struct, frozen=True, order=True):
    """Where the refused record lay; a letter that names no place stands for itself. Written `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Filter(Struct, frozen=True, kw_only=True):
    """Which letters; what is not said does not matter. `since`, `until`: the broker's time of the letter, `until` excluded."""

    reason: str | None = None
    source: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    places: tuple[Place, ...] = ()


class Letter(Struct, frozen=True, kw_only=True):
    """One letter. `source` as far as it can be told; `headers` of the letter, ours (`dead-...`) among them."""

    place: Place
    reason: str
    field: str
    wanted: str
    source: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    at: datetime
    standing: Standing
    replayed_at: datetime | None


_SOURCE = """multiIf(
    JSONExtractString(value, 'source_system') != '', JSONExtractString(value, 'source_system'),
    headers['source'] != '', headers['source'],
    position(key, '/') > 0, splitByChar('/', key)[1], '')"""

# Bytes travel as hexadecimal digits: the driver would read them as text, which they need not be.
_LETTERS = f"""
SELECT l.origin_topic, l.origin_partition, l.origin_offset, reason, field, wanted, hex({_SOURCE}), hex(key), hex(value),
    mapKeys(headers), arrayMap(content -> hex(content), mapValues(headers)), broker_at,
    toString(s.standing), if(s.since = toDateTime64(0, 3, 'UTC'), NULL, s.since)
FROM dead_letters AS l
LEFT JOIN dead_letter_standing AS s
    ON l.origin_topic = s.origin_topic AND l.origin_partition = s.origin_partition AND l.origin_offset = s.origin_offset
WHERE {{wanted}}
ORDER BY broker_at DESC, l.origin_topic, l.origin_partition, l.origin_offset DESC
LIMIT %(limit)s
"""  # noqa: S608 - our own text; what users say goes by parameters


def letters(store: Store, wanted: Filter, limit: int) -> list[Letter]:
    """The newest letters that match, at most `limit`."""
    conditions, parameters = _conditions(wanted)
    rows = store.execute(_LETTERS.format(wanted=conditions), {**parameters, "limit": limit})
    return [_letter(row) for row in rows]


def count(store: Store, wanted: Filter) -> int:
    """How many match."""
    conditions, parameters = _conditions(wanted)
    ((found,),) = store.execute(f"SELECT count() FROM dead_letters AS l WHERE {conditions}", parameters)  # noqa: S608 - as above
    return int(found)


def _conditions(wanted: Filter) -> tuple[str, dict[str, Any]]:
    said = {
        "reason": ("reason = %(reason)s", wanted.reason),
        "source": (f"{_SOURCE} = %(source)s", wanted.source),
        "topic": ("l.origin_topic = %(topic)s", wanted.topic),
        "since": ("broker_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')", _millis(wanted.since)),
        "until": ("broker_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')", _millis(wanted.until)),
    }
    conditions = [text for text, value in said.values() if value is not None]
    if wanted.places:
        conditions.append("(toString(l.origin_topic), toUInt64(l.origin_partition), l.origin_offset) IN %(places)s")
    places = tuple((place.topic, place.partition, place.offset) for place in wanted.places)
    return " AND ".join(conditions) or "1", {name: value for name, (_, value) in said.items()} | {"places": places}


def _millis(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)


def _letter(row: tuple[Any, ...]) -> Letter:
    topic, partition, offset, reason, field, wanted, source, key, value, names, contents, at, standing, replayed_at = row
    return Letter(
        place=Place(topic, partition, offset),
        reason=reason,
        field=field,
        wanted=wanted,
        source=bytes.fromhex(source).decode("utf-8", "replace"),
        key=bytes.fromhex(key),
        value=bytes.fromhex(value),
        headers=tuple((name, bytes.fromhex(content)) for name, content in zip(names, contents, strict=True)),
        at=at,
        standing=Standing.NEVER if replayed_at is None else Standing(standing),
        replayed_at=replayed_at,
    )


def standing(store: Store) -> dict[Place, Standing]:
    """What became of every replay so far."""
    rows = store.execute("SELECT origin_topic, origin_partition, origin_offset, toString(standing) FROM dead_letter_standing")
    return {Place(topic, partition, offset): Standing(state) for topic, partition, offset, state in rows}


def note(store: Store, places: Iterable[Place], run: UUID, state: Standing, part: int) -> None:
    """Write down what happens to these letters. `part` numbers the portions of a run: the same words twice count once."""
    found = list(places)
    columns = ("origin_topic", "origin_partition", "origin_offset", "run", "state")
    data: list[list[Any]] = [
        [place.topic for place in found],
        [place.partition for place in found],
        [place.offset for place in found],
        [run] * len(found),
        [state.value] * len(found),
    ]
    store.insert("dead_letter_replays", columns, data, f"replay:{run}:{part}:{state.value}")
