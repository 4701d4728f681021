"""What an engine remembers of a case: packed facts, standing alerts, signals sent and wake-up instants, all by value.

A dossier is the state under one root key: the cases that are judged together. It packs into one bytes blob.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from supervision.event import CaseEvent, EventType, SourceOp

FORMAT = 1
TYPES: tuple[EventType, ...] = tuple(EventType)
CODE_OF: dict[EventType, int] = {kind: code for code, kind in enumerate(TYPES)}

# The fields a card can ask to be remembered, envelope first, then `payload.` ones. Part of the format: append only.
FIELDS: tuple[str, ...] = (
    "item_catalog_code",
    "item_implement_code",
    "item_type",
    "case_type",
    "region_code",
    "centre_id",
    "department_id",
    "actor_officer_id",
    "actor_person_hash",
    "actor_post_place",
    "time_precision",
    "promised_limit",
    "promised_limit_unit",
    "legal_limit",
    "legal_limit_unit",
    "flags",
    "batch_kind",
    "applicant_hash",
    "agent_org_id",
    "agent_person_hash",
    "channel",
    "payload.promised_due_at",
    "payload.legal_due_at",
    "payload.step_instance_id",
    "payload.step_code",
    "payload.step_limit",
    "payload.step_limit_unit",
    "payload.seq",
    "payload.kind",
    "payload.declared_limit",
    "payload.declared_limit_unit",
    "payload.approver_officer_id",
    "payload.approver_post",
    "payload.days",
    "payload.decision",
    "payload.from_",
    "payload.to",
    "window_id",
    "device_id",
    "network_zone",
)
FIELD_CODE: dict[str, int] = {name: code for code, name in enumerate(FIELDS)}


class Fact(Struct, array_like=True, gc=False):
    """One event as remembered: `id` 16 bytes, `type` an index into TYPES, `at` ms UTC, `kept` field code -> value."""

    id: bytes
    type: int
    at: int
    version: int
    kept: dict[int, Any]
    case: int = 0
    deleted: bool = False
    supersedes: bytes | None = None

    def get(self, field: int) -> Any:
        return self.kept.get(field)


class Standing(Struct, array_like=True):
    """What was last said of one alert: its revision, whether it stands, and what it said."""

    alert_id: str
    rule_id: str
    case: int
    revision: int
    state: str
    core: Core


class Core(Struct, array_like=True, frozen=True):
    """The part of an alert that facts decide. Two equal cores need no second message."""

    level: str
    subject: str
    segment: str
    detected_at: int
    due_at: int | None
    facts: dict[str, Any]
    evidence: tuple[bytes, ...]
    officers: tuple[str, ...] = ()
    step: str | None = None
    department: str | None = None
    centre: str | None = None
    item: str | None = None
    item_type: str | None = None
    region: str | None = None


class Sent(Struct, array_like=True):
    """A signal as last sent of one case; `content` is (`at`, data), None when withdrawn."""

    case: int
    subject: str
    kind: str
    fact_id: bytes
    revision: int
    content: tuple[int, dict[str, Any]] | None


class Dossier(Struct, array_like=True):
    """The state under one root key. `wakes`: (case index, rule id) -> instant on the case's clock.

    `cases` are (source, case id) pairs.
    """

    format: int = FORMAT
    cases: list[tuple[str, str]] = msgspec.field(default_factory=list)
    facts: list[Fact] = msgspec.field(default_factory=list)
    alerts: list[Standing] = msgspec.field(default_factory=list)
    signals: list[Sent] = msgspec.field(default_factory=list)
    wakes: list[tuple[int, str, int]] = msgspec.field(default_factory=list)

    def case_index(self, source: str, case_id: str) -> int:
        """The number of this case here; a new one gets the next."""
        pair = (source, case_id)
        for index, known in enumerate(self.cases):
            if known == pair:
                return index
        self.cases.append(pair)
        return len(self.cases) - 1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Dossier)


class HasFormat(Protocol):
    """State that says which format it is in."""

    format: int


Versioned = TypeVar("Versioned", bound=HasFormat)


class SnapshotError(ValueError):
    """A packed state of a format this program does not know."""


def pack(dossier: Dossier) -> bytes:
    return _encoder.encode(dossier)


def unpack(blob: bytes) -> Dossier:
    """The dossier in `blob`. Raises SnapshotError."""
    return take_up(_decoder, blob)


def take_up(decoder: msgspec.msgpack.Decoder[Versioned], blob: bytes) -> Versioned:
    """The state in `blob`; SnapshotError names the format found and the one wanted."""
    try:
        state = decoder.decode(blob)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"state does not decode as format {FORMAT}: {error}") from error
    if state.format != FORMAT:
        raise SnapshotError(f"state has format {state.format}, this program reads {FORMAT}")
    return state


class Meta(msgspec.Struct, array_like=True):
    """What an engine keeps beside its subjects. `judged_by`: the reference data and the rulebook that all were judged by."""

    format: int = FORMAT
    clocks: bytes = b""
    judged_by: str = ""
    steps: dict[str, dict[str, int]] = {}


_meta_decoder = msgspec.msgpack.Decoder(Meta)


def pack_meta(meta: Meta) -> bytes:
    return _encoder.encode(meta)


def unpack_meta(blob: bytes) -> Meta:
    """The engine's own entry in `blob`. Raises SnapshotError."""
    return take_up(_meta_decoder, blob)


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in msgspec.structs.fields(CaseEvent)}


class Keeper:
    """Turns events into facts, keeping only the fields that the cards in force read of each event type.

    A value equal to the envelope's default is not kept: whoever reads it knows the default.
    """

    def __init__(self, reads: dict[EventType, frozenset[str]]) -> None:
        self._plans: dict[EventType, tuple[tuple[tuple[int, str, Any], ...], tuple[tuple[int, str], ...]]] = {}
        for kind in EventType:
            names = sorted(reads.get(kind, frozenset()), key=FIELD_CODE.__getitem__)
            envelope = tuple((FIELD_CODE[name], name, _DEFAULTS[name]) for name in names if not name.startswith("payload."))
            payload = tuple((FIELD_CODE[name], name[8:]) for name in names if name.startswith("payload."))
            self._plans[kind] = (envelope, payload)

    def fact(self, event: CaseEvent, case: int) -> Fact:
        """The fact of this event in case number `case` of its dossier."""
        envelope, payload = self._plans[event.event_type]
        kept: dict[int, Any] = {}
        for code, name, default in envelope:
            value = getattr(event, name)
            if value is not None and value != default:
                kept[code] = value
        if payload and event.payload is not None:
            body = event.payload
            for code, name in payload:
                value = getattr(body, name, None)
                if value is not None:
                    kept[code] = value
        return Fact(
            event.event_id.bytes,
            CODE_OF[event.event_type],
            event.occurred_at,
            event.data_version,
            kept,
            case,
            event.source_op is SourceOp.DELETE,
            None if event.supersedes_event_id is None else event.supersedes_event_id.bytes,
        )
