"""Templates filled from facts, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.card import Text
from rules.sentence import sentence
from supervision.payloads.handling import ProcedureKind
from supervision.reference import RiskClass
from supervision.worktime import Unit

FACTS: dict[str, Any] = {
    "limit": 7,
    "limit_unit": "working_day",
    "due_at": 1773244799999,
    "time_zone": "Asia/Shanghai",
    "share": 0.625,
    "officers": ["O-1", "O-2"],
    "pause_kind": "testing",
    "absolute": True,
    "used_wd": 3.5,
}


@pytest.mark.parametrize(
    ("template", "zh", "en"),
    [
        ("{limit}", "7个工作日", "7 working days"),
        ("{due_at}", "2026-03-11 23:59", "2026-03-11 23:59"),
        ("{share}", "62%", "62%"),
        ("{officers}", "O-1、O-2", "O-1, O-2"),
        ("{pause_kind}", "检测", "testing"),
        ("{absolute}", "是", "yes"),
        ("{used_wd}", "3.5", "3.5"),
        ("{nothing}", "—", "—"),
        ("a[ b {limit}][ c {nothing}] d", "a b 7个工作日 d", "a b 7 working days d"),
        ("[kept]", "kept", "kept"),
    ],
)
def test_a_fact_is_said_in_both_languages(template: str, zh: str, en: str) -> None:
    assert sentence(Text(zh=template, en=template), FACTS) == {"zh": zh, "en": en}


def test_one_is_singular() -> None:
    assert sentence(Text(zh="{limit}", en="{limit}"), FACTS | {"limit": 1})["en"] == "1 working day"


@pytest.mark.parametrize("unit", Unit)
def test_every_unit_is_said_in_words(unit: Unit) -> None:
    said = sentence(Text(zh="{limit}", en="{limit}"), {"limit": 3, "limit_unit": unit.value})
    assert said["en"].startswith("3 ")
    assert not said["zh"].isascii()


@pytest.mark.parametrize("code", [*ProcedureKind, *RiskClass])
def test_a_special_procedure_and_a_risk_are_said_in_words(code: ProcedureKind | RiskClass) -> None:
    said = sentence(Text(zh="{it}", en="{it}"), {"it": code.value})
    assert not said["zh"].isascii()
    assert "_" not in said["en"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from([*FACTS, "limit_unit", "time_zone"]), VALUES))
def test_no_fact_makes_a_sentence_fail(facts: dict[str, Any]) -> None:
    template = " ".join(f"{{{name}}}" for name in FACTS)
    assert sentence(Text(zh=template, en=template), facts)["en"]
