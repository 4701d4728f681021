"""Offline replay: the feed puts clock steps where the law wants them, and the same log gives the same file."""

from __future__ import annotations

import gzip
import hashlib
import json
import runpy
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec import structs
from typer.testing import CliRunner

from rules.output import Alarm, Item, Output, Size
from streams.replay import Replay, Tally, write_alerts
from streams.sources.feed import Told, feed, read, reference_of, with_clock
from streams.sources.loading import load_mapping
from streams.sources.log import Refusals
from supervision.alert import Alert, Disposition, Level, State
from supervision.cli import app
from supervision.cli.summary import until_of
from supervision.decoder import encode
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.language import UserError
from supervision.payload import PAYLOADS
from supervision.reference import Reference, Source
from supervision.signal import ClockStep, Signal
from tests.streams.case_log import ROOT, case_log

DEMO = ROOT / "examples" / "demo"
RECEIPT = ROOT / "examples" / "receipt"


def event(number: int, at: int, kind: EventType = EventType.CASE_ACCEPTED) -> CaseEvent:
    return CaseEvent(
        event_id=UUID(int=number), event_type=kind, occurred_at=at, source_system="s", case_id=str(number), payload=PAYLOADS[kind]()
    )


def told(number: int, at: int) -> Told:
    return at, encode(event(number, at))


def alert(alert_id: str, detected_at: int, revision: int = 1, state: State = State.ISSUED) -> Alert:
    return Alert(
        alert_id=alert_id,
        rule_id="T03",
        rule_version=1,
        level=Level.YELLOW,
        disposition=Disposition.CARD,
        state=state,
        revision=revision,
        clock="log:s",
        subject_key="case:s/1",
        segment="0",
        detected_at=detected_at,
        issued_at=1_800_000_000_000 + revision,
        facts={"b": 1, "a": {2, 3}},
    )


def steps(items: list[Told | ClockAdvanced]) -> list[int | tuple[str, int]]:
    """Times of events, and (clock, time) of clock records."""
    return [(item.clock, item.to) if isinstance(item, ClockAdvanced) else item[0] for item in items]


@pytest.mark.parametrize(
    ("times", "until", "wanted"),
    [
        pytest.param([1, 5], None, [1, 5, ("c", 5)], id="one-step-at-the-end"),
        pytest.param([1, 25], None, [1, ("c", 20), 25, ("c", 25)], id="a-step-is-passed"),
        pytest.param([1, 20, 20], None, [1, ("c", 10), 20, 20, ("c", 20)], id="events-of-an-instant-come-before-it"),
        pytest.param([10, 10, 11], None, [10, 10, ("c", 10), 11, ("c", 11)], id="the-step-of-the-last-event"),
        pytest.param([1, 95, 99], None, [1, ("c", 90), 95, 99, ("c", 99)], id="one-step-for-a-long-silence"),
        pytest.param([1, 25, 26], 25, [1, ("c", 20), 25, ("c", 25)], id="until-is-inclusive"),
        pytest.param([1], 95, [1, ("c", 95)], id="until-behind-the-log"),
        pytest.param([], None, [], id="nothing"),
    ],
)
def test_the_clock_follows_the_log(times: list[int], until: int | None, wanted: list[object]) -> None:
    assert steps(list(with_clock([told(n, at) for n, at in enumerate(times)], ["c"], 10, until))) == wanted


def test_a_log_s_own_clock_lines_stay_in_their_places() -> None:
    items: list[Told | ClockAdvanced] = [told(1, 50), ClockAdvanced(clock="x", to=70), told(2, 30), ClockAdvanced(clock="x", to=90)]
    assert steps(list(with_clock(items, (), None))) == [50, ("x", 70), 30, ("x", 90)]
    assert steps(list(with_clock(items, (), None, until=80))) == [50, ("x", 70), 30, ("x", 80), ("x", 80)]


@given(st.lists(st.integers(0, 1000)).map(sorted), st.integers(1, 400))
def test_no_clock_record_comes_before_an_event_it_has_passed(times: list[int], step: int) -> None:
    reached = -1
    for item in with_clock([told(n, at) for n, at in enumerate(times)], ["c"], step):
        if isinstance(item, ClockAdvanced):
            assert item.to > reached or item.to == times[-1]
            reached = item.to
        else:
            assert item[0] > reached
    assert reached == (times[-1] if times else -1)


