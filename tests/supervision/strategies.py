"""Values of any wire type for property tests, built from what msgspec knows of the type: enums, bounds, nested structs."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import force_setattr

from supervision.event import CaseEvent, EventType
from supervision.payload import PAYLOADS

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)).map(datetime.date.isoformat)


def of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Any valid value of a type as `msgspec.inspect` describes it."""
    match kind:
        case inspect.Metadata(type=inner):
            return of(inner)
        case inspect.UnionType(types=kinds):
            return st.one_of([of(each) for each in kinds])
        case inspect.VarTupleType(item_type=item):
            return st.lists(of(item), max_size=3).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*(of(item) for item in items))
        case inspect.ListType(item_type=item):
            return st.lists(of(item), max_size=3)
        case inspect.DictType(value_type=value):
            return st.dictionaries(_TEXT, of(value), max_size=3)
        case inspect.StructType(cls=struct):
            return struct_of(struct)
        case inspect.EnumType(cls=enum):
            return st.sampled_from(list(enum))
        case _:
            return _scalar(kind)


def _scalar(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType(ge=low, le=high, lt=below):
            top = high if high is not None else below - 1 if below is not None else 2**53
            return st.integers(low if low is not None else -(2**53), top)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.StrType(pattern=str()):
            return _DATES
        case inspect.StrType(min_length=shortest, max_length=longest):
            return st.text(st.characters(exclude_categories=["Cs"]), min_size=shortest or 0, max_size=min(longest or 12, 12))
        case inspect.UUIDType():
            return st.uuids()
        case inspect.AnyType():
            return st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT
        case _:
            raise NotImplementedError(kind)


def struct_of(struct: type[msgspec.Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any valid instance; `given` replaces the strategy of single fields. Optional fields are mostly left out."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    required = {field.name: of(field.type) for field in kind.fields if field.required and field.name not in given}
    optional = {field.name: of(field.type) for field in kind.fields if not field.required and field.name not in given}
    return st.fixed_dictionaries(required | given, optional=optional).map(lambda values: struct(**values))


@lru_cache
def events(event_type: EventType) -> st.SearchStrategy[CaseEvent]:
    """Events of one type, on a case and with a subject."""
    ids = st.text("abc-019受", min_size=1, max_size=8)
    bare = struct_of(
        CaseEvent, event_type=st.just(event_type), case_id=ids, subject=ids.map("officer:{}".format), payload=st.none()
    )
    return st.builds(_with_payload, bare, struct_of(PAYLOADS[event_type]))


def any_event() -> st.SearchStrategy[CaseEvent]:
    return st.sampled_from(list(EventType)).flatmap(events)


def _with_payload(event: CaseEvent, payload: Any) -> CaseEvent:
    force_setattr(event, "payload", payload)
    return event
