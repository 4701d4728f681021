"""Catalogue files become entries; every mistake in them is named at once, with file, line and key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from supervision.event import EventType
from supervision.language import UserError, language
from supervision.loading import load_catalogue
from supervision.reference import CalendarData, Centre, Entry, Hours, Item, Officer, Outage, Pair, Region, Source, Step, Waiver
from supervision.worktime import Limit, Unit


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "en")
    language.cache_clear()
    yield
    language.cache_clear()


def load(tmp_path: Path, text: str, name: str = "c.yaml") -> list[Entry]:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return load_catalogue([file])


def mistakes(tmp_path: Path, text: str, name: str = "c.yaml") -> list[str]:
    with pytest.raises(UserError) as error:
        load(tmp_path, text, name)
    return [line.removeprefix(f"{tmp_path}/") for line in error.value.lines]


WHOLE = """
format_version: 1
time_zone: Europe/Amsterdam
sources:
  - {name: RECEIPT, clock: log, late_grace_s: 0, sends: [case_accepted, step_completed], region_code: NL}
items:
  - code: receipt
    item_type: 10
    legal_limit: none
    promised_limit: {value: 40, unit: calendar_day}
    valid_from: 2010-01-01
    workflow:
      steps: [T04, {code: T05, mandatory: true, limit: 5 working_day}]
      precedence: [[T04, T05]]
      separated: [{first: T05, second: T04}]
  - {code: 00012, promised_limit: 3 工作日, legal_limit: 2 months}
regions:
  - {code: 430111, name: 雨花, calendar: hall}
calendars:
  - name: hall
    years: [2026]
    holidays: [2026-02-15..2026-02-17, 2026-01-01]
    makeup_workdays: [2026-02-14]
    hours: ["09:00-12:00, 13:30-17:30", {weekdays: [5], spans: "09:00-12:00"}]
centres:
  - {centre_id: C1, hours: "09:00-12:00, 13:30-17:30", geo: {lat: 28.1, lon: 112.9}}
outages:
  - {outage_id: o1, source_system: RECEIPT, valid_from: "2026-03-01T00:00:00+08:00", valid_to: 2026-03-02}
"""


def test_a_catalogue_of_every_kind_is_read(tmp_path: Path) -> None:
    source, item, short, region, calendar, centre, outage = load(tmp_path, WHOLE)
    assert source == Source(
        name="RECEIPT",
        clock="log",
        late_grace_s=0,
        sends=(EventType.CASE_ACCEPTED, EventType.STEP_COMPLETED),
        region_code="NL",
    )
    assert isinstance(item, Item)
    assert (item.item_type, item.legal_limit, item.has_legal_limit) == ("10", None, False)
    assert item.promised_limit == Limit(40, Unit.CALENDAR_DAY)
    assert item.valid_from == 1_262_300_400_000  # midnight of 2010-01-01 in Amsterdam
    assert item.workflow.steps == (Step(code="T04"), Step(code="T05", mandatory=True, limit=Limit(5, Unit.WORKING_DAY)))
    assert item.workflow.precedence == (Pair("T04", "T05"),)
    assert item.workflow.separated == (Pair("T05", "T04"),)
    assert short == Item(code="00012", promised_limit=Limit(3, Unit.WORKING_DAY), legal_limit=Limit(2, Unit.MONTH))
    assert region == Region(code="430111", name="雨花", calendar="hall")
    assert isinstance(calendar, CalendarData)
    assert calendar.holidays == ("2026-02-15", "2026-02-16", "2026-02-17", "2026-01-01")
    assert calendar.hours == (Hours(spans=((540, 720), (810, 1050))), Hours(spans=((540, 720),), weekdays=(5,)))
    assert isinstance(centre, Centre)
    assert centre.hours == (Hours(spans=((540, 720), (810, 1050))),)
    assert isinstance(outage, Outage)
    assert (outage.valid_from, outage.valid_to) == (1_772_294_400_000, 1_772_406_000_000)


def test_an_item_that_says_nothing_of_a_legal_limit_may_have_one(tmp_path: Path) -> None:
    (item,) = load(tmp_path, "format_version: 1\nitems: [{code: A}]")
    assert isinstance(item, Item)
    assert item.has_legal_limit


def test_tables_are_read_by_their_name(tmp_path: Path) -> None:
    officers = "\ufeffofficer_id,person_hash,posts,active\n007,ab,window;clerk,是\no2,,,no\n\n"
    waivers = "waiver_id,rule_id,subject_key,valid_to\nw1,T03,case:S/1,2026-04-01\n"
    (tmp_path / "waivers-2026.csv").write_text(waivers, "utf-8")
    (tmp_path / "officers.csv").write_text(officers, "utf-8")
    (tmp_path / "notes.txt").write_text("not read", "utf-8")
    assert load_catalogue([tmp_path]) == [
        Officer(officer_id="007", person_hash="ab", posts=("window", "clerk")),
        Officer(officer_id="o2", active=False),
        Waiver(waiver_id="w1", rule_id="T03", subject_key="case:S/1", valid_to=1_774_972_800_000),
    ]


def test_all_mistakes_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        """format_version: 2
time_zone: Mars/Base
colour: red
items:
  - cod: X
    promised_limit: 20 weeks
    workflow:
      steps: [{code: a, limit: 1}, {code: b}, {code: b}]
      precedence: [[a, c], [d]]