class Fake:
    """An engine that notes what it is given and answers from a list, as `rules.output.Engine`."""

    def __init__(self, *answers: Output) -> None:
        self.given: list[list[Item]] = []
        self._answers = list(answers)

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        assert is_last, "replay gives all at once"
        self.given.append(list(items))
        return self._answers.pop(0) if self._answers else Output()

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        raise AssertionError("replay moves the clock by records")

    def changes(self) -> list[tuple[str, bytes | None]]:
        return []

    def restore(self, entries: object) -> None: ...

    def use(self, reference: Reference) -> None: ...

    def clocks(self) -> dict[str, int]:
        return {}

    def size(self) -> Size:
        return Size(0, 0, 0)


def test_events_of_a_step_are_judged_with_it_and_signals_reach_the_subjects_before_the_clock() -> None:
    signal = Signal(subject="o", kind="k", fact_id=UUID(int=1), revision=1, clock="c", source_system="s", at=1)
    step = ClockStep(partition=0, clock="c", to=10)
    cases, subjects = Fake(Output(signals=[signal], steps=[step])), Fake()
    Replay(cases, subjects).run(with_clock([told(1, 1), told(2, 15)], ["c"], 10))
    first, clock = cases.given[0]
    assert isinstance(first, CaseEvent)
    assert clock == ClockAdvanced(clock="c", to=10)
    assert subjects.given[0] == [signal, step, clock]
    assert [len(items) for items in cases.given] == [2, 2, 0]


def test_an_alert_is_kept_in_its_final_state_and_alarms_once() -> None:
    missing = Alarm("calendar", "nl", "2014")
    first = Output(alerts=[alert("b", 5), alert("a", 5)], alarms=[missing])
    second = Output(alerts=[alert("b", 5, 2, State.REVOKED), alert("c", 1)], alarms=[missing])
    run = Replay(Fake(first, second), Fake())
    run.run(with_clock([told(1, 1), told(2, 15)], ["c"], 10))
    assert [(each.alert_id, each.revision) for each in run.alerts] == [("c", 1), ("a", 1), ("b", 2)]
    assert list(run.alarms) == [missing]
    tally = Tally.of(run.alerts)
    assert (tally.count("T03", "yellow", State.ISSUED), tally.count("T03", "yellow", State.REVOKED)) == (2, 1)


def test_a_line_has_every_field_but_the_time_of_publication(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    write_alerts(path, [alert("a", 5)])
    write_alerts(path, [alert("a", 5, 2)])
    (line,) = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert set(line) == set(Alert.__struct_fields__) - {"issued_at"}
    assert (line["revision"], line["due_at"], line["detected_at"]) == (2, None, 5)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_last_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text("before", "utf-8")
    with pytest.raises(RuntimeError):
        write_alerts(path, iter(_broken()))
    assert [each.name for each in tmp_path.iterdir()] == ["alerts.jsonl"]
    assert path.read_text("utf-8") == "before"


def _broken() -> Any:
    yield alert("a", 1)
    raise RuntimeError


def test_jsonl_without_clock_lines_is_sorted_and_bad_lines_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    lines = [encode(event(2, 20)), b"nonsense", encode(event(1, 10)), b"", b'{"event_type":"case_accepted"}']
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    log = read(path, None, Refusals())
    assert [item[0] for item in log if not isinstance(item, ClockAdvanced)] == [10, 20]
    assert [(row.line, row.reason) for row in log.refusals.first] == [(2, "not_json"), (5, "missing_field")]
    reference = Reference([Source(name="s", clock="log:s")])
    assert steps(list(feed(log, None, reference, None))) == [10, 20, ("log:s", 20)]


def test_jsonl_with_clock_lines_stays_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [encode(event(2, 20)), encode(ClockAdvanced(clock="log:s", to=30)), encode(event(1, 10))]
    path.write_bytes(b"\n".join(lines))
    assert steps(list(feed(read(path, None, Refusals()), None, Reference(), None))) == [20, ("log:s", 30), 10]


def test_another_file_without_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a\n", "utf-8")
    with pytest.raises(UserError, match="--mapping"):
        read(path, None, Refusals())


def test_a_catalogue_that_gives_the_source_another_clock_is_refused() -> None:
    mapping = load_mapping(DEMO / "mapping.yaml")
    with pytest.raises(UserError, match="demo-county"):
        reference_of([Source(name="demo-county")], mapping, "1")
    kept = reference_of([Source(name="demo-county", clock="log:demo", keep_days=5)], mapping, "1")
    assert kept.source("demo-county").keep_days == 5


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02", 1772467199999),
        ("2026-03-02 09:00", 1772413200000),
        ("2026-03-02T09:00:00Z", 1772442000000),
        ("2026-03-02T09:00:00.123+08:00", 1772413200123),
    ],
)
def test_until_is_a_time_of_the_log_s_zone_and_a_bare_date_means_its_end(text: str, at: int) -> None:
    assert until_of(text, "Asia/Shanghai") == at


