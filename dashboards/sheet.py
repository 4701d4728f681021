"""Alerts as lines of a CSV file that spreadsheets open as it is meant: UTF-8 with its mark, and no cell that runs as a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from dashboards.contract import Card
from rules.terms import word

BOM = b"\xef\xbb\xbf"
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEADINGS = {
    "alert_id": ("编号", "alert"),
    "rule": ("规则", "rule"),
    "rule_name": ("规则名称", "rule name"),
    "level": ("级别", "level"),
    "state": ("状态", "state"),
    "detected_at": ("判定时间(UTC)", "detected at (UTC)"),
    "due_at": ("期限届满(UTC)", "due at (UTC)"),
    "issued_wall": ("发布时间(UTC)", "published at (UTC)"),
    "clock": ("时钟", "clock"),
    "source_system": ("来源", "source"),
    "case_id": ("办件", "case"),
    "item_code": ("事项编码", "item code"),
    "item_name": ("事项", "item"),
    "region_code": ("区划", "region code"),
    "region_name": ("区划名称", "region"),
    "centre": ("中心", "centre"),
    "department": ("部门", "department"),
    "officers": ("经办人", "officers"),
    "sentence": ("说明", "why"),
    "revoke_reason": ("撤销原因", "revoked because"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def heading(language: str) -> bytes:
    return _written([words[language == "en"] for words in _HEADINGS.values()])


def line(card: Card, language: str) -> bytes:
    """One alert, in the order of the headings."""
    is_english = language == "en"
    values = [
        card.alert_id,
        card.rule_id,
        card.rule_name.en if is_english else card.rule_name.zh,
        word(card.level, language),
        word(card.state, language),
        _instant(card.detected_at),
        _instant(card.due_at),
        _instant(card.issued_wall),
        card.clock,
        card.source_system,
        card.case_id,
        card.item_code,
        card.item_name,
        card.region_code,
        card.region_name,
        card.centre_name or card.centre_id,
        card.department_name or card.department_id,
        " ".join(card.officer_ids),
        card.sentence.en if is_english else card.sentence.zh,
        card.revoke_reason,
    ]
    return _written([escaped(value or "") for value in values])


def escaped(text: str) -> str:
    """With an apostrophe in front of what a spreadsheet would take as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULAS) or text.startswith(_FORMULAS) else text


def _written(values: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue().encode()


def _instant(at: int | None) -> str:
    return "" if at is None else (_EPOCH + timedelta(milliseconds=at)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
