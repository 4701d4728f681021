"""One posted event, judged: to its topic, into quarantine, or refused with what was wanted. Pure: the time is an argument.

What is written is the typed event encoded anew, never the bytes that came: an unknown field, and what stands in it, ends here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from rules.clocks import WALL
from rules.quarantine import AHEAD_MS, is_ahead
from streams.gateway import instants
from streams.gateway.keys import Key
from streams.gateway.persons import Persons, event_masked, may_hold_number, mentions_raw
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.refusal import MAX_BYTES, Reason, Refusal, refuse
from supervision.topics import CASE_EVENTS, DEAD_LETTERS, Topic, key_of, topic_of

_anything = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


class Record(Struct, frozen=True):
    """What goes to Kafka. `told`: headers of its own beside those of the request."""

    topic: Topic
    key: bytes | None
    value: bytes
    told: tuple[tuple[str, bytes], ...] = ()


class Judged(Struct, frozen=True):
    """One event of a request. `record` None: nothing is written; `clock`: it is a step of this clock, for every partition."""

    outcome: Outcome
    event_id: UUID | None = None
    refusal: Refusal | None = None
    record: Record | None = None
    clock: ClockAdvanced | None = None


class Profile(Struct, frozen=True):
    """What the reference data say of the key's source."""

    clock: str = WALL
    region: str | None = None


class Intake:
    """`profile_of` gives what is known of a key's source at this moment."""

    def __init__(self, persons: Persons, profile_of: Callable[[Key], Profile]) -> None:
        self._persons = persons
        self._profile_of = profile_of

    def take(self, raw: bytes, key: Key, now_ms: int) -> Judged:
        """The event in `raw`, sent with `key`, received at `now_ms`. Raises nothing, whatever the bytes are."""
        found = decode(raw)
        if isinstance(found, Refusal) or mentions_raw(raw):
            found = self._read_with_care(raw, found)
        if isinstance(found, CaseEvent):
            return self._event(found, raw, key, now_ms)
        if isinstance(found, ClockAdvanced):
            return self._clock(found, key)
        return self._refused(found, raw)

    def _read_with_care(self, raw: bytes, found: CaseEvent | ClockAdvanced | Refusal) -> CaseEvent | ClockAdvanced | Refusal:
        """Once more with hashes for numbers and milliseconds for instants; `found` if that is not the matter."""
        if len(raw) > MAX_BYTES:
            return found
        try:
            message = _anything(raw)
            if not isinstance(message, dict):
                return found
            refused = self._persons.replace(message) or instants.mend(message)
            return refused or decode(_write(message))
        except RecursionError as error:
            return refuse(error, CaseEvent)
        except (msgspec.MsgspecError, ValueError):
            return found

    def _event(self, event: CaseEvent, raw: bytes, key: Key, now_ms: int) -> Judged:
        profile = self._profile_of(key)
        refused = key.refuses(event, profile.region)
        if refused is not None:
            return self._refused(refused, raw, event)
        force_setattr(event, "received_at", now_ms)
        wire = encode(event)
        if may_hold_number(wire):
            wire = event_masked(self._persons, wire, event.occurred_at)
            masked = decode(wire)
            if not isinstance(masked, CaseEvent):
                return self._refused(masked if isinstance(masked, Refusal) else Refusal(reason=Reason.NOT_JSON), raw, event)
            event = masked
        if len(wire) > MAX_BYTES:
            refused = Refusal(reason=Reason.TOO_LARGE, wanted=f"at most {MAX_BYTES} bytes")
            return Judged(Outcome.REFUSED, event.event_id, refused)
        topic, name = topic_of(event), key_of(event).encode()
        if is_ahead(event, profile.clock):
            late = Refusal(reason=Reason.IN_THE_FUTURE, field="occurred_at", wanted=f"at most {now_ms + AHEAD_MS}")
            apart = Record(topic, name, wire) if topic is CASE_EVENTS else Record(DEAD_LETTERS, name, wire, _told(late, topic))
            return Judged(Outcome.QUARANTINED, event.event_id, late, apart)
        return Judged(Outcome.ACCEPTED, event.event_id, None, Record(topic, name, wire))

    def _clock(self, step: ClockAdvanced, key: Key) -> Judged:
        clock = self._profile_of(key).clock
        if clock == WALL or step.clock != clock:
            wanted = "no clock_advanced: the source runs on the wall clock" if clock == WALL else clock
            return Judged(Outcome.REFUSED, None, Refusal(reason=Reason.NOT_PERMITTED, field="clock", wanted=wanted))
        return Judged(Outcome.ACCEPTED, clock=step)

    def _refused(self, refusal: Refusal, raw: bytes, event: CaseEvent | None = None) -> Judged:
        """With a letter if it could be read at all: of what could not, nobody can say whose numbers are in it."""
        try:
            message = _anything(raw) if len(raw) <= MAX_BYTES else None
            value = _write(self._persons.masked_whole(self._without_numbers(message))) if message is not None else None
        except (msgspec.MsgspecError, ValueError, RecursionError):
            message, value = None, None
        event_id = event.event_id if event is not None else _id_of(message)
        if value is None or len(value) > 2 * MAX_BYTES:
            return Judged(Outcome.REFUSED, event_id, refusal)
        return Judged(Outcome.REFUSED, event_id, refusal, Record(DEAD_LETTERS, None, value, _told(refusal, None)))

    def _without_numbers(self, message: Any) -> Any:
        """The message with hashes where it can have them; fields of numbers that are none go."""
        if isinstance(message, dict) and self._persons.replace(message) is not None:
            return _without_raw(message)
        if isinstance(message, list):
            return [self._without_numbers(each) for each in message]
        return message


def _without_raw(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_raw(inner) for name, inner in value.items() if not mentions_raw(f'{name}"'.encode("utf-8", "replace"))
        }
    return [_without_raw(each) for each in value] if isinstance(value, list) else value


def _told(refusal: Refusal, topic: Topic | None) -> tuple[tuple[str, bytes], ...]:
    """The headers of a dead letter (`streams.agents.deadletter`); it was in no topic yet, so it has no partition and offset."""
    told = [("dead-reason", refusal.reason.value), ("dead-field", refusal.field), ("dead-wanted", refusal.wanted)]
    if topic is not None:
        told.append(("dead-for", topic.name))
    return tuple((name, text.encode("utf-8", "replace")) for name, text in told)


def _id_of(message: Any) -> UUID | None:
    """The id that a refused event claims, if it is one: nothing else of what was sent is said again."""
    try:
        return UUID(message["event_id"]) if isinstance(message, dict) else None
    except (KeyError, ValueError, AttributeError, TypeError):
        return None
