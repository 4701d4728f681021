"""Why a whole request is not taken: a closed list, each with its status and what it says in both languages."""

from __future__ import annotations

from enum import Enum
from typing import Any


class Fault(Enum):
    """(HTTP status, word, Chinese, English). The word is in the answer and in the metric."""

    NO_KEY = (
        401,
        "no_key",
        "需要有效的来源密钥: Authorization: Bearer svk_…",
        "A key of a source is needed: Authorization: Bearer svk_…",
    )
    NOT_FOUND = (404, "not_found", "没有这个地址;见 /docs", "There is nothing here; see /docs.")
    WRONG_METHOD = (405, "wrong_method", "此地址只接受 POST", "Only POST is taken here.")
    TOO_SLOW = (408, "too_slow", "请求正文没有按时到齐", "The body did not arrive in time.")
    TOO_LARGE = (413, "body_too_large", "请求正文过大(解压后计),请分批报送", "The body is too large (unpacked); send it in parts.")
    TOO_MANY_EVENTS = (
        413,
        "too_many_events",
        "一次报送的事件过多,请分批报送",
        "Too many events in one request; send them in parts.",
    )
    UNKNOWN_TYPE = (
        415,
        "unknown_content_type",
        "Content-Type 应为 application/json 或 application/x-ndjson(UTF-8)",
        "Content-Type must be application/json or application/x-ndjson (UTF-8).",
    )
    UNKNOWN_ENCODING = (415, "unknown_content_encoding", "Content-Encoding 只接受 gzip", "The only Content-Encoding taken is gzip.")
    BROKEN_GZIP = (400, "broken_gzip", "gzip 数据损坏或不完整", "The gzip data are damaged or cut off.")
    EMPTY = (400, "empty", "请求正文中没有事件", "There is no event in the body.")
    NOT_JSON = (400, "not_json", "请求正文不是合法的 JSON", "The body is not valid JSON.")
    NONE_TAKEN = (400, "none_taken", "没有一个事件可接收,见 results", "Not one of the events could be taken; see results.")
    NONE_PERMITTED = (
        403,
        "none_permitted",
        "密钥无权报送这些事件,见 results",
        "The key may send none of these events; see results.",
    )
    HEAD_TOO_LARGE = (431, "head_too_large", "请求头过大", "The head of the request is too large.")
    TOO_FAST = (429, "too_fast", "该来源报送过快,请稍后再试", "This source sends faster than it may; try again later.")
    TOO_MANY_REQUESTS = (
        429,
        "too_many_requests",
        "该来源同时请求过多,请稍后再试",
        "Too many requests of this source at once; try again later.",
    )
    BUSY = (503, "busy", "网关繁忙,请稍后再试", "The gateway has its hands full; try again later.")
    NO_BROKER = (503, "no_broker", "Kafka 暂不可用,请稍后再试", "Kafka does not answer now; try again later.")
    NOT_ACKNOWLEDGED = (
        503,
        "not_acknowledged",
        "Kafka 未确认全部事件;请原样重报,重复无害",
        "Kafka did not acknowledge all of it; send the same again, what is doubled counts once.",
    )

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def word(self) -> str:
        return self.value[1]

    def body(self, **more: Any) -> dict[str, Any]:
        """The answer's content."""
        _, word, zh, en = self.value
        return {"error": word, "message": {"zh": zh, "en": en}, **more}


class RefusedError(Exception):
    """The request ends with this fault. `after_s`: when it may be tried again; `more`: further fields of the answer."""

    def __init__(self, fault: Fault, after_s: float | None = None, **more: Any) -> None:
        super().__init__(fault.word)
        self.fault, self.after_s, self.more = fault, after_s, more


class GoneError(Exception):
    """The client left in mid-request: nothing was taken, and there is nobody to tell."""
