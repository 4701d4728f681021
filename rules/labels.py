"""What the facts of an alert are called, and what kind of value each is. For pages; a test holds the list to the detectors."""

from __future__ import annotations

from typing import Literal

Kind = Literal["text", "number", "time", "date", "duration_ms", "list"]

_WORKING_DAYS = ("个工作日", "working days")

LABELS: dict[str, tuple[str, str]] = {
    "accepted_at": ("受理时间", "accepted at"),
    "act_at": ("办理时间", "handled at"),
    "acts": ("决定或者批准的次数", "decisions and approvals"),
    "amount_fen": ("金额(分)", "amount (fen)"),
    "approved_at": ("批准时间", "approved at"),
    "approver": ("批准人", "approver"),
    "approver_post": ("批准人职务", "post of the approver"),
    "asked": ("要求补正的材料", "asked for"),
    "begun_at": ("开始时间", "begun at"),
    "calendar": ("日历", "calendar"),
    "calendar_version": ("日历版本", "version of the calendar"),
    "case_id": ("办件编号", "case"),
    "cases": ("涉及办件", "cases"),
    "centre_id": ("中心", "centre"),
    "charged_at": ("收费时间", "charged at"),
    "date": ("日期", "date"),
    "dates": ("日期", "dates"),
    "days": ("延期天数", "days asked for"),
    "due_at": ("届满时刻", "due at"),
    "due_by_units_at": ("按时限单位计算的届满时刻", "due at, by the limit's own units"),
    "due_fen": ("应收(分)", "due (fen)"),
    "due_day": ("届满日", "due on"),
    "ended_at": ("结束时间", "ended at"),
    "excluded_days": ("不计入的日期", "days not counted"),
    "extension_wd": ("延期", "extension"),
    "fault": ("问题", "fault"),
    "faults": ("问题", "faults"),
    "fee_item": ("收费项目", "fee item"),
    "first_at": ("最早记录的时间", "first said to be at"),
    "first_notice_at": ("首次告知时间", "first notice at"),
    "first_completed_at": ("前置环节完成时间", "earlier step completed at"),
    "first_step": ("前一环节", "first step"),
    "gap_s": ("间隔", "gap"),
    "grace_until_at": ("登记宽限至", "time to register until"),
    "hits": ("次数", "hits"),
    "idle_wd": ("无办理记录", "nothing for"),
    "in_force_at": ("现行记录的时间", "now said to be at"),
    "item_code": ("事项编码", "item code"),
    "item_name": ("事项", "item"),
    "last_at": ("最近办理时间", "last heard of at"),
    "last_event": ("最近办理", "last event"),
    "late_wd": ("超期", "late by"),
    "later_s": ("后移", "moved later by"),
    "least": ("门槛", "threshold"),
    "legal_end_at": ("此前的法定届满时刻", "legal end before it"),
    "limit": ("时限", "limit"),
    "limit_source": ("时限依据", "kind of limit"),
    "limit_unit": ("时限单位", "unit of the limit"),
    "limit_wd": ("时限(工作日)", "limit in working days"),
    "missed": ("首次应告知而未告知的材料", "not asked for the first time"),
    "most_wd": ("最多可延期", "most that may be given"),
    "occurred_at": ("发生时间", "occurred at"),
    "received_at": ("接收时间", "received at"),
    "notice_at": ("再次告知时间", "notice at"),
    "notices": ("补正告知文号", "notices"),
    "median_minutes": ("同级中位用时(分钟)", "peers' median, minutes"),
    "officer": ("经办人", "officer"),
    "officers": ("经办人", "officers"),
    "party": ("当事人", "party"),
    "party_kind": ("当事人类别", "kind of party"),
    "pause_kind": ("特别程序", "special procedure"),
    "paused_days": ("暂停自然日", "calendar days paused"),
    "paused_wd": ("特别程序不计时", "paused"),
    "payee_account": ("收款账户", "payee account"),
    "person": ("人员(加密标识)", "person (keyed hash)"),
    "price_version": ("收费标准版本", "version of the price table"),
    "quantity": ("数量", "quantity"),
    "reason": ("原因", "reason"),
    "posts_changed_at": ("岗位变动时间", "posts changed at"),
    "refunded_fen": ("已退(分)", "refunded (fen)"),
    "remaining_wd": ("剩余", "left"),
    "risk_class": ("风险等级", "risk class"),
    "second_at": ("后一环节时间", "second at"),
    "second_started_at": ("后一环节开始时间", "later step started at"),
    "second_step": ("后一环节", "second step"),
    "seq": ("序号", "number"),
    "share": ("占比", "share"),
    "slack_s": ("允许误差", "slack"),
    "snapshot": ("同级快照", "snapshot of peers"),
    "started_at": ("起算时刻", "counted from"),
    "step_code": ("环节编码", "step code"),
    "step_name": ("环节", "step"),
    "time_zone": ("时区", "time zone"),
    "told_at": ("告知申请人时间", "applicant told at"),
    "told_by_at": ("告知申请人的期限", "applicant to be told by"),
    "unanswered_since_at": ("收件未答复,自此起算", "counted from the unanswered receipt"),
    "usual": ("同级通常", "usual among peers"),
    "used_wd": ("已用", "used"),
    "versions": ("版本数", "versions"),
    "within_min": ("时间窗(分钟)", "within, minutes"),
    "within_wd": ("期间", "within"),
}

_UNITS: dict[str, tuple[str, str]] = {
    "working_day": _WORKING_DAYS,
    "calendar_day": ("个自然日", "calendar days"),
    "hour": ("个工作小时", "working hours"),
    "minute": ("分钟", "minutes"),
    "month": ("个月", "months"),
}


def label(name: str) -> tuple[str, str]:
    """In Chinese and in English; a name without one stays as it is."""
    return LABELS.get(name) or (name, name.replace("_", " "))


def kind_of(name: str, value: object) -> Kind:
    """How a value of this fact is to be shown; `duration_ms` are given in seconds here (`_s`)."""
    if isinstance(value, (list, tuple)):
        return "list"
    if name.endswith("_at") and isinstance(value, int):
        return "time"
    if name in {"date", "due_day"}:
        return "date"
    if name.endswith("_s") and isinstance(value, (int, float)):
        return "duration_ms"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "text"


def unit_of(name: str, limit_unit: object) -> tuple[str, str] | None:
    """Of a number: working days for what ends in `_wd`, the limit's own for the limit."""
    if name == "limit":
        return _UNITS.get(str(limit_unit))
    return _WORKING_DAYS if name.endswith("_wd") else None
