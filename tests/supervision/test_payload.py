"""Every type of event has a payload and a stream, and payloads hold what the rules read."""

from __future__ import annotations

import datetime
import re

import msgspec
import pytest

from supervision.event import TOPIC_OF, WITHOUT_CASE, EventType, Stream
from supervision.payload import PAYLOADS, JointPhase, SpecialProcedureStarted, StepStarted, SupplementNotice
from supervision.payloads.base import DATE_PATTERN
from supervision.subject import wanted_for
from supervision.worktime import Limit, Unit


def test_every_event_type_has_a_payload() -> None:
    assert set(PAYLOADS) == set(EventType)


def test_every_event_type_belongs_to_a_stream() -> None:
    assert set(TOPIC_OF) == set(EventType)
    assert all(TOPIC_OF[event_type] is Stream.CASE for event_type in WITHOUT_CASE)


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_type_says_what_places_it(event_type: EventType) -> None:
    assert wanted_for(event_type)


def test_the_order_of_event_types_is_kept_because_snapshots_number_them() -> None:
    """Append only: this list may grow at its end."""
    order = [event_type.value for event_type in EventType]
    assert order[0] == "application_submitted"
    assert order[76] == "rating_reviewed"
    assert order[88] == "reception_matter_answered"


def test_event_types_hash_and_compare_as_their_words() -> None:
    assert hash(EventType.CASE_ACCEPTED) == hash("case_accepted")
    assert {EventType.CASE_ACCEPTED: 1}["case_accepted"] == 1  # type: ignore[index]  # a word finds its type


def test_a_declared_limit_is_a_limit_in_its_unit() -> None:
    assert SpecialProcedureStarted(seq=1).limit is None
    assert SpecialProcedureStarted(seq=1, declared_limit=10).limit == Limit(10, Unit.WORKING_DAY)
    assert StepStarted(step_code="review", step_limit=4, step_limit_unit=Unit.HOUR).limit == Limit(4, Unit.HOUR)
    assert SupplementNotice(reply_limit=30).limit == Limit(30, Unit.CALENDAR_DAY)
    assert JointPhase(joint_phase=1, promised_limit=3).promised == Limit(3, Unit.WORKING_DAY)
    assert JointPhase(joint_phase=1, promised_limit=3).legal is None


def test_the_date_pattern_takes_exactly_the_dates_that_exist() -> None:
    pattern = re.compile(DATE_PATTERN)
    for year in (1900, 1904, 2000, 2026, 2028, 2100, 2199):
        for month in range(14):
            for day in range(33):
                text = f"{year}-{month:02}-{day:02}"
                assert bool(pattern.search(text)) == _is_date(text), text
    for text in ("2026-01-01\n", "x2026-01-01", "2026-1-1", "1899-12-31", "2200-01-01", "２０２６-01-01"):
        assert pattern.search(text) is None, text


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def test_fields_named_by_a_python_word_keep_their_own_name_on_the_wire() -> None:
    names = {name for struct in PAYLOADS.values() for name in msgspec.structs.asdict(_fields(struct))["names"]}
    assert {"from", "class"} <= names
    assert not {"from_", "class_"} & names


class _Names(msgspec.Struct):
    names: tuple[str, ...]


def _fields(struct: type[msgspec.Struct]) -> _Names:
    return _Names(struct.__struct_encode_fields__)
