"""A bureau adds a rule by a card alone: the walkthrough of rules/README.md, taken at its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules.card import Card, Example, load_cards, read_card
from rules.examples import bench, run

CARD = """\
format_version: 1
id: L01
identifier: service_not_delivered
name: {zh: 公共服务结果未送达, en: Public service not delivered}
family: time
version: 1
owner: bureau
levels: [notice, yellow]
disposition: card
anomaly_class: time
detector:
  kind: deadline
  limit: fixed
  start: [case_completed]
  stops: [result_delivered, result_picked_up, pickup_notified]
  pauses: false
  at: {notice: [{mark: after, wd: 3}], yellow: [{mark: after, wd: 5}]}
when: item.item_type == "20"
legal_basis: {zh: 本局规定, en: rule of this bureau}
why: {zh: 办结以后申请人手里什么都没有, en: completed on screen while the applicant has nothing}
runbook: {zh: 通知领取, en: tell the applicant}
sentence:
  notice: {zh: "办件{case_id}应于{due_day}前送达", en: "case {case_id} was to be delivered by {due_day}"}
  yellow: {zh: "办件{case_id}应于{due_day}前送达", en: "case {case_id} was to be delivered by {due_day}"}
examples:
  - name: {zh: 从未送达, en: never delivered}
    kind: fires
    catalogue: &service {item: {item_type: "20"}}
    events:
      - {type: case_completed, at: "2026-03-02 16:00"}
    clock: "2026-03-10 00:00"
    expect:
      - {level: notice, detected_at: "2026-03-06 00:00", due_at: "2026-03-05 23:59:59.999"}
      - {level: yellow, detected_at: "2026-03-10 00:00", due_at: "2026-03-09 23:59:59.999"}
  - name: {zh: 在最后一毫秒送达, en: delivered in the last millisecond}
    kind: edge
    catalogue: *service
    events:
      - {type: case_completed, at: "2026-03-02 16:00"}
      - {type: result_delivered, at: "2026-03-05 23:59:59.999"}
    clock: "2026-03-31 00:00"
  - name: {zh: 晚一毫秒送达, en: delivered a millisecond too late}
    kind: edge
    catalogue: *service
    events:
      - {type: case_completed, at: "2026-03-02 16:00"}
      - {type: result_delivered, at: "2026-03-06 00:00"}
    clock: "2026-03-31 00:00"
    expect:
      - {level: notice, detected_at: "2026-03-06 00:00"}
  - name: {zh: 办结录入以前已交付, en: handed over before the completion was entered}
    kind: quiet
    catalogue: *service
    events:
      - {type: result_delivered, at: "2026-03-02 15:00"}
      - {type: case_completed, at: "2026-03-02 16:00"}
    clock: "2026-03-31 00:00"
  - name: {zh: 许可不是公共服务, en: a licence is no public service}
    kind: quiet
    events:
      - {type: case_completed, at: "2026-03-02 16:00"}
    clock: "2026-03-31 00:00"
  - name: {zh: "送达晚报,牌撤销", en: a delivery reported late takes the card back}
    kind: quiet
    catalogue: *service
    events:
      - {type: case_completed, at: "2026-03-02 16:00"}
      - {clock: "2026-03-06 09:00"}
      - {type: result_delivered, at: "2026-03-04 10:00"}
    clock: "2026-03-31 00:00"
    expect:
      - {level: notice, detected_at: "2026-03-06 00:00", state: revoked}
