"""Rows become drafts of events by one mapping. What a row says wrongly refuses it, with the reason; nothing is lost in silence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from streams.sources.drafting import Draft, Drafter, Happening, NotAnEventError, When, case_columns
from streams.sources.mapping import Activity, Column, Mapping, Others, Spec, Transition, Unmapped, column
from streams.sources.row import RefusedRow, Row, RowReason, Value
from streams.sources.values import BadValueError, Values
from supervision.event import EventType

_LONGEST_CODE = 128
_REMEMBERED = 100_000  # cases whose attributes were just seen: most rows of a case follow one another
_STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)


class Mapper:
    """Applies one mapping to each row. `ignored` counts the rows it leaves out on purpose, by why."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._values = Values(mapping)
        self._drafter = Drafter(mapping, self._values)
        self._own = self._drafter.fields(mapping.fields)
        self._payloads = {event: self._drafter.payload(event, mapping.payloads.get(event, {})) for event in EventType}
        self._facts = [
            (fact, self._drafter.fields(fact.fields), self._drafter.payload(fact.event, fact.payload))
            for fact in mapping.case_events
        ]
        self._case_columns = case_columns(mapping.case_events, mapping.case_fields)
        self._seen: dict[str, tuple[Value | None, ...]] = {}
        self.ignored: Counter[str] = Counter()

    def drafts(self, row: Row) -> Iterator[Draft | RefusedRow]:
        """The events the row tells, and a refusal for each that it tells wrongly."""
        mapping = self._mapping
        case_id = None if mapping.case_id is None else self._text(mapping.case_id, row.values)
        if mapping.case_id is not None and case_id is None:
            yield RefusedRow(row.line, RowReason.NO_CASE, _named(mapping.case_id))
            return
        if row.tells_case and case_id is not None and self._is_news(case_id, row):
            for position in range(len(self._facts)):
                yield from self._tried(row, case_id, self._of_case(row, position))
        if row.tells_event and mapping.activity is not None:
            yield from self._tried(row, case_id, self._of_row(row))

    def _tried(self, row: Row, case_id: str | None, told: Iterator[Happening]) -> Iterator[Draft | RefusedRow]:
        try:
            drafts = [self._drafter.draft(row, case_id, each) for each in told]
        except BadValueError as bad:
            yield RefusedRow(row.line, bad.reason, bad.field, bad.value, bad.wanted)
        except NotAnEventError as error:
            yield error.refusal
        else:
            yield from drafts

    def _is_news(self, case_id: str, row: Row) -> bool:
        """Whether the row says anything of its case that the last row of that case did not say."""
        version = self._mapping.version
        told = tuple(row.values.get(name) for name in self._case_columns)
        told += () if version is None else (row.values.get(version.column),)
        if self._seen.get(case_id) == told:
            return False
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[case_id] = told
        return True

    def _of_case(self, row: Row, position: int) -> Iterator[Happening]:
        fact, fields, payload = self._facts[position]
        spec = column(fact.occurred_at)
        when = self._values.instant(spec, row.values, fact.precision or self._mapping.times.precision)
        if when is not None:
            yield Happening(f"case:{_named(spec)}", fact.event, when, fields, payload, of_case=True)

    def _of_row(self, row: Row) -> Iterator[Happening]:
        mapping, values = self._mapping, row.values
        assert mapping.activity is not None
        name = self._text(mapping.activity, values)
        if name is None:
            raise BadValueError(RowReason.NO_ACTIVITY, _named(mapping.activity), "", "")
        meaning, transition = self._meaning(name), self._transition(values)
        if meaning is None or transition is Transition.IGNORED:
            self.ignored["activity" if meaning is None else "transition"] += 1
            return
        when, began = self._time(mapping.occurred_at, values), self._time(mapping.started_at, values)
        if when is None and (began is None or meaning.step is None):
            found = None if mapping.occurred_at is None else self._text(mapping.occurred_at, values)
            raise BadValueError(RowReason.NO_TIME, _named(mapping.occurred_at or ""), found or "", "")
        yield from self._told(name, meaning, transition, when, began)

    def _told(
        self, name: str, meaning: Activity, transition: Transition, when: When | None, began: When | None
    ) -> Iterator[Happening]:
        """What one row tells; a step that began and has no time yet has only begun."""
        if meaning.step is not None:
            if transition is Transition.COMPLETED and began is not None:
                yield self._step(name, meaning.step, EventType.STEP_STARTED, began)
            if when is not None:
                step = EventType.STEP_STARTED if transition is Transition.STARTED else EventType.STEP_COMPLETED
                yield self._step(name, meaning.step, step, when)
        if meaning.event is not None and transition is meaning.on and when is not None:
            yield Happening(name, meaning.event, when, self._own, self._payloads[meaning.event])
        elif meaning.step is None:
            self.ignored["transition"] += 1

    def _time(self, spec: Spec | None, values: dict[str, Value]) -> When | None:
        return None if spec is None else self._values.instant(column(spec), values, self._mapping.times.precision)

    def _step(self, name: str, code: str, event: EventType, when: When) -> Happening:
        code = short(code)
        given = {"step_code": code} if name == code else {"step_code": code, "step_name": name}
        return Happening(name, event, when, self._own, self._payloads[event], given)

    def _text(self, spec: Spec, values: dict[str, Value]) -> str | None:
        found = column(spec)
        return str(found.constant) if found.constant is not None else self._values.text(found, values)

    def _meaning(self, name: str) -> Activity | None:
        """What the activity is; None if it is left out. Raises BadValueError for one the mapping must know and does not."""
        mapping = self._mapping
        if name in mapping.ignored_activities:
            return None
        meaning = mapping.meaning(name)
        if meaning is None and mapping.unmapped is Unmapped.STEP:
            return Activity(step=name)
        if meaning is None and mapping.unmapped is Unmapped.ERROR and mapping.activity is not None:
            raise BadValueError(RowReason.UNKNOWN_ACTIVITY, _named(mapping.activity), name, ", ".join(mapping.activities))
        return meaning

    def _transition(self, values: dict[str, Value]) -> Transition:
        lifecycle = self._mapping.lifecycle
        if lifecycle is None:
            return Transition.COMPLETED
        text = self._values.text(Column(column=lifecycle.column), values) or ""
        found = lifecycle.values.get(text)
        if found is None and lifecycle.others is Others.ERROR:
            raise BadValueError(RowReason.UNKNOWN_TRANSITION, lifecycle.column, text, ", ".join(lifecycle.values))
        return found or Transition.IGNORED


def short(code: str) -> str:
    """A step code that fits the wire: a longer one keeps its beginning and ends in `~` and 8 hex digits of its SHA-256."""
    if len(code) <= _LONGEST_CODE:
        return code
    return f"{code[: _LONGEST_CODE - 9]}~{hashlib.sha256(code.encode()).hexdigest()[:8]}"


def _named(spec: Spec) -> str:
    found = column(spec)
    return found.separator.join(found.names())
