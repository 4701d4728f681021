"""A mapping file is checked as a whole: each mistake by file, line and key, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from streams.sources.loading import load_mapping, schema
from streams.sources.log import Log
from streams.sources.mapping import Activity, Column, column
from supervision.decoder import decode
from supervision.document import Document
from supervision.event import CaseEvent, EventType, Precision
from supervision.language import UserError
from tests.streams.case_log import ROOT

GOOD = """\
format_version: 1
source: city
case_id: [区划, 流水号]
activity: 环节
occurred_at: {column: 时间, formats: ["%Y/%m/%d %H:%M"]}
lifecycle: {column: 状态, values: {开始: started, 完成: completed}}
activities:
  受理: {event: case_accepted}
  审批: {step: approve, event: decision_made}
  0: zero
fields: {actor_officer_id: 经办人}
payloads:
  decision_made:
    decision: {column: 结果, codes: {准予: granted, 不予: denied}}
case_events:
  - {event: case_completed, occurred_at: 办结日期, precision: day}
"""


def load(folder: Path, text: str) -> list[str]:
    """What is wrong with the mapping, each without the file's name; empty if nothing is."""
    path = folder / "m.yaml"
    path.write_text(text, "utf-8")
    try:
        load_mapping(path)
    except UserError as error:
        return [line.removeprefix(f"{path}:") for line in error.lines]
    return []


def test_a_good_mapping_is_taken_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(GOOD, "utf-8")
    mapping = load_mapping(path)
    assert mapping.case_id is not None
    assert column(mapping.case_id) == Column(columns=("区划", "流水号"))
    assert mapping.meaning("审批") == Activity(step="approve", event=EventType.DECISION_MADE)
    assert mapping.meaning("0") == Activity(step="zero")
    assert mapping.clock_name == "log:city"
    assert mapping.case_events[0].precision is Precision.DAY


def test_the_source_it_publishes_lives_on_the_log_clock_and_sends_what_it_can_make(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(GOOD, "utf-8")
    source = load_mapping(path).reference()
    assert (source.name, source.clock, source.late_grace_s) == ("city", "log:city", 0)
    assert (source.fills, source.own_recorded_at) == (("actor_officer_id", "payload.decision"), False)
    assert set(source.sends or ()) == {
        EventType.CASE_ACCEPTED,
        EventType.STEP_STARTED,
        EventType.STEP_COMPLETED,
        EventType.DECISION_MADE,
        EventType.CASE_COMPLETED,
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format_version: 1", "format_version: 2", "1: format_version: '2' is wrong"),
        ("format_version: 1\n", "", "1: format_version: missing"),
        ("activity: 环节", "activty: 环节", "4: activty: there is no such key; did you mean activity?"),
        ("case_id: [区划, 流水号]\n", "", "1: case_id: missing"),
        ("event: case_accepted", "event: accepted", "8: activities.受理.event: 'accepted' is wrong"),
        ("{event: case_accepted}", "{}", "8: activities.受理: wanted step or event"),
        ("    decision:", "    decisoin:", "14: payloads.decision_made.decisoin: there is no field"),
        ("  decision_made:\n", "  case_accepted: {step_plan: x}\n  decision_made:\n", "13: payloads.case_accepted.step_plan: "),
        ("  decision_made:\n", "  fee_paid: {receipt_no: x}\n  decision_made:\n", "13: payloads.fee_paid: this mapping makes no"),
        ("actor_officer_id", "officer", "11: fields.officer: there is no field 'officer'"),
        ("完成: completed", "完成: done", "6: lifecycle.values.完成: 'done' is wrong"),
        ("{column: 结果,", "{column: 结果, constant: x,", "14: payloads.decision_made.decision: wanted exactly one"),
        ("source: city", "source: ''", "2: source: '' is wrong"),
        ("source: city", "source: city\ntimes: {zone: Moon/Crater}", "3: times.zone: unknown time zone"),
        ("source: city", "source: city\nfile: {encoding: ansi9}", "3: file.encoding: unknown encoding"),
        ("source: city", "source: city\ntimes: {formats: [iso, soon]}", "3: times.formats[1]: 'soon'"),
        ("source: city", "source: city\nsentinel_dates: [never]", "3: sentinel_dates[0]: 'never'"),
        ("source: city", "source: city\nsource: town", "3: source: given twice"),
        ("source: city", "source: [", "4: not YAML"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (line,) = load(tmp_path, GOOD.replace(old, new, 1))
    assert line.startswith(said)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("event: case_accepted", "event: x")
        .replace("完成: completed", "完成: y")
        .replace("precision: day", "precision: z")
    )
    found = load(tmp_path, text)
    assert [line.split(":")[0] for line in found] == ["6", "8", "16"]


def test_a_field_no_column_can_fill_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("event: case_accepted", "event: x").replace("完成: completed", "完成: y")
    found = load(tmp_path, text.replace("precision: day", "precision: z"))
    assert [line.split(":")[0] for line in found] == ["6", "8", "16"]


def test_the_published_schema_is_the_types() -> None:
    published = ROOT / "streams" / "sources" / "mapping.schema.json"
    assert json.loads(published.read_text("utf-8")) == schema(), "run: supervision mapping schema --write"


def test_the_worked_example_of_the_readme_is_read_as_it_says(tmp_path: Path) -> None:
    readme = (ROOT / "examples" / "README.md").read_text("utf-8")
    rows = next(part for part in readme.split("```") if part.startswith("\nCase;"))
    (tmp_path / "log.csv").write_text(rows.strip() + "\n", "utf-8")
    (tmp_path / "m.yaml").write_text(readme.split("```yaml\n")[1].split("```")[0], "utf-8")
    log = Log()
    log.read(tmp_path / "log.csv", load_mapping(tmp_path / "m.yaml"))
    found = [event for _, wire in log if isinstance(event := decode(wire), CaseEvent)]
    assert [(event.case_id, event.event_type.value) for event in found] == [
        ("North-17", "case_accepted"),
        ("North-17", "step_started"),
        ("North-17", "step_completed"),
        ("North-17", "step_started"),
    ]
    assert found[0].payload.promised_due_at == "2026-03-11"
    assert not log.refusals.counts


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*/mapping*.yaml")), ids=lambda path: f"{path.parent.name}")
def test_the_examples_follow_the_schema_and_load(example: Path) -> None:
    jsonschema.validate(Document(str(example), example.read_text("utf-8")).value, schema())
    load_mapping(example)