def test_until_that_is_no_time_is_refused() -> None:
    with pytest.raises(UserError, match="soon"):
        until_of("soon", "Asia/Shanghai")


def replayed(out: Path, file: Path, folder: Path, *options: str) -> list[dict[str, Any]]:
    arguments = ["replay", str(file), "-m", str(folder / "mapping.yaml"), "-c", str(folder / "catalogue.yaml"), "-o", str(out)]
    result = CliRunner().invoke(app, [*arguments, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_the_demo_log_is_what_its_script_writes() -> None:
    assert runpy.run_path(str(DEMO / "make.py"))["text"]() == (DEMO / "log.csv").read_text("utf-8")


def test_the_demo_shows_every_delivered_rule_and_two_runs_agree(tmp_path: Path) -> None:
    alerts = replayed(tmp_path / "1.jsonl", DEMO / "log.csv", DEMO)
    assert {each["rule_id"] for each in alerts} == {"T02", "T03", "T04", "T05", "T08", "T17", "P01", "P02", "P06", "M02"}
    assert alerts == sorted(alerts, key=lambda each: (each["detected_at"], each["alert_id"]))
    assert all(each["state"] == "issued" for each in alerts)
    replayed(tmp_path / "2.jsonl", DEMO / "log.csv", DEMO)
    one, other = (hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in ("1.jsonl", "2.jsonl"))
    assert one == other


def test_the_size_of_clock_steps_changes_no_standing_alert(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_bytes((DEMO / "catalogue.yaml").read_bytes())
    (tmp_path / "mapping.yaml").write_text(
        (DEMO / "mapping.yaml").read_text("utf-8").replace("step_minutes: 60", "step_minutes: 20160"), "utf-8"
    )
    one = replayed(tmp_path / "1.jsonl", DEMO / "log.csv", DEMO)
    other = replayed(tmp_path / "2.jsonl", DEMO / "log.csv", tmp_path)
    assert {each["alert_id"] for each in one if each["state"] != "revoked"} == {
        each["alert_id"] for each in other if each["state"] != "revoked"
    }


def test_rules_and_until_narrow_a_replay(tmp_path: Path) -> None:
    alerts = replayed(tmp_path / "1.jsonl", DEMO / "log.csv", DEMO, "--rules", "P02, T03", "--until", "2026-03-17")
    assert {each["rule_id"] for each in alerts} == {"P02", "T03"}
    assert max(each["detected_at"] for each in alerts) <= 1773763199999


def test_a_year_without_calendar_data_is_told_and_changes_the_exit_code(tmp_path: Path) -> None:
    text = (DEMO / "catalogue.yaml").read_text("utf-8").replace("name: 长沙市雨花区", "name: 长沙市雨花区, calendar: bare")
    text = text.replace("name: 雨花区政务服务中心", "name: 雨花区政务服务中心, calendar: bare")
    (tmp_path / "c.yaml").write_text(text + "\ncalendars:\n  - {name: bare, years: [2025], time_zone: Asia/Shanghai}\n", "utf-8")
    command = ["replay", str(DEMO / "log.csv"), "-m", str(DEMO / "mapping.yaml"), "-c", str(tmp_path / "c.yaml")]
    result = CliRunner().invoke(app, [*command, "-o", str(tmp_path / "out.jsonl")], catch_exceptions=False)
    assert result.exit_code == 3
    assert "bare" in result.output
    assert "2026" in result.output


def test_a_dry_run_shows_first_events_and_writes_nothing(tmp_path: Path) -> None:
    arguments = ["replay", str(DEMO / "log.csv"), "-m", str(DEMO / "mapping.yaml"), "--dry-run"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert '"event_type":"case_accepted"' in result.stdout
    assert "430111-XK-0101" in result.output  # not in the catalogue that was not given


def test_refused_rows_are_shown_with_their_lines_and_written_in_full(tmp_path: Path) -> None:
    text = (DEMO / "log.csv").read_text("utf-8") + "430111-2026-0001,430111-XK-0101,99,1,踏勘,,2026-03-30 09:00:00,,,,,,,,,\n" * 30
    (tmp_path / "log.csv").write_text(text, "utf-8")
    command = ["replay", str(tmp_path / "log.csv"), "-m", str(DEMO / "mapping.yaml"), "-o", str(tmp_path / "out.jsonl")]
    result = CliRunner().invoke(app, [*command, "--refused", str(tmp_path / "refused.jsonl")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "line 320: unknown_activity" in result.output
    assert "and 10 more" in result.output
    assert len((tmp_path / "refused.jsonl").read_text("utf-8").splitlines()) == 30
    dry = CliRunner().invoke(app, [*command, "--dry-run"], catch_exceptions=False)
    assert "line 349: unknown_activity" in dry.output


def test_every_mistake_in_the_command_s_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        CliRunner().invoke(app, ["replay", "nothing.csv", "-m", "none.yaml", "-o", "x"], catch_exceptions=False)
    assert len(error.value.lines) == 2


@pytest.mark.parametrize("command", ["replay", "import"])
def test_a_file_that_cannot_be_written_is_said_before_any_work(tmp_path: Path, command: str) -> None:
    options = ["-m", str(DEMO / "mapping.yaml"), "--refused", str(tmp_path / "none" / "rows")]
    options += ["-o", str(tmp_path)] if command == "replay" else []
    with pytest.raises(UserError) as error:
        CliRunner().invoke(app, [command, str(DEMO / "log.csv"), *options], catch_exceptions=False)
    assert [line.partition(":")[0] for line in error.value.lines] == [*options[5:], options[3]]


def test_mistakes_of_mapping_and_catalogue_are_told_together(tmp_path: Path) -> None:
    mapping, catalogue = tmp_path / "m.yaml", tmp_path / "c.yaml"
    mapping.write_text("format_version: 7\n", "utf-8")
    catalogue.write_text("format_version: 7\n", "utf-8")
    with pytest.raises(UserError) as error:
        CliRunner().invoke(
            app, ["replay", str(DEMO / "log.csv"), "-m", str(mapping), "-c", str(catalogue), "-o", "x"], catch_exceptions=False
        )
    assert {line.partition(":")[0] for line in error.value.lines} == {str(mapping), str(catalogue)}


def test_events_without_a_verdict_are_counted(tmp_path: Path) -> None:
    day = 86_400_000
    late = [event(1, 1772413860000), event(2, 1772413860000 + 30 * day), event(3, 1772413860000 + 60 * day)]
    late.append(structs.replace(event(4, 1772413860000 + 61 * day), case_id="1"))
    (tmp_path / "live.jsonl").write_bytes(b"\n".join(map(encode, late)))  # no source entry: the wall clock, which forgets
    command = ["replay", str(tmp_path / "live.jsonl"), "-o", str(tmp_path / "out.jsonl")]
    result = CliRunner().invoke(app, [*command, "--rules", "T05"], catch_exceptions=False)
    assert "not judged (case_forgotten): 1 events" in result.output
    result = CliRunner().invoke(app, [*command, "--until", "2026-03-10"], catch_exceptions=False)
    assert "left out behind --until: 3 events" in result.output


@pytest.mark.log
def test_the_real_log_gives_exactly_the_alerts_its_readme_counts(tmp_path: Path) -> None:
    alerts = replayed(tmp_path / "alerts.jsonl", case_log(), RECEIPT)
    standing = [each for each in alerts if each["state"] != "revoked"]
    by_rule: dict[str, set[str]] = {}
    for each in standing:
        by_rule.setdefault(each["rule_id"], set()).add(each["case_id"])
    facts = facts_of(case_log())
    assert by_rule["T03"] == facts["closed_late"] | facts["open_late"]
    assert (len(facts["closed_late"]), len(facts["open_late"])) == (377, 39)
    assert by_rule["P02"] == facts["one_hand"]
    assert len(facts["one_hand"]) == 1042
    assert by_rule["P01"] == facts["t05_without_t04"]
    assert len(facts["t05_without_t04"]) == 1
    assert "T04" not in by_rule


def facts_of(path: Path) -> dict[str, set[str]]:
    """The facts of the log's README by case id, from the XML itself with nothing of ours."""
    found: dict[str, set[str]] = {"closed_late": set(), "open_late": set(), "one_hand": set(), "t05_without_t04": set()}
    last = datetime.fromisoformat("2012-01-23T14:42:54.644+00:00")
    traces = etree.fromstring(gzip.decompress(path.read_bytes())).findall("{*}trace")
    for trace in traces:
        case = {child.get("key"): child.get("value") or "" for child in trace if not str(child.tag).endswith("event")}
        events = [{child.get("key"): child.get("value") or "" for child in each} for each in trace.findall("{*}event")]
        name, due = case["concept:name"], datetime.fromisoformat(case["deadline"])
        end = datetime.fromisoformat(case["enddate"]) if "enddate" in case else None
        if end is not None and end > due:
            found["closed_late"].add(name)
        if end is None and due < last:
            found["open_late"].add(name)
        by_step: dict[str, set[str]] = {}
        for each in events:
            by_step.setdefault(each["concept:name"][:3], set()).add(each["org:resource"])
        if by_step.get("T02", set()) & by_step.get("T04", set()):
            found["one_hand"].add(name)
        if "T05" in by_step and "T04" not in by_step:
            found["t05_without_t04"].add(name)
    return found
