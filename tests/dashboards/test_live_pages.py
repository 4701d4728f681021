"""The pages while the city moves: cards come and are revoked, the server goes and returns, tabs share one stream."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from streams.embedded.stack_lock import free_ports
from tests.dashboards import city
from tests.dashboards.conftest import Visit, log_in
from tests.dashboards.pretend import PASSWORD, USER, Pretend

pytestmark = pytest.mark.service

# Which cards were lit up as new, however briefly.
WATCH_LIT = """() => {
    const lit = () => [...document.querySelectorAll('.card-row.fresh')].map((one) => one.getAttribute('href'))
    globalThis.lit = []
    const all = {subtree: true, childList: true, attributes: true}
    new MutationObserver(() => globalThis.lit.push(...lit())).observe(document.body, all)
}"""
NEW = city.card(500, issued_wall=city.NOW + 60_000)


def row(page: Page, one: city.Json) -> str:
    return f'.newest a[href="/alerts/{one["alert_id"]}"]'


def live(page: Page) -> None:
    page.wait_for_selector(".link-state.live")


def live_wall(page: Page) -> None:
    """The stream runs and the wall has been read: these are two requests, and either may be the slower one."""
    live(page)
    page.wait_for_selector(".newest li")


def test_a_card_appears_while_one_watches(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    live_wall(page)
    page.evaluate(WATCH_LIT)
    city_board.issue(NEW)
    expect(page.locator(row(page, NEW))).to_be_visible()
    expect(page.locator(".newest li").first).to_contain_text(NEW["case_id"])
    assert f"/alerts/{NEW['alert_id']}" in page.evaluate("globalThis.lit")


def test_a_card_revoked_on_screen_changes_where_it_stands_and_says_why(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    live_wall(page)
    one = city_board.cards[3]
    place = "[...document.querySelectorAll('.newest li')].findIndex((row) => row.textContent.includes('430111-2026-0003'))"
    assert page.evaluate(place) == 3
    city_board.say("alert", city.revoked(one))
    expect(page.locator(row(page, one))).to_contain_text("已撤销: 后到的事实表明情形不成立")
    assert page.evaluate(place) == 3
    assert page.locator(f"{row(page, one)} .rule").evaluate("(one) => getComputedStyle(one).textDecorationLine") == "line-through"
    expect(page.locator("[aria-live]")).to_contain_text("撤销:环节超时")


def test_what_the_stream_brings_before_the_wall_was_read_is_on_it(visit: Visit, city_board: Pretend) -> None:
    city_board.holds_wall = True
    page = visit()
    live(page)
    for one in (NEW, city.revoked(city_board.cards[3])):
        city_board.say("alert", one)  # in the stream alone
    page.wait_for_timeout(500)  # the stream is quicker than this; were it not, the cards come by it behind the wall
    city_board.holds_wall = False
    expect(page.locator(row(page, NEW))).to_be_visible()
    expect(page.locator(row(page, city_board.cards[3]))).to_contain_text("已撤销")


def test_the_page_of_a_card_tells_that_it_was_revoked(visit: Visit, city_board: Pretend) -> None:
    one = city_board.cards[3]
    page = visit(f"/alerts/{one['alert_id']}")
    live(page)
    page.wait_for_selector(".ruler")
    city_board.issue(city.revoked(one, "reference"))
    expect(page.locator(".changed")).to_have_text("此牌已撤销: 事项目录、日历、豁免或停机资料有变")
    expect(page.locator(".revisions li")).to_have_count(2)


def test_a_withheld_card_and_one_raised_come_as_they_are(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    live(page)
    city_board.issue(NEW | {"state": "withheld"})
    expect(page.locator(row(page, NEW))).to_contain_text("暂缓")
    city_board.issue(NEW | {"state": "issued", "revision": 2})
    expect(page.locator(row(page, NEW))).not_to_contain_text("暂缓")


def test_after_the_server_was_away_nothing_is_missing_and_nothing_twice(context: BrowserContext) -> None:
    port = free_ports(1)
    with Pretend(port) as board:
        page = log_in(context.new_page(), board.url, "/", USER, PASSWORD)
        live(page)
        board.issue(NEW)
        page.wait_for_selector(row(page, NEW))
        board.is_down = True
        page.wait_for_selector(".link-state.waiting")
        expect(page.locator(".link-state")).to_contain_text("秒后重连")
        away = [city.card(501 + n, issued_wall=city.NOW + 61_000 + n) for n in range(3)]
        for one in away:
            board.issue(one)
        board.is_down = False
        live(page)
        for one in [NEW, *away]:
            expect(page.locator(row(page, one))).to_have_count(1)
        assert board.streams_opened[-1] == "1"  # from the last alert heard


def test_a_stream_that_the_log_no_longer_holds_is_read_anew(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    live_wall(page)
    city_board.oldest = 10_000
    city_board.cards = [NEW]
    city_board.say("bye", {"why": "slow"})
    expect(page.get_by_text("断开太久,已重新读取全部数据。")).to_be_visible()
    expect(page.locator(".newest li")).to_have_count(1)


def test_tabs_share_one_stream_and_a_later_tab_knows_what_came(visit: Visit, city_board: Pretend) -> None:
    first = visit()
    live(first)
    city_board.say("alert", NEW)  # in the stream, not yet in what the wall is read from
    first.wait_for_selector(row(first, NEW))
    second = visit()
    live(second)
    expect(second.locator(row(second, NEW))).to_be_visible()
    second.goto(city_board.url + "/history")
    second.wait_for_selector(".results")
    live(second)
    assert city_board.streams_opened == [""]


def test_a_browser_without_shared_workers_has_a_stream_all_the_same(
    context: BrowserContext, visit: Visit, city_board: Pretend
) -> None:
    context.add_init_script("delete globalThis.SharedWorker")
    page = visit()
    live(page)
    city_board.issue(NEW)
    expect(page.locator(row(page, NEW))).to_be_visible()


def test_a_worker_that_does_not_load_leaves_no_page_without_a_stream(
    context: BrowserContext, visit: Visit, city_board: Pretend
) -> None:
    asked: list[str] = []

    def none(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404)

    context.route("**/assets/worker-*.js", none)
    page = visit()
    live(page)
    assert asked
    city_board.issue(NEW)
    expect(page.locator(row(page, NEW))).to_be_visible()


def test_a_page_opened_while_nobody_can_say_who_is_looking_comes_alive_later(visit: Visit) -> None:
    page = visit("/rules")
    page.wait_for_selector(".rule-list")
    page.route("**/api/me", lambda route: route.fulfill(status=503))
    page.reload()
    page.wait_for_selector(".topbar")
    page.unroute("**/api/me")
    live(page)


def test_logging_out_in_one_tab_ends_all(visit: Visit, city_board: Pretend) -> None:
    first, second = visit(), visit("/rules")
    live(first)
    live(second)
    second.get_by_role("button", name="退出").click()
    second.wait_for_selector("#username")
    first.wait_for_selector("#username")
    expect(first.get_by_text("会话已结束,请重新登录。")).to_be_visible()


def test_rules_are_narrowed_by_words_family_and_event_and_the_address_keeps_it(visit: Visit) -> None:
    page = visit("/rules")
    rows, count = page.locator(".rule-list li"), page.locator(".rule-filters [role=status]")
    expect(rows).to_have_count(len(city.RULES))
    page.get_by_label("查找").fill("t03")
    expect(rows).to_have_count(1)
    expect(count).to_have_text("显示 1 条")
    expect(page).to_have_url(re.compile(r"/rules\?words=t03$"))
    page.get_by_role("button", name="清除条件").click()
    expect(rows).to_have_count(len(city.RULES))
    families = {family for _, _, family, _ in city.RULES.values()}
    page.get_by_label("类别").select_option(sorted(families)[0])
    expect(rows).to_have_count(sum(family == sorted(families)[0] for _, _, family, _ in city.RULES.values()))
    page.get_by_role("button", name="清除条件").click()
    page.get_by_label("读取的事件").select_option("read_by_T04")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("T04")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_label("查找").fill("nothing of the kind")
    expect(page.get_by_text("没有符合条件的规则。")).to_be_visible()


def test_a_rules_page_draws_its_example_and_leads_to_rules_that_read_the_same(visit: Visit) -> None:
    page = visit("/rules/T03")
    words = page.get_by_role("img", name=re.compile("T03")).locator("text")
    expect(words.get_by_text("T03 黄牌", exact=True)).to_be_visible()
    page.get_by_role("button", name="Switch to English").click()
    expect(words.get_by_text("T03 yellow", exact=True)).to_be_visible()
    page.locator(".rule-links").get_by_role("link", name="case accepted").click()
    expect(page).to_have_url(re.compile(r"/rules\?event=case_accepted$"))
    expect(page.locator(".rule-list li")).to_have_count(len(city.RULES))


def test_one_drills_down_and_comes_back(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name=re.compile("长沙市雨花区")).click()
    page.get_by_role("button", name=re.compile("雨花区政务服务中心")).click()
    expect(page.locator(".tiles li")).to_have_count(4)
    page.get_by_role("button", name=re.compile("市场监督管理局")).click()
    expect(page.get_by_text("下面没有更细的划分。")).to_be_visible()
    expect(page.locator(".path [aria-current]")).to_have_text("市场监督管理局")
    assert page.url.endswith("place=department:C430111-01/D-SCJG")
    page.go_back()
    expect(page.locator(".path [aria-current]")).to_have_text("雨花区政务服务中心")
    page.locator(".path").get_by_role("button", name="全部").click()
    expect(page.locator(".tiles li")).to_have_count(3)


def test_a_card_from_elsewhere_is_not_put_on_the_wall_of_a_place(visit: Visit, city_board: Pretend) -> None:
    page = visit("/?place=region:430124")
    live_wall(page)
    elsewhere, here = NEW, city.card(503, issued_wall=city.NOW + 60_000)
    city_board.say("alert", elsewhere)
    city_board.say("alert", here)
    expect(page.locator(row(page, here))).to_be_visible()
    expect(page.locator(row(page, elsewhere))).to_have_count(0)


def test_no_cards_says_why(visit: Visit, city_board: Pretend) -> None:
    city_board.quiet = {
        "why": "feeds_silent",
        "sentence": city.both("来源已静默3小时。", "The sources have been silent for 3 hours."),
    }
    page = visit()
    expect(page.locator(".quiet")).to_contain_text("今日没有牌 来源已静默3小时。")
    page.goto(page.url + "?wall=1")
    expect(page.locator(".far .none")).to_have_text("来源已静默3小时。")


def test_the_language_is_remembered(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Live wall")
    page.goto(city_board.url + "/alerts/T03R0000000000000004")
    expect(page.get_by_role("heading", level=1)).to_have_text("Promised limit exceeded")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".lead .other")).to_contain_text("承诺时限")


def test_the_appearance_is_remembered(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name=re.compile("外观")).click()
    page.get_by_role("button", name=re.compile("外观")).click()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    page.reload()
    expect(page.locator("html")).to_have_class(re.compile("dark"))


def test_all_is_reached_by_keyboard(visit: Visit) -> None:
    page = visit()
    page.reload()
    page.wait_for_selector(".newest li")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.newest .card-row')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector(".ruler")
    expect(page.locator("#content")).to_be_focused()


def test_the_wall_mode_is_entered_by_button_and_left_by_escape(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="大屏模式").click()
    page.wait_for_selector(".far")
    assert page.url.endswith("?wall=1")
    page.keyboard.press("Escape")
    page.wait_for_selector(".topbar")


def test_nothing_moves_where_less_motion_is_asked_for(visit: Visit, city_board: Pretend) -> None:
    page = visit()
    page.emulate_media(reduced_motion="reduce")
    live_wall(page)
    city_board.issue(NEW)
    page.wait_for_selector(row(page, NEW))
    assert page.evaluate("document.querySelector('.newest').getAnimations({subtree: true}).length") == 0


def test_filters_stand_in_the_address(visit: Visit) -> None:
    page = visit("/history")
    page.wait_for_selector(".results tr")
    page.get_by_role("combobox", name="等级").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="红牌").click()
    page.keyboard.press("Escape")
    page.fill("#from", "2026-03-01")
    page.get_by_role("button", name="查询").click()
    expect(page).to_have_url(re.compile(r"/history\?level=red&from=2026-03-01$"))
    expect(page.locator("#total")).to_have_text("共 6 件")
    expect(page.get_by_role("link", name="导出 CSV")).to_have_attribute("href", re.compile("level=red&from=1772294400000&lang=zh"))
    page.go_back()
    expect(page.locator("#total")).to_have_text("共 24 件")


def test_pages_of_a_history_follow_one_another_and_the_way_back(visit: Visit) -> None:
    page = visit("/history")
    expect(page.locator(".results tbody tr")).to_have_count(10)
    page.get_by_role("link", name="下一页").click()
    page.get_by_role("link", name="下一页").click()
    expect(page.locator(".results tbody tr")).to_have_count(4)
    page.go_back()
    expect(page.locator(".results tbody tr")).to_have_count(10)
    page.get_by_role("link", name="回到第一页").click()
    expect(page).to_have_url(re.compile("/history$"))


def test_a_wrong_password_and_a_lock_are_said(context: BrowserContext, city_board: Pretend) -> None:
    page = context.new_page()
    page.goto(city_board.url + "/rules/T03")
    page.fill("#username", USER)
    page.fill("#password", "wrong")
    page.press("#password", "Enter")
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    city_board.locked_s = 40
    page.press("#password", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("秒后再试")
    expect(page.get_by_role("button", name="登录")).to_be_disabled()


def test_after_the_login_one_is_where_one_wanted_to_be_and_nowhere_else(context: BrowserContext, city_board: Pretend) -> None:
    page = log_in(context.new_page(), city_board.url, "/rules/T03", USER, PASSWORD)
    expect(page).to_have_url(city_board.url + "/rules/T03")
    page.get_by_role("button", name="退出").click()
    page.wait_for_selector("#username")
    log_in(page, city_board.url, "/login?next=//127.0.0.1:9/", USER, PASSWORD)
    expect(page).to_have_url(city_board.url + "/")


def test_a_first_password_must_be_changed(visit: Visit, city_board: Pretend) -> None:
    city_board.must_change = True
    page = visit("/history")
    expect(page).to_have_url(city_board.url + "/account")
    page.fill("#current", PASSWORD)
    page.fill("#wanted", "short")
    page.fill("#again", "short")
    page.press("#again", "Enter")
    expect(page.locator("#password-says")).to_have_text("新密码至少 10 个字符。")
    page.fill("#wanted", "a-longer-password")
    page.fill("#again", "a-longer-password")
    page.press("#again", "Enter")
    page.wait_for_selector(".totals")
    live(page)


def test_a_page_that_was_open_while_the_server_was_renewed_loads_what_is_there_now(visit: Visit) -> None:
    page = visit()
    asked: list[str] = []

    def gone_once(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_() if len(asked) > 1 else route.fulfill(status=404)

    page.route("**/assets/HistoryPage-*.js", gone_once)
    page.get_by_role("link", name="历史查询").click()
    page.wait_for_selector(".results tr")
    assert len(asked) == 2


def test_a_server_that_cannot_answer_yet_is_said_and_asked_again(visit: Visit, city_board: Pretend) -> None:
    page = visit("/rules")
    page.wait_for_selector(".rule-list")
    page.route("**/api/rules", lambda route: route.fulfill(status=503, json=city.both("", "")))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("没有读到")
    page.unroute("**/api/rules")
    page.get_by_role("button", name="再试一次").click()
    page.wait_for_selector(".rule-list")
