"""A log read by its mapping: which events it gives, in which order, under which ids, and what becomes of bad rows."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.identity import MOST_ALIKE, MOST_RANKS, digest, event_id, moment_key, moment_of
from streams.sources.loading import load_mapping
from streams.sources.log import Log, Refusals
from streams.sources.mapper import short
from streams.sources.spool import Spool
from supervision.decoder import decode
from supervision.event import CaseEvent, EventType, Precision
from supervision.language import UserError
from tests.streams.case_log import ROOT, case_log

MAPPING = """\
format_version: 1
source: city
null_words: ["-"]
case_id: case
activity: step
occurred_at: time
fields: {actor_officer_id: officer}
"""
HEADER = "case,step,time,officer"


def read(folder: Path, rows: list[str], extra: str = "", header: str = HEADER, mapping: str = MAPPING) -> Log:
    (folder / "m.yaml").write_text(mapping + extra, "utf-8")
    (folder / "log.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    log = Log(Refusals())
    log.read(folder / "log.csv", load_mapping(folder / "m.yaml"))
    return log


def events(log: Log) -> list[CaseEvent]:
    found = [decode(wire) for _, wire in log]
    return [event for event in found if isinstance(event, CaseEvent)]


ROWS = [
    "1,受理,2026-03-02 09:00:00,甲",
    "1,审查,2026-03-02 09:00:00,乙",
    "2,受理,2026-03-02 09:00:00,甲",
    "1,审查,2026-03-02 09:00:00,丙",
    "1,审查,2026-03-02 09:00:00,丙",
    "2,办结,2026-03-01 17:00:00,-",
]


def test_events_come_by_time_and_id_with_local_times_in_the_mapping_s_zone(tmp_path: Path) -> None:
    log = read(tmp_path, ROWS)
    found = events(log)
    assert (log.events, len(log.cases), log.rows) == (6, 2, 6)
    assert found[0].occurred_at == 1772355600000  # 2026-03-01T17:00 at +08:00
    assert found[0].actor_officer_id is None
    assert [(event.occurred_at, event.event_id.bytes) for event in found] == sorted(
        (event.occurred_at, event.event_id.bytes) for event in found
    )
    assert found[1].payload.step_code in {"受理", "审查"}


def test_the_same_rows_in_any_order_are_the_same_events(tmp_path: Path) -> None:
    wanted = list(read(tmp_path, ROWS))
    for seed in range(5):
        rows = list(ROWS)
        random.Random(seed).shuffle(rows)
        assert list(read(tmp_path, rows)) == wanted


def test_identical_rows_are_events_of_their_own(tmp_path: Path) -> None:
    assert len({event.event_id for event in events(read(tmp_path, ROWS))}) == len(ROWS)


@pytest.mark.parametrize(
    ("ranks", "order"),
    [
        ("[受理, 审查]", ["受理", "受理", "审查", "审查", "审查"]),
        ("[审查, 受理]", ["审查", "审查", "审查", "受理", "受理"]),
        ('["*", 受理]', ["审查", "审查", "审查", "受理", "受理"]),
    ],
)
def test_the_tie_rank_orders_what_falls_on_one_instant(tmp_path: Path, ranks: str, order: list[str]) -> None:
    found = events(read(tmp_path, ROWS, f"tie_rank: {ranks}\n"))
    assert [event.payload.step_code for event in found[1:]] == order


def test_without_tie_rank_an_instant_follows_the_life_of_a_case(tmp_path: Path) -> None:
    rows = [f"1,{name},2026-03-02 09:00,甲" for name in ("办结", "审查", "决定", "受理")]
    listed = "activities: {受理: {event: case_accepted}, 决定: {event: decision_made}, 办结: {event: case_completed}}\n"
    assert [event.event_type for event in events(read(tmp_path, rows, listed))] == [
        EventType.CASE_ACCEPTED,
        EventType.STEP_COMPLETED,
        EventType.DECISION_MADE,
        EventType.CASE_COMPLETED,
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(-2208988800000, 7258118399999),
            st.integers(0, MOST_RANKS - 1),
            st.binary(min_size=16, max_size=16),
            st.integers(0, MOST_ALIKE - 1),
        )
    )
)
def test_ids_sort_by_time_then_rank_then_hash_then_ordinal(places: list[tuple[int, int, bytes, int]]) -> None:
    ids = [event_id(moment_key(time, rank, mark), ordinal) for time, rank, mark, ordinal in places]
    by_id = sorted(range(len(ids)), key=lambda each: ids[each].bytes)
    wanted = sorted(range(len(ids)), key=lambda each: (places[each][0], places[each][1], places[each][2][:6], places[each][3]))
    assert [ids[each] for each in by_id] == [ids[each] for each in wanted]
    assert all(each.version == 8 and str(each) == str(UUID(str(each))) for each in ids)


@given(st.integers(-2208988800000, 7258118399999))
def test_the_instant_can_be_read_back_from_where_an_event_sorts(time: int) -> None:
    assert moment_of(moment_key(time, 7, digest("x"))) == time


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=30))), st.integers(1, 2000))
def test_a_spool_sorts_whatever_fits_in_memory(pairs: list[tuple[bytes, bytes]], limit: int) -> None:
    spool = Spool(limit)
    for key, value in pairs:
        spool.add(key, value)
    assert list(spool) == list(spool) == sorted(pairs)
    spool.close()


@pytest.mark.parametrize(
    ("row", "extra", "reason"),
    [
        ("-,受理,2026-03-02,甲", "", "no_case"),
        ("1,,2026-03-02,甲", "", "no_activity"),
        ("1,受理,,甲", "", "no_time"),
        ("1,受理,1753-01-01,甲", "", "no_time"),
        ("1,受理,02.03.2026,甲", "", "bad_time"),
        ("1,受理,1850-01-01,甲", "", "bad_time"),
        ("1,受理,2026-02-30,甲", "", "bad_time"),
        ("1,受理,2026-03-02,甲", "unmapped: error\n", "unknown_activity"),
        ("1,受理,2026-03-02,甲", "lifecycle: {column: officer, values: {乙: completed}}\n", "unknown_transition"),
        ("1,受理,2026-03-02,甲", "case_fields: {channel: {column: officer, codes: {乙: 1}}}\n", "unknown_code"),
        ("1,受理,2026-03-02,甲", "case_fields: {item_version: officer}\n", "bad_value"),
        ("1,受理,2026-03-02,甲", "case_fields: {channel: {column: case, codes: {1: 7}}}\n", "bad_value"),
        (f"{'9' * 51},受理,2026-03-02,甲", "", "bad_value"),
        ("1,受理,2026-03-02", "", "too_few_columns"),
    ],
)
def test_a_row_that_says_something_wrong_is_refused_with_its_reason(tmp_path: Path, row: str, extra: str, reason: str) -> None:
    log = read(tmp_path, [row], extra)
    assert (dict(log.refusals.counts), log.events) == ({reason: 1}, 0)
    assert log.refusals.first[0].line == 2


def test_rows_left_out_on_purpose_are_counted(tmp_path: Path) -> None:
    log = read(tmp_path, ROWS, "ignored_activities: [受理]\nunmapped: ignore\nactivities: {办结: {event: case_completed}}\n")
    assert (log.events, dict(log.ignored), dict(log.refusals.counts)) == (1, {"activity": 5}, {})


def test_a_bare_date_has_the_precision_of_a_day(tmp_path: Path) -> None:
    (event,) = events(read(tmp_path, ["1,受理,2026-03-02,甲"]))
    assert (event.time_precision, event.occurred_at) == (Precision.DAY, 1772380800000)


def test_a_row_with_start_and_end_makes_both_events_of_its_step(tmp_path: Path) -> None:
    rows = ["1,审查,2026-03-02 11:00,甲,2026-03-02 10:00", "1,批准,2026-03-02 12:00,甲,", "1,制证,,甲,2026-03-02 13:00"]
    found = events(read(tmp_path, rows, "started_at: began\n", HEADER + ",began"))
    assert [(event.event_type, event.payload.step_code) for event in found] == [
        (EventType.STEP_STARTED, "审查"),
        (EventType.STEP_COMPLETED, "审查"),
        (EventType.STEP_COMPLETED, "批准"),
        (EventType.STEP_STARTED, "制证"),
    ]


def test_a_case_s_own_dates_make_one_event_each_however_many_rows_tell_them(tmp_path: Path) -> None:
    facts = "case_events: [{event: case_accepted, occurred_at: start, payload: {promised_due_at: due}}]\n"
    rows = [f"{case},{step},2026-03-02 11:00,甲,2026-03-01 09:00,2026-03-11" for step in "abc" for case in (1, 2)]
    log = read(tmp_path, rows, facts, HEADER + ",start,due")
    accepted = [event for event in events(log) if event.event_type is EventType.CASE_ACCEPTED]
    assert sorted(event.case_id or "" for event in accepted) == ["1", "2"]
    assert accepted[0].payload.promised_due_at == "2026-03-11"
    assert accepted[0].actor_officer_id is None  # the row's officer did the row's step, nothing else


def test_a_case_told_twice_differently_keeps_the_greater_value_and_says_so(tmp_path: Path) -> None:
    facts = "case_events: [{event: case_completed, occurred_at: end}]\n"
    rows = ["1,a,2026-03-02 11:00,甲,2026-03-05", "1,b,2026-03-02 12:00,甲,2026-03-06"]
    for order in (rows, rows[::-1]):
        log = read(tmp_path, order, facts, HEADER + ",end")
        completed = [event for event in events(log) if event.event_type is EventType.CASE_COMPLETED]
        assert [event.occurred_at for event in completed] == [1772726400000]
        assert dict(log.refusals.counts) == {"case_value_differs": 1}


def test_versions_of_a_fact_form_a_chain_of_corrections(tmp_path: Path) -> None:
    rows = [
        "1,受理,2026-03-02 11:00,甲,1",
        "1,受理,2026-03-02 09:00,甲,3",
        "1,受理,2026-03-02 10:00,甲,2",
        "2,受理,2026-03-02 10:00,甲,",
    ]
    log = read(tmp_path, rows, "version: {column: v}\nactivities: {受理: {event: case_accepted}}\n", HEADER + ",v")
    chain = sorted((event for event in events(log) if event.case_id == "1"), key=lambda event: event.data_version)
    assert [event.data_version for event in chain] == [1, 2, 3]
    assert [event.supersedes_event_id for event in chain] == [None, chain[0].event_id, chain[1].event_id]
    assert log.events == 4


def test_two_rows_for_one_version_are_reported_and_a_repeated_row_is_not(tmp_path: Path) -> None:
    rows = ["1,受理,2026-03-02 11:00,甲,2", "1,受理,2026-03-02 11:00,乙,2", "1,受理,2026-03-02 11:00,乙,2"]
    log = read(tmp_path, rows, "version: {column: v}\n", HEADER + ",v")
    assert (log.events, dict(log.refusals.counts)) == (1, {"version_taken": 1})


def test_payload_columns_become_what_their_fields_ask_for(tmp_path: Path) -> None:
    extra = """\
