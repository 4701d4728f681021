"""A fact: one event of a case as the engine remembers it, with only those fields that some card in force reads.

What many events say alike (where, who, by which device, for whom) is held as tuples that facts share; the rest by field number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import fields

from supervision.event import BatchKind, CaseEvent, CaseType, EventType, NetworkZone, PostPlace, Precision
from supervision.payload import PAYLOADS
from supervision.worktime import Unit

TYPES: tuple[EventType, ...] = tuple(EventType)
CODE_OF: dict[EventType, int] = {kind: code for code, kind in enumerate(TYPES)}

# Where and under what limits a case is handled. The orders of these four are part of the format of the state.
CONTEXT = ("item_catalog_code", "item_implement_code", "item_type", "case_type", "region_code", "centre_id", "department_id")
LIMITS = ("promised_limit", "promised_limit_unit", "legal_limit", "legal_limit_unit")
WHERE = (*CONTEXT, *LIMITS)
ACTOR = ("actor_officer_id", "actor_person_hash", "actor_post_place")
DEVICE = ("window_id", "device_id", "network_zone")
PARTY = ("applicant_hash", "agent_org_id", "agent_person_hash")

Text = str | None
Where = tuple[Text, Text, Text, CaseType | None, Text, Text, Text, int | None, Unit, int | None, Unit]
Actor = tuple[Text, Text, PostPlace | None]
Device = tuple[Text, Text, NetworkZone | None]
Party = tuple[Text, Text, Text]

NOWHERE: Where = (None, None, None, None, None, None, None, None, Unit.WORKING_DAY, None, Unit.WORKING_DAY)
NOBODY: Actor = (None, None, None)
NO_DEVICE: Device = (None, None, None)
NO_PARTY: Party = (None, None, None)

# Places in those tuples.
CATALOG_CODE: Final = 0
IMPLEMENT_CODE: Final = 1
ITEM_TYPE: Final = 2
CASE_TYPE: Final = 3
REGION: Final = 4
CENTRE: Final = 5
DEPARTMENT: Final = 6
PROMISED: Final = 7
LEGAL: Final = 9
LEGAL_UNIT: Final = 10
OFFICER: Final = 0
PERSON: Final = 1
POST_PLACE: Final = 2

# Every other field a card can ask to be remembered. Part of the format of the state: append only.
FIELDS: tuple[str, ...] = (
    "time_precision",
    "flags",
    "batch_kind",
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
    "payload.result",
    "payload.amount_fen",
    "payload.notice_no",
    "payload.material_codes",
    "payload.reason_code",
    "payload.bulk_no",
    "payload.completion_result",
    "payload.cert_kind",
    "secrecy_class",
    "payload.fee_item_code",
    "payload.payee_account_id",
    "payload.receipt_no",
    "payload.fee_kind",
    "payload.quantity",
    "payload.reduction_basis",
    "payload.reason_text",
    "payload.legal_basis",
    "payload.notified_at",
    "received_at",
)
FIELD_CODE: dict[str, int] = {name: code for code, name in enumerate(FIELDS)}
TIME_PRECISION, FLAGS, BATCH_KIND = (FIELD_CODE[name] for name in ("time_precision", "flags", "batch_kind"))
RECEIVED = FIELD_CODE["received_at"]  # kept of those facts alone that are from the future (`rules.quarantine`)
INSTANCE = FIELD_CODE["payload.step_instance_id"]  # packed as the place of the name among those of its case
# Fields whose values are words of a short list: facts that keep nothing else make cases alike, which `rules.outline` judges once.
FEW_VALUED = frozenset(
    FIELD_CODE[name]
    for name in (
        "payload.step_code",
        "payload.step_instance_id",
        "payload.step_limit",
        "payload.step_limit_unit",
        "payload.decision",
        "payload.result",
        "payload.completion_result",
        "payload.cert_kind",
        "payload.fee_kind",
        "secrecy_class",
    )
)
# Fields whose values are many, names and numbers: a plain case keeps them apart, so that they do not make cases unlike; of an act
# that comes a look may ask for them (`rules.outline.Scene.told`).
MANY_VALUED = frozenset(
    FIELD_CODE[f"payload.{name}"]
    for name in (
        *("approver_officer_id", "amount_fen", "notice_no", "material_codes", "reason_code", "receipt_no"),
        *("fee_item_code", "payee_account_id", "quantity", "reduction_basis"),
    )
)
PLAIN_FIELDS = FEW_VALUED | MANY_VALUED
_SHARED = frozenset((*WHERE, *ACTOR, *DEVICE, *PARTY))
_ALWAYS = frozenset(("time_precision", "flags", "batch_kind"))


def written(of: str, names: Sequence[str]) -> str:
    """The tuple of these fields, as it is written out in Python: so the interpreter learns where each lies, and reads it in a third
    of the time that `operator.attrgetter` takes."""
    return f"({''.join(f'{of}.{name}, ' for name in names)})"


def reader(names: Sequence[str]) -> Callable[[Any], Any]:
    """What reads these fields of a struct."""
    read: Callable[[Any], Any] = eval(f"lambda of: {written('of', names)}")  # noqa: S307 - names of ours
    return read


where_of: Callable[[CaseEvent], Where] = reader(WHERE)
actor_of: Callable[[CaseEvent], Actor] = reader(ACTOR)
device_of: Callable[[CaseEvent], Device] = reader(DEVICE)
party_of: Callable[[CaseEvent], Party] = reader(PARTY)
_REALTIME, _SECOND = BatchKind.REALTIME, Precision.SECOND
NOTHING: dict[int, Any] = {}


class Fact(Struct, gc=False):
    """`id` the event's UUID as a number, `type` an index into TYPES, `at` ms UTC, `kept` field number -> value.

    A value equal to the envelope's default is not kept: whoever reads it knows the default.
    """

    id: int
    type: int
    at: int
    where: Where
    actor: Actor = NOBODY
    device: Device = NO_DEVICE
    party: Party = NO_PARTY
    kept: dict[int, Any] = field(default_factory=lambda: NOTHING)
    version: int = 1
    deleted: bool = False
    supersedes: int | None = None

    def get(self, field: int) -> Any:
        return self.kept.get(field)

    @property
    def is_ahead(self) -> bool:
        """Whether it was from the future when it was received."""
        return RECEIVED in self.kept


class Plan(Struct, frozen=True):
    """What is kept of one event type: whether actor, device and party; other fields of envelope and payload with defaults."""

    code: int
    actor: bool
    device: bool
    party: bool
    envelope: tuple[tuple[int, str, Any], ...]
    payload: tuple[tuple[int, str, Any], ...]


class Keeper:
    """Which fields of an event are kept: those that the cards in force read of its type."""

    def __init__(self, reads: dict[EventType, frozenset[str]]) -> None:
        self.plans = {kind: _plan(kind, reads.get(kind, frozenset())) for kind in EventType}


def kept_of(event: CaseEvent, plan: Plan) -> dict[int, Any]:
    """What is kept of an event beside its tuples."""
    kept = NOTHING
    if plan.payload:
        body = event.payload
        for code, name, default in plan.payload:
            value = getattr(body, name, None)
            if value is not None and value != default:
                if kept is NOTHING:
                    kept = {}
                kept[code] = value
    if event.flags or event.batch_kind is not _REALTIME or event.time_precision is not _SECOND or plan.envelope:
        unusual = _unusual(event, plan)
        if unusual:
            kept = kept | unusual
    return kept


def _unusual(event: CaseEvent, plan: Plan) -> dict[int, Any]:
    kept: dict[int, Any] = {}
    if event.flags:
        kept[FLAGS] = event.flags
    if event.batch_kind is not _REALTIME:
        kept[BATCH_KIND] = event.batch_kind
    if event.time_precision is not _SECOND:
        kept[TIME_PRECISION] = event.time_precision
    for code, name, default in plan.envelope:
        value = getattr(event, name)
        if value is not None and value != default:
            kept[code] = value
    return kept


def _plan(kind: EventType, names: frozenset[str]) -> Plan:
    own = sorted(names - _SHARED - _ALWAYS, key=FIELD_CODE.__getitem__)
    default_of = _defaults(CaseEvent)
    payload_default_of = _defaults(PAYLOADS[kind])
    return Plan(
        CODE_OF[kind],
        not names.isdisjoint(ACTOR),
        not names.isdisjoint(DEVICE),
        not names.isdisjoint(PARTY),
        tuple((FIELD_CODE[name], name, default_of.get(name)) for name in own if not name.startswith("payload.")),
        tuple((FIELD_CODE[name], name[8:], payload_default_of.get(name[8:])) for name in own if name.startswith("payload.")),
    )


@cache
def _defaults(struct: type[Struct]) -> dict[str, Any]:
    return {each.name: each.default for each in fields(struct)}
