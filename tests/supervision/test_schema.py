"""The published schemas are those of the types, and take what the decoder and the loader take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from supervision.alert import Alert, AnomalyClass, Disposition, Level, State
from supervision.cli import app
from supervision.decoder import decode, encode
from supervision.document import Document
from supervision.event import CaseEvent, ClockAdvanced
from supervision.refusal import Refusal
from supervision.schema import FOLDER, files, schemas
from supervision.signal import ClockStep, pack
from tests.supervision.strategies import any_event
from tests.supervision.test_loading import WHOLE

SCHEMAS = schemas()
ACCEPTED: dict[str, Any] = {
    "event_id": "019a0c1e-7b2a-7c11-9d55-0a0000000001",
    "event_type": "case_accepted",
    "schema_version": 1,
    "occurred_at": 1772413950000,
    "recorded_at": 1772413954000,
    "source_system": "HN-YH-UNI",
    "source_seq": "178",
    "data_version": 1,
    "source_op": "insert",
    "batch_kind": "realtime",
    "case_id": "430111-20260302-000178",
    "case_role": "single",
    "item_catalog_code": "000131001000",
    "item_implement_code": "11430111MB0X000001400013100100",
    "item_version": 7,
    "item_type": "01",
    "case_type": "promised",
    "legal_limit": 20,
    "legal_limit_unit": "working_day",
    "promised_limit": 7,
    "promised_limit_unit": "working_day",
    "region_code": "430111",
    "region_level": 4,
    "centre_id": "C430111-01",
    "window_id": "W-023",
    "department_id": "11430111MB0X000001",
    "actor_officer_id": "OF-430111-0017",
    "actor_role": "acceptor",
    "actor_post_place": "window",
    "network_zone": "hall",
    "applicant_hash": "9f2c",
    "applicant_type": 2,
    "agent_org_id": "AG-0042",
    "channel": 1,
    "queue_ticket_no": "B072",
    "flags": [],
    "secrecy_class": "public",
    "payload": {"accept_doc_no": "受字2026-0178", "acceptance_seal_id": "S-01", "promised_due_at": "2026-03-11"},
}
PAUSED: dict[str, Any] = {
    "event_id": "019a0c1e-7b2a-7c11-9d55-0a0000000002",
    "event_type": "special_procedure_started",
    "occurred_at": 1772696400000,
    "source_system": "HN-YH-UNI",
    "case_id": "430111-20260302-000178",
    "payload": {
        "seq": 1,
        "kind": "testing",
        "legal_basis": "行政许可法第四十五条",
        "approver_officer_id": "OF-430111-0003",
        "declared_limit": 10,
        "declared_limit_unit": "working_day",
        "notice_doc_no": "告字2026-0033",
        "notified_at": 1772697720000,
        "vendor_id": "V-019",
    },
}


def check(name: str, value: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[name]).validate(value)


def refused(name: str, value: Any) -> bool:
    return not jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(value)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_files_are_what_the_types_say(path: Any) -> None:
    assert path.read_text("utf-8") == files()[path], "run: supervision schema write"


def test_no_other_file_lies_among_them() -> None:
    assert set(FOLDER.iterdir()) == set(files())


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_the_command_finds_the_files_up_to_date() -> None:
    result = CliRunner().invoke(app, ["schema", "write", "--check"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("example", [ACCEPTED, PAUSED], ids=["acceptance", "pause"])
def test_the_examples_are_events(example: dict[str, Any]) -> None:
    check("event", example)
    event = decode(json.dumps(example).encode())
    assert isinstance(event, CaseEvent)
    assert json.loads(encode(event))["payload"] == example["payload"] or event.payload.limit is not None


@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "case_eaten"},
        {"occurred_at": "2026-03-02T09:12:30+08:00"},
        {"case_id": None},
        {"data_version": 0},
        {"payload": {"promised_due_at": "2026-02-30"}},
        {"payload": {"promised_due_at": True}},
        {"flags": ["late"]},
    ],
    ids=str,
)
def test_schema_and_decoder_refuse_the_same(change: dict[str, Any]) -> None:
    example = ACCEPTED | change
    if example["case_id"] is None:
        del example["case_id"]
    assert refused("event", example)
    assert isinstance(decode(json.dumps(example).encode()), Refusal)


def test_a_pause_without_its_number_is_refused() -> None:
    assert refused("event", {key: value for key, value in PAUSED.items() if key != "payload"})
    assert refused("event", PAUSED | {"payload": {"kind": "testing"}})


@settings(max_examples=60, deadline=None)
@given(any_event())
def test_whatever_is_written_fits_the_schema(event: CaseEvent) -> None:
    check("event", json.loads(encode(event)))


def test_control_records_and_signals_fit() -> None:
    check("event", json.loads(encode(ClockAdvanced(clock="log", to=5))))
    check("signals", json.loads(pack([ClockStep(partition=1, clock="log", to=5)])))


def test_an_alert_fits() -> None:
    alert = Alert(
        alert_id="T03Y4K2QJ7ZC5M3XH6RA",
        rule_id="T03",
        rule_version=3,
        level=Level.YELLOW,
        disposition=Disposition.CARD,
        state=State.ISSUED,
        revision=0,
        clock="wall",
        subject_key="case:HN-YH-UNI/430111-20260302-000178",
        segment="0",
        detected_at=1774454400000,
        anomaly_class=AnomalyClass.TIME,
        description={"zh": "超承诺时限1个工作日", "en": "1 working day past the promised limit"},
        facts={"promised": 7, "suspended_wd": 10, "late_wd": 1, "due": "2026-03-25"},
    )
    check("alert", msgspec.to_builtins(alert))


def test_a_catalogue_fits_as_people_write_it() -> None:
    check("catalogue", Document("c.yaml", WHOLE).value)
    assert refused("catalogue", {"format_version": 1, "items": [{"code": "A", "colour": "red"}]})
    assert refused("catalogue", {"format_version": 1, "items": [{"code": "A", "promised_limit": 5}]})
    assert refused("catalogue", {"items": []})
