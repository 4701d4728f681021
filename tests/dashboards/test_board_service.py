"""Every page of the board over the example, judged and stored by the real servers; and what other eyes see of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from dashboards.access.database import Database
from dashboards.access.users import Users
from streams.embedded import stack_demo
from streams.embedded.stack import Stack, on_free_ports
from streams.embedded.stack_lock import free_ports
from tests.flow.harness import until

pytestmark = pytest.mark.service

SOURCE = "demo-county"
OFFICE = "市场监管局"
LogIn = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogIn]:
    """A stack with the example in it; calling it gives a browser in which a new user with these roles and rights is logged in."""
    settings = on_free_ports(tmp_path_factory.mktemp("board"), kafka_heap_mb=384, dashboard_port=free_ports(1))
    address = f"http://127.0.0.1:{settings.dashboard_port}"

    def is_ready() -> bool:
        stack.check()
        try:
            return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    with ExitStack() as closing, Stack(settings) as stack:
        stack_demo.show(stack)
        if "dashboard" not in stack.children:
            stack.launch("dashboard")
        until(is_ready, "the board")

        def log_in(name: str, *roles: str, **rights: Any) -> httpx.Client:
            database = Database(settings.data)
            password = Users(database).add(name, roles, must_change=False, **rights)
            database.close()
            client = closing.enter_context(httpx.Client(base_url=address, timeout=60))
            assert client.post("/api/login", json={"username": name, "password": password}).status_code == 200
            return client

        yield log_in


@pytest.fixture(scope="module")
def client(board: LogIn) -> httpx.Client:
    return board("everybody", "supervisor")


def pages(client: httpx.Client, query: str = "") -> list[dict[str, Any]]:
    """All alerts of a filter, page by page; the total must be exact."""
    cards: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = get(client, f"/api/alerts?limit=7&cursor={cursor}&{query}")
        cards += answer["cards"]
        cursor = answer["cursor"]
        if cursor is None:
            assert len(cards) == answer["total"]
            return cards


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pages_of_the_list_join_to_all_alerts_newest_first(client: httpx.Client) -> None:
    cards = pages(client)
    assert len(cards) == 36
    assert len({card["alert_id"] for card in cards}) == 36
    order = [(card["detected_at"], card["alert_id"]) for card in cards]
    assert order == sorted(order, reverse=True)
    assert {card["item_name"] for card in cards if card["item_code"] == "430111-XK-0101"} == {"食品经营许可"}


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("rule=T03,T04", lambda card: card["rule_id"] in ("T03", "T04")),
        ("level=red", lambda card: card["level"] == "red"),
        ("state=issued&region=4301", lambda card: card["state"] == "issued"),
        ("case=430111-2026-0047", lambda card: card["case_id"] == "430111-2026-0047"),
        ("officer=李敏", lambda card: "李敏" in card["officer_ids"]),
        (f"department={OFFICE}&source={SOURCE}", lambda card: card["department_id"] == OFFICE),
        ("from=1774000000000&to=1775000000000", lambda card: 1774000000000 <= card["detected_at"] < 1775000000000),
        ("region=99", lambda card: False),
    ],
)
def test_a_filter_gives_what_it_says_and_nothing_else(client: httpx.Client, query: str, holds: Callable[[Any], bool]) -> None:
    wanted = [card["alert_id"] for card in pages(client) if holds(card)]
    assert [card["alert_id"] for card in pages(client, query)] == wanted


def test_the_export_has_a_line_for_each_alert(client: httpx.Client) -> None:
    answer = client.get("/api/alerts.csv?level=red&lang=en")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["alert"] for row in rows] == [card["alert_id"] for card in pages(client, "level=red")]


def test_every_cards_page_explains_it(client: httpx.Client) -> None:
    for card in pages(client):
        shown = get(client, f"/api/alerts/{card['alert_id']}")
        assert shown["card"] == card
        steps = {step["event_id"] for step in shown["timeline"] if step["is_evidence"]}
        assert set(shown["evidence_event_ids"]) == steps, "every event of the evidence is in the timeline"
        assert [step["at"] for step in shown["timeline"]] == sorted(step["at"] for step in shown["timeline"])
        assert all(fact["label"]["zh"] != fact["name"] for fact in shown["facts"]), shown["facts"]
        assert shown["revisions"][-1]["revision"] == card["revision"]
        ruler = shown["ruler"]
        marks = {mark["kind"]: mark["at"] for mark in ruler["marks"]}
        assert marks["detected"] == card["detected_at"]
        assert all(ruler["from"] < mark["at"] < ruler["to"] for mark in ruler["marks"])
        if card["rule_id"] in ("T02", "T03"):
            assert marks["promised_due"] == card["due_at"]
        if card["rule_id"] == "T04":
            assert marks["legal_due"] == card["due_at"]
        assert shown["rule"]["page"]["zh"].startswith("<h1>")


def test_a_cases_page_tells_its_whole_life(client: httpx.Client) -> None:
    shown = get(client, f"/api/cases/{SOURCE}/430111-2026-0047")
    assert {card["alert_id"] for card in shown["cards"]} == {card["alert_id"] for card in pages(client, "case=430111-2026-0047")}
    assert [step["event_type"] for step in shown["timeline"]][:2] == ["case_accepted", "step_started"]
    assert shown["workflow"]["steps"]
    assert shown["department_id"] == OFFICE
    assert client.get(f"/api/cases/{SOURCE}/nothing").status_code == 404


def test_the_wall_counts_the_clocks_day_and_says_why_it_is_quiet(client: httpx.Client) -> None:
    wall = get(client, "/api/wall")
    assert wall["clock"]["name"] == "log:demo"
    assert not wall["clock"]["is_simulated"]
    assert len(wall["trend"]) == 24
    assert wall["today"]["cases_open"] > 0
    assert len(wall["newest"]) == 36
    assert [source["source_system"] for source in wall["sources"]] == [SOURCE]
    assert wall["sources"][0]["events_last_hour"] == 472
    assert (wall["quiet"] is None) == any(wall["today"][level] for level in ("notice", "yellow", "red"))
    (tile,) = wall["children"]
    below = get(client, f"/api/wall?place={tile['place']['key']}")
    assert below["path"][-1] == tile["place"]
    assert client.get("/api/wall?place=region:99").status_code == 404
    assert client.get("/api/wall?clock=none").status_code == 404


def test_facets_and_rules(client: httpx.Client) -> None:
    facets = get(client, "/api/facets")
    assert [department["id"] for department in facets["departments"]] == [OFFICE]
    rules = get(client, "/api/rules")
    assert {rule["id"] for rule in facets["rules"]} == {rule["rule_id"] for rule in rules}
    page = get(client, "/api/rules/T03")
    assert {name: page[name] for name in rules[0]} in rules
    assert "<svg" in page["page"]["zh"]


def test_the_rules_of_clues_are_for_those_who_see_clues(board: LogIn, client: httpx.Client) -> None:
    inspector = board("reader", "discipline")
    assert client.get("/api/rules/M02").status_code == 404
    assert get(inspector, "/api/rules/M02")["disposition"] == "clue"
    seen, all_of_them = ({rule["rule_id"] for rule in get(eyes, "/api/rules")} for eyes in (client, inspector))
    assert "M02" in all_of_them - seen
    assert "M02" not in {rule["id"] for rule in get(client, "/api/facets")["rules"]}


def test_other_eyes_see_their_own_only(board: LogIn, client: httpx.Client) -> None:
    card = pages(client)[0]
    page, life = f"/api/alerts/{card['alert_id']}", f"/api/cases/{SOURCE}/{card['case_id']}"
    elsewhere = board("elsewhere", "supervisor", region_prefix="430200")
    stranger = board("stranger", "department", department_id="another")
    for eyes in (elsewhere, stranger):
        assert pages(eyes) == []
        assert eyes.get(page).status_code == eyes.get(life).status_code == 404
        wall = get(eyes, "/api/wall")
        assert wall["newest"] == wall["children"] == []
        assert set(wall["today"].values()) == {0}
        assert all(not get(eyes, "/api/facets")[name] for name in ("departments", "centres", "items", "regions", "sources"))
    own = board("own", "department", department_id=OFFICE, region_prefix="430111")
    assert {each["alert_id"] for each in pages(own)} <= {each["alert_id"] for each in pages(client)}
    assert pages(own)
    assert own.get(page).status_code == own.get(life).status_code == 200


def test_a_clue_is_seen_by_discipline_inspection_alone(board: LogIn, client: httpx.Client) -> None:
    inspector = board("inspector", "discipline")
    (clue,) = pages(inspector, "disposition=clue")
    assert clue["rule_id"] == "M02"
    assert len(pages(inspector, "disposition=card,clue")) == 37
    shown = get(inspector, f"/api/alerts/{clue['alert_id']}")
    assert {step["event_id"] for step in shown["timeline"]} == set(shown["evidence_event_ids"])
    assert client.get(f"/api/alerts/{clue['alert_id']}").status_code == 404
    assert client.get("/api/alerts?disposition=clue").status_code == 403
    assert all(card["rule_id"] != "M02" for card in pages(client))
