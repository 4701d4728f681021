"""The sentence of an alert, in Chinese and English, from its card's template and its facts. Used by the engine and the documents.

A placeholder is the name of a fact: instants (`_at`, ms UTC) become local time in the zone of fact `time_zone`, `limit` takes its
`limit_unit`, shares become percentages, lists are joined, what is missing becomes a dash. A part in [square brackets] is left out
where one of its facts is missing.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rules.parameters import Deadline, Require, Separation, Sequence, Version, Window
from rules.terms import word

if TYPE_CHECKING:
    from rules.card import Text

_CASE = {"case_id", "item_code", "item_name", "calendar", "calendar_version", "time_zone", "due_at", "due_day"}
_CLOCK = {"limit", "limit_unit", "limit_wd", "limit_source", "started_at", "due_by_units_at", "used_wd", "remaining_wd", "late_wd"}
_CLOCK |= {"paused_wd", "excluded_days", "extension_wd", "unanswered_since_at", "step_code", "step_name", "seq", "pause_kind"}
_CLOCK |= {"last_event", "last_at", "idle_wd", "paused_days"}
_STEPS = {"first_step", "second_step"}
_AUTHORITY = {"fault", "approver", "act_at", "amount_fen", "posts_changed_at", "grace_until_at", "acts"}
_EXTENSIONS = {"faults", "approved_at", "days", "most_wd", "approver", "approver_post", "told_by_at", "told_at", "legal_end_at"}
_NOTICES = {"notices", "first_notice_at", "notice_at", "asked", "missed"}
_WINDOW = {
    "officer",
    "centre_id",
    "date",
    "hits",
    "dates",
    "cases",
    "party",
    "party_kind",
    "share",
    "within_wd",
    "act_at",
    "reason",
}
_WINDOW |= {"least", "usual", "within_min", "first_at", "snapshot", "median_minutes", "item_code", "item_name"}
_FEES = {"fee_item", "quantity", "due_fen", "payee_account", "accepted_at", "charged_at", "price_version", "refunded_fen"}
_TIMES = {"ended_at", "begun_at", "step_code", "occurred_at", "received_at"}
FACTS: dict[type, frozenset[str]] = {
    Deadline: frozenset(_CASE | _CLOCK),
    Sequence: frozenset(_CASE | _STEPS | {"fault", "slack_s", "first_completed_at", "second_started_at"}),
    Separation: frozenset(_CASE | _STEPS | {"gap_s", "person", "officers", "risk_class", "first_at", "second_at"}),
    Version: frozenset(_CASE | {"first_at", "in_force_at", "later_s", "versions"}),
    Require: frozenset(_CASE | _AUTHORITY | _EXTENSIONS | _NOTICES | _FEES | _TIMES),
    Window: frozenset({*_WINDOW, "time_zone", "calendar", "calendar_version"}),
}
"""Per kind the facts that a sentence may name; the engine gives them wherever they are known."""

_WORDS = {
    "working_day": ("个工作日", " working days"),
    "calendar_day": ("个自然日", " calendar days"),
    "hour": ("个工作小时", " working hours"),
    "minute": ("分钟", " minutes"),
    "month": ("个月", " months"),
    "mandatory_missing": ("必经环节缺失", "a mandatory step is missing"),
    "first_missing": ("前置环节缺失", "the earlier step is missing"),
    "out_of_order": ("环节倒置", "steps out of order"),
    "out_of_hours": ("多日在非工作时间办理", "out of hours on several days"),
    "night_grant": ("夜间作出准予决定", "a grant at night"),
    "never_authorised": ("从未获得授权", "was never authorised"),
    "not_in_force": ("授权当时不在有效期内", "had no authorisation in force then"),
    "other_item": ("授权不包括该事项", "is not authorised for the item"),
    "other_region": ("授权不包括该地区", "is not authorised for the region"),
    "above_maximum": ("金额超过授权上限", "is not authorised for so much"),
    "not_active": ("当时不在岗", "was not active then"),
    "after_the_end": ("届满后批准", "approved after the end"),
    "too_many_days": ("天数超过上限", "too many days"),
    "second_extension": ("再次延期", "a second extension"),
    "wrong_post": ("批准人无权延期", "approved by the wrong post"),
    "no_reason": ("未写明理由", "no reason given"),
    "not_told": ("未告知申请人", "the applicant was not told"),
    "organ_head": ("行政机关负责人", "head of the organ"),
    "government_head": ("人民政府负责人", "head of the government"),
    "repeated": ("再次要求补正", "asked again"),
    "missing_from_the_first": ("首次未一次告知", "not told the first time"),
    "resubmitted_defective": ("再次提交仍不合格", "handed in again with a defect"),
    "burst": ("短时间内集中", "many within minutes"),
    "share": ("占比过高", "too large a share"),
    "whole_day": ("全天数量异常", "too many on one day"),
    "end_before_start": ("结束早于开始", "it ended before it began"),
    "completed_before_acceptance": ("办结早于受理", "it was completed before it was accepted"),
    "in_the_future": ("发生时间晚于接收时间,已隔离", "it occurred later than it was received, and is quarantined"),
    "free_item": ("免费项目收费", "a free item was charged for"),
    "above_standard": ("超过收费标准", "more than the standard was charged"),
    "before_acceptance": ("受理前收费", "it was charged before the acceptance"),
    "private_account": ("收款账户不在财政专户名单", "the payee is no account of the treasury"),
    "no_receipt": ("办结时没有票据", "there was no receipt at completion"),
    "reduced_without_basis": ("减免没有依据", "it was reduced without a basis"),
    "high": ("高", "high"),
    "normal": ("一般", "normal"),
    "hearing": ("听证", "hearing"),
    "tender": ("招标", "tender"),
    "auction": ("拍卖", "auction"),
    "inspection": ("检验", "inspection"),
    "testing": ("检测", "testing"),
    "quarantine": ("检疫", "quarantine"),
    "appraisal": ("鉴定", "appraisal"),
    "expert_review": ("专家评审", "expert review"),
    "public_notice": ("公示", "public notice"),
    "site_survey": ("现场勘查", "site survey"),
    "countersign_external": ("外部会签", "external countersigning"),
    "extension": ("延期", "extension"),
    "tech_query": ("技术性查询", "technical query"),
    "other": ("其他", "other"),
}


def sentence(template: Text, facts: Mapping[str, Any]) -> dict[str, str]:
    """The sentence by language. Never raises for a template the loader has taken, whatever the facts hold."""
    zone = str(facts.get("time_zone") or "UTC")
    return {"zh": _fill(template.zh, facts, zone, 0), "en": _fill(template.en, facts, zone, 1)}


Piece = tuple[str, str | None]
_OPTIONAL = re.compile(r"(\[[^\[\]]*\])")


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[tuple[tuple[str, ...], tuple[Piece, ...]], ...]:
    """The template's parts as (names of the facts without which it is left out, (text, name of the fact behind it) ...)."""
    found: list[tuple[tuple[str, ...], tuple[Piece, ...]]] = []
    for part in _OPTIONAL.split(template):
        is_optional = part.startswith("[") and part.endswith("]")
        inner = part[1:-1] if is_optional else part
        pieces = tuple((text, name) for text, name, _, _ in string.Formatter().parse(inner))
        found.append((tuple(name for _, name in pieces if name is not None) if is_optional else (), pieces))
    return tuple(found)


