"""What all payloads share: the base struct and the value types, each with its unit and bounds.

Money is in fen, instants in ms UTC, limits a number beside its unit. An absolute due date may be a bare date: `Moment`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from supervision.event import Millis
from supervision.worktime import Limit, Unit

# A calendar date that exists, 1900-2199, in one pattern: what it lets through, `date.fromisoformat` takes. `_END` is the end
# of the text in Python's dialect and in JSON Schema's, where "$" differs and "\\Z" is unknown.
_DATE = (
    "((19|20|21)[0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))|((19|20|21)(0[48]|[2468][048]|[13579][26])|2000)-02-29)"
)
_END = "(?![\\s\\S])"
DATE_PATTERN = f"^{_DATE}{_END}"
DAYS_PATTERN = f"^{_DATE}(\\.\\.{_DATE})?{_END}"

IsoDate = Annotated[str, Meta(pattern=DATE_PATTERN)]
Days = Annotated[str, Meta(pattern=DAYS_PATTERN)]  # a date, or `first..last`, both included
Moment = Millis | IsoDate  # an instant in ms UTC, or a date whose time of day is unknown
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
LimitValue = Annotated[int, Meta(ge=0, le=100_000)]
Fen = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Measure = Annotated[float, Meta(ge=0, le=1e15)]
Points = Annotated[float, Meta(ge=0, le=1000)]
RegionLevel = Annotated[int, Meta(ge=1, le=7)]
Key = Annotated[str, Meta(min_length=1, max_length=128)]


class Payload(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """No fields of its own."""


class Point(Struct, frozen=True, kw_only=True):
    """A place on the WGS-84 ellipsoid, degrees; adapters convert GCJ-02, whose shift is as large as the tolerances."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]


def limit_of(value: int | None, unit: Unit) -> Limit | None:
    """The two fields of a limit as one value; None where the source declares none."""
    return None if value is None else Limit(value, unit)
