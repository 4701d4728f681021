"""Numbers of persons leave as hashes or masks, whatever field they stand in and however they are written."""

from __future__ import annotations

import json
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.gateway.persons import Persons, event_masked, may_hold_number, mentions_raw, read_key
from supervision.cli import app
from supervision.language import UserError
from supervision.refusal import Refusal

KEY = bytes(range(32))
PERSONS = Persons(KEY)
AT = 1_772_413_950_000  # March 2026
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def citizen(region: str = "430111", born: str = "19800101", order: str = "123") -> str:
    digits = region + born + order
    return digits + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, digits, strict=True)) % 11]


NUMBER, PHONE = citizen(), "13800138000"
numbers = st.builds(
    citizen,
    st.from_regex(r"[1-8][0-9]{5}", fullmatch=True),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 1, 1)).map(lambda day: day.strftime("%Y%m%d").rjust(8, "0")),
    st.from_regex(r"[0-9]{3}", fullmatch=True),
)


def replaced(message: dict[str, Any]) -> dict[str, Any]:
    assert PERSONS.replace(message) is None
    return message


@pytest.mark.parametrize(
    ("field", "hashed"),
    [
        ("applicant_id_no", "applicant_hash"),
        ("agent_id_no", "agent_person_hash"),
        ("actor_id_no", "actor_person_hash"),
        ("applicant_phone", "applicant_hash"),
        ("complainant_id_no", "complainant_hash"),
    ],
)
def test_a_field_with_a_number_becomes_its_hash(field: str, hashed: str) -> None:
    message = replaced({field: NUMBER, "case_id": "1"})
    assert set(message) == {hashed, "case_id"}
    assert re.fullmatch("[0-9a-f]{32}", message[hashed])


def test_fields_of_the_payload_too() -> None:
    message = replaced({"payload": {"complainant_id_no": NUMBER, "inner": [{"rater_phone": PHONE}]}})
    assert set(message["payload"]) == {"complainant_hash", "inner"}
    assert set(message["payload"]["inner"][0]) == {"rater_hash"}


@pytest.mark.parametrize(
    "spelling",
    [
        NUMBER.lower(),
        f" {NUMBER} ",
        f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
        NUMBER.translate({48 + i: 0xFF10 + i for i in range(10)}),
    ],
)
def test_one_person_has_one_hash_however_the_number_is_written(spelling: str) -> None:
    assert PERSONS.hash_of("_id_no", spelling) == PERSONS.hash_of("_id_no", NUMBER)


def test_the_fifteen_digits_of_old_are_the_same_person() -> None:
    assert PERSONS.hash_of("_id_no", NUMBER[:6] + NUMBER[8:17]) == PERSONS.hash_of("_id_no", NUMBER)


def test_a_number_without_quotes_is_taken() -> None:
    number = citizen(order="124")
    assert number.isdigit()
    assert replaced({"applicant_id_no": int(number)}) == replaced({"applicant_id_no": number})


def test_phones_with_and_without_the_countrys_code_are_one() -> None:
    assert len({PERSONS.hash_of("_phone", each) for each in (PHONE, "+86 138 0013 8000", "86138-0013-8000")}) == 1


def test_an_identity_number_goes_before_a_phone_and_before_a_hash_of_the_sender() -> None:
    message = replaced({"applicant_phone": PHONE, "applicant_id_no": NUMBER, "applicant_hash": "theirs"})
    assert message == {"applicant_hash": PERSONS.hash_of("_id_no", NUMBER)}


def test_another_key_gives_other_hashes() -> None:
    assert Persons(bytes(32)).hash_of("_id_no", NUMBER) != PERSONS.hash_of("_id_no", NUMBER)


@pytest.mark.parametrize("value", [["x"], {"a": 1}, True, 1.5, "9" * 200])
def test_what_cannot_be_a_number_is_refused_without_being_said_again(value: Any) -> None:
    refused = PERSONS.replace({"payload": {"applicant_id_no": value}})
    assert isinstance(refused, Refusal)
    assert refused.field == "payload.applicant_id_no"
    assert "999" not in refused.wanted


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_field_is_an_absent_one(empty: Any) -> None:
    assert replaced({"applicant_id_no": empty}) == {}