def _fill(template: str, facts: Mapping[str, Any], zone: str, language: int) -> str:
    filled: list[str] = []
    get = facts.get
    for needed, pieces in _parts(template):
        if None in map(get, needed):
            continue
        for text, name in pieces:
            if name is None:
                filled.append(text)
                continue
            value = get(name)
            if type(value) is not str or value in _WORDS:
                value = _value(name, value, facts, zone, language)
            filled += (text, value)
    return "".join(filled)


def _value(name: str, value: Any, facts: Mapping[str, Any], zone: str, language: int) -> str:
    if value is None:
        return "—"
    if type(value) is int and not name.endswith("_at"):
        return _counted(value, str(facts.get(f"{name}_unit")), language)
    if isinstance(value, bool):
        return (("否", "是"), ("no", "yes"))[language][value]
    if isinstance(value, str):
        if name.endswith("_event"):
            return word(value, ("zh", "en")[language])
        words = _WORDS.get(value)
        return value if words is None else words[language].strip()
    if isinstance(value, (list, tuple)):
        return ("、", ", ")[language].join(_value(name, element, facts, zone, language) for element in value)
    if isinstance(value, int) and name.endswith("_at"):
        return _local(value, zone)
    if isinstance(value, float) and name.endswith("share"):
        return f"{value:.0%}"
    if not isinstance(value, float):
        return str(value)
    return _counted(value, str(facts.get(f"{name}_unit")), language)


@lru_cache(maxsize=4096)
def _counted(value: float, unit_name: str, language: int) -> str:
    unit = _WORDS.get(unit_name, ("", ""))[language]
    return f"{value:g}" + (unit.removesuffix("s") if value == 1 else unit)


@lru_cache(maxsize=4096)
def _local(instant: int, zone: str) -> str:
    try:
        moment = datetime.fromtimestamp(instant // 1000, tz=UTC).astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OverflowError, OSError):
        return str(instant)
    return f"{moment:%Y-%m-%d %H:%M}"
