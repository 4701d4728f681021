"""The pages on the real thing: gateway, Kafka, agents, sink, ClickHouse and board as processes of their own, and a browser."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from dashboards.access.first import ensure_administrator
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_lock import free_ports
from streams.gateway import keys
from streams.reference import publish
from supervision.entries import Source
from tests.dashboards.conftest import axe, log_in, overflow

pytestmark = pytest.mark.service

DEMO = Path(__file__).parents[2] / "examples" / "demo"
SOURCE, DAY_MS = "live-county", 86_400_000
ITEM = {"item_catalog_code": "430111-GG-0207", "region_code": "430111", "centre_id": "C430111-01", "department_id": "D430111-RS"}


class Board:
    """A running stack with gateway and board; `post` is a window system on the wall clock that may report late."""

    def __init__(self, stack: Stack, password: str, key: str) -> None:
        self.stack, self.password, self.key = stack, password, key
        self.url = f"http://127.0.0.1:{stack.settings.dashboard_port}"
        self.gateway = f"http://127.0.0.1:{stack.settings.gateway_port}"

    def post(self, case: str, event_type: str, occurred_at: int, **more: Any) -> None:
        event = {"event_id": str(uuid.uuid4()), "event_type": event_type, "occurred_at": occurred_at, "source_system": SOURCE} | {
            "case_id": case
        }
        answer = httpx.post(
            f"{self.gateway}/v1/events", json=event | ITEM | more, headers={"Authorization": f"Bearer {self.key}"}, timeout=60
        )
        assert answer.status_code == 202, answer.text

    def open(self, context: BrowserContext, path: str = "/") -> Page:
        return log_in(context.new_page(), self.url, path, "admin", self.password)


def ready(url: str) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Board]:
    first = free_ports(2)
    settings = on_free_ports(tmp_path_factory.mktemp("board"), kafka_heap_mb=384, dashboard_port=first, gateway_port=first + 1)
    with Stack(settings) as stack:
        stack.run("import", str(DEMO / "log.csv"), "-m", str(DEMO / "mapping.yaml"), "-c", str(DEMO / "catalogue.yaml"))
        publish(settings, [Source(name=SOURCE, clock="wall", late_grace_s=0)])
        password = ensure_administrator(settings)
        assert password
        key = keys.add(settings.gateway_keys, SOURCE, (), (), None, None)
        stack.launch("gateway")
        stack.launch("dashboard")
        running = Board(stack, password, key)
        ready(f"{running.gateway}/readyz")
        ready(f"{running.url}/readyz")
        yield running


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def rows(page: Page, case: str) -> Any:
    return page.locator(".newest .card-row", has_text=case)


def test_an_event_posted_late_puts_a_card_on_the_wall_and_its_correction_takes_it_back(
    context: BrowserContext, board: Board
) -> None:
    """The day of section 5: posted late, on the wall, explained by its page, corrected, revoked on screen with the reason."""
    page = board.open(context, "/?clock=wall")
    page.wait_for_selector(".link-state.live")
    accepted, case = now_ms() - 40 * DAY_MS, "LIVE-2026-0001"
    board.post(case, "case_accepted", accepted)
    yellow = rows(page, case).filter(has_text="超承诺时限").first
    expect(yellow).to_be_visible()
    expect(yellow).to_contain_text("社会保障卡申领")
    detail = board.open(context, yellow.get_attribute("href") or "")
    expect(detail.locator(".lead .sentence")).to_contain_text(case)
    expect(detail.locator(".ruler .instants")).to_contain_text("受理")
    expect(detail.locator(".timeline .tag.evidence").first).to_be_visible()
    expect(detail.locator(".facts tbody tr").first).to_be_visible()
    board.post(case, "case_completed", accepted + DAY_MS, payload={"completion_result": "cert_issued"})
    expect(rows(page, case).first).to_contain_text("已撤销: 后到的事实表明情形不成立")
    expect(detail.locator(".changed")).to_contain_text("此牌已撤销: 后到的事实表明情形不成立")
    expect(detail.locator(".revisions li")).to_have_count(2)
    page.reload()
    expect(rows(page, case).first).to_contain_text("已撤销")


def test_the_board_comes_back_after_its_server_was_away(context: BrowserContext, board: Board) -> None:
    page = board.open(context, "/?clock=wall")
    page.wait_for_selector(".link-state.live")
    board.stack.children["dashboard"].stop()
    page.wait_for_selector(".link-state.waiting")
    board.post("LIVE-2026-0002", "case_accepted", now_ms() - 40 * DAY_MS)
    board.stack.launch("dashboard")
    ready(f"{board.url}/readyz")
    page.wait_for_selector(".link-state.live", timeout=60_000)
    red = rows(page, "LIVE-2026-0002")
    expect(red.first).to_be_visible()
    seen = red.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert len(seen) == len(set(seen))


def test_one_drills_down_to_a_department_and_sees_only_its_cards(context: BrowserContext, board: Board) -> None:
    page = board.open(context, "/?clock=log:demo")
    page.locator(".tiles button", has_text="长沙市雨花区").click()
    page.locator(".tiles button", has_text="雨花区政务服务中心").click()
    expect(page.locator(".path [aria-current]")).to_have_text("雨花区政务服务中心")
    page.locator(".tiles button").first.click()
    expect(page.locator(".path li")).to_have_count(4)
    expect(page.get_by_text("下面没有更细的划分。")).to_be_visible()


def test_the_history_of_the_example_is_whole_and_can_be_taken_along(context: BrowserContext, board: Board, tmp_path: Path) -> None:
    page = board.open(context, "/history?clock=log:demo")
    expect(page.locator("#total")).to_have_text("共 36 件")
    expect(page.locator(".results tbody tr")).to_have_count(36)
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 CSV").click()
    download.value.save_as(tmp_path / "cards.csv")
    assert len((tmp_path / "cards.csv").read_text("utf-8-sig").strip().splitlines()) == 37
    page.goto(f"{board.url}/history?clock=log:demo&level=red")
    expect(page.locator("#total")).to_have_text(re.compile("共 [1-9]"))
    page.wait_for_selector(".results .level")
    assert set(page.locator(".results .level").all_inner_texts()) == {"红牌"}
    page.locator(".results .id a").first.click()
    expect(page.locator("h1")).to_contain_text("430111-2026-")
    expect(page.locator(".timeline li").first).to_be_visible()
    expect(page.locator(".ruler svg")).to_be_visible()


def test_a_rule_is_read_in_both_languages_by_keyboard(context: BrowserContext, board: Board) -> None:
    page = board.open(context, "/rules")
    page.get_by_role("link", name=re.compile("T03")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rule-text")).to_contain_text("承诺时限")
    page.get_by_role("button", name="Switch to English").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rule-text")).to_contain_text("promised")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_and_nothing_sticks_out_on_real_data(context: BrowserContext, board: Board, dark: bool) -> None:
    page = board.open(context, "/history?clock=log:demo&rule=P01,T03,T05")
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_selector(".results a")
    card, case = (page.locator(f".results {where} a").first.get_attribute("href") for where in (".when", ".id"))
    found = {}
    for path, whole in {
        "/?clock=log:demo": ".trend svg text",
        "/?clock=log:demo&wall=1": ".far .trend svg text",
        str(card): ".revisions",
        str(case): ".timeline",
        "/history": ".results tr",
        "/rules": ".rule-list",
        "/rules/T03": ".rule-text",
        "/account": ".sessions",
    }.items():
        page.goto(board.url + path)
        page.wait_for_selector(whole, state="attached")
        found[path] = [*axe(page), *overflow(page)]
    assert {path: what for path, what in found.items() if what} == {}
