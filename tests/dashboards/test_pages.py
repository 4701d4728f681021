"""Every page in both themes, at a desk, on a wall and on a phone: axe finds nothing, nothing sticks out, the policy is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.dashboards import city
from tests.dashboards.conftest import Visit, axe, overflow
from tests.dashboards.pretend import Pretend

pytestmark = pytest.mark.service

# (path, what is there when the page is whole)
PAGES = {
    "wall": ("/", ".trend svg text"),
    "place": ("/?place=centre:C430111-01", ".tiles"),
    "far": ("/?wall=1", ".far .trend svg text"),
    "card": ("/alerts/T03R0000000000000004", ".ruler svg text"),
    "revoked": ("/alerts/P01Y0000000000000007", ".revocation"),
    "history": ("/history?level=red,yellow", ".results tr"),
    "case": ("/cases/city-windows/430111-2026-0004", ".ruler svg text"),
    "rules": ("/rules", ".rule-list"),
    "rule": ("/rules/T03", ".rule-text"),
    "account": ("/account", ".sessions"),
    "nowhere": ("/no/such/page", "main h1"),
}
# Figures, and what a row of the wall must show whole, that are wider than their place or leave it.
CUT = """() => [...document.querySelectorAll('.figures dd, .figures dt, .latest time, .latest .state, .feeds, .top-rules b, aside')]
    .filter((one) => {
        const inner = one.getBoundingClientRect()
        const outer = (one.closest('.figures > div, .latest li, .top-rules') ?? document.body).getBoundingClientRect()
        const leaves = inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1
        return leaves || one.matches('dd') && one.scrollWidth > one.clientWidth + 1
    }).map((one) => one.outerHTML.slice(0, 90))"""
BESIDE = """() => [...document.querySelectorAll('.latest li')].filter((row) =>
    row.querySelector('.state')?.getBoundingClientRect().right > row.querySelector('time').getBoundingClientRect().left).length"""
SIZES = {"phone": (390, 844), "small desk": (1280, 800), "wall": (3840, 2160)}


def shown(visit: Visit, board: Pretend, name: str) -> Page:
    path, whole = PAGES[name]
    if name == "revoked":
        board.issue(city.revoked(city.card(7)))
    page = visit(path)
    page.wait_for_selector(whole, state="attached")
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit: Visit, city_board: Pretend, name: str, dark: bool) -> None:
    page = shown(visit, city_board, name)
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_selector("html.dark" if dark or name == "far" else "html:not(.dark)")
    assert axe(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_at_the_login(visit: Visit, city_board: Pretend, dark: bool) -> None:
    page = visit("/")
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.get_by_role("button", name="退出").click()
    page.wait_for_selector("#username")
    assert axe(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out(visit: Visit, city_board: Pretend, name: str) -> None:
    page = shown(visit, city_board, name)
    found: dict[tuple[str, str], list[str]] = {}
    for language in ("zh", "en"):
        page.evaluate(f"localStorage.setItem('language', '{language}')")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.reload()
            page.wait_for_selector(PAGES[name][1], state="attached")
            found[language, size] = overflow(page)
    assert {where: what for where, what in found.items() if what} == {}


def test_the_wall_is_readable_from_five_metres(visit: Visit, city_board: Pretend) -> None:
    """On a screen two metres wide (75 to 90 inch), five metres ask for 25 mm: a character of an eightieth of the width."""
    page = visit("/?wall=1")
    page.set_viewport_size({"width": 3840, "height": 2160})
    page.wait_for_selector(".latest li")
    for what in (".latest strong", ".latest .item", ".figures dd", ".top-rules span", ".wall-head .time", ".feeds"):
        size = page.eval_on_selector(what, "(one) => parseFloat(getComputedStyle(one).fontSize)")
        assert size >= 3840 / 80, what
    assert page.eval_on_selector(".far", "(one) => one.scrollHeight <= innerHeight")
    assert page.query_selector(".topbar") is None


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (3840, 2160)])
def test_on_the_wall_no_figure_is_cut_however_large(
    visit: Visit, city_board: Pretend, width: int, height: int, language: str
) -> None:
    city_board.figures = {"cases_completed": 123_456, "cases_open": 1_234_567, "red": 1_234, "yellow": 98_765}
    city_board.issue(city.revoked(city.card(1)))
    page = visit("/?wall=1")
    page.evaluate(f"localStorage.setItem('language', '{language}')")
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    page.wait_for_selector(".latest li")
    assert page.evaluate(CUT) == []
    assert page.evaluate(BESIDE) == 0
