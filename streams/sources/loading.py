"""Reading a mapping file: every mistake in it named at once, by file, line and key. Called by replay and import."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from streams.sources import checking
from streams.sources.drafting import types_of
from streams.sources.identity import MOST_RANKS
from streams.sources.mapping import ENVELOPE, Activity, Column, Mapping, Spec, specs
from streams.sources.values import kind_of
from supervision.document import Document
from supervision.event import EventType
from supervision.language import UserError, say
from supervision.payload import PAYLOADS
from supervision.schema import with_even_words


def load_mapping(path: Path) -> Mapping:
    """The mapping in the YAML file; UserError with every mistake at once, each as `file:line: key: what`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(say(f"{path}: 无法读取映射文件({error})", f"{path}: the mapping cannot be read ({error})")) from None
    document = Document(str(path), text)
    found = [str(mistake) for mistake in document.mistakes]
    if not found:
        wrong = checking.mistakes(document.value, Mapping)
        if not wrong:
            mapping = msgspec.convert(_worded(document.value), Mapping)
            wrong = list(_sense(mapping))
            if not wrong:
                return mapping
        found = [str(document.mistake(place, what)) for place, what in wrong]
    raise UserError(*found)


def schema() -> dict[str, Any]:
    """The JSON Schema of a mapping file."""
    made: dict[str, Any] = with_even_words(msgspec.json.schema(Mapping))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Mapping", **made}


def _worded(value: Any) -> Any:
    """The same value with every key as text: YAML reads the code `0:` as a number."""
    if isinstance(value, dict):
        return {str(key): _worded(inner) for key, inner in value.items()}
    return [_worded(inner) for inner in value] if isinstance(value, list) else value


def _sense(mapping: Mapping) -> Iterator[checking.Mistake]:
    """What the types cannot say."""
    yield from _sense_of_file(mapping)
    yield from _sense_of_rows(mapping)
    for section in ("fields", "case_fields", "constants"):
        for name in getattr(mapping, section):
            if name not in ENVELOPE:
                yield (section, name), _unknown_field(name, ENVELOPE)
    for event, payload in mapping.payloads.items():
        yield from _sense_of_payload(("payloads", event.value), event, payload)
        if event not in mapping.sends():
            yield ("payloads", event.value), say("这个映射不产生此类事件", "this mapping makes no event of this type")
    for position, fact in enumerate(mapping.case_events):
        yield from _sense_of_payload(("case_events", position, "payload"), fact.event, fact.payload)
        for name in fact.fields:
            if name not in ENVELOPE:
                yield ("case_events", position, "fields", name), _unknown_field(name, ENVELOPE)
    for place, spec in specs(mapping):
        if isinstance(spec, Column) and sum((spec.column is not None, bool(spec.columns), spec.constant is not None)) != 1:
            yield place, say("须且只须给出 column、columns、constant 之一", "wanted exactly one of column, columns, constant")


def _sense_of_file(mapping: Mapping) -> Iterator[checking.Mistake]:
    try:
        codecs.lookup(mapping.file.encoding)
    except LookupError:
        yield ("file", "encoding"), say(f"未知编码「{mapping.file.encoding}」", f"unknown encoding {mapping.file.encoding!r}")
    try:
        ZoneInfo(mapping.times.zone)
    except (KeyError, OSError, ValueError):
        yield ("times", "zone"), say(f"未知时区「{mapping.times.zone}」", f"unknown time zone {mapping.times.zone!r}")
    for position, pattern in enumerate(mapping.times.formats):
        if pattern not in {"iso", "epoch_s", "epoch_ms"} and "%" not in pattern:
            wanted = "iso, epoch_s, epoch_ms, %Y-%m-%d %H:%M"
            what = say(f"「{pattern}」不是时间格式({wanted})", f"{pattern!r} is no time format ({wanted})")
            yield ("times", "formats", position), what
    for position, text in enumerate(mapping.sentinel_dates):
        try:
            date.fromisoformat(text)
        except ValueError:
            yield ("sentinel_dates", position), say(f"「{text}」不是日期,例如 1753-01-01", f"{text!r} is no date, e.g. 1753-01-01")
    if len(mapping.tie_rank) + len(EventType) >= MOST_RANKS:
        yield ("tie_rank",), say("太长", "too long")


def _sense_of_rows(mapping: Mapping) -> Iterator[checking.Mistake]:
    if mapping.activity is None and not mapping.case_events:
        yield ("activity",), say("缺少: 没有 activity 也没有 case_events", "missing: there is neither activity nor case_events")
    if mapping.activity is not None and mapping.occurred_at is None:
        yield ("occurred_at",), say("缺少: 有 activity 就要有时间", "missing: an activity needs its time")
    if mapping.case_id is None and mapping.case_events:
        yield ("case_id",), say("缺少: case_events 需要办件编号", "missing: case_events need the case")
    elif mapping.case_id is None and "subject" not in mapping.fields:
        yield ("case_id",), say("缺少: 没有 case_id 也没有 fields.subject", "missing: there is neither case_id nor fields.subject")
    for name, meaning in mapping.activities.items():
        if isinstance(meaning, Activity) and meaning.step is None and meaning.event is None:
            yield ("activities", name), say("须给出 step 或 event", "wanted step or event")
        if name in mapping.ignored_activities:
            yield ("activities", name), say("同时在 ignored_activities 中", "is in ignored_activities too")


def _sense_of_payload(place: checking.Path, event: EventType, payload: dict[str, Spec]) -> Iterator[checking.Mistake]:
    known = types_of(PAYLOADS[event])
    for name in payload:
        if name not in known:
            yield (*place, name), _unknown_field(name, known)
        elif kind_of(known[name]) is None:
            what = say("这个字段有内部结构,不能由一列填写", "this field has a structure of its own; no column can fill it")
            yield (*place, name), what


def _unknown_field(name: str, known: Iterable[str]) -> str:
    return say(f"没有字段「{name}」(可用: {', '.join(known)})", f"there is no field {name!r} (known: {', '.join(known)})")