regions: nope
centres:
  - {centre_id: C1, hours: "9-12", calendar: zz, radius_m: -3, name: [x]}
sources:
  - {name: S, sends: [case_excepted], clock: null, late_grace_s: 3.5}
""",
        "utf-8",
    )
    (tmp_path / "officers.csv").write_text("officer_id,name,active,colour\no1,x,maybe,red\n,y,yes,\n", "utf-8")
    (tmp_path / "people.csv").write_text("a,b\n", "utf-8")
    with pytest.raises(UserError) as error:
        load_catalogue([tmp_path, tmp_path / "absent.yaml"])
    found = [line.removeprefix(f"{tmp_path}/") for line in error.value.lines]
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in found] == [
        "bad.yaml:1 format_version",
        "bad.yaml:2 time_zone",
        "bad.yaml:3 colour",
        "bad.yaml:5 items[0].cod",
        "bad.yaml:5 items[0].code",
        "bad.yaml:6 items[0].promised_limit",
        "bad.yaml:8 items[0].workflow.steps[0].limit",
        "bad.yaml:9 items[0].workflow.precedence[1]",
        "bad.yaml:10 regions",
        "bad.yaml:12 centres[0].hours[0].spans",
        "bad.yaml:12 centres[0].radius_m",
        "bad.yaml:12 centres[0].name",
        "bad.yaml:12 centres[0].calendar",
        "bad.yaml:14 sources[0].sends[0]",
        "bad.yaml:14 sources[0].clock",
        "bad.yaml:14 sources[0].late_grace_s",
        "officers.csv:1 colour",
        "officers.csv:2 active",
        "officers.csv:3 officer_id",
        (
            "people.csv:1 the file's name is none of officers*.csv, authorisations*.csv, fee_standards*.csv, "
            "departments*.csv, regions*.csv, "
            "windows*.csv, outages*.csv, waivers*.csv"
        ),
        "absent.yaml:1 cannot be read ([Errno 2] No such file or directory",
    ]
    assert "wanted a limit such as 20 working_day" in found[5]
    assert "wanted one of case_accepted" in found[13]
    assert "known: code" in found[3]


def test_mistakes_are_told_in_chinese_to_who_reads_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISION_LANGUAGE", "zh")
    language.cache_clear()
    (line,) = mistakes(tmp_path, "format_version: 1\nitems: [{code: A, promised_limit: 很快}]")
    assert line.startswith("c.yaml:2: items[0].promised_limit: '很快' 有误,要求时限,例如 20 working_day")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(
            "items: [{code: A, workflow: {steps: [a], separated: [[a, b]]}}]",
            "items[0].workflow.separated[0]: there is no step 'b' (declared: a)",
            id="a pair names an undeclared step",
        ),
        pytest.param(
            "items: [{code: A, workflow: {steps: [a], precedence: [[a, a]]}}]",
            "items[0].workflow.precedence[0]: names step 'a' twice",
            id="a pair of one step",
        ),
        pytest.param(
            "items: [{code: A, workflow: {steps: [a, b, a]}}]",
            "items[0].workflow.steps[0]: step 'a' is declared twice",
            id="a step declared twice",
        ),
        pytest.param(
            "items: [{code: A, valid_to: 2026-02-01}, {code: A, valid_from: 2026-01-31}]",
            "items[1]: 'A' is in force at the same time as another entry of that key",
            id="two versions in force at one time",
        ),
        pytest.param(
            "items: [{code: A, valid_from: 2026-02-01, valid_to: 2026-02-01}]",
            "items[0].valid_to: not after valid_from; wanted a later time",
            id="an empty span",
        ),
        pytest.param(
            "regions: [{code: 43, calendar: x, time_zone: Mars}]",
            "regions[0].calendar: there is no calendar 'x' (known: ",
            id="an unknown calendar",
        ),
        pytest.param(
            "calendars: [{name: p, time_zone: Mars}]",
            "calendars[0].time_zone: unknown time zone 'Mars'; wanted a name such as Asia/Shanghai",
            id="an unknown time zone",
        ),
        pytest.param(
            "calendars: [{name: p, inherits: q}, {name: q, inherits: p}]",
            "calendars[0].inherits: inherits in a circle: p -> q -> p",
            id="calendars inherit in a circle",
        ),
        pytest.param(
            "outages: [{outage_id: o, source_system: s, valid_from: 2026-03-01T00:00:00}]",
            "outages[0].valid_from: '2026-03-01T00:00:00' is wrong; wanted a time with offset",
            id="a time without offset",
        ),
        pytest.param("items: [{code: A}", "not YAML", id="not YAML"),
        pytest.param("items: !!int", "not YAML", id="a tag that lies"),
        pytest.param("items:\n  - {code: A, code: B}", "items[0].code: given twice", id="a key given twice"),
        pytest.param("items: [{code: A, extension_max_wd: 99999999999999999999999}]", "wanted a whole number", id="a huge number"),
    ],
)
def test_what_does_not_fit_together_is_a_mistake(tmp_path: Path, text: str, wanted: str) -> None:
    assert any(wanted in line for line in mistakes(tmp_path, f"format_version: 1\n{text}"))


@pytest.mark.parametrize("text", ["", "[]", "x", "- 1", "format_version: 1\nitems: [5, null, [], {}]"], ids=repr)
def test_a_file_of_another_shape_is_a_mistake(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)


def test_versions_that_follow_each_other_are_no_mistake(tmp_path: Path) -> None:
    text = "format_version: 1\nitems: [{code: A, valid_to: 2026-02-01}, {code: A, valid_from: 2026-02-01}]"
    assert len(load(tmp_path, text)) == 2


def test_a_newer_calendar_may_lie_over_an_older_one(tmp_path: Path) -> None:
    both = "{name: X, inherits: CN}, {name: X, years: [2026], valid_from: 2026-01-01}"
    assert len(load(tmp_path, f"format_version: 1\ncalendars: [{both}]")) == 2
    assert mistakes(tmp_path, "format_version: 1\ncalendars: [{name: X}, {name: X}]")


def test_what_is_odd_but_allowed_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    steps = "[{code: a, limit: 3 working_day}, {code: b, limit: 2 working_day}, {code: c, limit: 1 hour}]"
    item = f"{{code: A, promised_limit: 4 working_day, legal_limit: 3 working_day, workflow: {{steps: {steps}}}}}"
    file.write_text(f"format_version: 1\nitems:\n  - {item}\n", "utf-8")
    warnings: list[str] = []
    assert len(load_catalogue([file], warnings.append)) == 1
    assert [line.removeprefix(f"{file}:") for line in warnings] == [
        "3: items[0].workflow.steps: the limits of the steps add up to 5, more than the promised 4 working_day",
        "3: items[0].promised_limit: promised 4 is longer than legal 3",
    ]
