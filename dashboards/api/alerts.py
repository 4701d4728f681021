"""Alerts: the list with its filters, the export."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import structlog
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from dashboards.api.answers import answer
from dashboards.api.asked import PAGE_PARAMETERS, PARAMETERS, cursor_of, filter_of, limit_of, text_of
from dashboards.api.openapi import describe
from dashboards.api.services import login_of, scope_of, services
from dashboards.cards import card_of
from dashboards.contract import AlertList
from dashboards.queries import history
from dashboards.sheet import BOM, heading, line

log = structlog.get_logger("board.access")
router = APIRouter()


@router.get("/api/alerts", **describe(AlertList, parameters=PAGE_PARAMETERS))
def alerts(request: Request) -> Response:
    """Alerts by filter, newest first, page by page, with the exact total."""
    found, scope = services(request), scope_of(request)
    asked = filter_of(request.query_params, scope)
    shown, cursor = history.page(found.pool, asked, scope, cursor_of(request.query_params), limit_of(request.query_params))
    names = found.names()
    total = history.total(found.pool, asked, scope)
    return answer(AlertList([card_of(alert, names) for alert in shown], text_of(cursor), total))


@router.get("/api/alerts.csv", **describe(str, media="text/csv", parameters=PARAMETERS | {"lang": "zh or en: the headings"}))
def export(request: Request) -> Response:
    """The same alerts as a table for a spreadsheet, streamed. Who exported what is logged."""
    found, scope = services(request), scope_of(request)
    asked = filter_of(request.query_params, scope, PARAMETERS)
    language = "en" if request.query_params.get("lang") == "en" else "zh"
    names = found.names()
    pages = history.every(found.pool, asked, scope)
    first = next(pages)  # a fault shows before the answer has begun
    log.info("export", username=login_of(request).user.username, filter=str(request.url.query)[:500])

    def lines() -> Iterator[bytes]:
        yield BOM + heading(language)
        for page in chain((first,), pages):
            yield b"".join(line(card_of(alert, names), language) for alert in page)

    headers = {"Content-Disposition": 'attachment; filename="alerts.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)
