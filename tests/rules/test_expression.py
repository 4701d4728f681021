"""The condition language: what holds, what is refused, and that nothing else can happen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.expression import MAX_LENGTH, ExpressionError, Type, condition
from rules.fields import FIELDS
from supervision.reference import Item, RiskClass
from supervision.worktime import Limit

ITEM = Item(code="X", item_type="01", promised_limit=Limit(7), risk_class=RiskClass.HIGH, excluded_kinds=("public_notice",))
CASE = {"item_type": "01", "case_type": None, "department_id": "D-1"}
ROOTS: dict[str, Any] = {"item": ITEM, "case": CASE}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('item.risk_class == "high"', True),
        ("item.risk_class == 'normal'", False),
        ('item.item_type in ["01", "02"] and not item.auto_approval', True),
        ('item.item_type not in ["01", "02"]', False),
        ("item.promised_limit.value >= 7", True),
        ("item.promised_limit.value * 2 - 4 == 10", True),
        ("-item.promised_limit.value < -6.5", True),
        ("item.legal_limit.value > 1", False),
        ("item.legal_limit.value <= 1", False),
        ("item.legal_limit.value != 1", False),
        ("item.legal_limit.value == none", True),
        ("item.promised_limit.value != none", True),
        ("not (item.legal_limit.value > 1)", True),
        ('"public_notice" in item.excluded_kinds', True),
        ('case.case_type in ["joint"]', False),
        ('case.case_type not in ["joint"]', False),
        ("item.promised_limit.value / 0 == 1", False),
        ("item.promised_limit.value / 0 == none", True),
        ("item.auto_approval or item.has_legal_limit", True),
        ("not not item.has_legal_limit", True),
        ("item.auto_approval == false", True),
        ("1 + 2 * 3 == 7 and (1 + 2) * 3 == 9 and 7 - 2 - 1 == 4", True),
        ("true or item.auto_approval and false", True),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert condition(text, FIELDS)(ROOTS) is holds


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("item.risk_clas == 'high'", "unknown field item.risk_clas; did you mean item.risk_class"),
        ("item.code", "wanted a condition, this is a text"),
        ("item.code == 1", "compares values of one type, not text and number"),
        ("item.code > none", "cannot be asked of none"),
        ("item.auto_approval < true", "cannot be asked of a truth"),
        ("item.code and true", "and wants a truth, not a text"),
        ("not item.code", "not wants a truth"),
        ("1 < 2 < 3", "comparisons do not chain"),
        ("item.code + 1 == 2", "+ wants a number, not a text"),
        ('item.code in ["a", 1]', "of one kind"),
        ("item.code in []", "at least one"),
        ('1 in ["a"]', "in wants"),
        ("(item.auto_approval", "wanted ')'"),
        ("item.auto_approval true", "not expected here: 'true'"),
        ("item.code == 'a", "not understood"),
        ("", "wanted a value, not the end"),
        ("__import__('os')", "unknown field __import__"),
        ("item.auto_approval " + "or true " * 200, "longer than"),
        ("(" * 30 + "true" + ")" * 30, "nested deeper"),
        ("1 == 12345678901234567890", "not understood"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_reason(text: str, wanted: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        condition(text, FIELDS)
    assert wanted in refused.value.text


def test_the_place_of_the_mistake_is_counted_from_one() -> None:
    with pytest.raises(ExpressionError) as refused:
        condition("true and item.cod == 'X'", FIELDS)
    assert refused.value.column == 10


def test_a_condition_says_which_fields_it_reads() -> None:
    assert condition('item.code == "X" or case.item_type == "01"', FIELDS).fields == {"item.code", "case.item_type"}


def test_a_truth_is_no_number_and_a_number_no_truth() -> None:
    roots = {"item": {"promised_limit": {"value": True}, "auto_approval": 1, "risk_class": 3}}
    for text in ("item.promised_limit.value == 1", "item.promised_limit.value > 0", "item.auto_approval", 'item.risk_class != "3"'):
        assert condition(text, FIELDS)(roots) is False
    assert condition("item.promised_limit.value == none and item.auto_approval == none", FIELDS)(roots) is True


def test_a_missing_root_satisfies_nothing() -> None:
    asked = condition('item.code == "X" or item.auto_approval', FIELDS)
    assert asked({"item": None}) is False
    assert asked({}) is False


WORDS = [
    "and",
    "or",
    "not",
    "in",
    "true",
    "false",
    "none",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "(",
    ")",
    "[",
    "]",
    ",",
    "1",
    "0",
]
WORDS += ['"a"', "'b'", "0.5", *FIELDS, "item", "item.", "éa", "\x00", "999999999999999"]


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)))
def test_any_text_is_a_condition_or_an_expression_error(text: str) -> None:
    try:
        asked = condition(text, FIELDS)
    except ExpressionError:
        return
    assert asked(ROOTS) in (True, False)
    assert asked({}) in (True, False)


SCHEMA = {"n": Type.NUMBER, "t": Type.TEXT, "b": Type.TRUTH, "ns": Type.NUMBERS, "ts": Type.TEXTS}
NUMBERS = st.recursive(
    st.sampled_from(["n", "0", "3", "0.5", "999999999999999"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=8,
)
TRUTHS = st.recursive(
    st.one_of(
        st.tuples(NUMBERS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBERS).map(" ".join),
        st.sampled_from(["b", "true", 't == "x"', "t in ts", "n in ns", "n not in [1, 2]", "t == none", "b == false"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=6,
)
VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.booleans(), st.lists(st.integers(), max_size=3))


@given(TRUTHS, st.fixed_dictionaries(dict.fromkeys(SCHEMA, VALUES)))
def test_a_well_formed_condition_has_a_truth_for_any_values(text: str, roots: dict[str, Any]) -> None:
    assume(len(text) <= MAX_LENGTH)
    assert condition(text, SCHEMA)(roots) in (True, False)
