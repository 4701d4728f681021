"""A mapped row's facts made into one event with the place it sorts at. Called by the mapper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, inspect, structs

from streams.sources.identity import digest, moment_key
from streams.sources.mapping import REST, CaseFact, Column, Kind, Mapping, Spec, column
from streams.sources.row import RefusedRow, Row, RowReason, Value
from streams.sources.values import BadValueError, Getter, Values, kind_of
from supervision.decoder import decode, encode
from supervision.event import BatchKind, CaseEvent, EventType, Precision
from supervision.payload import PAYLOADS
from supervision.refusal import Refusal

NO_ID = UUID(int=0)
When = tuple[int, Precision]
Fields = dict[str, Getter]


class Draft(Struct, frozen=True):
    """An event whose id is not made yet. `key` is where it sorts; `chain`: set if other rows may tell versions of the same fact."""

    line: int
    key: bytes
    event: CaseEvent
    chain: bytes = b""


class Happening(Struct, frozen=True):
    """What a row tells, before its columns are read: an activity (`name`) of a case or subject is an event of this type."""

    name: str
    event: EventType
    when: When
    fields: Fields
    payload: Fields
    given: dict[str, Any] = {}  # payload values that the mapping's own columns may replace
    of_case: bool = False


class NotAnEventError(Exception):
    """The row makes an event that the wire format refuses."""

    def __init__(self, refusal: RefusedRow) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Drafter:
    """Compiles the columns of one mapping and drafts events by them."""

    def __init__(self, mapping: Mapping, values: Values) -> None:
        self._mapping = mapping
        self._values = values
        constants = {"batch_kind": BatchKind.HISTORY.value, **mapping.constants}
        self._shared = self.fields({name: Column(constant=value) for name, value in constants.items()} | mapping.case_fields)
        self._rank_of = ranks(mapping.tie_rank)
        self._order = {event: position for position, event in enumerate(EventType)}

    def fields(self, specs: dict[str, Spec]) -> Fields:
        """The columns of envelope fields."""
        return self._getters(CaseEvent, specs)

    def payload(self, event: EventType, specs: dict[str, Spec]) -> Fields:
        """The columns of the payload of this event type."""
        return self._getters(PAYLOADS[event], specs)

    def draft(self, row: Row, case_id: str | None, told: Happening) -> Draft:
        """The event; raises BadValueError or NotAnEventError."""
        version = self._version(row)
        payload = {**told.given, **_read(told.payload, row.values)}
        body = {
            **_read(self._shared, row.values),
            **_read(told.fields, row.values),
            "event_id": NO_ID,
            "event_type": told.event.value,
            "occurred_at": told.when[0],
            "source_system": self._mapping.source,
            "case_id": case_id,
            "time_precision": told.when[1].value,
            "data_version": version,
        }
        event = _event(row.line, body, told.event, payload)
        fact = self._fact(row, event, told)
        versioned = told.of_case or self._mapping.version is not None
        mark = digest(*fact, str(version)) if versioned else digest(*fact)
        key = moment_key(told.when[0], self._rank(told, payload), mark)
        return Draft(row.line, key, event, digest(*fact) if versioned else b"")

    def _fact(self, row: Row, event: CaseEvent, told: Happening) -> list[str]:
        """What makes a fact the same fact, whatever its time and version."""
        version = self._mapping.version
        same = () if version is None or told.of_case else version.same
        who = f"case {event.case_id}" if event.case_id is not None else f"subject {event.subject}"
        return [self._mapping.source, who, event.event_type.value, told.name, *(str(row.values.get(key, "")) for key in same)]

    def _version(self, row: Row) -> int:
        if self._mapping.version is None:
            return 1
        name = self._mapping.version.column
        text = self._values.text(Column(column=name), row.values) or "1"
        if not text.isdecimal() or int(text) < 1:
            raise BadValueError(RowReason.BAD_VALUE, name, text, "1, 2, 3 ...")
        return int(text)

    def _rank(self, told: Happening, payload: dict[str, Any]) -> int:
        for word in (told.name, payload.get("step_code"), told.event.value):
            if word in self._rank_of:
                return self._rank_of[word]
        return self._rank_of[REST] + self._order[told.event]

    def _getters(self, struct: type[Struct], specs: dict[str, Spec]) -> Fields:
        types = types_of(struct)
        return {name: self._values.getter(column(spec), kind_of(types[name]) or Kind.TEXT) for name, spec in specs.items()}


def types_of(struct: type[Struct]) -> dict[str, inspect.Type]:
    """The type of each field, by its name on the wire."""
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    return {field.encode_name: field.type for field in found.fields}


def ranks(words: Iterable[str]) -> dict[str, int]:
    """The rank of each word, and of all others at `*` (at the end if it is not among them), where each event type has its own."""
    found: dict[str, int] = {}
    rank = 0
    for word in words:
        found.setdefault(word, rank)
        rank += len(EventType) if word == REST else 1
    found.setdefault(REST, rank)
    return found


def case_columns(facts: Iterable[CaseFact], shared: dict[str, Spec]) -> list[str]:
    """The columns that the events of a case are made from."""
    specs = [spec for fact in facts for spec in (fact.occurred_at, *fact.fields.values(), *fact.payload.values())]
    return sorted({name for spec in (*specs, *shared.values()) for name in column(spec).names()})


def _read(fields: Fields, values: dict[str, Value]) -> dict[str, Any]:
    return {name: value for name, get in fields.items() if (value := get(values)) is not None}


def _event(line: int, body: dict[str, Any], event_type: EventType, payload: dict[str, Any]) -> CaseEvent:
    """The event as the wire would carry it: texts become numbers and codes where the field asks for them."""
    try:
        told = msgspec.convert(payload, PAYLOADS[event_type], strict=False)
        made = structs.replace(msgspec.convert(body, CaseEvent, strict=False), payload=told)
    except msgspec.ValidationError as error:
        wanted, _, place = str(error).partition(" - at `$.")
        raise NotAnEventError(RefusedRow(line, RowReason.BAD_VALUE, place.rstrip("`"), wanted=wanted)) from None
    taken = decode(encode(made))
    if isinstance(taken, Refusal):
        raise NotAnEventError(RefusedRow(line, taken.reason, taken.field, wanted=taken.wanted))
    assert isinstance(taken, CaseEvent)
    return taken
