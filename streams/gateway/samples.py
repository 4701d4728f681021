"""Worked examples of requests, for the OpenAPI document and the page; a test posts each of them and gets the answer shown."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

SOURCE = "north-office"


class Sample(Struct, frozen=True):
    """One example: its name, what it shows (zh, en), the body, and how many of its events are (accepted, quarantined, refused)."""

    name: str
    zh: str
    en: str
    body: Any
    outcome: tuple[int, int, int]
    is_lines: bool = False


def _event(number: int, event_type: str, occurred_at: str | int, **more: Any) -> dict[str, Any]:
    head = {
        "event_id": f"0190a000-0000-7000-8000-{number:012d}",
        "event_type": event_type,
        "occurred_at": occurred_at,
        "source_system": SOURCE,
        "case_id": "18",
    }
    return head | more


_ACCEPTED = _event(
    11,
    "case_accepted",
    "2026-03-02T09:12:30+08:00",
    item_catalog_code="PERMIT-1",
    region_code="430111",
    centre_id="C430111-01",
    actor_officer_id="K-4",
    applicant_id_no="11010519491231002X",
    payload={"promised_due_at": "2026-03-11"},
)
_REVIEWED = _event(
    12, "step_completed", 1772496000000, region_code="430111", actor_officer_id="K-4", payload={"step_code": "review"}
)
_CORRECTED = _event(
    13,
    "step_completed",
    1772492400000,
    region_code="430111",
    actor_officer_id="K-9",
    data_version=2,
    supersedes_event_id="0190a000-0000-7000-8000-000000000012",
    payload={"step_code": "review"},
)
_WRONG = _event(14, "case_eaten", 1772496000000, region_code="430111")
_NOWHERE = {name: value for name, value in _event(15, "case_completed", 1772496000000).items() if name != "case_id"}
_AHEAD = _event(16, "case_completed", "2199-01-01T00:00:00+08:00", region_code="430111")

SAMPLES = (
    Sample(
        "one",
        "一个事件;时间可写 ISO 8601(须带时区);证件号码由网关换成密钥散列",
        "One event; instants may be ISO 8601 with offset; the gateway turns the person's number into a keyed hash",
        _ACCEPTED,
        (1, 0, 0),
    ),
    Sample(
        "several",
        "数组:两个事件,后一个更正前一个(更高的 data_version 和 supersedes_event_id)",
        "An array: two events, the second corrects the first (a higher data_version, and supersedes_event_id)",
        [_REVIEWED, _CORRECTED],
        (2, 0, 0),
    ),
    Sample("lines", "NDJSON:每行一个事件", "NDJSON: one event a line", [_ACCEPTED, _REVIEWED], (2, 0, 0), is_lines=True),
    Sample(
        "some_refused",
        "好的照收,坏的逐个说明:类型不存在、缺办件编号、发生时间在未来(隔离)",
        "Good events are taken, bad ones told one by one: no such type, no case, and one from the future (quarantined)",
        [_REVIEWED, _WRONG, _NOWHERE, _AHEAD],
        (1, 1, 2),
    ),
)
