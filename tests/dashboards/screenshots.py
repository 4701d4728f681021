"""`python -m tests.dashboards.screenshots`: every page as a picture, to be looked at, in build/screenshots/.

Without arguments it shows the made-up city of the tests; with `URL USER PASSWORD` a board that runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dashboards import bundle
from streams.embedded.stack_lock import free_ports
from tests.dashboards import city
from tests.dashboards.conftest import CHROMIUM, FLAGS, log_in
from tests.dashboards.pretend import PASSWORD, USER, Pretend

WHERE = Path(__file__).parents[2] / "build" / "screenshots"
SIZES = {"desk": (1280, 800), "screen": (1920, 1080), "wall": (3840, 2160), "phone": (390, 844)}
SETTLED_MS = 1_500  # until charts are drawn and nothing is lit up any more


def take(page: Page, url: str, paths: dict[str, str]) -> None:
    """Every path at every size, in both themes and languages where it matters."""
    for name, path in paths.items():
        for size, (width, height) in SIZES.items():
            for theme, language in (("light", "zh"), ("dark", "en")):
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate(f"localStorage.setItem('language', '{language}'); localStorage.setItem('theme', '{theme}')")
                page.goto(url + path)
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=WHERE / f"{name}-{size}-{theme}-{language}.png", full_page=size == "phone")


def found(page: Page, url: str) -> dict[str, str]:
    """The pages there are, with a card and a case that exist."""
    paths = {"wall": "/", "far": "/?wall=1", "history": "/history", "rules": "/rules", "rule": "/rules/T03", "account": "/account"}
    page.goto(f"{url}/history?rule=T03,T08")
    page.wait_for_selector("#total")
    page.wait_for_timeout(SETTLED_MS)
    for name, where in (("card", ".when"), ("case", ".id")):
        link = page.query_selector(f".results {where} a")
        if link is not None:
            paths[name] = link.get_attribute("href") or ""
    return paths


def show(url: str, username: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=" ".join(FLAGS).split())
        page = log_in(browser.new_context(locale="zh-CN").new_page(), url, "/", username, password)
        take(page, url, found(page, url))
        browser.close()


def main(arguments: list[str]) -> None:
    WHERE.mkdir(parents=True, exist_ok=True)
    if arguments:
        url, username, password = arguments
        show(url, username, password)
    else:
        bundle.build()
        with Pretend(free_ports(1)) as board:
            board.issue(city.revoked(city.card(2)))
            show(board.url, USER, PASSWORD)
    print(f"{len(list(WHERE.glob('*.png')))} pictures in {WHERE}")


if __name__ == "__main__":
    main(sys.argv[1:])
