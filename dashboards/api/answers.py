"""Answers as JSON by msgspec, and problems: every 4xx and 5xx is a `Problem` with a short word and a sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from dashboards.contract import Both, Problem

_encode = msgspec.json.Encoder().encode


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A Struct, or a list of them."""
    return Response(_encode(value), status, media_type="application/json", headers=dict(headers or {}))


def nothing() -> Response:
    return Response(status_code=204)


class ProblemError(Exception):
    """Ends a request with a `Problem`."""

    def __init__(
        self, status: int, error: str, zh: str, en: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.problem = Problem(error, Both(zh, en), field)
        self.headers = headers

    def response(self) -> Response:
        return answer(self.problem, self.status, self.headers)


def unauthenticated() -> ProblemError:
    return ProblemError(401, "unauthenticated", "请先登录。", "Log in first.")


def forbidden(zh: str, en: str) -> ProblemError:
    return ProblemError(403, "forbidden", zh, en)


def not_found(zh: str = "没有这一项,或者您无权查看。", en: str = "There is no such thing, or you may not see it.") -> ProblemError:
    return ProblemError(404, "not_found", zh, en)


def bad(field: str, zh: str, en: str) -> ProblemError:
    return ProblemError(400, "bad_filter", f"{field}: {zh}", f"{field}: {en}", field=field)


def unavailable() -> ProblemError:
    zh, en = "数据暂时读不到,请稍后再试。", "The data cannot be read just now, try again in a moment."
    return ProblemError(503, "unavailable", zh, en, headers={"Retry-After": "3"})
