"""Simulated cities on real servers: every violation of the truth file is found, by subject, level and instant, and nothing else.

Through gateway, Kafka, agents and sink into ClickHouse, and once straight to Kafka. `tests/streams/simulator` does it offline.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.card import BUILTIN, load_cards
from streams.simulator import truth
from streams.simulator.accuracy import scores
from streams.simulator.city import City
from streams.simulator.feeds import TURNS
from streams.simulator.live import State
from streams.simulator.profile import profile_of
from streams.simulator.stored import standing
from streams.store import queries
from supervision.durations import HOUR_MS
from tests.flow.gateways import start_gateway
from tests.flow.harness import Deployment, until
from tests.flow.truth import said_twice

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

FOR_EVER = 1 << 62  # all that the truth says is due by then: the clock was run on for 60 days


@pytest.mark.parametrize(
    ("name", "seed", "way"), [("yunzhou", 1, "gateway"), ("yunzhou", 2, "gateway"), ("chihe", 3, "gateway"), ("chihe", 1, "kafka")]
)
def test_the_truth_of_a_week_is_found_on_the_full_path(name: str, seed: int, way: str, tmp_path: Path) -> None:
    """To Kafka with centres that report less."""
    feeds = way == "kafka"
    city = City(len(TURNS) if feeds else 3, seed, profile_of(name), feeds=feeds)
    lines = tmp_path / "truth.jsonl"
    with Deployment(tmp_path, partitions=4) as deployment:
        if way == "gateway":
            start_gateway(deployment)
        said = ["--city", name, "--centres", str(city.centres), *(["--feeds"] if feeds else [])]
        said += ["--rate", "0.15", "--injections", "0.6", "--seed", str(seed), "--truth", str(lines)]
        deployment.run("simulate", *said, "--to", way)
        _assert_found(deployment, city, lines)


def test_a_live_city_is_at_work_at_once_and_goes_on_where_it_was_when_it_was_killed(tmp_path: Path) -> None:
    """Killed, not stopped: what it had noted is acknowledged, what it sends again is known."""
    with Deployment(tmp_path, partitions=4) as deployment:
        state = deployment.settings.data / "simulator.json"
        city = ["simulate", "--live", "--centres", "3", "--rate", "40", "--speed", "600"]
        live = deployment.start("city", *city)
        until(lambda: _standing(deployment) > 0, "the first alert of the backlog")
        until(lambda: _reached(state) > _started(state), "the backlog to be sent and the city to be live")
        live.kill()
        left = _reached(state)
        again = deployment.start("city", *city)
        until(lambda: _reached(state) > left + HOUR_MS, "the city to go on")
        again.stop()
        assert again.process.returncode == 0, again.log.read_text()
        del deployment.parts["city"]
        deployment.drain()
        store = deployment.store()
        try:
            assert queries.doubled_events(store) == []
            assert said_twice(store) == []
            ((days,),) = store.execute("SELECT uniqExact(toDate(occurred_at, 'Asia/Shanghai')) FROM events WHERE case_id != ''")
            assert days >= 10
        finally:
            store.close()
        deployment.check()


def _reached(state: Path) -> int:
    return _noted(state).reached or 0


def _started(state: Path) -> int:
    return _noted(state).start


def _noted(state: Path) -> State:
    until(state.exists, "the city to note where it is")
    return msgspec.json.decode(state.read_bytes(), type=State)


def _standing(deployment: Deployment) -> int:
    store = deployment.store()
    try:
        return len(queries.standing_alerts(store, City(1).source))
    finally:
        store.close()


def _assert_found(deployment: Deployment, city: City, lines: Path) -> None:
    store = deployment.store()
    try:
        found = scores(truth.read(lines), standing(store, city.clock), FOR_EVER)
        assert {score.rule for score in found} == {card.id for card in load_cards(BUILTIN)}
        assert [score for score in found if not score.is_right] == []
        assert all(score.injected and score.quiet for score in found)
        assert sum(queries.event_count(store, source) for source in city.sources) == queries.event_count(store)
        assert queries.doubled_events(store) == []
        assert said_twice(store) == []
    finally:
        store.close()
    deployment.check()