"""
L01, WRONG = read_card("L01.yaml", CARD)
assert isinstance(L01, Card)
BOOK = bench([L01])


def test_the_card_is_taken(tmp_path: Path) -> None:
    (tmp_path / "L01.yaml").write_text(CARD, "utf-8")
    assert [card.id for card in load_cards([tmp_path])] == ["L01"]
    assert WRONG == []


@pytest.mark.parametrize("example", L01.examples, ids=[example.name.en for example in L01.examples])
def test_its_examples_come_out(example: Example) -> None:
    assert isinstance(L01, Card)
    assert run(BOOK, L01, example).problems == ()


def test_of_two_marks_of_one_level_that_counts_whose_end_is_passed_first() -> None:
    both = "{mark: after, wd: 4}, {mark: after, wd: 3}"
    card, wrong = read_card("L01.yaml", CARD.replace("{mark: after, wd: 3}", both))
    assert wrong == []
    assert isinstance(card, Card)
    for example in card.examples:
        assert run(bench([card]), card, example).problems == ()


def test_a_mark_that_needs_a_limit_is_refused() -> None:
    _, wrong = read_card("L01.yaml", CARD.replace("{mark: after, wd: 5}", "{mark: passed}"))
    assert [str(mistake) for mistake in wrong] == ["L01.yaml:17: detector.at.yellow: limit: fixed takes marks of kind after only"]


ASKING = "start: [{event: case_completed, among: {payload.completion_result: [cert_issued]}}]"
SIGNS = CARD.replace("start: [case_completed]", ASKING)


def test_a_sign_asks_for_a_word_in_a_field() -> None:
    card, wrong = read_card("L01.yaml", SIGNS)
    assert wrong == []
    assert isinstance(card, Card)
    never_delivered = card.examples[0]
    assert run(bench([card]), card, never_delivered).alerts == (), "its completion has no result"


@pytest.mark.parametrize(("item_type", "alerts"), [("20", 0), ("01", 2)], ids=["of its type", "of another"])
def test_a_sign_may_count_for_some_types_of_items_only(item_type: str, alerts: int) -> None:
    stops = f'stops: [{{event: result_delivered, item_types: ["{item_type}"]}}, result_picked_up, pickup_notified]'
    card, wrong = read_card("L01.yaml", re.sub(r"stops: \[.*?\]", stops, CARD))
    assert wrong == []
    assert isinstance(card, Card)
    delivered = card.examples[1]
    assert len(run(bench([card]), card, delivered).alerts) == alerts


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("payload.completion_resul", "no field of case_completed to ask for; did you mean payload.completion_result?"),
        ("payload.decision", "payload.decision is no field of case_completed to ask for"),
    ],
)
def test_a_sign_that_asks_for_what_such_a_fact_has_not_is_refused(field: str, wanted: str) -> None:
    _, wrong = read_card("L01.yaml", SIGNS.replace("payload.completion_result", field))
    assert len(wrong) == 1
    assert wanted in str(wrong[0])
    assert "detector.start[0].among" in str(wrong[0])


def test_marks_of_what_is_due_besides_are_checked_too() -> None:
    also = "  also: [{segment: copy, start: [case_completed], stops: [seal_used], at: {notice: [{mark: passed}]}}]\nwhen:"
    _, wrong = read_card("L01.yaml", CARD.replace("when:", also, 1))
    assert ["limit: fixed takes marks of kind after only" in str(mistake) for mistake in wrong] == [True]


# Monday 2026-03-02 and two working days: Wednesday; twice as many: Friday.
TWICE = """\
examples:
  - name: {zh: 超过期限两倍仍未办结, en: open for more than twice the limit}
    kind: fires
    catalogue: &short {item: {promised_limit: [2, working_day]}}
    events:
      - {type: case_accepted, at: "2026-03-02 16:00"}
    clock: "2026-03-07 00:00"
    expect:
      - {level: notice, detected_at: "2026-03-05 00:00", due_at: "2026-03-04 23:59:59.999"}
      - {level: yellow, detected_at: "2026-03-07 00:00", due_at: "2026-03-04 23:59:59.999"}
  - name: {zh: 在最后一毫秒办结, en: completed in the last millisecond}
    kind: edge
    catalogue: *short
    events:
      - {type: case_accepted, at: "2026-03-02 09:00"}
      - {type: case_completed, at: "2026-03-06 23:59:59.999"}
    clock: "2026-03-31 00:00"
    expect:
      - {level: notice, detected_at: "2026-03-05 00:00"}
  - name: {zh: 按时办结, en: completed in time}
    kind: quiet
    catalogue: *short
    events:
      - {type: case_accepted, at: "2026-03-02 09:00"}
      - {type: case_completed, at: "2026-03-04 23:59:59.999"}
    clock: "2026-03-31 00:00"
"""
L02, L02_WRONG = read_card(
    "L02.yaml",
    re.sub(
        r"  limit: fixed\n.*?when: [^\n]*\n(.*?)examples:\n.*",
        r"  limit: promised\n  at: {notice: [{mark: passed}], yellow: [{mark: times, factor: 2}]}\n\1",
        CARD.replace("L01", "L02"),
        flags=re.DOTALL,
    )
    + TWICE,
)


def test_a_mark_at_twice_the_promised_limit_counts_from_the_same_start() -> None:
    assert L02_WRONG == []
    assert isinstance(L02, Card)
    for example in L02.examples:
        assert run(bench([L02]), L02, example).problems == ()
