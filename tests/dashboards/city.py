"""A made-up city in the shapes of contract.ts, for tests of pages in states that a real stack shows rarely. The same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from rules.card import load_cards
from rules.pages import worked
from rules.timeline import timeline as example_drawn

Json = dict[str, Any]

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000
NOW = int(datetime(2026, 3, 17, 2, 24, 36, tzinfo=UTC).timestamp() * 1000)  # a Tuesday, 10:24 in China
ZONE = "Asia/Shanghai"
REGIONS = {"430111": "长沙市雨花区", "430103": "长沙市天心区", "430124": "宁乡市"}
CENTRES = {
    "C430111-01": ("430111", "雨花区政务服务中心"),
    "C430111-02": ("430111", "圭塘街道便民服务中心"),
    "C430103-01": ("430103", "天心区政务服务中心"),
    "C430124-01": ("430124", "宁乡市政务服务中心"),
}
DEPARTMENTS = {
    "D-SCJG": "市场监督管理局",
    "D-RSJ": "人力资源和社会保障局",
    "D-ZRZY": "自然资源和规划局",
    "D-ZJJ": "住房和城乡建设局",
}
ITEMS = {
    "430111-XK-0101": "食品经营许可",
    "430111-GG-0207": "社会保障卡申领",
    "430111-XK-0318": "建筑工程施工许可证核发",
    "430111-QR-0440": "不动产转移登记(存量房买卖,含共有权人变更)",
}
RULES: dict[str, tuple[str, str, str, list[str]]] = {
    "T02": ("承诺时限即将届满", "Promised limit about to expire", "time", ["notice"]),
    "T03": ("超承诺时限", "Promised limit exceeded", "time", ["yellow", "red"]),
    "T04": ("超法定时限", "Statutory limit exceeded", "time", ["red"]),
    "T05": ("环节超时", "Step over its limit", "time", ["notice", "yellow"]),
    "P01": ("流程缺步或者倒序", "Steps missing or out of order", "procedure", ["yellow"]),
    "P02": ("应当分离的环节同一人办理", "One person in two separate steps", "procedure", ["yellow"]),
}
MADE = [
    ("T02", "notice"),
    ("T03", "yellow"),
    ("T02", "notice"),
    ("T05", "yellow"),
    ("T03", "red"),
    ("T04", "red"),
    ("P02", "yellow"),
    ("P01", "yellow"),
]


def both(zh: str, en: str) -> Json:
    return {"zh": zh, "en": en}


def clock(name: str = "city", simulated: bool = True, rate: float | None = 60.0) -> Json:
    return {"name": name, "now": NOW, "is_simulated": simulated, "time_zone": ZONE, "rate": rate}


def card(number: int, rule: str = "", level: str = "", **more: Any) -> Json:
    """The card of that number; rule and level follow from it unless said."""
    rule, level = (rule, level) if rule else MADE[number % len(MADE)]
    zh, en, _, _ = RULES[rule]
    centre = list(CENTRES)[number % 4]
    item = list(ITEMS)[number % 4]
    department = list(DEPARTMENTS)[(number // 2) % 4]
    case, late = f"430111-2026-{number:04d}", 1 + number % 7
    sentence = both(
        f"{ITEMS[item]}(办件{case})承诺时限7个工作日已于2026-03-11届满,超期{late}个工作日。",
        f"{ITEMS[item]} (case {case}): the promised limit of 7 working days ended on 2026-03-11; working days late: {late}.",
    )
    made = {
        "alert_id": f"{rule}{level[0].upper()}{number:016d}",
        "rule_id": rule,
        "rule_name": both(zh, en),
        "level": level,
        "disposition": "card",
        "state": "issued",
        "revision": 1,
        "clock": "city",
        "source_system": "city-windows",
        "case_id": case,
        "subject_key": f"case:city-windows/{case}",
        "detected_at": NOW - number * 7 * MINUTE,
        "due_at": NOW - number * 7 * MINUTE - 1,
        "issued_wall": NOW - number * 7 * MINUTE + 400,
        "item_code": item,
        "item_name": ITEMS[item],
        "region_code": CENTRES[centre][0],
        "region_name": REGIONS[CENTRES[centre][0]],
        "centre_id": centre,
        "centre_name": CENTRES[centre][1],
        "department_id": department,
        "department_name": DEPARTMENTS[department],
        "officer_ids": [f"officer-{number % 9:02d}"],
        "sentence": sentence,
        "revoke_reason": None,
    }
    return made | more


def revoked(of: Json, reason: str = "fact") -> Json:
    return of | {
        "state": "revoked",
        "revision": of["revision"] + 1,
        "revoke_reason": reason,
        "issued_wall": of["issued_wall"] + MINUTE,
    }


def place(key: str) -> Json:
    kind, _, code = key.partition(":")
    if not key:
        return {"key": "", "kind": "root", "code": "", "name": ""}
    name = {"region": REGIONS, "centre": {key: name for key, (_, name) in CENTRES.items()}}.get(kind, {}).get(code)
    return {"key": key, "kind": kind, "code": code.rpartition("/")[2], "name": name or DEPARTMENTS[code.rpartition("/")[2]]}


def path(key: str) -> list[Json]:
    kind, _, code = key.partition(":")
    if not key:
        return [place("")]
    if kind == "region":
        return [place(""), place(key)]
    if kind == "centre":
        return [*path(f"region:{CENTRES[code][0]}"), place(key)]
    return [*path(f"centre:{code.partition('/')[0]}"), place(key)]


def is_within(one: Json, key: str) -> bool:
    kind, _, code = key.partition(":")
    if kind == "department":
        return bool(f"{one['centre_id']}/{one['department_id']}" == code)
    return not key or bool(one["region_code"] == code if kind == "region" else one["centre_id"] == code)


def below(key: str) -> list[str]:
    kind, _, code = key.partition(":")
    if not key:
        return [f"region:{one}" for one in REGIONS]
    if kind == "region":
        return [f"centre:{one}" for one, (region, _) in CENTRES.items() if region == code]
    return [f"department:{code}/{one}" for one in DEPARTMENTS] if kind == "centre" else []


def counts(cards: list[Json]) -> Json:
    standing = [one for one in cards if one["state"] == "issued"]
    return {level: sum(one["level"] == level for one in standing) for level in ("notice", "yellow", "red")}


def sources(state: str = "live") -> list[Json]:
    rest = {"clock": "city", "clock_now": NOW, "last_event_at": NOW, "refused_last_hour": 0}
    return [
        {"source_system": "city-windows", "last_event_wall": NOW, "events_last_hour": 4182, "state": state} | rest,
        {"source_system": "social-security", "last_event_wall": NOW - 3 * HOUR, "events_last_hour": 0, "state": "silent"}
        | rest
        | {"refused_last_hour": 12},
        {"source_system": "village-stations", "last_event_wall": NOW - 15 * HOUR, "events_last_hour": 0, "state": "closed"} | rest,
    ]


def wall(cards: list[Json], key: str = "", quiet: Json | None = None) -> Json:
    here = [one for one in cards if is_within(one, key)]
    by_rule = {rule: counts([one for one in here if one["rule_id"] == rule]) for rule in RULES}
    ranked = sorted(by_rule.items(), key=lambda entry: -sum(entry[1].values()))
    hours = [NOW - NOW % HOUR - (23 - n) * HOUR for n in range(24)]
    busy = [0] * 14 + [5, 3, 0, 0, 0, 0, 0, 0, 18, 12]
    figures = {"events": 18_342, "cases_accepted": 1_207, "cases_completed": 986, "cases_open": 8_411}
    return {
        "clock": clock(),
        "clocks": [clock(), clock("wall", simulated=False, rate=1.0)],
        "place": place(key),
        "path": path(key),
        "today": figures | counts(here) | {"revoked": sum(one["state"] == "revoked" for one in here), "withheld": 1},
        "trend": [
            {"at": at, "events": busy[n] * 97, "notice": busy[n] // 2, "yellow": busy[n] // 4, "red": busy[n] // 9}
            for n, at in enumerate(hours)
        ],
        "newest": here[:50],
        "children": [
            {"place": place(one), "events": 900} | counts([each for each in cards if is_within(each, one)]) for one in below(key)
        ],
        "rules": [{"rule_id": rule, "name": both(*RULES[rule][:2])} | found for rule, found in ranked if sum(found.values())],
        "sources": sources(),
        "quiet": quiet,
    }


def rule_row(rule: str) -> Json:
    page = rule_page(rule)
    return {name: value for name, value in page.items() if name not in ("legal_basis", "false_positives", "runbook", "page")}


def rule_page(rule: str) -> Json:
    zh, en, family, levels = RULES[rule]
    text = both("承诺时限是向社会公开的服务承诺。", "The promised limit is a public promise.")
    head, row = "<thead><tr><th>{}</th><th>{}</th></tr></thead>", "<tbody><tr><td>2026-03-02</td><td>2026-03-11</td></tr></tbody>"
    table = f"<table>{head}{row}</table>"
    why = "The day of acceptance does not count."
    return {
        "rule_id": rule,
        "version": 1,
        "name": both(zh, en),
        "family": family,
        "disposition": "card",
        "levels": levels,
        "why": text,
        "legal_basis": both("《行政许可法》第四十二条。", "Administrative Licensing Law, article 42."),
        "false_positives": [both("办结事实迟报。", "The completion is reported late.")],
        "runbook": both("核对受理时间和特别程序。", "Check acceptance time and special procedures."),
        "detector": "deadline",
        "events": [
            {"name": "case_accepted", "label": both("受理", "case accepted")},
            {"name": f"read_by_{rule}", "label": both(f"{rule}读取", f"read by {rule}")},
        ],
        "subjects": [{"name": "case", "label": both("办件", "case")}],
        "page": both(
            f"<h1>{zh}</h1><h2>示例</h2>{_drawn('zh')}<p>受理当日不计。</p>{table.format('受理', '届满')}",
            f"<h1>{en}</h1><h2>Example</h2>{_drawn('en')}<p>{why}</p>{table.format('Accepted', 'Due')}",
        ),
    }


@cache
def _drawn(language: str) -> str:
    card = next(card for card in load_cards() if card.id == "T03")
    return f'<figure tabindex="0">{example_drawn(card, worked(card), language, styled=False)}</figure>'


def _local(month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int((datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)).timestamp() * 1000)


def ruler() -> Json:
    """Accepted on 2 March, two pauses (one past its cap), one extension, completed on the 17th."""
    marks = [
        (_local(3, 2, 9), "opened", "受理", "Accepted"),
        (_local(3, 10), "notice", "提示时刻", "Notice"),
        (_local(3, 12) - 1, "promised_due", "承诺届满", "Promised limit ends"),
        (_local(3, 12), "detected", "认定", "True since"),
        (_local(3, 16) - 1, "legal_due", "法定届满", "Statutory limit ends"),
        (_local(3, 17, 10, 20), "completed", "办结", "Completed"),
    ]
    pauses = [
        (_local(3, 3, 14), _local(3, 5, 10), None, "现场核查", "Site check"),
        (_local(3, 9), _local(3, 12), _local(3, 11), "检测", "Testing"),
    ]
    return {
        "time_zone": ZONE,
        "from": _local(2, 28, 12),
        "to": _local(3, 19),
        "opened_at": _local(3, 2, 9),
        "marks": [{"at": at, "kind": kind, "label": both(zh, en)} for at, kind, zh, en in marks],
        "pauses": [
            {"from": start, "to": to, "kind": "testing", "label": both(zh, en), "counted_until": cap}
            for start, to, cap, zh, en in pauses
        ],
        "extensions": [{"at": _local(3, 13, 9), "days": 2, "label": both("批准延期", "Extension approved")}],
        "days_off": [{"from": _local(3, day), "to": _local(3, day + 2), "label": both("周末", "Weekend")} for day in (7, 14)]
        + [{"from": _local(2, 28, 12), "to": _local(3, 2), "label": both("周末", "Weekend")}],
    }


def timeline() -> list[Json]:
    happened = [
        ("case_accepted", "受理", None, _local(3, 2, 9)),
        ("step_started", "环节开始", "审查", _local(3, 2, 10, 30)),
        ("special_procedure_started", "特别程序开始", None, _local(3, 3, 14)),
        ("special_procedure_ended", "特别程序结束", None, _local(3, 5, 10)),
        ("step_completed", "环节完成", "审查", _local(3, 13, 16)),
        ("step_completed", "环节完成", "审批", _local(3, 17, 10)),
        ("case_completed", "办结", None, _local(3, 17, 10, 20)),
    ]
    return [
        {
            "event_id": f"01957c11-0000-7000-8000-{number:012d}",
            "event_type": kind,
            "label": both(label, kind.replace("_", " ")),
            "at": at,
            "step_code": None,
            "step_name": step,
            "actor": "officer-07",
            "department_id": "D-SCJG",
            "channel": "window",
            "is_evidence": number in (0, 6),
            "is_late": number == 3,
            "is_quarantined": False,
            "superseded_by": None,
            "payload": {"window_id": "W12", "note": "材料齐全"},
            "recorded_at": at + MINUTE,
            "received_wall": at + 2 * HOUR,
        }
        for number, (kind, label, step, at) in enumerate(happened)
    ]


def workflow() -> Json:
    steps = [
        ("review", "审查", _local(3, 2, 10, 30), "officer-07"),
        ("site_check", "现场核查", None, ""),
        ("approve", "审批", _local(3, 17, 10), "officer-07"),
    ]
    return {
        "item_code": "430111-XK-0101",
        "item_name": "食品经营许可",
        "steps": [
            {"code": code, "name": name, "mandatory": code != "site_check", "limit": "2 working_day", "first_at": at, "last_at": at}
            | {"actors": [who] if who else []}
            for code, name, at, who in steps
        ],
        "before": [["review", "approve"]],
        "separate": [["review", "approve"]],
    }


def alert_page(one: Json) -> Json:
    facts: list[tuple[str, str, str, Any, str, Json | None]] = [
        ("limit_wd", "时限(工作日)", "Limit", 7, "number", both("个工作日", "working days")),
        ("late_wd", "超期", "Late", 3, "number", both("个工作日", "working days")),
        ("opened_at", "起算时刻", "Counted from", _local(3, 2, 9), "time", None),
        ("due_day", "届满日", "Due day", "2026-03-11", "date", None),
        ("paused_ms", "暂停时长", "Paused for", 44 * HOUR, "duration_ms", None),
        ("days_excluded", "不计入的日", "Days not counted", ["2026-03-07", "2026-03-08"], "list", None),
    ]
    said = [one | {"revision": 1, "state": "issued", "revoke_reason": None}] + ([one] if one["revision"] > 1 else [])
    page = rule_page(one["rule_id"])
    return {
        "card": one,
        "why": page["why"],
        "legal_basis": page["legal_basis"],
        "rule": page,
        "facts": [{"name": n, "label": both(zh, en), "value": v, "kind": kind, "unit": unit} for n, zh, en, v, kind, unit in facts],
        "ruler": ruler(),
        "timeline": timeline(),
        "workflow": workflow(),
        "revisions": [
            {"revision": each["revision"], "state": each["state"], "at_wall": each["issued_wall"], "reason": each["revoke_reason"]}
            | {"reason_text": None, "event_id": None, "sentence": each["sentence"]}
            for each in said
        ],
        "evidence_event_ids": ["01957c11-0000-7000-8000-000000000000"],
        "anomaly_class": "time",
        "issue_mode": "auto",
        "responsible_step": "审查",
    }


def case_page(cards: list[Json]) -> Json:
    kept = ("source_system", "case_id", "clock", "item_code", "item_name", "region_code", "region_name", "centre_id", "centre_name")
    one = cards[0]
    rest = {"department_id": one["department_id"], "department_name": one["department_name"], "state": "completed"}
    life = {"ruler": ruler(), "timeline": timeline(), "workflow": workflow(), "cards": cards}
    return {name: one[name] for name in kept} | rest | life


def facets() -> Json:
    return {
        "rules": [{"id": rule, "name": both(*RULES[rule][:2])} for rule in RULES],
        "departments": [{"id": key, "name": name} for key, name in DEPARTMENTS.items()],
        "centres": [{"id": key, "name": name} for key, (_, name) in CENTRES.items()],
        "items": [{"code": key, "name": name} for key, name in ITEMS.items()],
        "regions": [{"code": key, "name": name} for key, name in REGIONS.items()],
        "sources": ["city-windows", "social-security"],
        "clocks": [clock(), clock("wall", simulated=False, rate=1.0)],
    }