activities: {缴费: {event: fee_paid}, 收件: {event: material_received}, 投诉: {event: complaint_resolved}}
payloads:
  fee_paid: {amount_fen: {column: v, kind: yuan}}
  material_received: {material_codes: {column: v, delimiter: "、"}}
  complaint_resolved: {complaint_id: case, upheld: v}
"""
    rows = ["1,缴费,2026-03-02,甲,¥1234.50", "1,收件,2026-03-02,甲,m1、-、m2", "1,投诉,2026-03-02,甲,是"]
    found = {event.event_type: event.payload for event in events(read(tmp_path, rows, extra, HEADER + ",v"))}
    assert found[EventType.FEE_PAID].amount_fen == 123450
    assert found[EventType.MATERIAL_RECEIVED].material_codes == ("m1", "m2")
    assert found[EventType.COMPLAINT_RESOLVED].upheld is True


def test_a_table_that_lacks_columns_names_them_all_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, ["1,a,2026-03-02"], header="case,stepp,time")
    assert len(error.value.lines) == 2
    assert "did you mean 'stepp'" in error.value.lines[0]


def test_attributes_that_never_occur_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "log.xes").write_text('<log><trace><string key="case" value="1"/></trace></log>', "utf-8")
    log = Log()
    log.read(tmp_path / "log.xes", load_mapping(tmp_path / "m.yaml"))
    assert log.never_seen == ["case", "officer", "step", "time"]  # the trace's own attribute is called case:case


def test_every_refused_row_is_written_though_only_the_first_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "refused.jsonl"
    with path.open("wb") as file:
        refusals = Refusals(file)
        (tmp_path / "m.yaml").write_text(MAPPING, "utf-8")
        (tmp_path / "log.csv").write_text(HEADER + "\n" + "1,a,never,甲\n" * 50, "utf-8")
        Log(refusals).read(tmp_path / "log.csv", load_mapping(tmp_path / "m.yaml"))
    assert len(path.read_text("utf-8").splitlines()) == refusals.counts["bad_time"] == 50
    assert len(refusals.first) == 20


def test_a_step_code_too_long_for_the_wire_is_cut_and_stays_unique(tmp_path: Path) -> None:
    first, second = "很" * 200 + "甲", "很" * 200 + "乙"
    found = events(read(tmp_path, [f"1,{first},2026-03-02,甲", f"1,{second},2026-03-02,甲"]))
    codes = {event.payload.step_code for event in found}
    assert codes == {short(first), short(second)}
    assert {event.payload.step_name for event in found} == {first, second}


@pytest.mark.log
def test_the_real_log_gives_the_events_its_readme_promises() -> None:
    log = Log()
    log.read(case_log(), load_mapping(ROOT / "examples" / "receipt" / "mapping.yaml"))
    found = events(log)
    assert Counter(event.event_type for event in found) == {
        EventType.STEP_COMPLETED: 8577,
        EventType.CASE_ACCEPTED: 1434,
        EventType.CASE_COMPLETED: 1329,
    }
    assert (dict(log.refusals.counts), log.never_seen, len(log.cases)) == ({}, [], 1434)
    assert len({event.event_id for event in found}) == 11340
    due = {event.case_id: event.payload.promised_due_at for event in found if event.event_type is EventType.CASE_ACCEPTED}
    ended = {event.case_id: event.occurred_at for event in found if event.event_type is EventType.CASE_COMPLETED}
    last = max(event.occurred_at for event in found)
    assert last == 1327329774644
    assert sum(ended[case] > due[case] for case in ended) == 377
    assert sum(due[case] < last for case in due if case not in ended) == 39


@pytest.mark.log
def test_the_real_log_s_steps_are_those_of_its_readme() -> None:
    log = Log()
    log.read(case_log(), load_mapping(ROOT / "examples" / "receipt" / "mapping.yaml"))
    actors: dict[str, dict[str, set[str | None]]] = {}
    for event in events(log):
        if event.event_type is EventType.STEP_COMPLETED:
            actors.setdefault(event.case_id or "", {}).setdefault(event.payload.step_code, set()).add(event.actor_officer_id)
    both = [case for case in actors.values() if "T02" in case and "T04" in case]
    assert (len(both), sum(bool(case["T02"] & case["T04"]) for case in both)) == (1303, 1042)
    assert sum("T05" in case and "T04" not in case for case in actors.values()) == 1
