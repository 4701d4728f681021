"""`supervision coverage`: rule by rule, what a feed says that it sends, and what it really holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from rules.book import Rulebook
from rules.coverage import covered, held_in, suggested
from streams.embedded.clickhouse import ClickHouseProcess
from streams.sinking.events import event_rows
from streams.sinking.record import Record
from streams.store.client import Address, Store
from streams.store.held import held_of
from streams.store.migration import migrate
from supervision.cli import app
from supervision.decoder import encode
from supervision.event import CaseEvent, EventType, Flag, Stream
from supervision.language import UserError, language
from supervision.payload import PAYLOADS
from supervision.reference import Source
from tests.streams.case_log import ROOT, case_log

E = EventType
BOOK = Rulebook.load()
DEMO, RECEIPT = ROOT / "examples" / "demo", ROOT / "examples" / "receipt"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    language.cache_clear()


def event(number: int, kind: EventType, payload: dict[str, Any] | None = None, **fields: Any) -> CaseEvent:
    made = PAYLOADS[kind](**(payload or {}))
    return CaseEvent(
        event_id=UUID(int=number), event_type=kind, occurred_at=number, source_system="S", case_id="1", payload=made, **fields
    )


EVENTS = [
    event(1, E.CASE_ACCEPTED, centre_id="C1"),
    event(2, E.STEP_STARTED, {"step_code": "review", "step_limit": 3}, flags=(Flag.EXPEDITED,)),
    event(3, E.CASE_COMPLETED, actor_person_hash="p"),
]
FILLED = {"centre_id", "payload.step_limit", "payload.step_limit_unit", "flags", "actor_person_hash"}


def shown(*arguments: str | Path) -> list[str]:
    result = CliRunner().invoke(app, ["coverage", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def row(lines: list[str], rule: str) -> list[str]:
    return next([cell.strip() for cell in line.split("│")[2:-1]] for line in lines if line.startswith(f"│ {rule} "))


def test_what_events_hold_is_their_types_and_the_fields_they_fill() -> None:
    held = held_in(EVENTS)
    assert held.types == {E.CASE_ACCEPTED: 1, E.STEP_STARTED: 1, E.CASE_COMPLETED: 1}
    assert held.fields >= {"centre_id", "payload.step_limit", "flags", "actor_person_hash"}
    assert held.fields <= FILLED


def test_a_rule_is_off_by_the_profile_or_lacks_what_the_profile_promises() -> None:
    held = held_in(EVENTS)
    told = {each.rule.id: each for each in covered(BOOK, Source(name="S", sends=(E.CASE_ACCEPTED, E.CASE_COMPLETED)), held)}
    assert set(told) == set(BOOK.by_id)
    assert told["T03"].can_run
    assert told["T05"].by_profile.words("en") == "it never sends step started, step completed"
    assert not told["T05"].by_data
    promised = {each.rule.id: each for each in covered(BOOK, Source(name="S"), held)}
    assert not promised["T05"].by_profile
    assert promised["T05"].by_data.words("en") == "it never sends step completed"
    assert promised["M02"].by_data.fields == ("actor_officer_id",)


def test_the_suggested_profile_turns_off_what_the_feed_cannot_carry() -> None:
    held = held_in(EVENTS)
    profile = suggested(Source(name="S", late_grace_s=7), held)
    assert (profile.sends, profile.late_grace_s) == ((E.CASE_ACCEPTED, E.STEP_STARTED, E.CASE_COMPLETED), 7)
    lacking = {each.rule.id for each in covered(BOOK, Source(name="S"), held) if each.by_data}
    assert lacking == BOOK.off(profile)


def test_a_file_is_told_rule_by_rule() -> None:
    lines = shown(DEMO / "log.csv", "-m", DEMO / "mapping.yaml", "-c", DEMO / "catalogue.yaml")
    assert lines[0] == "source demo-county: 472 events of 7 types"
    assert row(lines, "T03") == ["Promised limit exceeded", "yes", ""]
    assert row(lines, "P04")[1:] == ["no", "off: it never sends supplement notified; it never fills payload.notice_no"]
    assert "  - name: demo-county" in lines
    assert any(line.startswith("    sends: [case_accepted, step_started, step_completed, ") for line in lines)


def test_reasons_are_chinese_where_the_locale_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "zh")
    language.cache_clear()
    lines = shown(DEMO / "log.csv", "-m", DEMO / "mapping.yaml", "-c", DEMO / "catalogue.yaml")
    language.cache_clear()
    assert row(lines, "P04")[1:] == ["否", "已关闭:从不报送补正告知;从不填写payload.notice_no"]


def test_events_of_our_own_need_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(map(encode, EVENTS)) + b"\n")
    lines = shown(file)
    assert lines[0] == "source S: 3 events of 3 types"
    assert row(lines, "T05")[1:] == ["no", "on, but in fact it never sends step completed: say so in its profile"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.csv"):
        CliRunner().invoke(app, ["coverage", str(tmp_path / "gone.csv"), "-m", str(DEMO / "mapping.yaml")], catch_exceptions=False)


@pytest.mark.log
def test_the_real_log_carries_limits_and_not_steps_or_pauses() -> None:
    lines = shown(case_log(), "-m", RECEIPT / "mapping.yaml", "-c", RECEIPT / "catalogue.yaml")
    assert {rule: row(lines, rule)[1] for rule in ("T03", "T17", "P01", "T05", "T08")} == {
        "T03": "yes",
        "T17": "yes",
        "P01": "yes",
        "T05": "no",
        "T08": "no",
    }


@pytest.mark.service
def test_the_store_holds_what_was_sent(clickhouse: ClickHouseProcess) -> None:
    address = Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, f"c_{uuid4().hex}")
    migrate(address)
    store = Store(address)
    try:
        records = [Record("case-events", 0, number, 0, None, encode(made)) for number, made in enumerate(EVENTS)]
        for rows in event_rows(records, Stream.CASE):
            if len(rows):
                store.insert(rows.table, rows.columns, rows.data, uuid4().hex)
        assert held_of(store, "S") == held_in(EVENTS)
        assert held_of(store, "nobody").types == {}
    finally:
        store.execute(f"DROP DATABASE {address.database}")
        store.close()
