"""The stream against a real broker: whoever sleeps, changes servers, opens a second tab or is too slow hears every alert once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from dashboards.live.watcher import MOST_BEHIND
from supervision.alert import Alert, Disposition, Visibility
from supervision.topics import CLUES
from tests.dashboards.alerts import alert
from tests.dashboards.watching import Rig, Watching, events
from tests.flow.harness import until

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = Rig(tmp_path_factory.mktemp("board"))
    try:
        made.start()
        yield made
    finally:
        made.close()


class Numbers:
    """Alerts that no other test has told."""

    last = 0

    @classmethod
    def fresh(cls, count: int, **given: object) -> list[Alert]:
        cls.last += count
        return [alert(number, alert_id=f"T03Y{number:016d}", **given) for number in range(cls.last - count, cls.last)]


def ids(alerts: list[Alert]) -> list[str]:
    return [each.alert_id for each in alerts]


def same(heard: list[str], wanted: list[str]) -> bool:
    """Each once; in the order of the log within a partition, so in any order here. Fails on a repetition."""
    assert len(heard) == len(set(heard)), "heard twice"
    return sorted(heard) == sorted(wanted)


def test_all_tabs_hear_what_comes_and_one_that_slept_what_it_missed(rig: Rig) -> None:
    client = rig.user("tabs", ["supervisor"])
    first, second = Watching(client), Watching(client)
    until(lambda: bool(first.hellos and second.hellos), "hello")
    early = Numbers.fresh(20)
    rig.emit(early)
    until(lambda: same(first.heard, ids(early)) and same(second.heard, ids(early)), "both tabs to hear it")
    slept_at, asleep = second.last, Numbers.fresh(30)
    second.stop()
    rig.emit(asleep)
    until(lambda: same(first.heard, ids(early + asleep)), "the first tab to hear the rest")
    again = Watching(client, slept_at)
    until(lambda: same(again.heard, ids(asleep)), "what was missed")
    assert again.hellos == [{"id": slept_at, "missed": False}]
    until(lambda: again.pulses > 0, "the clock event")
    first.stop()
    again.stop()


def test_a_server_that_stops_says_so_and_its_successor_goes_on_from_the_id(rig: Rig) -> None:
    client = rig.user("restart", ["supervisor"])
    watching = Watching(client, returns=True)
    until(lambda: bool(watching.hellos), "hello")
    before, during, after = Numbers.fresh(10), Numbers.fresh(10), Numbers.fresh(10)
    rig.emit(before)
    until(lambda: same(watching.heard, ids(before)), "the first alerts")
    rig.parts.parts["dashboard"].stop()
    assert watching.byes == ["shutdown"]
    rig.emit(during)
    rig.serve()
    rig.emit(after)
    until(lambda: same(watching.heard, ids(before + during + after)), "all alerts, each once")
    assert all(not hello["missed"] for hello in watching.hellos)
    watching.stop()


def test_what_lies_further_back_than_memory_is_read_from_the_log(rig: Rig) -> None:
    """The successor keeps only the newest thousand offsets of each partition."""
    client = rig.user("far", ["supervisor"])
    watching = Watching(client)
    until(lambda: bool(watching.hellos), "hello")
    left_at = watching.last
    watching.stop()
    many = Numbers.fresh(3_600)
    rig.emit(many)
    rig.parts.parts["dashboard"].stop()
    rig.serve()
    again = Watching(client, left_at)
    until(lambda: same(again.heard, ids(many)), "all of it")
    assert again.hellos[0]["missed"] is False
    again.stop()


def test_a_broker_that_dies_and_comes_back_costs_nothing(rig: Rig) -> None:
    client = rig.user("broker", ["supervisor"])
    watching = Watching(client, returns=True)
    until(lambda: bool(watching.hellos), "hello")
    before, after = Numbers.fresh(10), Numbers.fresh(10)
    rig.emit(before)
    until(lambda: same(watching.heard, ids(before)), "the first alerts")
    rig.parts.parts["kafka"].kill()
    until(lambda: not rig.is_ready(), "readiness to tell of it")
    assert client.get("/healthz").status_code == 200
    rig.parts.start_kafka()
    rig.emit(after)
    until(lambda: same(watching.heard, ids(before + after)), "all alerts, each once")
    until(rig.is_ready, "readiness")
    assert not any(hello["missed"] for hello in watching.hellos)
    watching.stop()


def test_rights_hold_in_the_stream(rig: Rig) -> None:
    everything = Watching(rig.user("all", ["supervisor"]))
    of_region = Watching(rig.user("region", ["supervisor"], region_prefix="430200"))
    of_department = Watching(rig.user("office", ["department"], department_id="D7"))
    of_discipline = Watching(rig.user("clues", ["discipline"]))
    watchers = (everything, of_region, of_department, of_discipline)
    until(lambda: all(each.hellos for each in watchers), "hello")
    here, there = Numbers.fresh(3), Numbers.fresh(3, region_code="430203")
    office, bureau = (
        Numbers.fresh(3, owner_department_id="D7"),
        Numbers.fresh(1, owner_department_id="D7", visibility=Visibility.BUREAU),
    )
    clues = Numbers.fresh(2, disposition=Disposition.CLUE, visibility=Visibility.DISCIPLINE_ONLY)
    rig.emit(clues, CLUES)
    rig.emit([*here, *there, *office, *bureau])
    cards = ids([*here, *there, *office, *bureau])
    until(lambda: same(everything.heard, cards), "all cards")
    until(lambda: same(of_region.heard, ids(there)), "those of the region")
    until(lambda: same(of_department.heard, ids(office)), "those of the department")
    until(lambda: same(of_discipline.heard, [*cards, *ids(clues)]), "cards and clues")
    for each in watchers:
        each.stop()


def test_a_slow_browser_is_sent_away_to_catch_up_and_holds_nobody_up(rig: Rig) -> None:
    client = rig.user("slow", ["supervisor"])
    quick = Watching(client, returns=True)
    until(lambda: bool(quick.hellos), "hello")
    cookie = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
    with socket.create_connection(("127.0.0.1", rig.port)) as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.sendall(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nCookie: {cookie}\r\n\r\n".encode())
        assert lazy.recv(15) == b"HTTP/1.1 200 OK"
        words = {"zh": "超" * 1000, "en": "late" * 500}
        many = [each for _ in range(4) for each in Numbers.fresh(MOST_BEHIND // 2, description=words)]
        for start in range(0, len(many), 500):
            rig.emit(many[start : start + 500])
        until(lambda: same(quick.heard, ids(many)), "the quick one to hear all of it")
        lazy.settimeout(60)
        rest = b"".join(iter(lambda: lazy.recv(1 << 20), b""))
    told = [each for each in events(iter(unchunked(rest).decode("utf-8", "ignore").splitlines())) if each.get("event") == "alert"]
    whole = [each for each in told if each["data"].endswith("}")]
    heard = [json.loads(each["data"])["alert_id"] for each in whole]
    assert len(heard) < len(many)
    left_at = whole[-1]["id"]
    again = Watching(client, left_at)
    until(lambda: same(heard + again.heard, ids(many)), "the rest of it")
    quick.stop()
    again.stop()


def unchunked(raw: bytes) -> bytes:
    """The body of a chunked answer that may break off."""
    body, at = b"", raw.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in raw else 0
    while (end := raw.find(b"\r\n", at)) >= 0:
        size = int(raw[at:end] or b"0", 16)
        body += raw[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    return body


def test_an_id_of_another_log_means_load_everything_again(rig: Rig) -> None:
    client = rig.user("other", ["supervisor"])
    for since in ("zzzzzz.zzzzzz.zzzzzz", "nonsense!", "1"):
        watching = Watching(client, since)
        until(lambda watching=watching: bool(watching.hellos), "hello")  # type: ignore[misc]  # bound now
        assert watching.hellos[0]["missed"] is True
        watching.stop()


def test_logout_and_a_reset_close_the_stream(rig: Rig) -> None:
    client = rig.user("leaves", ["supervisor"])
    watching = Watching(client)
    until(lambda: bool(watching.hellos), "hello")
    assert client.post("/api/logout").status_code == 204
    watching.join()
    assert watching.byes == ["logout"]
    assert client.get("/api/stream").status_code == 401
