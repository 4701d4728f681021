"""The feed alarm: from which share on, of how many, what it says and what it withholds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.feed import Fault, Figures, alert_of, day_of, definitions, findings, outage_of
from rules.pages import feed_page
from supervision.alert import AnomalyClass, Disposition, Level, RevokeReason, State, Visibility
from supervision.calendars import calendars_of
from supervision.event import EventType
from supervision.reference import Reference, Source, from_record, to_record
from tests.product import CARDS
from tests.rules.test_engine import ITEM, SOURCE, accepted, at, clock, event

CALENDAR = calendars_of(Reference([])).of_region("430111", at("2026-03-25T10:00"))
HALL = Source(name="hall", clock="log:hall", region_code="430111")


def figures(**given: Any) -> Figures:
    usual: dict[str, Any] = {"source": HALL, "at": at("2026-03-25T10:00"), "open_cases": 100, "idle_cases": 0, "idle_wd": 15}
    return Figures(**(usual | {"heard_at": at("2026-03-04T16:00")} | given))


def faults(**given: Any) -> list[Fault]:
    return [finding.fault for finding in findings(figures(**given), CALENDAR)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"idle_cases": 30}, []),
        ({"idle_cases": 31}, [Fault.SILENT]),
        ({"open_cases": 19, "idle_cases": 19}, []),
        ({"open_cases": 20, "idle_cases": 7}, [Fault.SILENT]),
        ({"open_cases": 0, "idle_cases": 0, "heard_at": None}, []),
        ({"stamps": 100, "midnight_stamps": 19}, []),
        ({"stamps": 100, "midnight_stamps": 20}, [Fault.MIDNIGHT]),
        ({"stamps": 49, "midnight_stamps": 49}, []),
        ({"idle_cases": 100, "stamps": 50, "midnight_stamps": 50}, [Fault.SILENT, Fault.MIDNIGHT]),
    ],
    ids=[
        "just thirty percent",
        "more",
        "too few cases",
        "few cases",
        "none",
        "few midnights",
        "a fifth",
        "too few stamps",
        "both",
    ],
)
def test_what_is_wrong_with_a_feed(given: dict[str, Any], wanted: list[Fault]) -> None:
    assert faults(**given) == wanted


def test_an_alarm_is_about_the_source_and_the_day_it_is_found_on() -> None:
    (finding,) = findings(figures(idle_cases=60), CALENDAR)
    alert = alert_of(finding)
    assert (alert.rule_id, alert.level, alert.subject_key, alert.segment) == ("F01", Level.YELLOW, "source:hall", "2026-03-25")
    assert (alert.detected_at, alert.clock, alert.case_id, alert.revision) == (at("2026-03-25T00:00"), "log:hall", None, 1)
    assert (alert.disposition, alert.anomaly_class, alert.visibility) == (
        Disposition.CARD,
        AnomalyClass.OTHER,
        Visibility.BUREAU,
    )
    assert (alert.source_system, alert.region_code) == ("hall", "430111")
    assert alert.description["en"].startswith("Source hall: in 60 of 100 open cases (60%) nothing has happened for 15 working days")
    assert "2026-03-04 16:00" in alert.description["zh"]
    lifted = alert_of(finding, lifted=True)
    assert (lifted.alert_id, lifted.revision) == (alert.alert_id, 2)
    assert (lifted.state, lifted.revoke_reason) == (State.REVOKED, RevokeReason.FACT)


def test_an_outage_begins_when_the_source_was_last_heard_of_and_names_its_day() -> None:
    (finding,) = findings(figures(idle_cases=60), CALENDAR)
    outage = outage_of(finding)
    assert (outage.valid_from, outage.valid_to, outage.rules) == (at("2026-03-04T16:00") + 1, None, ("T17",))
    assert day_of(outage) == finding.day
    assert from_record(*to_record(outage)) == outage
    (talking,) = findings(figures(idle_cases=60, heard_at=at("2026-03-25T09:00")), CALENDAR)
    assert outage_of(talking).valid_from == at("2026-03-25T00:00"), "the cards of that morning too"


def test_a_found_outage_withholds_the_cards_of_its_rules_only() -> None:
    (finding,) = findings(figures(idle_cases=60), CALENDAR)
    lifted = msgspec.structs.replace(outage_of(finding), valid_to=at("2026-03-27T00:00"))
    engine = CaseEngine(Rulebook(CARDS), Reference([SOURCE, ITEM, lifted]))
    engine.process([accepted(when="2026-03-04T09:00")])
    engine.process([event(2, EventType.STEP_STARTED, "2026-03-05T09:00", "2", payload={"step_code": "review"})])
    alerts = engine.process([clock("2026-03-28T00:00")]).alerts
    told = {(alert.rule_id, alert.case_id): alert.state for alert in alerts if alert.level is not Level.RED}
    assert told["T17", "1"] is State.WITHHELD
    assert told["T17", "2"] is State.ISSUED, "lifted by then"
    assert told["T03", "1"] is State.ISSUED


def test_each_definition_says_in_both_languages_what_its_facts_hold() -> None:
    assert {definition.id for definition in definitions().values()} == {"F01", "F02"}
    both = findings(figures(idle_cases=60, stamps=60, midnight_stamps=30), CALENDAR)
    for finding in both:
        said = alert_of(finding).description
        assert set(said) == {"zh", "en"}
        assert not any("—" in text or "{" in text for text in said.values()), said


@pytest.mark.parametrize(
    ("language", "facts", "titles"),
    [
        (
            "en",
            "| Levels | yellow |\n| Visible to | the bureau |\n| Version | 1 |",
            "Why,Basis,Numbers,What the alert says,What to do",
        ),
        ("zh", "| 级别 | 黄牌 |\n| 可见范围 | 监察机关 |\n| 版本 | 1 |", "为什么,依据,参数,牌面文字,收到以后怎么办"),
    ],
)
def test_the_page_of_an_alarm_says_all_that_its_definition_says(language: str, facts: str, titles: str) -> None:
    one = definitions()[Fault.SILENT]
    head, *sections = feed_page(one, language).split("\n## ")
    assert head == f"# F01 {getattr(one.name, language)}\n\n| | |\n|---|---|\n{facts}\n"
    why, basis, sentence, runbook = (getattr(text, language) for text in (one.why, one.legal_basis, one.sentence, one.runbook))
    said = f"- {'黄牌' if language == 'zh' else 'yellow'}: {sentence}"
    told = [why, basis, "- `share: 0.3`\n- `least: 20`", said, runbook]
    assert sections == [f"{title}\n\n{text}\n" for title, text in zip(titles.split(","), told, strict=True)]
