"""A browser for the tests of the pages, and the made-up city's server. A page that complains fails its test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from dashboards import bundle
from streams.embedded.stack_lock import free_ports
from tests.dashboards.pretend import PASSWORD, USER, Pretend

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run",
    "--disable-background-networking --disable-component-update --disable-sync",
)
# A refused answer or a server that is away is what some tests are about; the browser writes each into its console.
EXPECTED = ("Failed to load resource", "net::ERR_")
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; `.ci/machine` installs it. One a module: while it runs, this thread has a running event loop."""
    found = shutil.which("chromium") or CHROMIUM
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=" ".join(FLAGS).split())
        yield started
        started.close()


@pytest.fixture(scope="session")
def built() -> None:
    """The pages as their sources are now."""
    bundle.build()


@pytest.fixture
def context(browser: Browser, built: None) -> Iterator[BrowserContext]:
    """A browser profile of its own, in a Chinese place, at a desk. A page that throws or meets the policy fails the test."""
    made = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Europe/Amsterdam", color_scheme="light"
    )
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in EXPECTED):
            complaints.append(message.text)

    made.on("console", hear)
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    made.set_default_timeout(30_000)
    expect.set_options(timeout=20_000)
    yield made
    made.close()
    assert complaints == []


@pytest.fixture
def city_board() -> Iterator[Pretend]:
    with Pretend(free_ports(1)) as running:
        yield running


@pytest.fixture
def visit(context: BrowserContext, city_board: Pretend) -> Visit:
    """Opens a page of the made-up city, logged in."""
    return lambda path="/": log_in(context.new_page(), city_board.url, path, USER, PASSWORD)


def log_in(page: Page, url: str, path: str, username: str, password: str) -> Page:
    page.goto(url + path)
    page.wait_for_selector("#username, .topbar, .far")
    if page.query_selector("#username"):
        page.fill("#username", username)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_selector(".topbar, .far")
    return page


def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, as `rule: element`, once nothing moves any more."""
    bundle.install(tools=True)
    while page.evaluate("document.getAnimations().some((one) => one.playState === 'running')"):
        page.wait_for_timeout(50)
    page.evaluate((bundle.MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    found: Any = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [f"{one['id']}: {node['html'][:160]} {_why(node)}" for one in found["violations"] for node in one["nodes"]]


def _why(node: Any) -> str:
    return json.dumps([check["message"] for check in [*node["any"], *node["all"], *node["none"]]], ensure_ascii=False)[:300]


def overflow(page: Page) -> list[str]:
    """Elements that stick out to the right of the window, if the page can be scrolled sideways."""
    found: list[str] = page.evaluate(
        """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 120))"""
    )
    return found
