"""The mapping: which columns of a log mean what. These are its types; `loading` reads and checks the file.

`mapping.schema.json` beside this file is made from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from streams.sources import checking
from supervision.event import CaseEvent, EventType, Precision
from supervision.reference import Source

FORMAT_VERSION = 1
REST = "*"  # in tie_rank: where everything not named stands
_OWN_FIELDS = {"event_id", "event_type", "occurred_at", "source_system", "case_id", "payload", "schema_version"} | {
    "received_at",
    "time_precision",
    "data_version",
    "supersedes_event_id",
}
ENVELOPE = tuple(name for name in CaseEvent.__struct_fields__ if name not in _OWN_FIELDS)

Word = Annotated[str, Meta(min_length=1)]
Scalar = str | int | float | bool


class Format(StrEnum):
    CSV = "csv"
    XES = "xes"
    PARQUET = "parquet"


class Kind(StrEnum):
    """How a text becomes a value. Without one, the kind follows from the field that is filled."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    YUAN = "yuan"  # decimal yuan to whole fen
    TIME = "time"
    DATE = "date"
    MOMENT = "moment"  # a bare date stays a date, anything else is an instant
    BOOL = "bool"
    LIST = "list"


class Transition(StrEnum):
    STARTED = "started"
    COMPLETED = "completed"
    IGNORED = "ignored"


class Others(StrEnum):
    """What becomes of lifecycle transitions that are not listed."""

    ERROR = "error"
    IGNORE = "ignore"


class Unmapped(StrEnum):
    """What becomes of activities that are not listed; `step`: each is a step under its own name."""

    STEP = "step"
    ERROR = "error"
    IGNORE = "ignore"


