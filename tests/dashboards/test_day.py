"""A day of the whole product: a window system posts, a card comes, its page explains, a correction takes it back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from dashboards.access.first import ensure_administrator
from dashboards.access.users import ADMINISTRATOR
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_services import BOARD, FOR_PEOPLE, GATEWAY
from streams.gateway import keys
from streams.reference import publish
from supervision.loading import load_catalogue
from supervision.reference import Source
from tests.dashboards.conftest import log_in
from tests.flow.harness import until
from tests.streams.case_log import ROOT

pytestmark = pytest.mark.service

SOURCE, CLOCK, CASE = "day-office", "log:day", "430111-2026-1001"
ITEM = "430111-XK-0101"  # promised within seven working days


@pytest.fixture(scope="module")
def password_and_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Stack]]:
    settings = on_free_ports(tmp_path_factory.mktemp("day"), kafka_heap_mb=384, partitions=2)
    password = ensure_administrator(settings)
    assert password
    with Stack(settings, services=FOR_PEOPLE) as running:
        yield password, running


class Office:
    """The window system: posts with its key, and must get 202 with everything accepted."""

    def __init__(self, stack: Stack) -> None:
        publish(
            stack.settings,
            [
                *load_catalogue([ROOT / "examples" / "demo" / "catalogue.yaml"]),
                Source(name=SOURCE, clock=CLOCK, region_code="430111"),
            ],
        )
        self._url = f"{GATEWAY.url(stack.settings)}/v1/events"
        self._key = keys.add(stack.settings.gateway_keys, SOURCE)
        until(lambda: self._send([]).status_code != httpx.codes.UNAUTHORIZED, "the gateway to know the key")

    def _send(self, events: list[dict[str, Any]]) -> httpx.Response:
        return httpx.post(self._url, json=events, headers={"Authorization": f"Bearer {self._key}"}, timeout=60)

    def post(self, *events: dict[str, Any]) -> None:
        answer = self._send(list(events))
        assert (answer.status_code, answer.json()["accepted"]) == (httpx.codes.ACCEPTED, len(events)), answer.text


def event(kind: str, at: str, *, event_id: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": event_id or str(uuid.uuid4()),
        "event_type": kind,
        "occurred_at": f"{at}+08:00",
        "source_system": SOURCE,
        "case_id": CASE,
        "item_catalog_code": ITEM,
        "region_code": "430111",
        "centre_id": "C430111-01",
        "actor_officer_id": "430111-000017",
    } | fields


def clock(at: str) -> dict[str, Any]:
    return {"event_type": "clock_advanced", "clock": CLOCK, "to": int(datetime.fromisoformat(f"{at}+08:00").timestamp() * 1000)}


def test_posted_late_shown_explained_corrected_and_revoked(context: BrowserContext, password_and_stack: tuple[str, Stack]) -> None:
    password, stack = password_and_stack
    office = Office(stack)
    page = log_in(context.new_page(), BOARD.url(stack.settings), "/", ADMINISTRATOR, password)
    page.wait_for_selector(".link-state.live")

    completed = str(uuid.uuid4())
    office.post(event("case_accepted", "2026-03-02T09:30:00"), clock("2026-03-11T12:00:00"))
    office.post(event("case_completed", "2026-03-13T16:00:00", event_id=completed), clock("2026-03-16T18:00:00"))

    link = page.locator('.newest a[href^="/alerts/T03Y"]')
    expect(link).to_be_visible(timeout=60_000)
    expect(link).to_contain_text(CASE)
    alert_id = str(link.get_attribute("href")).removeprefix("/alerts/")

    explained = log_in(context.new_page(), BOARD.url(stack.settings), f"/alerts/{alert_id}", ADMINISTRATOR, password)
    explained.wait_for_selector(".ruler svg text", state="attached")
    expect(explained.locator("main")).to_contain_text("2026-03-11")  # the seventh working day
    expect(explained.locator("main")).to_contain_text("办结")
    expect(explained.locator(".revisions li")).to_have_count(1)

    office.post(event("case_completed", "2026-03-11T16:00:00", data_version=2, source_op="update", supersedes_event_id=completed))
    expect(link).to_contain_text("已撤销: 后到的事实表明情形不成立", timeout=60_000)
    expect(explained.locator(".changed, .revocation").first).to_contain_text("撤销", timeout=60_000)
    expect(explained.locator(".revisions li")).to_have_count(2)
    explained.reload()
    expect(explained.locator(".revocation")).to_have_text(re.compile("后到的事实表明情形不成立"))