TEXTS = [
    NUMBER,
    f"身份证号:{NUMBER}。",
    f"ID{NUMBER}",
    f"{NUMBER}01",
    f"9{NUMBER}",
    f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
    NUMBER.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
    citizen(born="19990912", order="006"),
    NUMBER[:6] + NUMBER[8:17],
    PHONE,
    f"电话{PHONE},",
    f"+86{PHONE}",
    "138 0013 8000",
    "138-0013-8000",
    "138 0013-8000",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_number_in_an_unexpected_place_is_masked_and_keeps_its_length(text: str) -> None:
    wire = msgspec.json.encode({"event_id": "0190a000-0000-7000-8000-000000000011", "occurred_at": AT, "payload": {"reason": text}})
    assert may_hold_number(wire)
    masked = json.loads(event_masked(PERSONS, wire, AT))["payload"]["reason"]
    assert not re.search("[0-9]{15}|1[3-9][0-9]{9}|[0-9]{4} [0-9]{4}", masked)
    assert len(masked) == len(text)


@given(numbers, st.text(max_size=20), st.text(max_size=20))
def test_no_citizens_number_gets_through_whatever_stands_around_it(number: str, before: str, after: str) -> None:
    wire = msgspec.json.encode({"payload": {"reason": before + number + after}})
    assert may_hold_number(wire)
    assert number.encode() not in event_masked(PERSONS, wire, AT)


@given(numbers)
def test_equal_numbers_have_equal_masks(number: str) -> None:
    first, second = (PERSONS.masked(text) for text in (f"a {number}", f"b {number}"))
    assert first[2:] == second[2:] != number


@pytest.mark.parametrize(
    "value",
    [
        {"case_id": "430111-20260302-000178"},
        {"case_id": citizen(born="20260302", order="017")},
        {"case_id": "13800138000"},
        {"source_seq": "15012345678"},
        {"item_implement_code": "11430111MB0X000001400013100100"},
        {"item_catalog_code": "000131001000"},
        {"event_id": "019a0c1e-7b2a-7c11-9d55-013800138000"},
        {"occurred_at": 1772413950000},
        {"department_id": "11430111MB0X000001"},
        {"event_id": "0190a000-0000-7000-8000-000000000011"},
        {"actor_person_hash": "0" * 32},
        {"payload": {"notice_doc_no": "告字2026-0033"}},
    ],
    ids=str,
)
def test_what_is_no_persons_number_stays(value: dict[str, Any]) -> None:
    assert PERSONS.masked(value, AT) == value


def test_a_number_as_the_number_of_a_case_is_masked_if_it_is_no_date_of_the_case() -> None:
    assert PERSONS.masked({"case_id": NUMBER}, AT)["case_id"] != NUMBER


def test_keys_are_masked_too() -> None:
    assert NUMBER not in json.dumps(PERSONS.masked({"payload": {NUMBER: "x"}}, AT))


def test_what_was_refused_is_masked_without_quotes_as_well() -> None:
    kept = PERSONS.masked_whole(
        {"who": int(citizen(order="124")), "at": 1772413950000, "ok": True, "none": None, "list": [PHONE, 1.5]}
    )
    assert kept["at"] == 1772413950000
    assert isinstance(kept["who"], str)
    assert PHONE not in kept["list"]


def test_raw_fields_are_seen_from_afar() -> None:
    assert mentions_raw(b'{"applicant_id_no": "1"}')
    assert mentions_raw(b'{"payload":{"contact_phone":1}}')
    assert not mentions_raw(b'{"applicant_hash": "1"}')


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "person.key"
    key = read_key(path)
    assert read_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_command_gives_the_hashes_of_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_DATA", str(tmp_path))
    persons = Persons(read_key(tmp_path / "person.key"))
    run = CliRunner().invoke
    assert run(app, ["person-hash"], input=f"{NUMBER}\n\n").output == persons.hash_of("_id_no", NUMBER) + "\n\n"
    assert run(app, ["person-hash", "--phone"], input=PHONE).output == persons.hash_of("_phone", PHONE) + "\n"


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "aa" * 16])
def test_a_broken_key_is_named_and_never_made_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "person.key"
    path.write_text(text)
    with pytest.raises(UserError, match=r"person\.key"):
        read_key(path)
    assert path.read_text() == text