class Column(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a value comes from: `column`, several `columns` joined by `separator`, or a `constant`; then codes, then its kind.

    XES attributes of the case are called `case:<key>`. `default` stands for an empty value and for a code not in `codes`; without
    it such a code refuses the row.
    """

    column: Word | None = None
    columns: tuple[Word, ...] = ()
    separator: str = "-"
    prefix: str = ""
    constant: Scalar | None = None
    kind: Kind | None = None
    codes: dict[str, Scalar] | None = None
    default: Scalar | None = None
    delimiter: Word | None = None
    formats: tuple[Word, ...] | None = None

    def names(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else self.columns


Spec = Word | tuple[Word, ...] | Column


def column(spec: Spec) -> Column:
    """The long form of a column written short: a name, or a list of names to join."""
    if isinstance(spec, Column):
        return spec
    return Column(column=spec) if isinstance(spec, str) else Column(columns=spec)


class File(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the file is read. `format` follows from its name if not given; `columns`: the file has no header, these are its names."""

    format: Format | None = None
    encoding: Word = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    columns: tuple[Word, ...] = ()


class Times(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How times are written. `zone` is for those without an offset; `formats` are tried in turn:

    `iso`, `epoch_s`, `epoch_ms`, or patterns of strptime.
    """

    zone: Word = "Asia/Shanghai"
    formats: tuple[Word, ...] = ("iso",)
    precision: Precision = Precision.SECOND


class Clock(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The log clock: `log:<source>` if it has no name; control records follow each step of log time."""

    name: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    step_minutes: Annotated[int, Meta(ge=1, le=525600)] = 60


class Lifecycle(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which transitions of an activity start a step and which complete it."""

    column: Word
    values: dict[str, Transition] = field(default_factory=lambda: {"start": Transition.STARTED, "complete": Transition.COMPLETED})
    others: Others = Others.ERROR


class Activity(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an activity is: a `step` with this code, an `event` of this type at the transition `on`, or both."""

    step: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    event: EventType | None = None
    on: Transition = Transition.COMPLETED


class CaseFact(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An attribute of the case that is an event of its own, at the time it holds; none where it is empty."""

    event: EventType
    occurred_at: Spec
    precision: Precision | None = None
    fields: dict[str, Spec] = {}
    payload: dict[str, Spec] = {}


class Version(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Corrections: `column` holds the version (empty: 1). Rows alike in case, activity and the columns `same` are one fact."""

    column: Word
    same: tuple[Word, ...] = ()


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A log described for import. `case_fields` fill every event, `fields` those of rows; keys are fields of the envelope.

    Without `activity` the rows tell only of cases (`case_events`). `tie_rank` orders event types, step codes and activities
    that fall on one instant; what it does not name stands at `*`, else at the end, in the order of a case's life.
    """

    format_version: Annotated[int, Meta(ge=FORMAT_VERSION, le=FORMAT_VERSION)]
    source: Annotated[str, Meta(min_length=1, max_length=128)]
    file: File = File()
    times: Times = Times()
    clock: Clock = Clock()
    null_words: tuple[str, ...] = ()
    sentinel_dates: tuple[str, ...] = ("0001-01-01", "1753-01-01", "1900-01-01", "1970-01-01", "9999-12-31")
    case_id: Spec | None = None
    activity: Spec | None = None
    occurred_at: Spec | None = None
    started_at: Spec | None = None
    lifecycle: Lifecycle | None = None
    activities: dict[str, Word | Activity] = {}
    ignored_activities: tuple[str, ...] = ()
    unmapped: Unmapped = Unmapped.STEP
    fields: dict[str, Spec] = {}
    case_fields: dict[str, Spec] = {}
    constants: dict[str, Scalar] = {}
    payloads: dict[EventType, dict[str, Spec]] = {}
    case_events: tuple[CaseFact, ...] = ()
    version: Version | None = None
    tie_rank: tuple[Word, ...] = ()

    @property
    def clock_name(self) -> str:
        return self.clock.name or f"log:{self.source}"

    def meaning(self, name: str) -> Activity | None:
        """What the activity `name` is, None if it is not listed."""
        found = self.activities.get(name)
        return Activity(step=found) if isinstance(found, str) else found

    def sends(self) -> tuple[EventType, ...]:
        """Every event type the mapping can make, in the order of the enumeration."""
        types = {fact.event for fact in self.case_events}
        meanings = [meaning for name in self.activities if (meaning := self.meaning(name)) is not None]
        types |= {meaning.event for meaning in meanings if meaning.event is not None}
        if self.activity is not None and (self.unmapped is Unmapped.STEP or any(each.step for each in meanings)):
            types.add(EventType.STEP_COMPLETED)
            starts = self.lifecycle is not None and Transition.STARTED in self.lifecycle.values.values()
            if starts or self.started_at is not None:
                types.add(EventType.STEP_STARTED)
        return tuple(each for each in EventType if each in types)

    def fills(self) -> tuple[str, ...]:
        """The fields that a column or constant fills, payloads' as `payload.<field>`: only their emptiness says anything."""
        named = {*self.fields, *self.case_fields, *self.constants}
        payloads = [*self.payloads.values(), *(fact.payload for fact in self.case_events)]
        named |= {name for fact in self.case_events for name in fact.fields}
        named |= {f"payload.{name}" for payload in payloads for name in payload}
        return tuple(sorted(named))

    def reference(self) -> Source:
        """The source's profile: its log clock, without grace."""
        region = self.constants.get("region_code")
        return Source(
            name=self.source,
            clock=self.clock_name,
            late_grace_s=0,
            precision=self.times.precision,
            sends=self.sends(),
            fills=self.fills(),
            own_recorded_at="recorded_at" in self.fills(),
            region_code=None if region is None else str(region),
        )


def specs(mapping: Mapping) -> Iterator[tuple[checking.Path, Spec]]:
    """Every column the mapping names, with its place in the file."""
    for key in ("case_id", "activity", "occurred_at", "started_at"):
        if (spec := getattr(mapping, key)) is not None:
            yield (key,), spec
    for section in ("fields", "case_fields"):
        for name, spec in getattr(mapping, section).items():
            yield (section, name), spec
    for event, payload in mapping.payloads.items():
        for name, spec in payload.items():
            yield ("payloads", event.value, name), spec
    for position, fact in enumerate(mapping.case_events):
        yield ("case_events", position, "occurred_at"), fact.occurred_at
        for part, specs in (("fields", fact.fields), ("payload", fact.payload)):
            for name, spec in specs.items():
                yield ("case_events", position, part, name), spec


def columns_of(mapping: Mapping) -> dict[str, str]:
    """Every column or attribute the mapping reads, with the first key that names it."""
    found: dict[str, str] = {}
    for place, spec in specs(mapping):
        for name in column(spec).names():
            found.setdefault(name, ".".join(map(str, place)))
    if mapping.lifecycle is not None:
        found.setdefault(mapping.lifecycle.column, "lifecycle.column")
    if mapping.version is not None:
        for name in (mapping.version.column, *mapping.version.same):
            found.setdefault(name, "version")
    return found
